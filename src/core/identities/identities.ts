/**
 * Who may be written in a From: domains and addresses of an account and region, how they were verified, and the keys that
 * sign their mail.
 *
 * States: `pending` → `success`, `failed`, `temporary-failure`. With automatic verification an identity is `success` from
 * its creation. A private key never leaves this room except as a key object that can sign.
 */
import { createPrivateKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { pageToken, readPageToken } from '../../base/page-token.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import { generation, raiseGeneration } from '../../storage/generations.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import type { Vault } from '../accounts/accounts.ts';
import { coveringNames, domainChain, identityName } from './covering.ts';
import { pemOf, rsaBits } from './keys.ts';
import { type Policies, withoutPolicy, withPolicy } from './policies.ts';
import {
  deleteIdentity,
  type IdentityRow,
  identitiesAfter,
  identitiesNamed,
  identityByName,
  insertIdentity,
  replaceIdentity,
  scopesNaming,
} from './table.ts';

export type IdentityStatus = 'pending' | 'success' | 'failed' | 'temporary-failure';

export interface Dkim {
  /** `easy`: three tokens and a key of ours; `own`: the customer's selector and key. */
  readonly origin: 'easy' | 'own';
  /** Easy: the three tokens; own: the one selector. */
  readonly tokens: readonly string[];
  readonly signing: boolean;
  readonly bits: number;
  /** Civil milliseconds. */
  readonly generated: number;
}

interface IdentityDocument {
  readonly dkim?: Dkim;
  /** Value of the `_amazonses` TXT record (v1 domain verification). */
  readonly verificationToken?: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** Of mail that names none; may have been removed since. */
  readonly configurationSet?: string | undefined;
  readonly policies?: Policies | undefined;
}

export interface Identity extends IdentityDocument {
  readonly name: string;
  readonly type: 'address' | 'domain';
  readonly status: IdentityStatus;
  /** Civil milliseconds. */
  readonly created: number;
}

export interface SigningKey {
  readonly domain: string;
  readonly selector: string;
  readonly key: KeyObject;
}

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
}

const DKIM_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
/** Answers kept per scope until its generation moves. */
const MOST_CACHED = 10_000;
const makeKeyPair = promisify(generateKeyPair);

interface Cache {
  readonly generation: number;
  readonly covering: Map<string, Promise<Identity | undefined>>;
  readonly signing: Map<string, Promise<SigningKey | undefined>>;
}

export class Identities {
  readonly #needs: Needs;
  readonly #caches = new Map<string, Cache>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Makes an identity that is verified at once. A name that is neither an address nor a domain is refused. */
  async create(
    scope: Scope,
    name: string,
    options: {
      easyDkim?: boolean;
      ownKey?: { selector: string; privateKey: string };
      tags?: Identity['tags'];
      configurationSet?: string | undefined;
    } = {},
  ): Promise<Identity> {
    const { rows } = this.#needs;
    const row = this.#newRow(scope, name, options);
    const outcome = await rows.write([insertIdentity(row), raiseGeneration(scope)], 'durable');
    if (!outcome.applied) throw new Refusal('already-exists', `Email identity ${name} already exist.`);
    return identityOf(row);
  }

  /** The address identity, made if it is not there yet: the v1 verification calls may be repeated. */
  ensureAddress(scope: Scope, address: string): Promise<Identity> {
    if (!address.includes('@')) throw new Refusal('invalid-parameter', `Invalid email address<${address}>.`);
    return this.#ensure(scope, address);
  }

  ensureDomain(scope: Scope, domain: string): Promise<Identity> {
    if (domain.includes('@')) throw new Refusal('invalid-parameter', `Invalid domain name ${domain}.`);
    return this.#ensure(scope, domain);
  }

  async #ensure(scope: Scope, name: string): Promise<Identity> {
    return (
      (await this.get(scope, name)) ??
      this.create(scope, name).catch(async (refusal: unknown) => {
        // Another call made it in between.
        const present = await this.get(scope, name);
        if (present) return present;
        throw refusal;
      })
    );
  }

  /** Three tokens and a key for a domain; the same ones each time. */
  async ensureEasyDkim(scope: Scope, domain: string): Promise<Dkim> {
    await this.ensureDomain(scope, domain);
    return (
      await this.#change(scope, domain, (identity) =>
        identity.dkim ? undefined : { ...identity, dkim: this.#easyDkim() },
      )
    ).dkim!;
  }

  async get(scope: Scope, name: string): Promise<Identity | undefined> {
    const row = await this.#row(scope, identityName(name));
    return row && identityOf(row);
  }

  /** Those that exist, in the order of the names given. */
  async getMany(scope: Scope, names: readonly string[]): Promise<Identity[]> {
    const found = await Promise.all(names.map((name) => this.get(scope, name)));
    return found.filter((identity) => identity !== undefined);
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    { account, region }: Scope,
    { type, limit, token }: { type?: Identity['type'] | undefined; limit: number; token?: string | undefined },
  ): Promise<{ identities: Identity[]; next?: string }> {
    const after = token === undefined ? '' : readPageToken('identity', token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${token}>.`);
    const types = type ? [type] : (['address', 'domain'] as const);
    const call = identitiesAfter({ scope: { account, region }, types, after, limit: limit + 1 });
    const found = (await this.#needs.rows.all(call)).map(identityOf);
    const identities = found.slice(0, limit);
    if (found.length <= limit) return { identities };
    return { identities, next: pageToken('identity', identities.at(-1)!.name) };
  }

  /** The configuration set of mail that names none; nothing clears it. False if there is no such identity. */
  async setConfigurationSet(scope: Scope, name: string, configurationSet: string | undefined): Promise<boolean> {
    if (!(await this.get(scope, name))) return false;
    await this.#change(scope, name, (identity) => ({ ...identity, configurationSet }));
    return true;
  }

  /**
   * Checks and keeps a policy of the identity: a new one (`create`), one that is there (`update`), or either (`put`).
   *
   * @throws Refusal `not-found`, `already-exists`, `invalid-policy`, `limit-exceeded`: 20 policies of 4,096 octets.
   */
  async setPolicy(
    scope: Scope,
    name: string,
    { policy, text, how }: { policy: string; text: string; how: 'create' | 'update' | 'put' },
  ): Promise<void> {
    await this.#change(scope, name, (identity) => {
      const { policies = {} } = identity;
      const present = Object.hasOwn(policies, policy);
      if (how === 'create' && present) throw new Refusal('already-exists', `Policy ${policy} already exists`);
      if (how === 'update' && !present) throw new Refusal('not-found', `Policy ${policy} does not exist`);
      return { ...identity, policies: withPolicy(policies, { ...scope, identity: identity.name }, policy, text) };
    });
  }

  /** One that is absent stays so. Refused where there is no such identity. */
  async removePolicy(scope: Scope, name: string, policy: string): Promise<void> {
    await this.#change(scope, name, (identity) =>
      identity.policies && Object.hasOwn(identity.policies, policy)
        ? { ...identity, policies: withoutPolicy(identity.policies, policy) }
        : undefined,
    );
  }

  /** False if there was none. */
  async remove(scope: Scope, name: string): Promise<boolean> {
    const present = await this.get(scope, name);
    if (!present) return false;
    await this.#needs.rows.write([deleteIdentity({ ...scope, name: present.name }), raiseGeneration(scope)], 'durable');
    return true;
  }

  /** The most specific verified identity that covers the address. */
  async covering(scope: Scope, address: string): Promise<Identity | undefined> {
    const { covering } = await this.#cache(scope);
    return remembered(covering, address, () => this.#findCovering(scope, address));
  }

  /**
   * The key that signs mail from this address: of its domain, or the nearest parent that has one. A key of Easy DKIM is
   * made when it is first needed.
   */
  async signingKey(scope: Scope, address: string): Promise<SigningKey | undefined> {
    const { signing } = await this.#cache(scope);
    const domain = address.slice(address.lastIndexOf('@') + 1).toLowerCase();
    return remembered(signing, domain, () => this.#findSigningKey(scope, domain));
  }

  /** Every account and region in which the domain, or a parent of it, is a verified identity. */
  async scopesReceiving(domain: string): Promise<Scope[]> {
    const rows = await this.#needs.rows.all(scopesNaming(domainChain(domain)));
    const scopes = new Map(rows.map(({ account, region }) => [`${account} ${region}`, { account, region }]));
    return [...scopes.values()];
  }

  #newRow(scope: Scope, name: string, options: Parameters<Identities['create']>[2] = {}): IdentityRow {
    const type = name.includes('@') ? 'address' : 'domain';
    if (type === 'address' && !parseAddress(name).ok)
      throw new Refusal('invalid-parameter', `Invalid email address<${name}>.`);
    if (type === 'domain' && !isDomain(name)) throw new Refusal('invalid-parameter', `Invalid domain name ${name}.`);
    const { ownKey, easyDkim, tags = [], configurationSet } = options;
    if (type === 'address' && ownKey)
      throw new Refusal('invalid-parameter', 'The EmailIdentity value must be a valid domain.');
    const document: IdentityDocument = {
      tags,
      configurationSet,
      ...(type === 'domain' && { verificationToken: this.#needs.random.bytes(32).toString('base64') }),
      ...(type === 'domain' && ownKey && { dkim: this.#ownDkim(ownKey) }),
      ...(type === 'domain' && !ownKey && easyDkim && { dkim: this.#easyDkim() }),
    };
    return {
      ...scope,
      name: identityName(name),
      type,
      status: 'success',
      document: JSON.stringify(document),
      private_key: ownKey
        ? this.#needs.vault.seal(pemOf(ownKey.privateKey), keyOwner(scope, identityName(name)))
        : null,
      version: 1,
      created: this.#needs.clock.civil(),
    };
  }

  #easyDkim(): Dkim {
    const tokens = Array.from({ length: 3 }, () => randomText(this.#needs.random, DKIM_ALPHABET, 32));
    return { origin: 'easy', tokens, signing: true, bits: 2048, generated: this.#needs.clock.civil() };
  }

  #ownDkim({ selector, privateKey }: { selector: string; privateKey: string }): Dkim {
    if (!/^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(selector)) {
      throw new Refusal('invalid-parameter', `Invalid domain signing selector ${selector}.`);
    }
    const bits = rsaBits(pemOf(privateKey));
    if (bits === undefined || bits < 1024 || bits > 2048) {
      throw new Refusal('invalid-parameter', 'The domain signing private key must be an RSA key of 1024 to 2048 bits.');
    }
    return { origin: 'own', tokens: [selector], signing: true, bits, generated: this.#needs.clock.civil() };
  }

  async #makeKey(scope: Scope, name: string): Promise<Buffer> {
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
    const sealed = this.#needs.vault.seal(
      privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
      keyOwner(scope, name),
    );
    for (;;) {
      const row = await this.#row(scope, name);
      // Someone else was first, or the identity is gone and this key signs only what was accepted before.
      if (!row) return sealed;
      if (row.private_key) return row.private_key;
      const write = replaceIdentity({
        ...scope,
        name,
        status: row.status,
        document: row.document,
        private_key: sealed,
        version: row.version,
      });
      if ((await this.#needs.rows.write([write, raiseGeneration(scope)], 'durable')).applied) return sealed;
    }
  }

  /** Compare and set until it holds; `next` answers nothing where there is nothing to change. */
  async #change(scope: Scope, name: string, next: (identity: Identity) => Identity | undefined): Promise<Identity> {
    for (;;) {
      const row = await this.#row(scope, identityName(name));
      if (!row) throw new Refusal('not-found', `Email identity ${name} does not exist.`);
      const changed = next(identityOf(row));
      if (!changed) return identityOf(row);
      const { dkim, verificationToken, tags, configurationSet, policies, status } = changed;
      const document = JSON.stringify({ dkim, verificationToken, tags, configurationSet, policies } satisfies {
        [K in keyof IdentityDocument]: unknown;
      });
      const write = replaceIdentity({
        ...scope,
        name: row.name,
        status,
        document,
        private_key: row.private_key,
        version: row.version,
      });
      if ((await this.#needs.rows.write([write, raiseGeneration(scope)], 'durable')).applied) return changed;
    }
  }

  async #row(scope: Scope, name: string): Promise<IdentityRow | undefined> {
    return this.#needs.rows.first(identityByName({ ...scope, name }));
  }

  async #findSigningKey(scope: Scope, domain: string): Promise<SigningKey | undefined> {
    const chain = domainChain(domain);
    const rows = await this.#needs.rows.all(identitiesNamed(scope, chain));
    for (const row of chain.map((name) => rows.find((one) => one.name === name))) {
      const dkim = row && identityOf(row).dkim;
      if (row?.status !== 'success' || !dkim?.signing) continue;
      const sealed = row.private_key ?? (await this.#makeKey(scope, row.name));
      const key = createPrivateKey(this.#needs.vault.open(sealed, keyOwner(row, row.name)));
      return { domain: row.name, selector: dkim.tokens[0]!, key };
    }
    return undefined;
  }

  async #findCovering(scope: Scope, address: string): Promise<Identity | undefined> {
    const names = coveringNames(address);
    const rows = await this.#needs.rows.all(identitiesNamed(scope, names));
    const row = names.map((name) => rows.find((one) => one.name === name)).find((one) => one?.status === 'success');
    return row && identityOf(row);
  }

  /** What was found before, as long as nothing of the scope has changed since. */
  async #cache(scope: Scope): Promise<Cache> {
    const name = `${scope.account} ${scope.region}`;
    const current = await generation(this.#needs.rows, scope);
    const known = this.#caches.get(name);
    if (known?.generation === current) return known;
    const cache: Cache = { generation: current, covering: new Map(), signing: new Map() };
    this.#caches.set(name, cache);
    return cache;
  }
}

/** One look-up for all who ask at once; a failed one is forgotten. */
function remembered<T>(cache: Map<string, Promise<T>>, name: string, find: () => Promise<T>): Promise<T> {
  const known = cache.get(name);
  if (known) return known;
  if (cache.size >= MOST_CACHED) cache.clear();
  const answer = find();
  cache.set(name, answer);
  answer.catch(() => cache.delete(name));
  return answer;
}

const keyOwner = ({ account, region }: Scope, name: string) => `dkim ${account} ${region} ${name}`;

function identityOf(row: IdentityRow): Identity {
  const { name, type, status, created } = row;
  return { name, type, status: status as IdentityStatus, created, ...(JSON.parse(row.document) as IdentityDocument) };
}

/** Two labels or more of letters, digits, `-` and `_`; 63 characters a label, 255 in all (RFC 1035 §2.3.4). */
function isDomain(name: string): boolean {
  return (
    name.length <= 255 &&
    /^(?=.*\.)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(
      name,
    )
  );
}
