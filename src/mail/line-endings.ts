import { CR, LF } from './octets.ts';

/**
 * Every bare LF and bare CR becomes CRLF (RFC 5322 §2.3: neither may stand alone). Whatever comes in through the API
 * passes here before anything is measured or hashed. A message that needs nothing is returned itself, not a copy.
 */
export function toCrlf(message: Buffer): Buffer {
  const bare = countBare(message);
  if (bare === 0) return message;
  const out = Buffer.allocUnsafe(message.length + bare);
  let at = 0;
  let previous = 0;
  for (let i = 0; i < message.length; i++) {
    const octet = message[i]!;
    if (octet === LF && previous !== CR) out[at++] = CR;
    if (octet !== LF && previous === CR) out[at++] = LF;
    out[at++] = octet;
    previous = octet;
  }
  if (previous === CR) out[at++] = LF;
  return out;
}

function countBare(message: Buffer): number {
  let bare = 0;
  // The native search is several times faster than a loop where line ends are as far apart as they are in mail.
  for (let lf = message.indexOf(LF); lf >= 0; lf = message.indexOf(LF, lf + 1)) {
    if (message[lf - 1] !== CR) bare++;
  }
  for (let cr = message.indexOf(CR); cr >= 0; cr = message.indexOf(CR, cr + 1)) {
    if (message[cr + 1] !== LF) bare++;
  }
  return bare;
}

/** Octets of the longest line, its line end not counted. */
export function longestLine(message: Buffer): number {
  let longest = 0;
  let start = 0;
  for (let lf = message.indexOf(LF); lf >= 0; lf = message.indexOf(LF, start)) {
    const length = lf - start - (message[lf - 1] === CR && lf > start ? 1 : 0);
    if (length > longest) longest = length;
    start = lf + 1;
  }
  return Math.max(longest, message.length - start);
}
