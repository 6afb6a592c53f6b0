import { createHmac, timingSafeEqual } from 'node:crypto';

/** Octets of the signature: 128 bits of HMAC-SHA256 (RFC 2104 §5), so that links stay short. */
const SIGNATURE = 16;
/** Characters: what is longer was not made here. */
export const LONGEST_TOKEN = 2_048;

/**
 * Tokens that carry what they stand for, in the letters of a URL, and that nobody else can make: what strangers bring
 * back from a link needs no row. There is nothing secret in them. Each purpose has a key of its own, so that the token
 * of one is no token of another.
 */
export class SignedTokens {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  sign(texts: readonly string[]): string {
    const content = Buffer.from(JSON.stringify(texts));
    return Buffer.concat([this.#signature(content), content]).toString('base64url');
  }

  /** Nothing where it was not signed with this key, letter for letter. */
  read(token: string): readonly string[] | undefined {
    if (token.length > LONGEST_TOKEN) return undefined;
    const octets = Buffer.from(token, 'base64url');
    // Node's decoder passes over what is not base64url, and over bits that stand for nothing.
    if (octets.length <= SIGNATURE || octets.toString('base64url') !== token) return undefined;
    const content = octets.subarray(SIGNATURE);
    if (!timingSafeEqual(octets.subarray(0, SIGNATURE), this.#signature(content))) return undefined;
    return JSON.parse(content.toString('utf8')) as readonly string[];
  }

  #signature(content: Buffer): Buffer {
    return createHmac('sha256', this.#key).update(content).digest().subarray(0, SIGNATURE);
  }
}
