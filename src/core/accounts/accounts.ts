/**
 * Who is calling. An account owns state, apart per region; a key speaks for it. The secret of a key is shown once, when it
 * is made, and kept sealed. Nothing here decides what a caller may do.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { generation, raiseGeneration } from '../../storage/generations.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { knownRegions } from './regions.ts';
import { regionlessSmtpPassword, smtpPassword } from './smtp-password.ts';
import { allAccounts, insertAccount, insertKey, type KeyRow, keyById, replaceSecret, rootKeyOf } from './table.ts';
import type { Vault } from './vault.ts';

export {
  type Enforcement,
  freeLimits,
  maySend,
  refusePaused,
  type SendingLimits,
  type Standing,
  Standings,
  sandboxLimits,
} from './standing.ts';
export { Vault } from './vault.ts';

/** Who calls, and for which account and region. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  /** `arn:aws:iam::<account>:root` or `…:user/<name>`. */
  readonly arn: string;
}

export interface Account {
  readonly account: string;
  readonly name: string;
  readonly email: string;
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

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
}

/** A key id is looked up without knowing whose it is, so all keys share one generation. */
const KEYS: Scope = { account: '*', region: 'keys' };
const KEY_ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Opened secrets and derived passwords kept in memory, by sealed bytes: a changed row is another entry. */
const MOST_OPENED = 10_000;

interface Opened {
  readonly secret: string;
  /** Digest of each SMTP password of this secret, by region; made at the first login. */
  passwords?: readonly { readonly region: string; readonly digest: Buffer }[];
}

export class Accounts {
  readonly #needs: Needs;
  readonly #opened = new Map<string, Opened>();
  #keys = { generation: -1, rows: new Map<string, KeyRow | undefined>() };

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * The account that exists from the start and its root key. A secret that the settings give is set again at every start;
   * one that is made here is answered once, when it is made.
   */
  async ensureFirst(
    account: string,
    given: { accessKeyId?: string; secretAccessKey?: string },
  ): Promise<NewKey | undefined> {
    const { rows, clock } = this.#needs;
    const known = (await this.list()).some((one) => one.account === account);
    if (!known) {
      await rows.write([insertAccount({ account, name: 'first', email: '', created: clock.civil() })], 'durable');
    }
    const { accessKeyId, secretAccessKey } = given;
    if (accessKeyId && secretAccessKey) await this.#setKey(account, accessKeyId, secretAccessKey);
    else if (!known) return this.createKey(account, given);
    return undefined;
  }

  async #setKey(account: string, accessKeyId: string, secretAccessKey: string): Promise<void> {
    const present = await this.#needs.rows.first(keyById({ accessKeyId }));
    if (!present) return void (await this.createKey(account, { accessKeyId, secretAccessKey }));
    const secret = this.#needs.vault.seal(secretAccessKey, accessKeyId);
    await this.#needs.rows.write([replaceSecret({ accessKeyId, account, secret }), raiseGeneration(KEYS)], 'durable');
  }

  /** The oldest root key of an account. */
  async rootKey(account: string): Promise<NewKey | undefined> {
    const row = await this.#needs.rows.first(rootKeyOf({ account }));
    if (!row) return undefined;
    const { secret } = this.#open(row.secret, row.access_key_id);
    return { accessKeyId: row.access_key_id, secretAccessKey: secret };
  }

  async list(): Promise<Account[]> {
    return this.#needs.rows.all(allAccounts({}));
  }

  /** Refuses an account id that is no 12 digits or exists already. Answers its root key, once. */
  async create({ account, name, email }: Account): Promise<NewKey> {
    if (!/^\d{12}$/.test(account)) throw new Refusal('invalid-parameter', 'An account id is 12 digits.');
    const { rows, clock } = this.#needs;
    const outcome = await rows.write([insertAccount({ account, name, email, created: clock.civil() })], 'durable');
    if (!outcome.applied) throw new Refusal('already-exists', `Account ${account} already exists.`);
    return this.createKey(account, {});
  }

  /** A root key of the account; what is not given is made. */
  async createKey(account: string, given: { accessKeyId?: string; secretAccessKey?: string }): Promise<NewKey> {
    const { rows, vault, clock, random } = this.#needs;
    const accessKeyId = given.accessKeyId ?? `AKIA${randomText(random, KEY_ID_ALPHABET, 16)}`;
    const secretAccessKey = given.secretAccessKey ?? random.bytes(30).toString('base64');
    const outcome = await rows.write(
      [
        insertKey({
          access_key_id: accessKeyId,
          account,
          user_name: '',
          secret: vault.seal(secretAccessKey, accessKeyId),
          status: 'Active',
          created: clock.civil(),
        }),
        raiseGeneration(KEYS),
      ],
      'durable',
    );
    if (!outcome.applied) throw new Refusal('already-exists', `Access key ${accessKeyId} already exists.`);
    return { accessKeyId, secretAccessKey };
  }

  /** An active key, or nothing. */
  async findKey(accessKeyId: string): Promise<Key | undefined> {
    const row = await this.#keyRow(accessKeyId);
    if (row?.status !== 'Active') return undefined;
    const { secret } = this.#open(row.secret, accessKeyId);
    return { accessKeyId, secret, account: row.account, arn: callerArn(row.account, row.user_name) };
  }

  /**
   * A login at the SMTP interface: the password tells the region, since it is derived for one. The old form without a
   * region is still accepted, for `defaultRegion`.
   */
  async authenticateSmtp(accessKeyId: string, password: string, defaultRegion: string): Promise<Caller | undefined> {
    const row = await this.#keyRow(accessKeyId);
    if (row?.status !== 'Active') return undefined;
    const opened = this.#open(row.secret, accessKeyId);
    opened.passwords ??= derivePasswords(opened.secret, defaultRegion);
    const given = digest(password);
    const match = opened.passwords.find((known) => timingSafeEqual(known.digest, given));
    return match && { account: row.account, region: match.region, arn: callerArn(row.account, row.user_name) };
  }

  /** Asked for every request: kept until a key is made or changed, wherever. */
  async #keyRow(accessKeyId: string): Promise<KeyRow | undefined> {
    const { rows } = this.#needs;
    const current = await generation(rows, KEYS);
    if (this.#keys.generation !== current || this.#keys.rows.size >= MOST_OPENED) {
      this.#keys = { generation: current, rows: new Map() };
    }
    if (this.#keys.rows.has(accessKeyId)) return this.#keys.rows.get(accessKeyId);
    const row = await rows.first(keyById({ accessKeyId }));
    this.#keys.rows.set(accessKeyId, row);
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
}

const digest = (text: string) => createHash('sha256').update(text).digest();

function derivePasswords(secret: string, defaultRegion: string) {
  const regions = new Set<string>([...knownRegions, defaultRegion]);
  return [
    ...[...regions].map((region) => ({ region, digest: digest(smtpPassword(secret, region)) })),
    { region: defaultRegion, digest: digest(regionlessSmtpPassword(secret)) },
  ];
}

function callerArn(account: string, userName: string): string {
  return userName ? `arn:aws:iam::${account}:user/${userName}` : `arn:aws:iam::${account}:root`;
}
