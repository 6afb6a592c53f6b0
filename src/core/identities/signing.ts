import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Vault } from '../accounts/accounts.ts';
import { coveringNames } from './covering.ts';
import { type Identity, isVerified } from './identity.ts';
import { pemOf, publicPart, rsaBits } from './keys.ts';
import { holds } from './proof.ts';
import type { Place, Records } from './records.ts';
import {
  deleteSigningKeys,
  emptySigningKey,
  fillSigningKey,
  insertSigningKey,
  type SigningKeyRow,
  signingKey,
  signingKeyOf,
} from './table.ts';

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
}

/** A customer's key, as SES takes it (BYODKIM): base64 of PKCS#1 or PKCS#8, RSA of 1024 to 2048 bits. */
export interface OwnKey {
  readonly selector: string;
  readonly privateKey: string;
}

/** One that was looked at. */
export interface CheckedKey {
  readonly selector: string;
  readonly pem: string;
  readonly bits: number;
  /** Base64 of its SubjectPublicKeyInfo. */
  readonly publicKey: string;
}

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly random: Random;
  readonly records: Records;
}

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
   * The key that signs mail from this address: of its domain, or the nearest parent that has one that is proved. The most
   * specific verified identity that says whether it wants to be signed has the last word.
   */
  keyFor(scope: Scope, address: string): Promise<SigningKey | undefined> {
    return this.#keys.of(scope, address, async () => {
      const identities = await this.#needs.records.named(scope, coveringNames(address));
      const signer = signerAmong(identities);
      return signer && this.#keyOf(scope, signer);
    });
  }

  /** Base64 of the public key that a selector of an identity has; a key of Easy DKIM is made when it is first needed. */
  async publicKey(scope: Scope, identity: Identity, selector: string): Promise<string> {
    if (identity.dkim?.publicKey !== undefined) return identity.dkim.publicKey;
    return publicPart(this.#open(await this.#row(scope, identity, selector)));
  }

  /** Whose a selector is, of those that we made. */
  async placeOf(selector: string): Promise<Place | undefined> {
    const row = await this.#needs.rows.first(signingKeyOf({ selector }));
    return row && { account: row.account, region: row.region, name: row.identity };
  }

  /** To be written with the identity that has it as its only key. */
  keep({ account, region }: Scope, name: string, key: CheckedKey): Command[] {
    const place = { account, region, identity: name };
    const sealed = this.#needs.vault.seal(key.pem, keyOwner({ account, region }, name));
    const row = { ...place, selector: key.selector, bits: key.bits, private_key: sealed };
    return [deleteSigningKeys(place), insertSigningKey(row)];
  }

  /** To be written with the identity that has these tokens: room for the keys that are made when they are needed. */
  reserve({ account, region }: Scope, name: string, tokens: readonly string[]): Command[] {
    const place = { account, region, identity: name };
    const empty = { bits: null, private_key: null };
    return [deleteSigningKeys(place), ...tokens.map((selector) => insertSigningKey({ ...place, selector, ...empty }))];
  }

  /** The next key of the token will be another one. */
  forget({ account, region }: Scope, name: string, selector: string): Command {
    return emptySigningKey({ account, region, identity: name, selector });
  }

  async #keyOf(scope: Scope, identity: Identity): Promise<SigningKey> {
    const { tokens, active } = identity.dkim!;
    const selector = tokens[active]!;
    const key = createPrivateKey(this.#open(await this.#row(scope, identity, selector)));
    return { domain: identity.name, selector, key };
  }

  #open(row: KeyRow): string {
    return this.#needs.vault.open(row.private_key, keyOwner(row, row.identity));
  }

  async #row({ account, region }: Scope, { name, dkim }: Identity, selector: string): Promise<KeyRow> {
    const { rows, vault } = this.#needs;
    const place = { account, region, identity: name, selector };
    const present = await rows.first(signingKey(place));
    if (hasKey(present)) return present;
    const { nextBits } = dkim!;
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: nextBits });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const made = { ...place, bits: nextBits, private_key: vault.seal(pem, keyOwner(place, name)) };
    await rows.write([fillSigningKey(made)], 'durable');
    // Someone else was first, or the identity is gone and this key signs only what was accepted before.
    const kept = await rows.first(signingKey(place));
    return hasKey(kept) ? kept : made;
  }
}

type KeyRow = SigningKeyRow & { private_key: Buffer };

const hasKey = (row: SigningKeyRow | undefined): row is KeyRow => row !== undefined && row.private_key !== null;

function signerAmong(identities: readonly Identity[]): Identity | undefined {
  for (const identity of identities) {
    if (!isVerified(identity)) continue;
    if (identity.signing === false) return undefined;
    if (identity.dkim && holds(identity.dkim.proof)) return identity;
  }
  return undefined;
}

/** @throws Refusal `invalid-parameter`: the selector (63 letters, digits and dashes), or a key that is not RSA of 1024 to 2048 bits. */
export function checkedKey({ selector, privateKey }: OwnKey): CheckedKey {
  if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(selector)) {
    throw new Refusal('invalid-parameter', `Invalid domain signing selector ${selector}.`);
  }
  const pem = pemOf(privateKey);
  const bits = rsaBits(pem);
  if (bits === undefined || bits < 1024 || bits > 2048) {
    throw new Refusal('invalid-parameter', 'The domain signing private key must be an RSA key of 1024 to 2048 bits.');
  }
  return { selector, pem, bits, publicKey: publicPart(pem) };
}

const keyOwner = ({ account, region }: Scope, name: string) => `dkim ${account} ${region} ${name}`;
