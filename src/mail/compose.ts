import { encodeCharset } from './charsets.ts';
import type { Enclosure } from './enclosure.ts';
import { encodeWords, oneLine } from './encoded-words.ts';
import { toCrlf } from './line-endings.ts';
import { formatMailbox, type Mailbox } from './mailboxes.ts';
import { boundaryOf, leaf, multipart, type Part, renderPart } from './parts.ts';

/** Text with the charset that the author wants it sent in; US-ASCII where none is named (SES: Content). */
export interface Text {
  readonly text: string;
  readonly charset?: string | undefined;
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
  readonly enclosure?: Enclosure | undefined;
  /** Makes the boundaries of the message its own; printable, at most 40 characters. See `boundaryOf`. */
  readonly unique: string;
}

/**
 * Formatted mail (SES: SendEmail; v2 Simple and Template): a message without Message-ID and Date, which are put on every
 * message alike when it is accepted, and without Bcc, which is envelope only.
 */
export function composeMail(letter: Letter): Buffer {
  const { content, rest = [] } = composeApart(letter);
  return Buffer.concat([content, ...rest]);
}

/** The same in two: `rest` is what letters with one enclosure share, from the header of its first attachment on. */
export function composeApart(letter: Letter): { content: Buffer; rest?: readonly Buffer[] } {
  const { text, html, enclosure, unique } = letter;
  const bodies = [...(text ? [textPart('plain', text)] : []), ...(html ? [textPart('html', html)] : [])];
  const parts = bodies.length > 0 ? bodies : [textPart('plain', { text: '' })];
  const isAlternative = parts.length > 1;
  const body = isAlternative
    ? multipart({ subtype: 'alternative', boundary: boundaryOf(0, unique), parts })
    : parts[0]!;
  if (!enclosure) return { content: renderLetter(letter, body) };
  const { part, rest } = enclosure.around(body, isAlternative ? 1 : 0);
  return { content: renderLetter(letter, part), rest };
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
        ...addresses
          .filter(([, list]) => list.length > 0)
          .map(([name, list]) => [name, formatCorrespondents(list)] as const),
        ['Subject', encodeWords(oneLine(subject.text), { charset: subject.charset, used: 'Subject: '.length })],
        ['MIME-Version', '1.0'],
        ...root.fields,
        ...fields,
      ],
      body: root.body,
    }),
  );
}

/** The value of an address field. */
export function formatCorrespondents(list: readonly Correspondent[]): string {
  return list.map(formatCorrespondent).join(', ');
}

function formatCorrespondent(correspondent: Correspondent): string {
  const { displayAsGiven = '', address } = correspondent;
  return /^=\?[!-~]+\?=(?:[ \t]+=\?[!-~]+\?=)*$/.test(displayAsGiven)
    ? `${displayAsGiven} <${address}>`
    : formatMailbox(correspondent);
}

/** Where the charset is unknown or lacks a character, UTF-8 is used and named: a letter is never lost. */
export function textPart(subtype: 'plain' | 'html', { text, charset = 'us-ascii' }: Text): Part {
  const encoded = encodeCharset(text, charset);
  return leaf({
    contentType: `text/${subtype}; charset=${encoded ? charset : 'UTF-8'}`,
    content: toCrlf(encoded ?? Buffer.from(text, 'utf8')),
  });
}
