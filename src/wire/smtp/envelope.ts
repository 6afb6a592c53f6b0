/** The arguments of MAIL and RCPT: paths (RFC 5321 §4.1.2) and the parameters of SIZE, 8BITMIME, AUTH and DSN. */

export interface Sender {
  /** `local@domain` as the client wrote it, quotes kept; empty for the null reverse path. */
  readonly address: string;
  /** Octets that the client declared (RFC 1870). */
  readonly size?: number;
  readonly body?: '7BIT' | '8BITMIME';
  /** RFC 3461 §4.3, §4.4; envid as xtext. */
  readonly ret?: 'FULL' | 'HDRS';
  readonly envid?: string;
}

export interface Recipient {
  /** `local@domain`, or `postmaster` alone (RFC 5321 §4.1.1.3). */
  readonly address: string;
  /** RFC 3461 §4.1, §4.2; orcpt as `type;xtext`. */
  readonly notify?: readonly Notify[];
  readonly orcpt?: string;
}

type Notify = 'NEVER' | 'SUCCESS' | 'FAILURE' | 'DELAY';

/** Why an argument was not read: each is answered in its own way. */
export type EnvelopeFault =
  | { readonly fault: 'syntax' }
  | { readonly fault: 'path'; readonly path: string }
  | { readonly fault: 'parameter'; readonly parameter: string }
  | { readonly fault: 'unknown-parameter'; readonly parameter: string };

/** Octets; RFC 5321 §4.5.3.1. */
const LOCAL_PART_OCTETS = 64;
const DOMAIN_OCTETS = 255;
/** RFC 3461 §4.4. */
const ENVID_OCTETS = 100;
/** RFC 3461 §4.2: 500 octets with the keyword. */
const ORCPT_OCTETS = 500;

/** `argument` is what follows `MAIL `; `offers` are the EHLO keywords that stand. */
export function parseMail(argument: string, offers: ReadonlySet<string>): Sender | EnvelopeFault {
  const split = splitPath(argument, 'FROM:');
  if (!split) return { fault: 'syntax' };
  const address = split.path === '' ? '' : parseAddress(split.path);
  if (address === undefined) return { fault: 'path', path: split.path };
  if (split.parameters === '') return { address };
  return readParameters<Sender>({ address }, split.parameters, (name, value) => mailParameter(name, value, offers));
}

/** `argument` is what follows `RCPT `. */
export function parseRcpt(argument: string, offers: ReadonlySet<string>): Recipient | EnvelopeFault {
  const split = splitPath(argument, 'TO:');
  if (!split) return { fault: 'syntax' };
  const address = split.path.toLowerCase() === 'postmaster' ? split.path : parseAddress(split.path);
  if (address === undefined) return { fault: 'path', path: split.path };
  if (split.parameters === '') return { address };
  return readParameters<Recipient>({ address }, split.parameters, (name, value) => rcptParameter(name, value, offers));
}

/**
 * `FROM:<path> parameters`. Spaces after the colon are no part of the grammar but common, and harmless.
 * The bracket that closes is the first one outside a quoted string.
 */
function splitPath(argument: string, keyword: string): { path: string; parameters: string } | undefined {
  if (argument.slice(0, keyword.length).toUpperCase() !== keyword) return undefined;
  let start = keyword.length;
  while (argument[start] === ' ') start++;
  if (argument[start] !== '<') return undefined;
  let quoted = false;
  let end = start + 1;
  for (; end < argument.length; end++) {
    const character = argument[end];
    if (character === '\\' && quoted) end++;
    else if (character === '"') quoted = !quoted;
    else if (character === '>' && !quoted) break;
  }
  if (end >= argument.length) return undefined;
  const rest = argument.slice(end + 1);
  if (rest !== '' && rest[0] !== ' ') return undefined;
  return { path: argument.slice(start + 1, end), parameters: rest.trim() };
}

const dotString = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const quotedString = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/;
/** Underscores are not in the grammar, but hosts with one exist and relay mail. */
const domainName = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})(?:\.[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))*$/;
/** RFC 5321 §4.1.3: IPv4, IPv6, or a tagged literal to come. */
const addressLiteral = /^\[(?:\d{1,3}(?:\.\d{1,3}){3}|[A-Za-z0-9-]*[A-Za-z0-9]:[!-Z^-~]+)\]$/;
/** A source route is accepted and ignored (RFC 5321 §4.1.1.3, appendix C). */
const sourceRoute = /^@[A-Za-z0-9._[\]-]+(?:,@[A-Za-z0-9._[\]-]+)*:/;

/** The mailbox of a path, without its source route; nothing where it is none. SMTPUTF8 is not spoken: ASCII only. */
export function parseAddress(path: string): string | undefined {
  const mailbox = path[0] === '@' ? path.replace(sourceRoute, '') : path;
  const at = mailbox.lastIndexOf('@');
  if (at < 1) return undefined;
  const local = mailbox.slice(0, at);
  const domain = mailbox.slice(at + 1);
  if (local.length > LOCAL_PART_OCTETS || domain.length > DOMAIN_OCTETS) return undefined;
  if (!dotString.test(local) && !quotedString.test(local)) return undefined;
  if (!domainName.test(domain) && !addressLiteral.test(domain)) return undefined;
  return mailbox;
}

type ReadParameter<T> = (name: string, value: string | undefined) => Partial<T> | 'unknown' | undefined;

/** Each keyword once (RFC 5321 §4.1.2: esmtp-keyword ["=" esmtp-value]); the reader says what a pair means. */
function readParameters<T extends object>(base: T, text: string, read: ReadParameter<T>): T | EnvelopeFault {
  const seen = new Set<string>();
  let result = base;
  for (const parameter of text.split(' ')) {
    if (parameter === '') continue;
    const equals = parameter.indexOf('=');
    const name = (equals < 0 ? parameter : parameter.slice(0, equals)).toUpperCase();
    const value = read(name, equals < 0 ? undefined : parameter.slice(equals + 1));
    if (value === 'unknown') return { fault: 'unknown-parameter', parameter: name };
    if (!value || seen.has(name)) return { fault: 'parameter', parameter: name };
    seen.add(name);
    result = { ...result, ...value };
  }
  return result;
}

function mailParameter(name: string, value: string | undefined, offers: ReadonlySet<string>) {
  if (name === 'SIZE' && offers.has('SIZE'))
    return value && /^\d{1,20}$/.test(value) ? { size: Number(value) } : undefined;
  if (name === 'BODY' && offers.has('8BITMIME')) {
    const body = value?.toUpperCase();
    return body === '7BIT' || body === '8BITMIME' ? ({ body } as const) : undefined;
  }
  // RFC 4954 §5: who is said to have submitted it; we trust no client's word, so it is read over.
  if (name === 'AUTH' && offers.has('AUTH')) return isXtext(value, 500) ? {} : undefined;
  if (name === 'RET' && offers.has('DSN')) {
    const ret = value?.toUpperCase();
    return ret === 'FULL' || ret === 'HDRS' ? ({ ret } as const) : undefined;
  }
  if (name === 'ENVID' && offers.has('DSN')) return isXtext(value, ENVID_OCTETS) ? { envid: value } : undefined;
  return 'unknown' as const;
}

function rcptParameter(name: string, value: string | undefined, offers: ReadonlySet<string>) {
  if (name === 'NOTIFY' && offers.has('DSN')) {
    const notify = value?.toUpperCase().split(',') ?? [];
    return isNotify(notify) ? { notify } : undefined;
  }
  if (name === 'ORCPT' && offers.has('DSN')) {
    const semicolon = value?.indexOf(';') ?? -1;
    if (semicolon < 1 || !/^[A-Za-z0-9-]+$/.test(value!.slice(0, semicolon))) return undefined;
    return isXtext(value!.slice(semicolon + 1), ORCPT_OCTETS) ? { orcpt: value } : undefined;
  }
  return 'unknown' as const;
}

function isNotify(words: string[]): words is Notify[] {
  if (words.length === 1 && words[0] === 'NEVER') return true;
  const others = ['SUCCESS', 'FAILURE', 'DELAY'];
  return words.length > 0 && words.every((word) => others.includes(word)) && new Set(words).size === words.length;
}

/** RFC 3461 §4: printable ASCII but `+` and `=`, or `+` and two upper-case hex digits. */
function isXtext(value: string | undefined, octets: number): value is string {
  return value !== undefined && value.length <= octets && /^(?:[!-*,-<>-~]|\+[0-9A-F]{2})+$/.test(value);
}
