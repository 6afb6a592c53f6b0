import { createHash, type Hash, hash, type KeyObject, sign } from 'node:crypto';
import { assert } from '../base/assert.ts';
import type { HeaderField } from './header-fields.ts';
import { CR, CRLF, LF, SPACE, TAB } from './octets.ts';

/**
 * DKIM signing (RFC 6376) as SES does it: rsa-sha256, c=relaxed/simple, no i=, no l=. The body is hashed once, while its
 * octets pass; the header is canonicalised once; then any number of keys sign, each in the thread pool.
 */

/**
 * What is signed where it is there, in the order of h=. List-Unsubscribe and its Post must be (RFC 8058 §4). Every name
 * stands once: the last field of that name, which is the one a verifier takes first (§5.4.2).
 */
const signedFields = [
  'From',
  'Reply-To',
  'To',
  'Cc',
  'Subject',
  'MIME-Version',
  'Content-Type',
  'Content-Transfer-Encoding',
  'Message-ID',
  'Date',
  'List-Unsubscribe',
  'List-Unsubscribe-Post',
] as const;

/** §3.4.3: the octets as they are, but all empty lines at the end are one CRLF. Base64 of the SHA-256 hash: bh=. */
export function simpleBodyHash(body: Buffer): string {
  const end = endOfContent(body);
  if (body[end] === CR && body[end + 1] === LF) return hash('sha256', body.subarray(0, end + 2), 'base64');
  return new BodyHash().update(body).digest();
}

/** Where the CRLFs at the end begin. */
function endOfContent(octets: Buffer): number {
  let end = octets.length;
  while (end > 1 && octets[end - 1] === LF && octets[end - 2] === CR) end -= 2;
  return end;
}

/** CRLFs hashed at a time, where many were withheld. */
const BLOCK = Buffer.from('\r\n'.repeat(2_048), 'latin1');

/** `simpleBodyHash` of a body that comes in chunks; none of them is kept. */
export class BodyHash {
  readonly #hash: Hash = createHash('sha256');
  /** CRLFs at the end of what has come so far, and whether a CR stands behind them: content only if more follows. */
  #pairs = 0;
  #cr = false;

  update(chunk: Buffer): this {
    let end = chunk.length;
    while (end > 0 && (chunk[end - 1] === LF || chunk[end - 1] === CR)) end--;
    if (end > 0) {
      // Where this chunk begins with line ends that belong to what was withheld, all of it is content alike.
      this.#hashWithheld();
      this.#hash.update(chunk.subarray(0, end));
    }
    for (let i = end; i < chunk.length; i++) this.#withhold(chunk[i]!);
    return this;
  }

  /** Base64. Once only. */
  digest(): string {
    if (this.#cr) this.#hashWithheld();
    return this.#hash.update(CRLF).digest('base64');
  }

  #withhold(octet: number): void {
    if (octet === LF && this.#cr) {
      this.#cr = false;
      this.#pairs++;
      return;
    }
    // A CR or LF of its own is content, and so is all before it.
    if (this.#cr || octet === LF) this.#hashWithheld();
    if (octet === CR) this.#cr = true;
    else this.#hash.update(Buffer.of(LF));
  }

  #hashWithheld(): void {
    for (let octets = 2 * this.#pairs; octets > 0; octets -= BLOCK.length) this.#hash.update(BLOCK.subarray(0, octets));
    if (this.#cr) this.#hash.update(Buffer.of(CR));
    this.#pairs = 0;
    this.#cr = false;
  }
}

/** What is signed of a header: h=, and the canonical fields, each with its CRLF. One character per octet. */
export interface CanonicalHeader {
  readonly names: string;
  readonly text: string;
}

export function canonicaliseHeader(fields: readonly Pick<HeaderField, 'key' | 'value'>[]): CanonicalHeader {
  const last = new Map<string, string>();
  for (const { key, value } of fields) last.set(key, value);
  let header: CanonicalHeader = { names: '', text: '' };
  for (const name of signedFields) {
    const value = last.get(name.toLowerCase());
    if (value !== undefined) header = withField(header, name, value);
  }
  return header;
}

/** The same with one more field at the end, as SES's own signature has Feedback-ID. */
export function withField({ names, text }: CanonicalHeader, name: string, value: string): CanonicalHeader {
  return {
    names: names === '' ? name : `${names}:${name}`,
    text: `${text}${name.toLowerCase()}:${relaxedValue(value)}\r\n`,
  };
}

/** §3.4.2: unfolded, each run of blanks one space, none at the ends. Not `trim()`: 0xa0 is no blank here. */
export function relaxedValue(value: string): string {
  let out = '';
  let wordStart = -1;
  for (let i = 0; i <= value.length; i++) {
    const character = i < value.length ? value.charCodeAt(i) : SPACE;
    const isWhite = character === SPACE || character === TAB || character === CR || character === LF;
    if (!isWhite) {
      if (wordStart < 0) wordStart = i;
      continue;
    }
    // One space between words is the rule: the slice runs on over it.
    if (wordStart < 0 || (character === SPACE && isWordAt(value, i + 1))) continue;
    out += (out === '' ? '' : ' ') + value.slice(wordStart, i);
    wordStart = -1;
  }
  return out;
}

function isWordAt(value: string, i: number): boolean {
  if (i >= value.length) return false;
  const character = value.charCodeAt(i);
  return character !== SPACE && character !== TAB && character !== CR && character !== LF;
}

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  /** RSA, private. */
  readonly key: KeyObject;
}

export interface Signing {
  readonly header: CanonicalHeader;
  /** Of `simpleBodyHash`. */
  readonly bodyHash: string;
  readonly key: SigningKey;
  /** Milliseconds since 1970: t= has it in seconds. */
  readonly at: number;
}

/** The DKIM-Signature field with its CRLF, to be put on top of the message. Rejects when the key cannot sign. */
export async function signMessage({ header, bodyHash, key, at }: Signing): Promise<string> {
  assert(key.key.asymmetricKeyType === 'rsa', 'a=rsa-sha256 needs an RSA key');
  const unsigned =
    ' v=1; a=rsa-sha256; q=dns/txt; c=relaxed/simple;\r\n' +
    `\ts=${key.selector}; d=${key.domain}; t=${Math.floor(at / 1000)};\r\n` +
    `\th=${header.names};\r\n` +
    `\tbh=${bodyHash};\r\n` +
    '\tb=';
  // §3.7: the signature's own field is last, with an empty b= and without a CRLF.
  const data = `${header.text}dkim-signature:${relaxedValue(unsigned)}`;
  const signature = await signInPool(Buffer.from(data, 'latin1'), key.key);
  return `DKIM-Signature:${unsigned}${signature.replace(/.{72}(?=.)/g, '$&\r\n\t ')}\r\n`;
}

function signInPool(data: Buffer, key: KeyObject): Promise<string> {
  return new Promise((resolve, reject) => {
    // With a callback RSA runs in the thread pool, and the event loop stays free.
    sign('sha256', data, key, (error, signature) => (error ? reject(error) : resolve(signature.toString('base64'))));
  });
}
