import { decodeWords, encodeAsWords, isPlain } from './encoded-words.ts';

/** One address of a header field, as far as it could be made out. */
export interface Mailbox {
  /** Unquoted, RFC 2047 words decoded; absent when there is none. */
  readonly display?: string;
  /** `local@domain`, or whatever stood in its place. */
  readonly address: string;
}

/** The text of one mailbox taken apart, not yet judged. */
export interface RawMailbox {
  /** What stands outside angle brackets and comments, split at blanks; quotes are still on. */
  readonly words: readonly string[];
  /** What stands between angle brackets; nothing when there are none. */
  readonly angle: string | undefined;
  /** What stands before and after the angle brackets as written, comments included. */
  readonly before: string;
  readonly after: string;
  /** The last comment: before RFC 822 it was where the display name stood. */
  readonly comment: string;
  /** What is unbalanced, in the words of JavaMail. */
  readonly fault: string | undefined;
  /** What ended it: nothing at the end of the text, or before a second angle bracket. */
  readonly separator: ',' | ';' | ':' | '';
  readonly end: number;
}

/** Takes apart the mailbox that begins at `from`. Never fails; every character is looked at a bounded number of times. */
export function scanMailbox(text: string, from: number, colonEnds: boolean): RawMailbox {
  const words: string[] = [];
  let angle: string | undefined;
  let open = from;
  let close = from;
  let comment = '';
  let fault: string | undefined;
  let separator: RawMailbox['separator'] = '';
  let wordStart = -1;
  let i = from;
  const endWord = () => {
    if (wordStart >= 0) words.push(text.slice(wordStart, i));
    wordStart = -1;
  };
  for (; i < text.length; ) {
    const character = text[i]!;
    if (character === ',' || character === ';' || (character === ':' && colonEnds)) {
      separator = character;
      break;
    }
    if (character === '<') {
      if (angle !== undefined) break;
      endWord();
      open = i;
      close = endOfAngle(text, i);
      if (text[close] !== '>') fault ??= "Missing '>'";
      angle = text.slice(i + 1, close);
      i = text[close] === '>' ? close + 1 : close;
    } else if (character === '(') {
      endWord();
      const commentEnd = endOfComment(text, i);
      if (commentEnd === text.length) fault ??= "Missing ')'";
      comment = text.slice(i + 1, commentEnd);
      i = commentEnd + 1;
    } else if (' \t\r\n'.includes(character)) {
      endWord();
      i++;
    } else {
      if (character === ')') fault ??= "Missing '('";
      if (character === '>') fault ??= "Missing '<'";
      if (wordStart < 0) wordStart = i;
      if (character === '"') {
        const quoteEnd = endOfQuoted(text, i);
        if (quoteEnd < 0) fault ??= "Missing '\"'";
        i = quoteEnd < 0 ? i + 1 : quoteEnd + 1;
      } else {
        i += character === '\\' ? 2 : 1;
      }
    }
  }
  i = Math.min(i, text.length);
  endWord();
  const [before, after] = angle === undefined ? ['', ''] : [text.slice(from, open), text.slice(close + 1, i)];
  return { words, angle, before, after, comment, fault, separator, end: i };
}

/** Where the quoted string that opens at `from` closes, or -1: what does not close is taken for ordinary text. */
function endOfQuoted(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

/** Comments nest (RFC 5322 §3.2.2); one that does not close goes to the end of the text. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i;
  }
  return text.length;
}

/** Where `<` is answered, or where the mailbox must have ended; an old source route has commas (RFC 5322 §4.4). */
function endOfAngle(text: string, from: number): number {
  const isRoute = text[from + 1] === '@';
  for (let i = from + 1; i < text.length; i++) {
    const character = text[i]!;
    if (character === '>' || character === '<') return i;
    if ((character === ',' && !isRoute) || character === ';') return i;
    if (character === '\\') i++;
    if (character === '"') i = Math.max(i, endOfQuoted(text, i));
  }
  return text.length;
}

/**
 * The mailboxes of a From, Sender, Reply-To, To, Cc or Bcc value of a real-world mail, folded or not; groups are
 * flattened, comments dropped, display names decoded. Never fails: what is no address comes out as it stands.
 */
export function readMailboxes(value: string): Mailbox[] {
  const mailboxes: Mailbox[] = [];
  for (let at = 0; at < value.length; ) {
    const raw = scanMailbox(value, at, true);
    // What stands before a colon is the name of a group (RFC 5322 §3.4).
    const mailbox = raw.separator === ':' && raw.angle === undefined ? undefined : judge(raw);
    if (mailbox) mailboxes.push(mailbox);
    at = raw.separator === '' ? raw.end : raw.end + 1;
  }
  return mailboxes;
}

function judge({ words, angle, comment }: RawMailbox): Mailbox | undefined {
  if (angle !== undefined) return mailbox(withoutRoute(angle.trim()), words.join(' ') || comment);
  if (words.length === 0) return undefined;
  const last = words.at(-1)!;
  // `Name user@example.com`: the brackets were forgotten.
  if (words.length > 1 && last.includes('@')) return mailbox(last, words.slice(0, -1).join(' '));
  return mailbox(words.join(' '), comment);
}

function mailbox(address: string, phrase: string): Mailbox | undefined {
  const display = decodeWords(unquote(phrase));
  if (address === '' && display === '') return undefined;
  return display === '' ? { address } : { display, address };
}

function withoutRoute(spec: string): string {
  return spec.startsWith('@') && spec.includes(':') ? spec.slice(spec.lastIndexOf(':') + 1) : spec;
}

/** A phrase without its quotes and backslashes (RFC 5322 §3.2.4). */
export function unquote(phrase: string): string {
  if (!phrase.includes('"') && !phrase.includes('\\')) return phrase;
  let out = '';
  for (let i = 0; i < phrase.length; i++) {
    if (phrase[i] === '"') continue;
    if (phrase[i] === '\\' && i + 1 < phrase.length) i++;
    out += phrase[i];
  }
  return out;
}

/** For people and for event documents: display name as text, quoted only where it would be misread. */
export function readableMailbox({ display, address }: Mailbox): string {
  if (display === undefined) return address;
  return `${/[()<>@,;:\\".[\]]/.test(display) ? quote(display) : display} <${address}>`;
}

/**
 * For a header field (RFC 5322 §3.4): atoms as they are, other ASCII as a quoted string, the rest as encoded words.
 * No display name can break out of the field: control characters are encoded like letters of other scripts.
 */
export function formatMailbox({ display, address }: Mailbox, charset?: string): string {
  if (display === undefined || display === '') return address;
  return `${formatPhrase(display, charset)} <${address}>`;
}

function formatPhrase(display: string, charset: string | undefined): string {
  if (!isPlain(display) || display.includes('\t')) return encodeAsWords(display, { charset });
  return /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?: [A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*$/.test(display)
    ? display
    : quote(display);
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
