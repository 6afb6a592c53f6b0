import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { formatLinkTags, type LinkTags, parseLinkTags } from './link-tags.ts';
import type { Tracking } from './tracked-html.ts';

/** Where the links of a message lead. */
export interface LinkBase {
  /** Ours: with it no policy counts, it has one scheme. */
  readonly url: string;
  /** One of the customer's that leads to us (SES: CustomRedirectDomain), and the schemes there (SES: HttpsPolicy). */
  readonly domain?: string | undefined;
  readonly https?: 'optional' | 'require' | 'require-open-only' | undefined;
}

export interface ToTrack {
  readonly messageId: string;
  readonly base: LinkBase;
  readonly opens: boolean;
  readonly clicks: boolean;
}

/** What one of our own links tells. */
export type Followed =
  | { readonly kind: 'open'; readonly messageId: string }
  | {
      readonly kind: 'click';
      readonly messageId: string;
      readonly url: string;
      /** Which link of the message it is, from 1. */
      readonly n: number;
      readonly tags: LinkTags;
    };

/** Octets of a whole link: a line of 8 KiB is what common proxies take, and SES itself. */
const MAX_LINK = 8_000;

/** Characters of base64url, as many as SES has: 162 of the 256 bits of an HMAC-SHA256. */
const HASH = 27;

/**
 * Links and pixels that lead back to us, in SES's form:
 * `…/L0/<the URL>/<n>/<message id>/<hash>=<number>` and `…/I0/<message id>/<hash>=<number>`.
 * They carry all that there is to know, so nothing is stored for them and any process with the key can follow them. The
 * tags of a link are in the number, which SES has too and gives no meaning: a query could be dropped by a cache before
 * a domain of the customer's. The hash is an HMAC over all of it, so that nobody makes us redirect elsewhere.
 */
export class TrackedLinks {
  readonly #key: KeyObject;

  constructor(key: Buffer) {
    // An HMAC with a key that is imported once costs a fraction of one with the octets of it.
    this.#key = createSecretKey(key);
  }

  /** What `trackMessage` puts into the message. */
  tracking({ messageId, base, opens, clicks }: ToTrack): Tracking {
    const { pixel, link } = schemes(base);
    return {
      pixel: opens ? `${pixel}/I0/${messageId}/${this.#signed(`I0/${messageId}`, '1')}` : undefined,
      link: clicks
        ? (url, n, tags) => {
            const number = numberOf(tags);
            const path = `/${n}/${messageId}/${this.#signed(clicked(url, n, messageId), number)}`;
            const whole = `${link(url)}/L0/${encodeUrl(url)}${path}`;
            return whole.length > MAX_LINK ? undefined : whole;
          }
        : undefined,
    };
  }

  /** What the path of a request tells, percent-encoded as on the wire; nothing where it is none of ours or was changed. */
  follow(path: string): Followed | undefined {
    return path.startsWith('/I0/') ? this.#open(path) : this.#click(path);
  }

  #open(path: string): Followed | undefined {
    const [, messageId = '', signature = ''] = openPath.exec(path) ?? [];
    return this.#isSigned(`I0/${messageId}`, signature) ? { kind: 'open', messageId } : undefined;
  }

  #click(path: string): Followed | undefined {
    const [, encoded = '', digits = '', messageId = '', signature = ''] = clickPath.exec(path) ?? [];
    const url = decodeUrl(encoded);
    const n = Number(digits);
    if (!url || !this.#isSigned(clicked(url, n, messageId), signature)) return undefined;
    return { kind: 'click', messageId, url, n, tags: tagsOf(signature.slice(HASH + 1)) };
  }

  #signed(what: string, number: string): string {
    const hash = createHmac('sha256', this.#key).update(`${number}/${what}`).digest('base64url');
    return `${hash.slice(0, HASH)}=${number}`;
  }

  #isSigned(what: string, signature: string): boolean {
    const expected = Buffer.from(this.#signed(what, signature.slice(HASH + 1)));
    const given = Buffer.from(signature);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }
}

const messageId = '([0-9a-f]{16}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-0{6})';
const signature = `([\\w-]{${HASH}}=\\d{1,${MAX_LINK}})`;
const openPath = new RegExp(`^/I0/${messageId}/${signature}$`);
/** A proxy may have decoded the slashes of the URL. */
const clickPath = new RegExp(`^/L0/(.+)/([1-9]\\d{0,2})/${messageId}/${signature}$`);

/** What is signed; the URL is last, as it alone could have any slash. */
const clicked = (url: string, n: number, messageId: string) => `L0/${n}/${messageId}/${url}`;

const percent = Array.from({ length: 128 }, (_, code) => `%${code.toString(16).toUpperCase().padStart(2, '0')}`);

/** As in SES's links: `:` and `=` stay, slashes and `&` do not. Of what else may stand in a path all is encoded. */
function encodeUrl(url: string): string {
  return url.replace(/[^\w.~:=-]/g, (character) => percent[character.charCodeAt(0)]!);
}

function decodeUrl(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** The octets of the tags after one that is 1, as one number. */
function numberOf(tags: LinkTags): string {
  const text = formatLinkTags(tags);
  return text === '' ? '1' : BigInt(`0x01${Buffer.from(text, 'latin1').toString('hex')}`).toString();
}

function tagsOf(number: string): LinkTags {
  return parseLinkTags(Buffer.from(BigInt(number).toString(16).slice(1), 'hex').toString('latin1'));
}

/** SES: HttpsPolicy. Where it asks for nothing the pixel is http, and a link has the scheme of what it leads to. */
function schemes({ url, domain, https = 'optional' }: LinkBase): { pixel: string; link: (url: string) => string } {
  if (domain === undefined) {
    const own = url.replace(/\/+$/, '');
    return { pixel: own, link: () => own };
  }
  return {
    pixel: `${https === 'optional' ? 'http' : 'https'}://${domain}`,
    link: (url) => `${https === 'require' || /^https:/i.test(url) ? 'https' : 'http'}://${domain}`,
  };
}
