/**
 * Users of an account (IAM): names, tags, keys, and the policies that say what they may. They are known in every region. A
 * user goes only when nothing hangs at it; a change is heeded by the next request.
 */
import type { Clock } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import type { Command, Rows } from '../../storage/ports.ts';
import type { KeyFacts, Keys, NewKey } from './keys.ts';
import type { ManagedPolicies } from './managed-policies.ts';
import { everywhere, ID_ALPHABET, keptName, type Tag, untilWritten, userArn, withoutTags, withTags } from './names.ts';
import { type Policy, readPolicy } from './policy/policy.ts';

export interface User {
  readonly name: string;
  /** `AIDA…`. */
  readonly id: string;
  /** Begins and ends with a slash. */
  readonly path: string;
  readonly arn: string;
  /** Civil milliseconds. */
  readonly created: number;
  readonly tags: readonly Tag[];
}

interface Kept {
  readonly name: string;
  readonly id: string;
  readonly path: string;
  readonly tags: readonly Tag[];
  /** Policies of its own, by name, as they were written. */
  readonly policies: Readonly<Record<string, string>>;
  /** ARNs of the managed policies that are attached to it. */
  readonly attached: readonly string[];
}

interface Needs {
  readonly rows: Rows;
  readonly keys: Keys;
  readonly managed: ManagedPolicies;
  readonly clock: Clock;
  readonly random: Random;
}

/** IAM's quotas: users of an account; keys of a user, and of the root; octets of a user's own policies without white space; attachments. */
const MOST_USERS = 5_000;
export const MOST_KEYS = 2;
const MOST_OWN_OCTETS = 2_048;
const MOST_ATTACHED = 20;
/** Users read at a time where all are looked at. */
const A_READ = 500;

export class Users {
  readonly #needs: Needs;
  readonly #documents: Documents<Kept>;
  readonly #known: Answers<Versioned<Kept> | undefined>;
  readonly #policies: Answers<readonly Policy[]>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#documents = documents(needs.rows, 'iam-user');
    this.#known = new Answers(needs.rows);
    this.#policies = new Answers(needs.rows);
  }

  async create(account: string, { name, path, tags }: Pick<User, 'name' | 'path' | 'tags'>): Promise<User> {
    const { rows, clock, random } = this.#needs;
    const scope = everywhere(account);
    if ((await this.#documents.count(scope)) >= MOST_USERS) {
      throw new Refusal('limit-exceeded', `Cannot exceed quota for UsersPerAccount: ${MOST_USERS}`);
    }
    const id = `AIDA${randomText(random, ID_ALPHABET, 17)}`;
    const kept: Kept = { name, id, path, tags: withTags([], tags), policies: {}, attached: [] };
    const at = clock.civil();
    const outcome = await rows.write(this.#documents.create(scope, keptName(name), kept, at), 'durable');
    if (!outcome.applied) throw alreadyExists(name);
    return shown(account, kept, at);
  }

  /** @throws Refusal `not-found`. */
  async get(account: string, name: string): Promise<User> {
    const { value, created } = await this.#present(account, name);
    return shown(account, value, created);
  }

  /** Asked for every request; nothing where there is no such user. */
  async find(account: string, name: string): Promise<User | undefined> {
    const user = await this.#known.of(everywhere(account), keptName(name), () => this.#read(account, name));
    return user && shown(account, user.value, user.created);
  }

  /** In the order of their names, those after `after`. */
  async page(
    account: string,
    { pathPrefix, after, limit }: { pathPrefix: string; after: string; limit: number },
  ): Promise<{ users: User[]; next: string | undefined }> {
    const users: User[] = [];
    let last = after;
    for (;;) {
      const read = await this.#documents.list(everywhere(account), { after: last, limit: A_READ });
      for (const { name, value, created } of read) {
        if (value.path.startsWith(pathPrefix)) {
          if (users.length === limit) return { users, next: last };
          users.push(shown(account, value, created));
        }
        last = name;
      }
      if (read.length < A_READ) return { users, next: undefined };
    }
  }

  async change(account: string, name: string, to: { name?: string | undefined; path?: string | undefined }) {
    const { keys, clock } = this.#needs;
    const scope = everywhere(account);
    await this.#write(account, name, async (old) => {
      const kept = { ...old.value, name: to.name ?? old.value.name, path: to.path ?? old.value.path };
      const newName = keptName(kept.name);
      if (newName === old.name) return this.#documents.replace(scope, old, kept, clock.civil());
      if (await this.#read(account, newName)) throw alreadyExists(kept.name);
      return [
        ...this.#documents.create(scope, newName, kept, old.created),
        ...this.#removal(account, old),
        ...keys.renaming({ account, userName: old.name }, newName),
      ];
    });
  }

  /** @throws Refusal `cannot-delete` where keys or policies hang at it. */
  async remove(account: string, name: string): Promise<void> {
    const { keys } = this.#needs;
    const conflict = (text: string) => new Refusal('cannot-delete', `Cannot delete entity, must ${text} first.`);
    const owner = { account, userName: keptName(name) };
    await this.#write(account, name, async (old) => {
      if (Object.keys(old.value.policies).length > 0) throw conflict('delete policies');
      if (old.value.attached.length > 0) throw conflict('detach all policies');
      if ((await keys.list(owner)).length > 0) throw conflict('delete access keys');
      return [...this.#removal(account, old), keys.expecting(owner, 0)];
    });
  }

  /** Where nobody has changed it. */
  #removal(account: string, old: Versioned<Kept>): Command[] {
    const scope = everywhere(account);
    return [...this.#documents.replace(scope, old, old.value, old.updated), ...this.#documents.remove(scope, old.name)];
  }

  async tag(account: string, name: string, tags: readonly Tag[]): Promise<void> {
    await this.#edit(account, name, (kept) => ({ ...kept, tags: withTags(kept.tags, tags) }));
  }

  async untag(account: string, name: string, keys: readonly string[]): Promise<void> {
    await this.#edit(account, name, (kept) => ({ ...kept, tags: withoutTags(kept.tags, keys) }));
  }

  /** @throws Refusal `limit-exceeded` for the third key. */
  async createKey(account: string, name: string): Promise<NewKey & KeyFacts> {
    const { keys, clock } = this.#needs;
    return untilWritten(async () => {
      const old = await this.#present(account, name);
      const owner = { account, userName: old.name };
      const room = await this.#roomForKey(owner);
      // The user is written too, so that he is not taken away in between.
      const present = this.#documents.replace(everywhere(account), old, old.value, clock.civil());
      return keys.create(owner, {}, [room, ...present]);
    });
  }

  /** A key of the account's root. @throws Refusal `limit-exceeded` for the third key. */
  async createRootKey(account: string): Promise<NewKey & KeyFacts> {
    const owner = { account, userName: '' };
    return untilWritten(async () => this.#needs.keys.create(owner, {}, [await this.#roomForKey(owner)]));
  }

  /** Of two who make the last key at once one looks again. */
  async #roomForKey(owner: { account: string; userName: string }): Promise<Command> {
    const { keys } = this.#needs;
    const { length } = await keys.list(owner);
    if (length < MOST_KEYS) return keys.expecting(owner, length);
    throw new Refusal('limit-exceeded', `Cannot exceed quota for AccessKeysPerUser: ${MOST_KEYS}`);
  }

  /** Policies of its own, by name. */
  async policies(account: string, name: string): Promise<Readonly<Record<string, string>>> {
    return (await this.#present(account, name)).value.policies;
  }

  /** @throws Refusal `invalid-policy`, `limit-exceeded` (all of a user's together). */
  async putPolicy(account: string, name: string, policy: { name: string; text: string }): Promise<void> {
    const read = readPolicy(policy.text, 'caller');
    if (!read.ok) throw new Refusal('invalid-policy', read.fault);
    await this.#edit(account, name, (kept) => {
      const policies = { ...kept.policies, [policy.name]: policy.text };
      const octets = Object.values(policies).reduce((sum, text) => sum + text.replace(/\s/g, '').length, 0);
      if (octets > MOST_OWN_OCTETS) {
        throw new Refusal(
          'limit-exceeded',
          `Maximum policy size of ${MOST_OWN_OCTETS} bytes exceeded for user ${name}`,
        );
      }
      return { ...kept, policies };
    });
  }

  async removePolicy(account: string, name: string, policy: string): Promise<void> {
    await this.#edit(account, name, (kept) => {
      if (!Object.hasOwn(kept.policies, policy)) {
        throw new Refusal('not-found', `The user policy with name ${policy} cannot be found.`);
      }
      return { ...kept, policies: Object.fromEntries(Object.entries(kept.policies).filter(([one]) => one !== policy)) };
    });
  }

  /** ARNs, in the order of attaching. */
  async attached(account: string, name: string): Promise<readonly string[]> {
    return (await this.#present(account, name)).value.attached;
  }

  /** Twice is once. */
  async attach(account: string, name: string, arn: string): Promise<void> {
    const { managed, clock } = this.#needs;
    await this.#write(account, name, async (old) => {
      const { attached } = old.value;
      // The policy is written too, so that it is not taken away in between.
      const held = await managed.holding(account, arn);
      if (attached.includes(arn)) return held;
      if (attached.length >= MOST_ATTACHED) {
        throw new Refusal('limit-exceeded', `Cannot exceed quota for PoliciesPerUser: ${MOST_ATTACHED}`);
      }
      const kept = { ...old.value, attached: [...attached, arn] };
      return [...held, ...this.#documents.replace(everywhere(account), old, kept, clock.civil())];
    });
  }

  async detach(account: string, name: string, arn: string): Promise<void> {
    await this.#edit(account, name, (kept) => {
      if (!kept.attached.includes(arn)) throw new Refusal('not-found', `Policy ${arn} was not found.`);
      return { ...kept, attached: kept.attached.filter((one) => one !== arn) };
    });
  }

  /** How many users each policy is attached to, by its ARN. */
  async attachments(account: string): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (let after = ''; ; ) {
      const read = await this.#documents.list(everywhere(account), { after, limit: A_READ });
      for (const { value } of read) for (const arn of value.attached) counts.set(arn, (counts.get(arn) ?? 0) + 1);
      if (read.length < A_READ) return counts;
      after = read.at(-1)!.name;
    }
  }

  /** All that says what the user may: its own policies and the attached ones. Asked for every request. */
  policiesOf(account: string, name: string): Promise<readonly Policy[]> {
    return this.#policies.of(everywhere(account), keptName(name), async () => {
      const user = await this.#read(account, name);
      if (!user) return [];
      const attached = await Promise.all(user.value.attached.map((arn) => this.#needs.managed.textOf(account, arn)));
      return [...Object.values(user.value.policies), ...attached].map((text) => {
        const read = readPolicy(text, 'caller');
        // It was read when it was written.
        if (!read.ok) throw new Error(`A policy of user ${name} cannot be read: ${read.fault}`);
        return read.policy;
      });
    });
  }

  #read(account: string, name: string): Promise<Versioned<Kept> | undefined> {
    return this.#documents.get(everywhere(account), keptName(name));
  }

  async #present(account: string, name: string): Promise<Versioned<Kept>> {
    const user = await this.#read(account, name);
    if (user) return user;
    throw new Refusal('not-found', `The user with name ${name} cannot be found.`);
  }

  async #edit(account: string, name: string, edit: (kept: Kept) => Kept): Promise<void> {
    const at = this.#needs.clock.civil();
    await this.#write(account, name, (old) => this.#documents.replace(everywhere(account), old, edit(old.value), at));
  }

  /** The batch is made of what is there now, and again where somebody else wrote in between. */
  async #write(
    account: string,
    name: string,
    batchOf: (old: Versioned<Kept>) => Command[] | Promise<Command[]>,
  ): Promise<void> {
    await untilWritten(async () => {
      const batch = await batchOf(await this.#present(account, name));
      return (await this.#needs.rows.write(batch, 'durable')).applied || undefined;
    });
  }
}

const alreadyExists = (name: string) => new Refusal('already-exists', `User with name ${name} already exists.`);

const shown = (account: string, { name, id, path, tags }: Kept, created: number): User => ({
  name,
  id,
  path,
  arn: userArn(account, path, name),
  created,
  tags,
});
