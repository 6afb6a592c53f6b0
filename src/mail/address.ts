import { decodeWords } from './encoded-words.ts';
import { scanMailbox, unquote } from './mailboxes.ts';
import { DEL, SPACE } from './octets.ts';

/** One address as the SES API takes it: `user@example.com`, `Name <user@example.com>`, `"Name, Inc." <…>`. */
export interface Address {
  /** The display name, unquoted and with RFC 2047 words decoded; absent when there is none. */
  readonly display?: string;
  /** The text before the angle bracket as the caller wrote it; empty when there is none. */
  readonly displayAsGiven: string;
  /** As written, with the quotes of a quoted local part. 7-bit. */
  readonly local: string;
  /** As written. 7-bit: SES wants Punycode. */
  readonly domain: string;
  /** `local@domain`. */
  readonly address: string;
}

export type ParsedAddress =
  | { readonly ok: true; readonly address: Address }
  | { readonly ok: false; readonly fault: string };

/** UTF-16 units of an address with its display name, as SES counts. */
export const MAX_ADDRESS = 320;

/** RFC 1035 §2.3.4. */
const MAX_LABEL = 63;
const MAX_DOMAIN = 255;

/**
 * Reads exactly one address. The fault is a sentence of SES, whose parser is JavaMail's; characters are looked at in
 * order, so that the first thing wrong is the one named.
 */
export function parseAddress(text: string): ParsedAddress {
  if (text.length > MAX_ADDRESS) {
    return { ok: false, fault: `Address length is more than ${MAX_ADDRESS} characters long: '${text}'.` };
  }
  const { words, angle, before, after, comment, fault: unbalanced, end } = scanMailbox(text, 0, false);
  if (end < text.length || after.trim() !== '' || text.trim() === '') return { ok: false, fault: 'Illegal address' };
  if (unbalanced) return { ok: false, fault: unbalanced };
  const spec = angle ?? words.join(' ');
  const at = endOfLocal(spec);
  if (typeof at === 'string') return { ok: false, fault: at };
  const local = spec.slice(0, at);
  const domain = spec.slice(at + 1);
  // A line end would be folded by one reader and end the field for another.
  if (/[\r\n\0]/.test(local)) return { ok: false, fault: `Invalid email address <${text}>.` };
  const displayAsGiven = (angle === undefined ? comment : before).trim();
  const fault = domainFault(domain) ?? (/[\r\n\0]/.test(displayAsGiven) ? 'Illegal address' : undefined);
  if (fault) return { ok: false, fault };
  const display = decodeWords(unquote(displayAsGiven));
  return { ok: true, address: { ...(display && { display }), displayAsGiven, local, domain, address: spec } };
}

/** Where the `@` is that ends the local part, or what is wrong with the local part (RFC 5321 §4.1.2: Local-part). */
function endOfLocal(spec: string): number | string {
  if (spec === '') return 'Empty address';
  if (spec.startsWith('"')) return endOfQuotedLocal(spec);
  for (let i = 0; i < spec.length; i++) {
    const character = spec[i]!;
    const code = spec.charCodeAt(i);
    if (character === '@') {
      if (i === 0) return 'Missing local name';
      return spec[i - 1] === '.' ? 'Local address ends with dot' : i;
    }
    if (character === '.') {
      if (i === 0) return 'Local address starts with dot';
      if (spec[i - 1] === '.') return 'Local address contains dot-dot';
    }
    if (code <= SPACE || code === DEL) return 'Local address contains control or whitespace';
    if (code > DEL || '()<>,;:\\"[]'.includes(character)) return 'Local address contains illegal character';
  }
  return "Missing final '@domain'";
}

function endOfQuotedLocal(spec: string): number | string {
  for (let i = 1; i < spec.length; i++) {
    if (spec.charCodeAt(i) > DEL) return 'Local address contains illegal character';
    if (spec[i] === '\\') i++;
    else if (spec[i] === '"') {
      if (i + 1 === spec.length) return "Missing final '@domain'";
      return spec[i + 1] === '@' ? i + 1 : 'Quote not at end of local address';
    }
  }
  return 'Unterminated quote';
}

/** RFC 5321 §4.1.2: Domain, or an address literal between square brackets (§4.1.3). */
function domainFault(domain: string): string | undefined {
  if (domain === '') return 'Missing domain';
  if (domain.startsWith('.')) return 'Domain starts with dot';
  if (/[\0- \x7f]/.test(domain)) return 'Domain contains control or whitespace';
  if (/^\[[0-9A-Za-z:.-]+\]$/.test(domain)) return undefined;
  if (!/^[0-9A-Za-z.-]+$/.test(domain)) return 'Domain contains illegal character';
  if (domain.includes('..')) return 'Domain contains dot-dot';
  if (domain.endsWith('.')) return 'Domain ends with dot';
  const isTooLong = domain.length > MAX_DOMAIN || domain.split('.').some((label) => label.length > MAX_LABEL);
  return isTooLong ? `Invalid domain name: '${domain}'.` : undefined;
}

/** The form to compare by: the domain in lower case, the local part as it is (RFC 5321 §2.4). */
export function normaliseAddress(address: string): string {
  const at = address.lastIndexOf('@');
  return address.slice(0, at + 1) + address.slice(at + 1).toLowerCase();
}

/** `user+label@domain` as `user@domain`; nothing is taken from a quoted local part. */
export function withoutLabel(address: string): string {
  const at = address.lastIndexOf('@');
  const plus = address.indexOf('+');
  return plus > 0 && plus < at && !address.startsWith('"') ? address.slice(0, plus) + address.slice(at) : address;
}
