import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import type { Vault } from '../accounts/accounts.ts';
import { domainChain, identityName } from './covering.ts';
import type { Dkim } from './identity.ts';
import { pemOf, rsaBits } from './keys.ts';
import type { Records } from './records.ts';

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
}

/** A customer's key, as SES takes it (BYODKIM). */
export interface OwnKey {
  readonly selector: string;
  readonly privateKey: string;
}

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  readonly records: Records;
}

const DKIM_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const makeKeyPair = promisify(generateKeyPair);

/** The keys that sign an identity's mail. A private key never leaves this room except as a key object that can sign. */
export class Signing {
  readonly #needs: Needs;
  readonly #keys: Answers<SigningKey | undefined>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#keys = new Answers(needs.rows);
  }

  /**
   * The key that signs mail from this address: of its domain, or the nearest parent that has one. A key of Easy DKIM is
   * made when it is first needed.
   */
  keyFor(scope: Scope, address: string): Promise<SigningKey | undefined> {
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    return this.#keys.of(scope, domain, () => this.#find(scope, domain));
  }

  /** Three tokens and a key for a domain that is there; the same ones each time. */
  async ensureEasy(scope: Scope, domain: string): Promise<Dkim | undefined> {
    const record = await this.#needs.records.change(scope, domain, ({ identity, sealedKey }) =>
      identity.dkim ? undefined : { identity: { ...identity, dkim: this.easy() }, sealedKey },
    );
    return record?.identity.dkim;
  }

  /** Three tokens; the key is made when it is first needed. */
  easy(): Dkim {
    const tokens = Array.from({ length: 3 }, () => randomText(this.#needs.random, DKIM_ALPHABET, 32));
    return { origin: 'easy', tokens, signing: true, bits: 2048, generated: this.#needs.clock.civil() };
  }

  /** A customer's selector and key, checked and sealed. */
  own(scope: Scope, name: string, { selector, privateKey }: OwnKey): { dkim: Dkim; sealedKey: Buffer } {
    if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(selector)) {
      throw new Refusal('invalid-parameter', `Invalid domain signing selector ${selector}.`);
    }
    const bits = rsaBits(pemOf(privateKey));
    if (bits === undefined || bits < 1024 || bits > 2048) {
      throw new Refusal('invalid-parameter', 'The domain signing private key must be an RSA key of 1024 to 2048 bits.');
    }
    const dkim: Dkim = { origin: 'own', tokens: [selector], signing: true, bits, generated: this.#needs.clock.civil() };
    return { dkim, sealedKey: this.#needs.vault.seal(pemOf(privateKey), keyOwner(scope, identityName(name))) };
  }

  async #find(scope: Scope, domain: string): Promise<SigningKey | undefined> {
    for (const { identity, sealedKey } of await this.#needs.records.named(scope, domainChain(domain))) {
      const { name, status, dkim } = identity;
      if (status !== 'success' || !dkim?.signing) continue;
      const sealed = sealedKey ?? (await this.#makeKey(scope, name));
      const key = createPrivateKey(this.#needs.vault.open(sealed, keyOwner(scope, name)));
      return { domain: name, selector: dkim.tokens[0]!, key };
    }
    return undefined;
  }

  async #makeKey(scope: Scope, name: string): Promise<Buffer> {
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const sealed = this.#needs.vault.seal(pem, keyOwner(scope, name));
    const record = await this.#needs.records.change(scope, name, ({ identity, sealedKey }) =>
      sealedKey ? undefined : { identity, sealedKey: sealed },
    );
    // Someone else was first, or the identity is gone and this key signs only what was accepted before.
    return record?.sealedKey ?? sealed;
  }
}

const keyOwner = ({ account, region }: Scope, name: string) => `dkim ${account} ${region} ${name}`;
