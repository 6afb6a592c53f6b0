import { createHash, createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { facts } from '../../storage/facts.ts';
import type { Rows } from '../../storage/ports.ts';
import type { Vault } from '../accounts/accounts.ts';

/** SNS: version 1 is RSA with SHA-1, version 2 with SHA-256. */
export type SignatureVersion = '1' | '2';
const digests: Readonly<Record<SignatureVersion, string>> = { '1': 'RSA-SHA1', '2': 'RSA-SHA256' };

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  /** A key of its own and a certificate for it, in PEM. */
  readonly makeCertificate: () => Promise<{ readonly cert: string; readonly key: string }>;
}

interface Signing {
  readonly certificate: string;
  /** Tells this certificate from a later one, in the name of its file. */
  readonly id: string;
  readonly key: KeyObject;
}

const FACT = 'topic-signing';

/** Signs what topics send, so that a subscriber can tell that it came from here. The key is made at the first signature. */
export class TopicSigner {
  readonly #needs: Needs;
  #signing: Promise<Signing> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** In base64; made in the thread pool. */
  async sign(text: string, version: SignatureVersion): Promise<string> {
    const { key } = await this.signing();
    const signature = await new Promise<Buffer>((resolve, reject) =>
      sign(digests[version], Buffer.from(text), key, (error, made) => (error ? reject(error) : resolve(made))),
    );
    return signature.toString('base64');
  }

  signing(): Promise<Signing> {
    this.#signing ??= this.#load().catch((error) => {
      this.#signing = undefined;
      throw error;
    });
    return this.#signing;
  }

  async #load(): Promise<Signing> {
    const { rows, vault, makeCertificate } = this.#needs;
    const kept = await facts.get(rows, FACT);
    if (kept !== undefined) {
      const { certificate, key } = JSON.parse(kept);
      return signingOf(certificate, vault.open(Buffer.from(key, 'base64'), FACT));
    }
    const { cert, key } = await makeCertificate();
    const sealed = vault.seal(key, FACT).toString('base64');
    await rows.write([facts.set(FACT, JSON.stringify({ certificate: cert, key: sealed }))], 'durable');
    return signingOf(cert, key);
  }
}

function signingOf(certificate: string, key: string): Signing {
  const id = createHash('sha256').update(certificate).digest('hex').slice(0, 32);
  return { certificate, id, key: createPrivateKey(key) };
}
