import { encodeCharset } from './charsets.ts';
import { encodeWords } from './encoded-words.ts';
import { toCrlf } from './line-endings.ts';
import { formatMailbox, type Mailbox } from './mailboxes.ts';
import { formatParameter } from './mime-parameters.ts';
import { leaf, multipart, type Part, renderPart } from './parts.ts';
import type { TransferEncoding } from './transfer-encodings.ts';

/** Text with the charset that the author wants it sent in; US-ASCII where none is named (SES: Content). */
export interface Text {
  readonly text: string;
  readonly charset?: string | undefined;
}

/** What stands in fields must be fit for them: asking for what `fieldFault` refuses is a bug. */
export interface Attachment {
  readonly fileName: string;
  /** Whole Content-Type value without a `name` parameter. */
  readonly contentType: string;
  readonly content: Buffer;
  readonly disposition: 'attachment' | 'inline';
  /** Without angle brackets. */
  readonly contentId?: string | undefined;
  readonly description?: string | undefined;
  readonly encoding?: TransferEncoding | undefined;
}

/** A caller's own encoded words in `displayAsGiven` are kept; any other display name is written anew. */
export interface Correspondent extends Mailbox {
  readonly displayAsGiven?: string;
}

/** The fields that a message begins with. */
export interface LetterHead {
  readonly from: readonly Correspondent[];
  readonly replyTo?: readonly Correspondent[];
  readonly to?: readonly Correspondent[];
  readonly cc?: readonly Correspondent[];
  readonly subject: Text;
  /** The author's own fields, after ours. Asking for what `fieldFault` refuses is a bug. */
  readonly fields?: readonly (readonly [name: string, value: string])[];
}

export interface Letter extends LetterHead {
  /** At least one of the two bodies; with both the reader chooses, and text is first (RFC 2046 §5.1.4). */
  readonly text?: Text | undefined;
  readonly html?: Text | undefined;
  readonly attachments?: readonly Attachment[];
  /** Makes the boundaries of the message its own; printable, at most 40 characters. See `boundaryOf`. */
  readonly unique: string;
}

/** `----=_Part_0_355072649.1693000415859`: the form of JavaMail, which SES composes with. */
export function boundaryOf(number: number, unique: string): string {
  return `----=_Part_${number}_${unique}`;
}

/**
 * Formatted mail (SES: SendEmail; v2 Simple and Template): a message without Message-ID and Date, which are put on every
 * message alike when it is accepted, and without Bcc, which is envelope only.
 */
export function composeMail(letter: Letter): Buffer {
  return renderLetter(letter, bodyPart(letter));
}

/** A message of these fields whose body is `root`. */
export function renderLetter({ from, replyTo = [], to = [], cc = [], subject, fields = [] }: LetterHead, root: Part) {
  const addresses = [
    ['From', from],
    ['Reply-To', replyTo],
    ['To', to],
    ['Cc', cc],
  ] as const;
  return Buffer.concat(
    renderPart({
      fields: [
        ...addresses.filter(([, list]) => list.length > 0).map(([name, list]) => [name, formatAll(list)] as const),
        ['Subject', encodeWords(oneLine(subject.text), { charset: subject.charset, used: 'Subject: '.length })],
        ['MIME-Version', '1.0'],
        ...root.fields,
        ...fields,
      ],
      body: root.body,
    }),
  );
}

function formatAll(list: readonly Correspondent[]): string {
  return list.map(formatCorrespondent).join(', ');
}

function formatCorrespondent(correspondent: Correspondent): string {
  const { displayAsGiven = '', address } = correspondent;
  return /^=\?[!-~]+\?=(?:[ \t]+=\?[!-~]+\?=)*$/.test(displayAsGiven)
    ? `${displayAsGiven} <${address}>`
    : formatMailbox(correspondent);
}

/** A line end in a subject would end the field; it is the blank that folding would make of it. */
function oneLine(text: string): string {
  return text.replace(/[\r\n]+[\t ]*/g, ' ').trim();
}

/** mixed ( related ( alternative ( text, html ), inline… ), attachments… ), each level only where it is needed. */
function bodyPart({ text, html, attachments = [], unique }: Letter): Part {
  let level = 0;
  const enclose = (subtype: 'alternative' | 'mixed' | 'related', parts: readonly Part[]): Part =>
    parts.length === 1 ? parts[0]! : multipart({ subtype, boundary: boundaryOf(level++, unique), parts });
  const bodies = [...(text ? [textPart('plain', text)] : []), ...(html ? [textPart('html', html)] : [])];
  const body = enclose('alternative', bodies.length > 0 ? bodies : [textPart('plain', { text: '' })]);
  const inline = attachments.filter(({ disposition }) => disposition === 'inline');
  const attached = attachments.filter(({ disposition }) => disposition === 'attachment');
  return enclose('mixed', [enclose('related', [body, ...inline.map(attachmentPart)]), ...attached.map(attachmentPart)]);
}

/** Where the charset is unknown or lacks a character, UTF-8 is used and named: a letter is never lost. */
export function textPart(subtype: 'plain' | 'html', { text, charset = 'us-ascii' }: Text): Part {
  const encoded = encodeCharset(text, charset);
  return leaf({
    contentType: `text/${subtype}; charset=${encoded ? charset : 'UTF-8'}`,
    content: toCrlf(encoded ?? Buffer.from(text, 'utf8')),
  });
}

function attachmentPart(attachment: Attachment): Part {
  const { fileName, contentType, content, disposition, contentId, description, encoding = 'base64' } = attachment;
  const fields: [string, string][] = [['Content-Disposition', disposition + formatParameter('filename', fileName)]];
  if (contentId) fields.push(['Content-ID', `<${contentId}>`]);
  if (description) {
    fields.push(['Content-Description', encodeWords(oneLine(description), { used: 'Content-Description: '.length })]);
  }
  return leaf({ contentType, content, encoding, fields });
}
