import { decodeCharset, encodeCharset, keepsMarks } from './charsets.ts';
import { toCrlf } from './line-endings.ts';
import { applyEdits, bodyEdit, type Edit, encodingEdit } from './mime-edits.ts';
import { type Entity, readMime } from './mime-tree.ts';
import { decodeTransfer, encodeBase64, encodeQuotedPrintable, encodeShortest } from './transfer-encodings.ts';

/** Octets of one part, decoded: what is larger is left alone, as it would hold up all others for too long. */
const MAX_TEXT = 4 * 2 ** 20;

/**
 * The message with other texts in what it shows of these types (`text/html`): attachments, embedded messages and what is
 * signed are somebody's own octets and stay. `rewrite` gets them all and answers as many, in their order; it may put in
 * and take out ASCII only. A part that is changed gets the shortest encoding that carries it, all else is kept to the
 * octet; where nothing is changed the message is returned itself. Line ends are CRLF.
 */
export function rewriteShown(
  message: Buffer,
  types: readonly string[],
  rewrite: (texts: readonly string[]) => readonly string[],
): Buffer {
  const tree = readMime(message);
  if (!tree.ok) return message;
  const parts = shown(tree.entities, types).flatMap((entity) => readText(message, entity) ?? []);
  const edits: Edit[] = [];
  for (const [n, text] of rewrite(parts.map((part) => part.text)).entries()) {
    const part = parts[n]!;
    const content = text === part.text ? undefined : part.write(text);
    if (content) edits.push(...replaceBody(message, part.entity, content));
  }
  return edits.length === 0 ? message : applyEdits(message, edits);
}

/** Leaves outside of what is left alone as a whole. */
function shown(entities: readonly Entity[], types: readonly string[]): Entity[] {
  const leaves: Entity[] = [];
  let closed = Number.POSITIVE_INFINITY;
  for (const entity of entities) {
    const { depth, type, disposition, body } = entity;
    if (depth > closed) continue;
    closed = Number.POSITIVE_INFINITY;
    const isClosed = disposition === 'attachment' || type === 'message/rfc822' || type === 'multipart/signed';
    if (isClosed) closed = depth;
    else if (types.includes(type) && body) leaves.push(entity);
  }
  return leaves;
}

interface Shown {
  readonly entity: Entity;
  readonly text: string;
  /** Nothing where the text cannot be written in the charset of the part. */
  write(text: string): Buffer | undefined;
}

/** Nothing where the part cannot be read, or would not be written back as it was. */
function readText(message: Buffer, entity: Entity): Shown | undefined {
  const { body, encoding, parameters } = entity;
  const content = decodeTransfer(message.subarray(body!.start, body!.end), encoding);
  if (!content || content.length > MAX_TEXT) return undefined;
  const charset = parameters.get('charset') ?? 'us-ascii';
  if (keepsMarks(charset)) {
    // One character an octet: whatever the letters are, malformed ones too, they come back as they were.
    return { entity, text: content.toString('latin1'), write: (changed) => Buffer.from(changed, 'latin1') };
  }
  const text = decodeCharset(content, charset);
  if (text === undefined || !encodeCharset(text, charset)?.equals(content)) return undefined;
  return { entity, text, write: (changed) => encodeCharset(changed, charset) };
}

function replaceBody(message: Buffer, entity: Entity, content: Buffer): Edit[] {
  const { encoding, body } = encode(content, entity.encoding);
  const edit = bodyEdit(message, entity, body);
  return encoding === (entity.encoding || '7bit') ? [edit] : [encodingEdit(entity, encoding, content), edit];
}

function encode(content: Buffer, given: string): { encoding: string; body: Buffer } {
  // A bare CR or LF is data, which lines of text would not carry.
  if (toCrlf(content) !== content) {
    if (given === 'base64') return { encoding: given, body: encodeBase64(content) };
    if (given === 'quoted-printable') return { encoding: given, body: encodeQuotedPrintable(content) };
  }
  return encodeShortest(content);
}
