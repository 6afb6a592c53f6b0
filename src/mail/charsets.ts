/**
 * Text to and from the charsets that mail still uses. Decoding is the platform's (WHATWG Encoding); the platform
 * encodes only UTF-8, so the way back is made once per charset by decoding every code and turning the table round.
 */

import { LF } from './octets.ts';

type Table = ReadonlyMap<string, readonly number[]>;
type Decoder = InstanceType<typeof TextDecoder>;

/** Names that mail uses and WHATWG does not know. ISO-2022-JP-MS and its like differ in vendor characters only. */
const aliases: Readonly<Record<string, string>> = {
  'iso-2022-jp-ms': 'iso-2022-jp',
  'iso-2022-jp-1': 'iso-2022-jp',
  cp932: 'shift_jis',
  'windows-932': 'shift_jis',
  cp936: 'gbk',
  cp949: 'euc-kr',
  cp950: 'big5',
  cp1250: 'windows-1250',
  cp1251: 'windows-1251',
  cp1252: 'windows-1252',
};

/** Text of octets in a charset, malformed sequences as U+FFFD; nothing when the charset is not known. */
export function decodeCharset(octets: Uint8Array, charset: string): string | undefined {
  return decoder(charset)?.decode(octets);
}

/** Octets of a text in a charset; nothing when the charset is not known or lacks one of the characters. */
export function encodeCharset(text: string, charset: string): Buffer | undefined {
  const name = charset.toLowerCase();
  if (name === 'utf-8' || name === 'utf8') return Buffer.from(text, 'utf8');
  if (name === 'us-ascii' || name === 'ascii') return isBelow(text, 0x80) ? Buffer.from(text, 'latin1') : undefined;
  // WHATWG reads ISO-8859-1 as windows-1252, whose 0x80 to 0x9f are other characters.
  if (name === 'iso-8859-1' || name === 'latin1') return isBelow(text, 0x100) ? Buffer.from(text, 'latin1') : undefined;
  const encoding = decoder(charset)?.encoding;
  if (encoding === undefined) return undefined;
  return encoding === 'iso-2022-jp' ? encodeIso2022Jp(text) : encodeByTable(text, tableOf(encoding));
}

/**
 * Whether the octets of HTML's marks (`<`, `"`, `&` and the like) mean these marks wherever they stand, so that text may
 * be edited without decoding it. So it is in all charsets but those that shift (ISO-2022) or are wider than an octet;
 * where a second octet can be below 0x80 (Shift_JIS, Big5, GBK), it is a letter, a digit or one of `@[\]^_`{|}~`.
 */
export function keepsMarks(charset: string): boolean {
  const name = charset.toLowerCase();
  const encoding = name === 'ascii' ? 'us-ascii' : decoder(charset)?.encoding;
  return encoding !== undefined && !/^(?:iso-2022|utf-(?:7|16|32)|hz|replacement)/.test(encoding);
}

function isBelow(text: string, limit: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= limit) return false;
  return true;
}

const decoders = new Map<string, Decoder>();

function decoder(charset: string): Decoder | undefined {
  const name = charset.toLowerCase();
  const known = decoders.get(name);
  if (known) return known;
  // The platform takes a label with blanks and line ends around it, which must never reach a header field.
  if (!/^[\w.:+-]+$/.test(name)) return undefined;
  try {
    const made = new TextDecoder(aliases[name] ?? name, { ignoreBOM: true });
    // Only labels that exist are kept: their number is finite, whatever a sender invents.
    decoders.set(name, made);
    return made;
  } catch {
    return undefined;
  }
}

/** Multi-octet charsets and the range of their second octet; every other one has one octet a character. */
const doubleOctet: Readonly<Record<string, readonly [first: number, last: number]>> = {
  shift_jis: [0x40, 0xfc],
  'euc-jp': [0xa1, 0xfe],
  'euc-kr': [0x41, 0xfe],
  gbk: [0x40, 0xfe],
  gb18030: [0x40, 0xfe],
  big5: [0x40, 0xfe],
};

const tables = new Map<string, Table>();

function tableOf(encoding: string): Table {
  const known = tables.get(encoding);
  if (known) return known;
  const table = makeTable(encoding, doubleOctet[encoding]);
  tables.set(encoding, table);
  return table;
}

function makeTable(encoding: string, second: readonly [number, number] | undefined): Table {
  const table = new Map<string, readonly number[]>([['\n', [LF]]]);
  if (encoding.startsWith('utf-16')) return table;
  const codes: number[][] = [];
  for (let lead = 0; lead < 0x100; lead++) if (lead !== LF) codes.push([lead]);
  if (second) {
    for (let lead = 0x81; lead < 0xff; lead++) {
      for (let trail = second[0]; trail <= second[1]; trail++) codes.push([lead, trail]);
    }
  }
  // One line a code: a code that is malformed or half never swallows the LF (WHATWG Encoding gives ASCII back).
  const lines = new TextDecoder(encoding).decode(Uint8Array.from(codes.flatMap((code) => [...code, LF]))).split('\n');
  codes.forEach((code, i) => {
    const character = lines[i]!;
    // Where two codes mean one character the first is the usual one.
    if (isOneCharacter(character) && !table.has(character)) table.set(character, code);
  });
  return table;
}

function isOneCharacter(text: string): boolean {
  return text.length > 0 && text !== '\ufffd' && text.length === String.fromCodePoint(text.codePointAt(0)!).length;
}

function encodeByTable(text: string, table: Table): Buffer | undefined {
  const octets: number[] = [];
  for (const character of text) {
    const code = table.get(character);
    if (code === undefined) return undefined;
    for (const octet of code) octets.push(octet);
  }
  return Buffer.from(octets);
}

const toAscii = [0x1b, 0x28, 0x42];
const toJisX0208 = [0x1b, 0x24, 0x42];

/** RFC 1468: ASCII, and JIS X 0208 between escape sequences; every line ends in ASCII. */
function encodeIso2022Jp(text: string): Buffer | undefined {
  // The double-octet codes of EUC-JP are those of JIS X 0208 with the eighth bit set.
  const table = tableOf('euc-jp');
  const octets: number[] = [];
  let kanji = false;
  for (const character of text) {
    const code = table.get(character);
    if (code === undefined || !isJisX0208OrAscii(code)) return undefined;
    if (kanji !== code.length > 1) {
      octets.push(...(kanji ? toAscii : toJisX0208));
      kanji = !kanji;
    }
    for (const octet of code) octets.push(octet & 0x7f);
  }
  if (kanji) octets.push(...toAscii);
  return Buffer.from(octets);
}

function isJisX0208OrAscii([lead = 0, trail]: readonly number[]): boolean {
  // Half-width katakana begin with 0x8e in EUC-JP; shift and escape characters would change the state.
  return trail === undefined ? lead < 0x80 && lead !== 0x1b && lead !== 0x0e && lead !== 0x0f : lead >= 0xa1;
}
