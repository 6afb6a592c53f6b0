import { isUtf8 } from 'node:buffer';
import { firstField, formatField } from './header-fields.ts';
import type { Entity } from './mime-tree.ts';

/** Octets of a message that others take the place of. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly replacement: Buffer;
}

/** All that no edit names is kept to the octet. Of edits that overlap the one that begins first counts. */
export function applyEdits(message: Buffer, edits: Edit[]): Buffer {
  edits.sort((a, b) => a.start - b.start || a.end - b.end);
  const pieces: Buffer[] = [];
  let at = 0;
  for (const { start, end, replacement } of edits) {
    // A Content-Transfer-Encoding field that is unfit itself was replaced for the sake of the body already.
    if (start < at) continue;
    pieces.push(message.subarray(at, start), replacement);
    at = end;
  }
  pieces.push(message.subarray(at));
  return Buffer.concat(pieces);
}

/** Another body, encoded, for an entity that has one. */
export function bodyEdit(message: Buffer, { body }: Entity, encoded: Buffer): Edit {
  return { ...body!, replacement: withLastLineEnd(encoded, message, body!.end) };
}

/** A message ends in a line end; within one, the CRLF before the next boundary is there already. */
function withLastLineEnd(encoded: Buffer, message: Buffer, end: number): Buffer {
  if (end < message.length || encoded.at(-1) === 0x0a) return encoded;
  return Buffer.concat([encoded, Buffer.from('\r\n')]);
}

/** Names the encoding of the body in the header, in place of what stood there or after the last field. */
export function encodingEdit({ start, header, isMessage }: Entity, encoding: string, content: Buffer): Edit {
  const { fields, bodyStart } = header;
  const given = firstField(fields, 'content-transfer-encoding');
  let text = formatField('Content-Transfer-Encoding', encoding);
  // Without these two fields no reader would decode, or know the letters (RFC 2045 §4; `unknown-8bit`: RFC 1428 §3).
  if (!firstField(fields, 'content-type')) {
    text = formatField('Content-Type', `text/plain; charset=${isUtf8(content) ? 'UTF-8' : 'unknown-8bit'}`) + text;
  }
  if (isMessage && !firstField(fields, 'mime-version')) text = formatField('MIME-Version', '1.0') + text;
  if (given) return { ...given, replacement: Buffer.from(text, 'latin1') };
  const at = fields.at(-1)?.end ?? start;
  // The empty line is missing where the body began with what cannot be a field.
  return { start: at, end: at, replacement: Buffer.from(bodyStart > at ? text : `${text}\r\n`, 'latin1') };
}
