import { isAscii, isUtf8 } from 'node:buffer';
import { decodeWords, encodeAsWords } from './encoded-words.ts';
import { fieldFault, formatField, type HeaderField, unfold } from './header-fields.ts';
import { formatMailbox, readMailboxes } from './mailboxes.ts';
import { applyEdits, bodyEdit, type Edit, encodingEdit } from './mime-edits.ts';
import { formatParameter, parseContentType, parseDisposition } from './mime-parameters.ts';
import type { Entity, MimeTree } from './mime-tree.ts';
import { decodeTransfer, encodeBase64, encodeQuotedPrintable, isSevenBit } from './transfer-encodings.ts';

export type SevenBit = { readonly ok: true; readonly message: Buffer } | { readonly ok: false; readonly fault: string };

/**
 * The message in a form that every hop takes: no octet above 127, no NUL, no line above 998. It is made so once, when
 * the message is accepted, because later it is signed and its octets must not change (RFC 6376 §5.3); and SES offers
 * neither 8BITMIME nor SMTPUTF8. What is fit already is returned itself; of the others only what is unfit is changed.
 *
 * A line that is too long is encoded, not refused: HTML in one line is the commonest mistake of senders, and the reader
 * gets the very same content. Signatures that the sender made over what is changed (S/MIME, own DKIM) do not survive.
 */
export function toSevenBit(message: Buffer, { entities, gaps }: MimeTree): SevenBit {
  if (isSevenBit(message)) return { ok: true, message };
  const edits: Edit[] = [];
  for (const entity of entities) {
    const fault = editBody(message, entity, edits) ?? editHeader(message, entity, edits);
    if (fault) return { ok: false, fault };
  }
  for (const { start, end } of gaps) {
    if (!isSevenBit(message.subarray(start, end))) edits.push({ start, end, replacement: Buffer.alloc(0) });
  }
  return { ok: true, message: applyEdits(message, edits) };
}

function editHeader(message: Buffer, { start, header }: Entity, edits: Edit[]): string | undefined {
  if (isSevenBit(message.subarray(start, header.bodyStart))) return undefined;
  for (const field of header.fields) {
    if (isSevenBit(message.subarray(field.start, field.end))) continue;
    const value = sevenBitValue(field);
    if ('fault' in value) return value.fault;
    const fault = fieldFault(field.name, value.text);
    if (fault) return fault;
    edits.push({ ...field, replacement: Buffer.from(formatField(field.name, value.text), 'latin1') });
  }
  return undefined;
}

const addressFields: ReadonlySet<string> = new Set(
  ['from', 'sender', 'reply-to', 'to', 'cc', 'bcc'].flatMap((name) => [name, `resent-${name}`]),
);

type Value = { readonly text: string } | { readonly fault: string };

function sevenBitValue({ name, key, value }: HeaderField): Value {
  const octets = Buffer.from(value, 'latin1');
  if (isAscii(octets)) return { text: unfold(value) };
  if (!isUtf8(octets)) return { fault: `Header '${name}' contains non-ASCII characters that are not UTF-8.` };
  const text = unfold(octets.toString('utf8'));
  if (addressFields.has(key)) return sevenBitAddresses(text);
  if (key === 'content-type') return sevenBitParameters(parseContentType(text));
  if (key === 'content-disposition') return sevenBitParameters(parseDisposition(text));
  return { text: encodeAsWords(decodeWords(text), { used: name.length + 2 }) };
}

function sevenBitAddresses(text: string): Value {
  const mailboxes = readMailboxes(text);
  for (const { address } of mailboxes) {
    const at = address.lastIndexOf('@');
    if (/[^\0-\x7f]/.test(address.slice(at + 1))) return { fault: 'Domain contains illegal character' };
    if (/[^\0-\x7f]/.test(address)) return { fault: 'Local address contains illegal character' };
  }
  return { text: mailboxes.map((mailbox) => formatMailbox(mailbox)).join(', ') };
}

function sevenBitParameters(parsed: ReturnType<typeof parseContentType>): Value {
  if (!parsed.ok) return parsed;
  let text = parsed.value;
  for (const [name, value] of parsed.parameters) text += formatParameter(name, value);
  return { text };
}

function editBody(message: Buffer, entity: Entity, edits: Edit[]): string | undefined {
  if (entity.body === undefined) return undefined;
  const body = message.subarray(entity.body.start, entity.body.end);
  if (isSevenBit(body)) return undefined;
  const content = decodeTransfer(body, entity.encoding);
  if (content === undefined) return `Unknown encoding: ${entity.encoding}`;
  const encoding = encodingFor(entity, content);
  const encoded = encoding === 'base64' ? encodeBase64(content) : encodeQuotedPrintable(content);
  edits.push(encodingEdit(entity, encoding, content), bodyEdit(message, entity, encoded));
  return undefined;
}

/** The encoding that there is, else the one that leaves text readable; a NUL is no text (RFC 2045 §2.8). */
function encodingFor({ type, encoding }: Entity, content: Buffer): 'base64' | 'quoted-printable' {
  if (encoding === 'base64' || encoding === 'quoted-printable') return encoding;
  const isText = type.startsWith('text/') || type.startsWith('message/');
  return isText && !content.includes(0) ? 'quoted-printable' : 'base64';
}
