/**
 * Access keys of users and of an account's root. The secret is told once, when the key is made, and kept sealed; nothing
 * here tells it again but to a door that must check a signature. A change is heeded by the next request.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { type Clock, MINUTE } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { generation, raiseGeneration } from '../../storage/generations.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Caller } from './caller.ts';
import { ID_ALPHABET } from './names.ts';
import { knownRegions } from './regions.ts';
import { regionlessSmtpPassword, smtpPassword } from './smtp-password.ts';
import {
  deleteKey,
  expectKeys,
  insertKey,
  type KeyRow,
  keyById,
  keysOf,
  renameOwner,
  replaceSecret,
  setKeyStatus,
  setKeyUse,
} from './table.ts';
import type { Vault } from './vault.ts';

/** Whose keys: the user's of that name, as it is kept; the account's root has none. */
export interface Owner {
  readonly account: string;
  readonly userName: string;
}

/** An active access key with its secret, for the doors that must check a signature. */
export interface Key {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly account: string;
  readonly arn: string;
}

/** A new key pair; the only time that the secret is told. */
export interface NewKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface KeyUse {
  /** Civil milliseconds. */
  readonly at: number;
  readonly region: string;
  /** As signatures name it: `ses`. */
  readonly service: string;
}

/** What is known of a key without its secret. */
export interface KeyFacts extends Owner {
  readonly accessKeyId: string;
  readonly active: boolean;
  /** Civil milliseconds. */
  readonly created: number;
  readonly used: KeyUse | undefined;
}

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
  /** ARN of an owner; nothing where the user is gone. */
  readonly arnOf: (owner: Owner) => Promise<string | undefined>;
}

/** A key id is looked up without knowing whose it is, so all keys share one generation. */
const KEYS: Scope = { account: '*', region: 'keys' };
/** Opened secrets and derived passwords kept in memory, by sealed bytes: a changed row is another entry. */
const MOST_OPENED = 10_000;
/** A use is kept at once if the last one kept is older than this: no write a request. */
const USE_KEPT_EVERY = 15 * MINUTE;

interface Opened {
  readonly secret: string;
  /** Digest of each SMTP password of this secret, by region; made at the first login. */
  passwords?: readonly { readonly region: string; readonly digest: Buffer }[];
}

export class Keys {
  readonly #needs: Needs;
  readonly #opened = new Map<string, Opened>();
  #known = { generation: -1, rows: new Map<string, KeyRow | undefined>() };
  /** The latest use of each key since the start, and when one was kept. */
  readonly #used = new Map<string, { use: KeyUse; kept: number | undefined }>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** What is not given is made. `beside` goes into the same batch; where its condition fails nothing is answered. */
  async create(
    { account, userName }: Owner,
    given: { accessKeyId?: string | undefined; secretAccessKey?: string | undefined } = {},
    beside: readonly Command[] = [],
  ): Promise<(NewKey & KeyFacts) | undefined> {
    const { rows, vault, clock, random } = this.#needs;
    const accessKeyId = given.accessKeyId ?? `AKIA${randomText(random, ID_ALPHABET, 16)}`;
    const secretAccessKey = given.secretAccessKey ?? random.bytes(30).toString('base64');
    const created = clock.civil();
    const row = {
      access_key_id: accessKeyId,
      account,
      user_name: userName,
      secret: vault.seal(secretAccessKey, accessKeyId),
      status: 'Active',
      created,
    };
    const outcome = await rows.write([...beside, insertKey(row), raiseGeneration(KEYS)], 'durable');
    if (outcome.applied) {
      return { accessKeyId, secretAccessKey, account, userName, active: true, created, used: undefined };
    }
    if (outcome.failed !== 'keys.insert') return undefined;
    throw new Refusal('already-exists', `Access key ${accessKeyId} already exists.`);
  }

  /** The secret of the key becomes this one; made for the account's root where there is no such key. */
  async set(account: string, accessKeyId: string, secretAccessKey: string): Promise<void> {
    const present = await this.#needs.rows.first(keyById({ accessKeyId }));
    if (!present) return void (await this.create({ account, userName: '' }, { accessKeyId, secretAccessKey }));
    const secret = this.#needs.vault.seal(secretAccessKey, accessKeyId);
    await this.#needs.rows.write([replaceSecret({ accessKeyId, account, secret }), raiseGeneration(KEYS)], 'durable');
  }

  /** The oldest first. */
  async list(owner: Owner): Promise<KeyFacts[]> {
    const rows = await this.#needs.rows.all(keysOf({ account: owner.account, userName: owner.userName }));
    return rows.map((row) => this.#factsOf(row));
  }

  /** Of whatever account; nothing where there is no such key. */
  async facts(accessKeyId: string): Promise<KeyFacts | undefined> {
    const row = await this.#needs.rows.first(keyById({ accessKeyId }));
    return row && this.#factsOf(row);
  }

  async setActive(owner: Owner, accessKeyId: string, active: boolean): Promise<void> {
    const status = active ? 'Active' : 'Inactive';
    await this.#change(accessKeyId, setKeyStatus({ ...pickOwner(owner), accessKeyId, status }));
  }

  async remove(owner: Owner, accessKeyId: string): Promise<void> {
    await this.#change(accessKeyId, deleteKey({ ...pickOwner(owner), accessKeyId }));
    this.#used.delete(accessKeyId);
  }

  /** @throws Refusal `not-found` where the owner has no such key. */
  async #change(accessKeyId: string, change: Command): Promise<void> {
    const outcome = await this.#needs.rows.write([change, raiseGeneration(KEYS)], 'durable');
    if (outcome.applied) return;
    throw new Refusal('not-found', `The Access Key with id ${accessKeyId} cannot be found.`);
  }

  /** For a batch that counts on it: it fails where the owner has another number of keys by now. */
  expecting(owner: Owner, count: number): Command {
    return expectKeys(pickOwner(owner), count);
  }

  /** For a batch that gives a user another name. */
  renaming({ account, userName: from }: Owner, to: string): Command[] {
    return [renameOwner({ account, from, to }), raiseGeneration(KEYS)];
  }

  /** The oldest key of an account's root. */
  async rootKey(account: string): Promise<NewKey | undefined> {
    const row = await this.#needs.rows.first(keysOf({ account, userName: '' }));
    if (!row) return undefined;
    const { secret } = this.#open(row.secret, row.access_key_id);
    return { accessKeyId: row.access_key_id, secretAccessKey: secret };
  }

  /** An active key, or nothing. */
  async find(accessKeyId: string): Promise<Key | undefined> {
    const active = await this.#active(accessKeyId);
    if (!active) return undefined;
    const { secret } = this.#open(active.row.secret, accessKeyId);
    return { accessKeyId, secret, account: active.row.account, arn: active.arn };
  }

  /**
   * A login at the SMTP interface: the password tells the region, since it is derived for one. The old form without a
   * region is still accepted, for `defaultRegion`.
   */
  async authenticateSmtp(accessKeyId: string, password: string, defaultRegion: string): Promise<Caller | undefined> {
    const active = await this.#active(accessKeyId);
    if (!active) return undefined;
    const opened = this.#open(active.row.secret, accessKeyId);
    opened.passwords ??= derivePasswords(opened.secret, defaultRegion);
    const given = digest(password);
    const match = opened.passwords.find((known) => timingSafeEqual(known.digest, given));
    return match && { account: active.row.account, region: match.region, arn: active.arn };
  }

  /** Somebody proved to have the key. Nobody is sent away because that cannot be kept now: the next use is kept. */
  async noteUse(accessKeyId: string, { region, service }: Omit<KeyUse, 'at'>): Promise<void> {
    const at = this.#needs.clock.civil();
    const kept = this.#used.get(accessKeyId)?.kept;
    const isDue = kept === undefined || at - kept >= USE_KEPT_EVERY || at < kept;
    if (this.#used.size >= MOST_OPENED) this.#used.clear();
    const use = { at, region, service };
    this.#used.set(accessKeyId, { use, kept: isDue ? at : kept });
    if (isDue && !(await this.#keepUse(accessKeyId, use))) this.#used.set(accessKeyId, { use, kept: undefined });
  }

  /** False where the storage takes no writes at present. */
  async #keepUse(accessKeyId: string, use: KeyUse): Promise<boolean> {
    try {
      await this.#needs.rows.write([setKeyUse({ accessKeyId, ...use })], 'committed');
      return true;
    } catch (error) {
      if (error instanceof Refusal && error.code === 'busy') return false;
      throw error;
    }
  }

  async #active(accessKeyId: string): Promise<{ row: KeyRow; arn: string } | undefined> {
    const row = await this.#row(accessKeyId);
    if (row?.status !== 'Active') return undefined;
    const arn = await this.#needs.arnOf({ account: row.account, userName: row.user_name });
    return arn === undefined ? undefined : { row, arn };
  }

  /** Asked for every request: kept until a key is made or changed, wherever. */
  async #row(accessKeyId: string): Promise<KeyRow | undefined> {
    const { rows } = this.#needs;
    const current = await generation(rows, KEYS);
    if (this.#known.generation !== current || this.#known.rows.size >= MOST_OPENED) {
      this.#known = { generation: current, rows: new Map() };
    }
    if (this.#known.rows.has(accessKeyId)) return this.#known.rows.get(accessKeyId);
    const { rows: known } = this.#known;
    const row = await rows.first(keyById({ accessKeyId }));
    known.set(accessKeyId, row);
    return row;
  }

  #open(sealed: Buffer, accessKeyId: string): Opened {
    const name = `${accessKeyId} ${sealed.toString('latin1')}`;
    const known = this.#opened.get(name);
    if (known) return known;
    if (this.#opened.size >= MOST_OPENED) this.#opened.clear();
    const opened = { secret: this.#needs.vault.open(sealed, accessKeyId) };
    this.#opened.set(name, opened);
    return opened;
  }

  #factsOf(row: KeyRow): KeyFacts {
    const { access_key_id: accessKeyId, account, user_name: userName, status, created, used } = row;
    const kept = used === null ? undefined : { at: used, region: row.used_region!, service: row.used_service! };
    const use = this.#used.get(accessKeyId)?.use ?? kept;
    return { accessKeyId, account, userName, active: status === 'Active', created, used: use };
  }
}

const pickOwner = ({ account, userName }: Owner) => ({ account, userName });

const digest = (text: string) => createHash('sha256').update(text).digest();

function derivePasswords(secret: string, defaultRegion: string) {
  const regions = new Set<string>([...knownRegions, defaultRegion]);
  return [
    ...[...regions].map((region) => ({ region, digest: digest(smtpPassword(secret, region)) })),
    { region: defaultRegion, digest: digest(regionlessSmtpPassword(secret)) },
  ];
}
