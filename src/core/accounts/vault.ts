import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import type { Random } from '../../base/random.ts';

const NONCE = 12;
const TAG = 16;

/** Keeps secrets at rest: AES-256-GCM under a key derived from the master key; the name of the thing is bound in. */
export class Vault {
  readonly #key: Buffer;
  readonly #random: Random;

  constructor(masterKey: string, random: Random) {
    this.#key = createHash('sha256').update(masterKey).digest();
    this.#random = random;
  }

  /** `owner` is the name of what the secret belongs to; a sealed secret does not open under another name. */
  seal(secret: string, owner: string): Buffer {
    const nonce = this.#random.bytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(owner));
    const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** 256 bits for one purpose only (RFC 5869), the same ones as long as the master key is. */
  keyFor(purpose: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.#key, '', purpose, 32));
  }

  /** Throws where the master key is another one, or the bytes were changed. */
  open(sealed: Buffer, owner: string): string {
    const decipher = createDecipheriv('aes-256-gcm', this.#key, sealed.subarray(0, NONCE))
      .setAAD(Buffer.from(owner))
      .setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]).toString('utf8');
    } catch (cause) {
      throw new Error(`The secret of ${owner} does not open with this master key`, { cause });
    }
  }
}
