import { BlockList, isIP } from 'node:net';

/** How the text of a setting becomes a value. Each throws a sentence that says what would be right. */

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export function text(value: string): string {
  return value;
}

export function choice<const Choices extends readonly string[]>(...choices: Choices) {
  return (value: string): Choices[number] => {
    if (!choices.includes(value)) throw new Error(`must be one of ${choices.join(', ')}`);
    return value;
  };
}

/** A whole number, or `off`. */
export function numberOrOff(value: string): number | 'off' {
  if (value === 'off') return value;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number)) throw new Error('must be a whole number or off');
  return number;
}

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new Error('must be a port number from 0 to 65535');
  return number;
}

/** `host:port`, `[v6]:port` or a bare port (then every local address). */
export function endpoint(value: string): Endpoint {
  const match = /^(?:(\[[0-9a-fA-F:.]+\]|[^:\s]+):)?(\d+)$/.exec(value.trim());
  if (!match) throw new Error(`'${value}' is not host:port`);
  return { host: (match[1] ?? '0.0.0.0').replace(/^\[|\]$/g, ''), port: port(match[2]!) };
}

/** Comma-separated; `none` is an empty list. */
export function endpoints(value: string): Endpoint[] {
  return value === 'none'
    ? []
    : value
        .split(',')
        .filter((part) => part.trim())
        .map(endpoint);
}

export function list(value: string): string[] {
  return value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

/** IPv4 and IPv6, comma-separated. */
export function addresses(value: string): string[] {
  const found = list(value);
  const wrong = found.find((address) => isIP(address) === 0);
  if (wrong !== undefined || found.length === 0) throw new Error(`'${wrong ?? ''}' is not an IP address`);
  return found;
}

/** Addresses and networks (`10.0.0.0/8`), comma-separated. */
export function networks(value: string): BlockList {
  const found = new BlockList();
  for (const part of list(value)) {
    const [address = '', bits] = part.split('/');
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (version === 0 || length < 0 || length > most) throw new Error(`'${part}' is no IP address or network`);
    found.addSubnet(address, length, `ipv${version as 4 | 6}`);
  }
  return found;
}

const units = { '': 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Octets: `1GiB`, `512MiB`, `1048576`. */
export function octets(value: string): number {
  const match = /^(\d+)(KiB|MiB|GiB|TiB|)$/.exec(value);
  if (!match) throw new Error('must be a size such as 512MiB or 1GiB');
  return Number(match[1]) * units[match[2] as keyof typeof units];
}

const spans = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Milliseconds: `10s`, `25h`, `7d`; a bare number is seconds. */
export function duration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|)$/.exec(value);
  if (!match) throw new Error('must be a duration such as 90s, 25h or 7d');
  return Number(match[1]) * spans[(match[2] || 's') as keyof typeof spans];
}

export function account(value: string): string {
  if (!/^\d{12}$/.test(value)) throw new Error('must be 12 digits');
  return value;
}

export function region(value: string): string {
  if (!/^[a-z]{2,4}(-[a-z]+)+-\d$/.test(value)) throw new Error('must be a region name such as us-east-1');
  return value;
}

export function url(value: string): string {
  try {
    return new URL(value).href.replace(/\/$/, '');
  } catch {
    throw new Error('must be a URL');
  }
}

/** `7d` keeps by age, `newest 1000` keeps by number. */
export type Retention = { readonly age: number } | { readonly newest: number };

export function retention(value: string): Retention {
  const newest = /^newest (\d+)$/.exec(value);
  if (newest) return { newest: Number(newest[1]) };
  try {
    return { age: duration(value) };
  } catch {
    throw new Error("must be a duration such as 7d, or 'newest 1000'");
  }
}

export type DeliveryWay =
  | { readonly kind: 'capture' }
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'smarthost';
      readonly host: string;
      readonly port: number;
      /** `smtps://` begins with TLS. */
      readonly implicitTls: boolean;
      readonly user?: string;
      readonly password?: string;
    };

export interface Remote {
  /** Without user and password. */
  readonly url: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** `embedded`, or `https://key:secret@host:port`. */
export function target(value: string): 'embedded' | Remote {
  if (value === 'embedded') return value;
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new Error('must be embedded or https://key:secret@host:port');
  const [accessKeyId, secretAccessKey] = [decodeURIComponent(parsed.username), decodeURIComponent(parsed.password)];
  parsed.username = '';
  parsed.password = '';
  const url = parsed.href.replace(/\/$/, '');
  return accessKeyId ? { url, credentials: { accessKeyId, secretAccessKey } } : { url };
}

export function deliveryWay(value: string): DeliveryWay {
  if (value === 'capture' || value === 'direct') return { kind: value };
  if (value === 'routes') throw new Error('routes are not built yet; use capture, direct or smtp://host:port');
  const way = URL.canParse(value) ? new URL(value) : undefined;
  if (!way || !/^smtps?:$/.test(way.protocol) || !way.hostname) {
    throw new Error('must be capture, direct or smtp://user:password@host:port');
  }
  return {
    kind: 'smarthost',
    host: way.hostname.replace(/^\[|\]$/g, ''),
    port: Number(way.port || (way.protocol === 'smtps:' ? 465 : 25)),
    implicitTls: way.protocol === 'smtps:',
    ...(way.username && { user: decodeURIComponent(way.username), password: decodeURIComponent(way.password) }),
  };
}
