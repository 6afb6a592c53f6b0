import { isUtf8 } from 'node:buffer';
import { assert } from '../base/assert.ts';
import { decodeCharset } from './charsets.ts';
import { COLON, CR, DEL, isBlank, LF, MAX_LINE, PREFERRED_LINE, SPACE } from './octets.ts';

/** One header field as it stands in the message, without its line end. Text has one character per octet (latin1). */
export interface HeaderField {
  /** As spelt by the author. */
  readonly name: string;
  /** The name in lower case, to compare by (RFC 5322 §1.2.2). */
  readonly key: string;
  /** Everything after the colon, still folded. */
  readonly value: string;
  /** Where the field begins in the message, and where the next line begins. */
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly fields: readonly HeaderField[];
  /** Where the body begins; the length of the message when there is none. */
  readonly bodyStart: number;
}

/**
 * The fields of the header that begins at `from`, and where its body begins. Never fails: a line that is neither a
 * field nor the continuation of one ends the header as an empty line does, and is the first line of the body.
 * Bare LF is taken as a line end. Linear in the size of the header; the body is not looked at. `isEnd` is asked at the
 * beginning of lines whether something else ends the header there, as the boundary of a truncated MIME part does.
 */
export function readHeader(message: Buffer, from = 0, isEnd?: (at: number) => boolean): Header {
  const fields: HeaderField[] = [];
  let at = afterMailboxLine(message, from);
  while (at < message.length) {
    const blankLine = lineEndAt(message, at);
    if (blankLine > 0) return { fields, bodyStart: at + blankLine };
    const colon = colonOfName(message, at);
    if (colon < 0 || isEnd?.(at)) break;
    const end = endOfField(message, colon);
    fields.push(fieldAt(message, { start: at, colon, end }));
    at = end;
  }
  return { fields, bodyStart: at };
}

/** The separator line of an mbox file is sometimes left at the top of a message; it is nobody's content. */
function afterMailboxLine(message: Buffer, from: number): number {
  if (message.toString('latin1', from, from + 5) !== 'From ') return from;
  const lf = message.indexOf(LF, from);
  return lf < 0 ? message.length : lf + 1;
}

/** The length of the line end at `at`, 0 where there is none. */
function lineEndAt(message: Buffer, at: number): number {
  if (message[at] === LF) return 1;
  return message[at] === CR && message[at + 1] === LF ? 2 : 0;
}

/** Where the colon of a field name is that begins at `at`, or -1 (RFC 5322 §2.2; blanks before it: §4.5). */
function colonOfName(message: Buffer, at: number): number {
  let i = at;
  while (i < message.length && message[i]! > SPACE && message[i]! < DEL && message[i] !== COLON) i++;
  if (i === at) return -1;
  while (i < message.length && isBlank(message[i]!)) i++;
  return message[i] === COLON ? i : -1;
}

function endOfField(message: Buffer, from: number): number {
  let at = from;
  do {
    const lf = message.indexOf(LF, at);
    if (lf < 0) return message.length;
    at = lf + 1;
  } while (at < message.length && isBlank(message[at]!));
  return at;
}

function fieldAt(message: Buffer, { start, colon, end }: { start: number; colon: number; end: number }): HeaderField {
  let nameEnd = colon;
  while (isBlank(message[nameEnd - 1]!)) nameEnd--;
  let valueEnd = end;
  if (message[valueEnd - 1] === LF) valueEnd--;
  if (message[valueEnd - 1] === CR) valueEnd--;
  const name = message.toString('latin1', start, nameEnd);
  return {
    name,
    key: name.toLowerCase(),
    value: message.toString('latin1', Math.min(colon + 1, valueEnd), valueEnd),
    start,
    end,
  };
}

/** The first field of that name (lower case): where SES reads its own X-SES-* fields, only the first counts. */
export function firstField(fields: readonly HeaderField[], key: string): HeaderField | undefined {
  for (const field of fields) if (field.key === key) return field;
  return undefined;
}

/** The value for people and documents: unfolded, octets read as UTF-8 (RFC 6532) or failing that as windows-1252. */
export function fieldText(field: Pick<HeaderField, 'value'>): string {
  const value = unfold(field.value);
  if (!/[\x80-\xff]/.test(value)) return value;
  const octets = Buffer.from(value, 'latin1');
  return isUtf8(octets) ? octets.toString('utf8') : decodeCharset(octets, 'windows-1252')!;
}

/** Line ends taken out (RFC 5322 §2.2.3), blanks at both ends taken off; blanks within stay as they are. */
export function unfold(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && isFoldOrBlank(value.charCodeAt(start))) start++;
  while (end > start && isFoldOrBlank(value.charCodeAt(end - 1))) end--;
  let out = '';
  let from = start;
  for (let i = start; i < end; i++) {
    const character = value.charCodeAt(i);
    if (character !== CR && character !== LF) continue;
    out += value.slice(from, i);
    from = i + 1;
  }
  return from === start ? value.slice(start, end) : out + value.slice(from, end);
}

function isFoldOrBlank(character: number): boolean {
  return isBlank(character) || character === CR || character === LF;
}

/**
 * Why a name (1 to 126 characters, as in SES v2) and a value from outside cannot be a field; nothing when they can.
 * A CR or LF in either would smuggle in a field of the caller's own.
 */
export function fieldFault(name: string, value: string): string | undefined {
  if (!/^[!-9;-~]{1,126}$/.test(name)) return `Invalid header name '${name}'.`;
  if (!/^[\t -~]*$/.test(value)) return `Header '${name}' contains control or non-ASCII characters.`;
  if (value.length < MAX_LINE) return undefined;
  for (const [piece] of value.matchAll(/[\t ]*[^\t ]+|[\t ]+$/g)) {
    if (piece.length >= MAX_LINE) return `Header '${name}' cannot be folded to lines of ${MAX_LINE} characters.`;
  }
  return undefined;
}

/** Characters of a stranger's text that fit into a field of ours. */
const MOST_SAID = 900;

/** What a stranger wrote, fit for a field: never what `fieldFault` refuses, and never empty. */
export function fitForField(text: string): string {
  const said = text.slice(0, MOST_SAID).replace(/[^ -~]/g, '?');
  return said.trim() || '?';
}

/**
 * `Name: value` and CRLF, folded before blanks at 78 columns where blanks are (unfolding gives the value back exactly).
 * Asking for what `fieldFault` refuses is a bug.
 */
export function formatField(name: string, value: string): string {
  const fault = fieldFault(name, value);
  assert(fault === undefined, fault ?? '');
  if (name.length + 2 + value.length <= PREFERRED_LINE) return `${name}: ${value}\r\n`;
  return `${fold(`${name}: ${value}`, name.length + 2)}\r\n`;
}

/** Folds before the last blank that fits; never inside the first `protect` characters unless 998 would be passed. */
function fold(line: string, protect: number): string {
  let out = '';
  let start = 0;
  let candidate = -1;
  for (let i = protect; i <= line.length; i++) {
    const atEnd = i === line.length;
    if (!atEnd && !(isBlank(line.charCodeAt(i)) && !isBlank(line.charCodeAt(i - 1)))) continue;
    if (i - start > PREFERRED_LINE && candidate > start) {
      out += `${line.slice(start, candidate)}\r\n`;
      start = candidate;
    }
    // A line of blanks only would end the header for some readers, so the fold after the colon is the last resort.
    if (start === 0 && i > MAX_LINE) {
      out += `${line.slice(0, protect - 1)}\r\n`;
      start = protect - 1;
    }
    candidate = hasWordAfter(line, i) ? i : -1;
  }
  return out + line.slice(start);
}

function hasWordAfter(line: string, from: number): boolean {
  let i = from;
  while (i < line.length && isBlank(line.charCodeAt(i))) i++;
  return i < line.length;
}

export interface Rewrite {
  readonly message: Buffer;
  /** The header of the message where it was read already. */
  readonly header?: Header;
  /** Names in lower case. */
  readonly remove: ReadonlySet<string>;
  /** Put after the kept fields. Asking for what `fieldFault` refuses is a bug. */
  readonly append: readonly (readonly [name: string, value: string])[];
}

/** New bytes: the kept fields in their order, the appended ones, the body; what is kept is kept to the octet. */
export function rewriteHeader({ message, header = readHeader(message), remove, append }: Rewrite): Buffer {
  const pieces: Buffer[] = [];
  // Neighbouring kept fields are one slice.
  let keptFrom = 0;
  let keptTo = 0;
  for (const field of header.fields) {
    if (remove.has(field.key)) continue;
    if (field.start !== keptTo) {
      if (keptTo > keptFrom) pieces.push(message.subarray(keptFrom, keptTo));
      keptFrom = field.start;
    }
    keptTo = field.end;
  }
  if (keptTo > keptFrom) pieces.push(message.subarray(keptFrom, keptTo));
  let added = keptTo > keptFrom && message[keptTo - 1] !== LF ? '\r\n' : '';
  for (const [name, value] of append) added += formatField(name, value);
  pieces.push(Buffer.from(`${added}\r\n`, 'latin1'), message.subarray(header.bodyStart));
  return Buffer.concat(pieces);
}
