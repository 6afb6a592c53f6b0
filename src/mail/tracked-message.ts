import { decodeCharset, encodeCharset, keepsMarks } from './charsets.ts';
import { toCrlf } from './line-endings.ts';
import { applyEdits, bodyEdit, type Edit, encodingEdit } from './mime-edits.ts';
import { type Entity, readMime } from './mime-tree.ts';
import { PIXEL_PLACE, type Tracking, trackHtml } from './tracked-html.ts';
import { decodeTransfer, encodeBase64, encodeQuotedPrintable, encodeShortest } from './transfer-encodings.ts';

/** Octets of one HTML part, decoded: what is larger is left alone, as it would hold up all others for too long. */
const MAX_HTML = 4 * 2 ** 20;

/**
 * The message with tracked links and one pixel in what it shows as HTML: attachments, embedded messages and what is
 * signed are somebody's own octets and stay. A part that is changed gets the shortest encoding that carries it, all
 * else is kept to the octet; where nothing is changed the message is returned itself. Line ends are CRLF.
 */
export function trackMessage(message: Buffer, tracking: Tracking): Buffer {
  const tree = readMime(message);
  if (!tree.ok) return message;
  const pages = shownHtml(tree.entities).flatMap((entity) => readPage(message, entity) ?? []);
  const edits: Edit[] = [];
  const first = pages.find(({ html }) => html.includes(PIXEL_PLACE)) ?? pages[0];
  let tracked = 0;
  for (const page of pages) {
    const { html, ...rest } = trackHtml(page.html, page === first ? tracking : { link: tracking.link }, tracked);
    tracked = rest.tracked;
    const content = html === page.html ? undefined : page.write(html);
    if (content) edits.push(...replaceBody(message, page.entity, content));
  }
  return edits.length === 0 ? message : applyEdits(message, edits);
}

/** Leaves of text/html outside of what is left alone as a whole. */
function shownHtml(entities: readonly Entity[]): Entity[] {
  const shown: Entity[] = [];
  let closed = Number.POSITIVE_INFINITY;
  for (const entity of entities) {
    const { depth, type, disposition, body } = entity;
    if (depth > closed) continue;
    closed = Number.POSITIVE_INFINITY;
    const isClosed = disposition === 'attachment' || type === 'message/rfc822' || type === 'multipart/signed';
    if (isClosed) closed = depth;
    else if (type === 'text/html' && body) shown.push(entity);
  }
  return shown;
}

interface Page {
  readonly entity: Entity;
  readonly html: string;
  /** Nothing where the text cannot be written in the charset of the part. */
  write(html: string): Buffer | undefined;
}

/** Nothing where the part cannot be read, or would not be written back as it was. */
function readPage(message: Buffer, entity: Entity): Page | undefined {
  const { body, encoding, parameters } = entity;
  const content = decodeTransfer(message.subarray(body!.start, body!.end), encoding);
  if (!content || content.length > MAX_HTML) return undefined;
  const charset = parameters.get('charset') ?? 'us-ascii';
  if (keepsMarks(charset)) {
    // One character an octet: whatever the letters are, malformed ones too, they come back as they were.
    return { entity, html: content.toString('latin1'), write: (html) => Buffer.from(html, 'latin1') };
  }
  const html = decodeCharset(content, charset);
  if (html === undefined || !encodeCharset(html, charset)?.equals(content)) return undefined;
  return { entity, html, write: (changed) => encodeCharset(changed, charset) };
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
