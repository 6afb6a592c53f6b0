/**
 * Who is calling, and what they may. An account owns state, apart per region; its root may all, its users what their
 * policies say. A key speaks for a user or for the root; its secret is shown once, when it is made, and kept sealed. A
 * change of any of these is heeded by the next request.
 */
import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Rows } from '../../storage/ports.ts';
import type { Keys, NewKey } from './keys.ts';
import { accountById, allAccounts, insertAccount } from './table.ts';

export { Authority, type Request } from './authority.ts';
export { type Caller, userNameOf } from './caller.ts';
export { type Key, type KeyFacts, Keys, type NewKey } from './keys.ts';
export { ManagedPolicies, type ManagedPolicy, type PolicyVersion, versionOf } from './managed-policies.ts';
export { policyArn, rootArn, type Tag, userArn } from './names.ts';
export { type Context, type Policy, readPolicy } from './policy/policy.ts';
export { knownRegions } from './regions.ts';
export { checkResourceTags, type ResourceTag, withoutResourceTags, withResourceTags } from './resource-tags.ts';
export { smtpPassword } from './smtp-password.ts';
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
export { MOST_KEYS, type User, Users } from './users.ts';
export { Vault } from './vault.ts';

export interface Account {
  readonly account: string;
  readonly name: string;
  readonly email: string;
}

interface Needs {
  readonly rows: Rows;
  readonly keys: Keys;
  readonly clock: Clock;
}

export class Accounts {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * The account that exists from the start and its root key. A secret that the settings give is set again at every start,
   * but a key that was switched off stays so; one that is made here is answered once, when it is made.
   */
  async ensureFirst(
    account: string,
    given: { accessKeyId?: string; secretAccessKey?: string },
  ): Promise<NewKey | undefined> {
    const { rows, keys, clock } = this.#needs;
    const known = await this.find(account);
    if (!known) {
      await rows.write([insertAccount({ account, name: 'first', email: '', created: clock.civil() })], 'durable');
    }
    const { accessKeyId, secretAccessKey } = given;
    if (accessKeyId && secretAccessKey) await keys.set(account, accessKeyId, secretAccessKey);
    else if (!known) return this.#rootKey(account, given);
    return undefined;
  }

  async list(): Promise<Account[]> {
    return this.#needs.rows.all(allAccounts({}));
  }

  async find(account: string): Promise<Account | undefined> {
    return this.#needs.rows.first(accountById({ account }));
  }

  /** Where the account wants to be told things; nothing where it did not say, or is not known. */
  async emailOf(account: string): Promise<string | undefined> {
    return (await this.find(account))?.email || undefined;
  }

  /** Refuses an account id that is no 12 digits or exists already. Answers its root key, once. */
  async create({ account, name, email }: Account): Promise<NewKey> {
    if (!/^\d{12}$/.test(account)) throw new Refusal('invalid-parameter', 'An account id is 12 digits.');
    const { rows, clock } = this.#needs;
    const outcome = await rows.write([insertAccount({ account, name, email, created: clock.civil() })], 'durable');
    if (!outcome.applied) throw new Refusal('already-exists', `Account ${account} already exists.`);
    return this.#rootKey(account, {});
  }

  async #rootKey(account: string, given: { accessKeyId?: string; secretAccessKey?: string }): Promise<NewKey> {
    const { accessKeyId, secretAccessKey } = (await this.#needs.keys.create({ account, userName: '' }, given))!;
    return { accessKeyId, secretAccessKey };
  }
}
