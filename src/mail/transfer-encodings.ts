import { isAscii } from 'node:buffer';
import { longestLine } from './line-endings.ts';
import { CR, DEL, isBlank, LF, MAX_LINE, SPACE } from './octets.ts';

/** RFC 2045 §6. The other two names, 8bit and binary, are never written by us. */
export type TransferEncoding = '7bit' | 'quoted-printable' | 'base64';

/** Characters in a line of either encoding, its line end not counted (RFC 2045 §6.7, §6.8). */
const LINE = 76;
const EQUALS = 0x3d;
const hex = Buffer.from('0123456789ABCDEF', 'latin1');

/** Whether octets may travel as they are: no eighth bit, no NUL, no line above 998 (RFC 5322 §2.1.1, §3.5). */
export function isSevenBit(octets: Buffer): boolean {
  return isAscii(octets) && !octets.includes(0) && longestLine(octets) <= MAX_LINE;
}

/** Octets with CRLF line ends as 7bit where they can, else as the shorter of the other two. */
export function encodeShortest(octets: Buffer): { readonly encoding: TransferEncoding; readonly body: Buffer } {
  if (isSevenBit(octets)) return { encoding: '7bit', body: octets };
  if (octets.includes(0) || octets.length + 2 * countEscaped(octets) > 4 * Math.ceil(octets.length / 3)) {
    return { encoding: 'base64', body: encodeBase64(octets) };
  }
  return { encoding: 'quoted-printable', body: encodeQuotedPrintable(octets) };
}

/** Octets decoded by the name in a Content-Transfer-Encoding field; nothing when the name is not known. */
export function decodeTransfer(octets: Buffer, encoding: string): Buffer | undefined {
  switch (encoding.toLowerCase()) {
    case '':
    case '7bit':
    case '8bit':
    case 'binary':
      return octets;
    case 'quoted-printable':
      return decodeQuotedPrintable(octets);
    case 'base64':
      return decodeBase64(octets);
    default:
      return undefined;
  }
}

/** RFC 2045 §6.7. CRLF is a line break; a CR or LF that stands alone is data. */
export function encodeQuotedPrintable(octets: Buffer): Buffer {
  const length = octets.length + 2 * countEscaped(octets);
  const out = Buffer.allocUnsafe(length + 3 * Math.ceil(length / (LINE - 3)));
  let at = 0;
  let column = 0;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i]!;
    if (octet === CR && octets[i + 1] === LF) {
      out[at++] = CR;
      out[at++] = LF;
      column = 0;
      i++;
      continue;
    }
    const escaped = mustEscape(octets, i);
    const width = escaped ? 3 : 1;
    // The last column is kept for the `=` of a soft line break.
    if (column + width > LINE - 1) {
      out[at++] = EQUALS;
      out[at++] = CR;
      out[at++] = LF;
      column = 0;
    }
    column += width;
    if (escaped) {
      out[at++] = EQUALS;
      out[at++] = hex[octet >> 4]!;
      out[at++] = hex[octet & 15]!;
    } else {
      out[at++] = octet;
    }
  }
  return out.subarray(0, at);
}

/** 1 for what is always escaped, 2 for blanks, which are where they end a line: there they would be lost (rule 3). */
const escapes = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (isBlank(octet)) return 2;
  return octet > SPACE && octet < DEL && octet !== EQUALS ? 0 : 1;
});

function mustEscape(octets: Buffer, i: number): boolean {
  const kind = escapes[octets[i]!];
  if (kind !== 2) return kind === 1;
  return i + 1 === octets.length || (octets[i + 1] === CR && octets[i + 2] === LF);
}

function countEscaped(octets: Buffer): number {
  let escaped = 0;
  for (let i = 0; i < octets.length; i++) {
    if (octets[i] === CR && octets[i + 1] === LF) i++;
    else if (mustEscape(octets, i)) escaped++;
  }
  return escaped;
}

/** Lenient: blanks that end a line are dropped, an `=` that means nothing stands for itself (RFC 2045 §6.7). */
export function decodeQuotedPrintable(octets: Buffer): Buffer {
  const out = Buffer.allocUnsafe(octets.length);
  let at = 0;
  // Blanks before this place in `out` came from an escape, so they are meant.
  let firm = 0;
  for (let i = 0; i < octets.length; i++) {
    const octet = octets[i]!;
    if (octet === CR || octet === LF) {
      while (at > firm && isBlank(out[at - 1]!)) at--;
      out[at++] = octet;
      firm = at;
      continue;
    }
    if (octet !== EQUALS) {
      out[at++] = octet;
      continue;
    }
    const value = (hexValue(octets[i + 1]) << 4) | hexValue(octets[i + 2]);
    if (value >= 0) {
      out[at++] = value;
      firm = at;
      i += 2;
      continue;
    }
    const softBreak = softBreakLength(octets, i + 1);
    if (softBreak < 0) out[at++] = EQUALS;
    else i += softBreak;
    firm = at;
  }
  return out.subarray(0, at);
}

/** -1 for what is no hexadecimal digit; lower case is taken too. */
function hexValue(octet: number | undefined): number {
  if (octet === undefined) return -1;
  if (octet >= 0x30 && octet <= 0x39) return octet - 0x30;
  const upper = octet & 0xdf;
  return upper >= 0x41 && upper <= 0x46 ? upper - 0x41 + 10 : -1;
}

/** Octets after an `=` that belong to a soft line break, -1 where it is none. The end of the data is one too. */
function softBreakLength(octets: Buffer, from: number): number {
  let i = from;
  while (i < octets.length && isBlank(octets[i]!)) i++;
  if (i === octets.length) return i - from;
  if (octets[i] === LF) return i + 1 - from;
  return octets[i] === CR && octets[i + 1] === LF ? i + 2 - from : -1;
}

/** RFC 2045 §6.8, without a line end after the last line. */
export function encodeBase64(octets: Buffer): Buffer {
  const flat = Buffer.from(octets.toString('base64'), 'latin1');
  const out = Buffer.allocUnsafe(flat.length + 2 * Math.max(0, Math.ceil(flat.length / LINE) - 1));
  let at = 0;
  for (let from = 0; from < flat.length; from += LINE) {
    if (from > 0) {
      out[at++] = CR;
      out[at++] = LF;
    }
    at += flat.copy(out, at, from, from + LINE);
  }
  return out;
}

/** Lenient: what is not of the alphabet is skipped (RFC 2045 §6.8). */
export function decodeBase64(octets: Buffer): Buffer {
  return Buffer.from(octets.toString('latin1'), 'base64');
}
