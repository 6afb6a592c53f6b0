import { decodeCharset, encodeCharset } from './charsets.ts';

/**
 * RFC 2047: text of any script in header fields of ASCII.
 */

/** Characters of one encoded word, and of a line that has one (RFC 2047 §2). */
const WORD = 75;
const LINE = 76;
/** Four octets as `=xx`; one ISO-2022-JP character with its escapes as base64. */
const longestCharacter = 12;

interface Word {
  readonly start: number;
  readonly end: number;
  readonly charset: string;
  readonly octets: Buffer;
}

/** `=?charset*language?B or Q?text?=`; the language is RFC 2231 §5. Each part is bounded: linear on any input. */
const wordPattern = /=\?([!-)+->@-~]{1,64})(?:\*[!->@-~]{0,64})?\?([BbQq])\?([^?\r\n]{0,10000})\?=/g;

/** The text with its encoded words decoded. A word of an unknown charset stays as it is (RFC 2047 §6.2). */
export function decodeWords(text: string): string {
  if (!text.includes('=?')) return text;
  let out = '';
  let at = 0;
  for (const run of runsOfWords(text)) {
    const decoded = decodeRun(run);
    if (decoded === undefined) continue;
    out += text.slice(at, run[0]!.start) + decoded;
    at = run.at(-1)!.end;
  }
  return out + text.slice(at);
}

/**
 * Words of one charset with only blanks between them are one text: senders cut multi-octet characters in two although
 * RFC 2047 §5 forbids it, so octets are joined before they are decoded. Blanks between words are not text (§6.2).
 */
function runsOfWords(text: string): Word[][] {
  const runs: Word[][] = [];
  for (const match of text.matchAll(wordPattern)) {
    const [whole, charset = '', encoding = '', payload = ''] = match;
    const word = {
      start: match.index,
      end: match.index + whole.length,
      charset: charset.toLowerCase(),
      octets: encoding === 'B' || encoding === 'b' ? Buffer.from(payload, 'base64') : decodeQ(payload),
    };
    const last = runs.at(-1)?.at(-1);
    if (last && isBlankBetween(text, last.end, word.start)) runs.at(-1)!.push(word);
    else runs.push([word]);
  }
  return runs;
}

function isBlankBetween(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (!' \t\r\n'.includes(text[i]!)) return false;
  return true;
}

function decodeRun(run: readonly Word[]): string | undefined {
  let out = '';
  for (let i = 0; i < run.length; ) {
    const { charset } = run[i]!;
    const octets: Buffer[] = [];
    while (i < run.length && run[i]!.charset === charset) octets.push(run[i++]!.octets);
    const text = decodeCharset(octets.length === 1 ? octets[0]! : Buffer.concat(octets), charset);
    if (text === undefined) return undefined;
    out += text;
  }
  return out;
}

/** RFC 2047 §4.2. */
function decodeQ(payload: string): Buffer {
  const out = Buffer.allocUnsafe(payload.length);
  let at = 0;
  for (let i = 0; i < payload.length; i++) {
    const character = payload[i]!;
    const digits = payload.slice(i + 1, i + 3);
    if (character === '=' && /^[0-9A-Fa-f]{2}$/.test(digits)) {
      out[at++] = Number.parseInt(digits, 16);
      i += 2;
    } else {
      out[at++] = character === '_' ? 0x20 : payload.charCodeAt(i);
    }
  }
  return out.subarray(0, at);
}

/** Whether a text can stand in a header field as it is: printable ASCII that no reader takes for an encoded word. */
export function isPlain(text: string): boolean {
  return /^[\t -~]*$/.test(text) && !text.includes('=?');
}

export interface WordsOptions {
  /** Preferred charset; UTF-8 where it lacks a character or is not known. */
  readonly charset?: string | undefined;
  /** Columns that are taken on the first line, e.g. by `Subject: `. */
  readonly used?: number;
}

/** What no fold could bring below 998 octets a line, with blanks and word together. */
const unfoldable = /[^\t ]{450}|[\t ]{450}/;

/** The text as it is where `isPlain` and there are places to fold it, else as encoded words parted by single blanks, at which a field is folded. */
export function encodeWords(text: string, { charset = 'UTF-8', used = 0 }: WordsOptions = {}): string {
  return isPlain(text) && !unfoldable.test(text) ? text : encodeAsWords(text, { charset, used });
}

/** As `encodeWords`, but also what is plain already. */
export function encodeAsWords(text: string, { charset = 'UTF-8', used = 0 }: WordsOptions = {}): string {
  const preferred = encodeCharset(text, charset);
  const chosen = preferred ? charset : 'UTF-8';
  const isQ = isShorterAsQ(preferred ?? Buffer.from(text, 'utf8'));
  const overhead = `=?${chosen}?Q??=`.length;
  const words: string[] = [];
  const characters = [...text.toWellFormed()];
  let room = Math.max(Math.min(WORD, LINE - used) - overhead, longestCharacter);
  for (let at = 0; at < characters.length; ) {
    const { payload, taken } = fitWord(characters.slice(at, at + room), { charset: chosen, isQ, room });
    words.push(`=?${chosen}?${isQ ? 'Q' : 'B'}?${payload}?=`);
    at += taken;
    room = WORD - overhead;
  }
  return words.join(' ');
}

interface Fit {
  readonly charset: string;
  readonly isQ: boolean;
  readonly room: number;
}

/** As many whole characters as fit, encoded; each word ends in the charset's first state (RFC 2047 §3). */
function fitWord(characters: string[], { charset, isQ, room }: Fit): { payload: string; taken: number } {
  for (let taken = characters.length; ; ) {
    const octets = encodeCharset(characters.slice(0, taken).join(''), charset)!;
    const payload = isQ ? encodeQ(octets) : octets.toString('base64');
    if (payload.length <= room || taken === 1) return { payload, taken };
    taken = Math.max(1, Math.min(taken - 1, Math.floor((taken * room) / payload.length)));
  }
}

function isShorterAsQ(octets: Buffer): boolean {
  let escaped = 0;
  for (const octet of octets) if (!isQText(octet) && octet !== 0x20) escaped++;
  return octets.length + 2 * escaped <= 4 * Math.ceil(octets.length / 3);
}

function encodeQ(octets: Buffer): string {
  let out = '';
  for (const octet of octets) {
    if (octet === 0x20) out += '_';
    else if (isQText(octet)) out += String.fromCharCode(octet);
    else out += `=${octet.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** What may stand for itself within a phrase, the strictest place (RFC 2047 §5 (3)): letters, digits and `!*+-/`. */
function isQText(octet: number): boolean {
  const letter = octet | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || (octet >= 0x30 && octet <= 0x39)) return true;
  return octet === 0x21 || octet === 0x2a || octet === 0x2b || octet === 0x2d || octet === 0x2f;
}

/** A line end in a text would end the field; it is the blank that folding would make of it. */
export function oneLine(text: string): string {
  return text.replace(/[\r\n]+[\t ]*/g, ' ').trim();
}
