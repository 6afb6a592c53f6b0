/** Bytes and percent-encoding to text, refusing what is not UTF-8 instead of replacing it. */
import { isUtf8 } from 'node:buffer';
import { Invalid } from './invalid.ts';

export function utf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Invalid('malformed', 'The request body is not valid UTF-8');
  return bytes.toString('utf8');
}

export function percentDecoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Invalid('malformed', 'The request contains an invalid percent-encoding');
  }
}

/** application/x-www-form-urlencoded: `+` is a blank. */
function formDecoded(text: string): string {
  return percentDecoded(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

/** A send to fifty destinations with fifty recipients each stays far below. */
const MAX_PAIRS = 20_000;

/** The pairs of a query or a form, in their order, decoded. */
export function pairsOf(text: string): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  let start = 0;
  while (start < text.length) {
    const ampersand = text.indexOf('&', start);
    const end = ampersand < 0 ? text.length : ampersand;
    if (end > start) pairs.push(pairOf(text, start, end));
    if (pairs.length > MAX_PAIRS) throw new Invalid('malformed', `More than ${MAX_PAIRS} parameters`);
    start = end + 1;
  }
  return pairs;
}

function pairOf(text: string, start: number, end: number): [string, string] {
  const equals = text.indexOf('=', start);
  if (equals < 0 || equals >= end) return [formDecoded(text.slice(start, end)), ''];
  return [formDecoded(text.slice(start, equals)), formDecoded(text.slice(equals + 1, end))];
}
