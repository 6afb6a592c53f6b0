import { fieldText, firstField, type Header, readHeader } from './header-fields.ts';
import { parseContentType, parseDisposition } from './mime-parameters.ts';
import { CR, isBlank, LF } from './octets.ts';

/** SES: parts of one message. */
export const MAX_PARTS = 500;

/** Multiparts and embedded messages within one another; nobody writes more, and each level costs a comparison. */
export const MAX_DEPTH = 64;

/** A message or a part of one (RFC 2045 §2.4): a header and what it describes. Offsets are those of the message. */
export interface Entity {
  readonly start: number;
  /** 0 is the message itself; what follows deeper in the tree's list stands within. */
  readonly depth: number;
  readonly header: Header;
  /** `text/plain`, in lower case; what RFC 2046 assumes where the field is missing. */
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Content-Transfer-Encoding in lower case, empty where the field is missing. */
  readonly encoding: string;
  /** `attachment`, `inline`, or empty. */
  readonly disposition: string;
  readonly fileName: string | undefined;
  /** Whether the header is that of a message, at the top or embedded, and not of a part. */
  readonly isMessage: boolean;
  /** Content that has no entities of its own; nothing for multiparts and embedded messages. */
  readonly body: Span | undefined;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MimeTree {
  /** In the order of the message, the message itself first. */
  readonly entities: readonly Entity[];
  /** Preambles and epilogues: text that no reader shows (RFC 2046 §5.1.1). */
  readonly gaps: readonly Span[];
}

export type ReadMime = ({ readonly ok: true } & MimeTree) | { readonly ok: false; readonly fault: string };

interface OpenMultipart {
  readonly delimiter: string;
  readonly closing: string;
  readonly defaultType: string;
  readonly depth: number;
  started: boolean;
}

interface Delimiter {
  readonly level: number;
  readonly closes: boolean;
  /** Where the content before it ends: the CRLF before a delimiter belongs to it (RFC 2046 §5.1.1). */
  readonly contentEnd: number;
  readonly end: number;
}

const missingBoundary = 'Missing start boundary';

/**
 * The entities of a message with CRLF line ends. One pass over the lines that begin with `--`, whatever the nesting.
 * Faults are sentences of SES.
 */
export function readMime(message: Buffer): ReadMime {
  const open: OpenMultipart[] = [];
  const entities: Entity[] = [];
  const gaps: Span[] = [];
  let next: Place | undefined = { at: 0, depth: 0, defaultType: 'text/plain', isMessage: true };
  while (next) {
    if (entities.length > MAX_PARTS) return fault(`Message contains more than ${MAX_PARTS} MIME parts.`);
    if (next.depth > MAX_DEPTH) return fault(`Message contains MIME parts nested deeper than ${MAX_DEPTH} levels.`);
    const read = readEntity(message, next, open);
    if (typeof read === 'string') return fault(read);
    const { bodyStart } = read.header;
    if (isEmbedded(read)) {
      entities.push(read);
      next = { at: bodyStart, depth: next.depth + 1, defaultType: 'text/plain', isMessage: true };
      continue;
    }
    const multipart = read.type.startsWith('multipart/') ? openMultipart(read, next.depth) : undefined;
    if (multipart === missingBoundary) return fault(missingBoundary);
    if (multipart) open.push(multipart);
    const after = readUntilPart(message, { from: bodyStart, open, gaps, isGap: multipart !== undefined });
    if (typeof after === 'string') return fault(after);
    entities.push(multipart ? read : { ...read, body: { start: bodyStart, end: after.end } });
    next = after.next;
  }
  return { ok: true, entities, gaps };
}

function fault(sentence: string): ReadMime {
  return { ok: false, fault: sentence };
}

interface Place {
  readonly at: number;
  readonly depth: number;
  readonly defaultType: string;
  readonly isMessage: boolean;
}

function readEntity(message: Buffer, place: Place, open: readonly OpenMultipart[]): Entity | string {
  const { at, depth, defaultType, isMessage } = place;
  const header = readHeader(message, at, (line) => delimiterAt(message, line, open) !== undefined);
  const text = (key: string) => {
    const field = firstField(header.fields, key);
    return field && fieldText(field);
  };
  const contentType = parseContentType(text('content-type') ?? defaultType);
  if (!contentType.ok) return contentType.fault;
  const given = text('content-disposition');
  const disposition = given === undefined ? undefined : parseDisposition(given);
  if (disposition?.ok === false) return disposition.fault;
  return {
    start: at,
    depth,
    header,
    type: contentType.value,
    parameters: contentType.parameters,
    encoding: (text('content-transfer-encoding') ?? '').replace(/[\s;(].*$/s, '').toLowerCase(),
    disposition: disposition?.value ?? '',
    fileName: disposition?.parameters.get('filename') ?? contentType.parameters.get('name'),
    isMessage,
    body: undefined,
  };
}

/** An encoded message is opaque, as RFC 2046 §5.2.1 forbids to encode one. */
function isEmbedded({ type, encoding }: Entity): boolean {
  return type === 'message/rfc822' && encoding !== 'base64' && encoding !== 'quoted-printable';
}

function openMultipart({ type, parameters }: Entity, depth: number): OpenMultipart | typeof missingBoundary {
  const boundary = parameters.get('boundary');
  if (!boundary) return missingBoundary;
  return {
    delimiter: `--${boundary}`,
    closing: `--${boundary}--`,
    // RFC 2046 §5.1.5.
    defaultType: type === 'multipart/digest' ? 'message/rfc822' : 'text/plain',
    depth,
    started: false,
  };
}

interface Reading {
  readonly from: number;
  /** Multiparts that are open, the innermost last; those that end here are taken off. */
  readonly open: OpenMultipart[];
  readonly gaps: Span[];
  readonly isGap: boolean;
}

/** Reads content up to where the next part begins; gives the end of what stood at `from`, and the place of that part. */
function readUntilPart(message: Buffer, { from, open, gaps, isGap }: Reading) {
  let end = -1;
  let inGap = isGap;
  for (let at = from; ; inGap = true) {
    const found = nextDelimiter(message, at, open);
    const contentEnd = found?.contentEnd ?? message.length;
    if (end < 0) end = contentEnd;
    if (inGap && contentEnd > at) gaps.push({ start: at, end: contentEnd });
    // A boundary of an outer multipart ends all within it, closed or not.
    for (const inner of open.splice(found ? found.level + 1 : 0)) if (!inner.started) return missingBoundary;
    if (!found) return { end, next: undefined };
    const { defaultType, depth, started } = open[found.level]!;
    at = found.end;
    if (!found.closes) {
      open[found.level]!.started = true;
      return { end, next: { at, depth: depth + 1, defaultType, isMessage: false } };
    }
    if (!started) return missingBoundary;
    open.pop();
  }
}

const lineOfDashes = Buffer.from('\n--', 'latin1');

function nextDelimiter(message: Buffer, from: number, open: readonly OpenMultipart[]): Delimiter | undefined {
  if (open.length === 0) return undefined;
  for (let line = from; line < message.length; ) {
    if (line > 0) {
      const lf = message.indexOf(lineOfDashes, line - 1);
      if (lf < 0) return undefined;
      line = lf + 1;
    }
    const found = delimiterAt(message, line, open);
    if (found) return { ...found, contentEnd: Math.max(from, startOfLineEnd(message, line)) };
    line++;
  }
  return undefined;
}

function startOfLineEnd(message: Buffer, line: number): number {
  if (message[line - 1] !== LF) return line;
  return message[line - 2] === CR ? line - 2 : line - 1;
}

/**
 * The delimiter that the line is. It must be the whole line but for blanks after it: RFC 2046 §5.1.1 allows less, but
 * then a boundary that begins as another one does would end it.
 */
function delimiterAt(
  message: Buffer,
  line: number,
  open: readonly OpenMultipart[],
): { level: number; closes: boolean; end: number } | undefined {
  if (message[line] !== 0x2d || message[line + 1] !== 0x2d) return undefined;
  const lf = message.indexOf(LF, line);
  const end = lf < 0 ? message.length : lf + 1;
  let textEnd = lf < 0 ? end : lf;
  if (message[textEnd - 1] === CR) textEnd--;
  while (isBlank(message[textEnd - 1]!)) textEnd--;
  const text = message.toString('latin1', line, textEnd);
  for (let level = open.length - 1; level >= 0; level--) {
    if (text === open[level]!.delimiter) return { level, closes: false, end };
    if (text === open[level]!.closing) return { level, closes: true, end };
  }
  return undefined;
}
