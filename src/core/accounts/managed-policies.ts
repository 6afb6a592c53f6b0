/**
 * Policies that stand for themselves and are attached to users (IAM: managed policies): those of an account, in up to five
 * versions of which one is in force, and a few of AWS's that people attach.
 */
import type { Clock } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import type { Command, Rows } from '../../storage/ports.ts';
import { builtIn } from './built-in-policies.ts';
import {
  everywhere,
  ID_ALPHABET,
  keptName,
  policyArn,
  type Tag,
  untilWritten,
  withoutTags,
  withTags,
} from './names.ts';
import { readPolicy } from './policy/policy.ts';

export interface PolicyVersion {
  /** 1, 2, …; shown as `v1`. */
  readonly number: number;
  readonly text: string;
  /** Civil milliseconds. */
  readonly created: number;
}

export interface ManagedPolicy {
  readonly name: string;
  /** `ANPA…`. */
  readonly id: string;
  readonly path: string;
  readonly arn: string;
  readonly description: string | undefined;
  readonly tags: readonly Tag[];
  /** The oldest first. */
  readonly versions: readonly PolicyVersion[];
  /** Number of the version in force. */
  readonly inForce: number;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
}

interface Kept extends Omit<ManagedPolicy, 'arn' | 'created' | 'updated'> {
  /** The highest that was ever given: numbers are not used twice. */
  readonly lastNumber: number;
}

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly random: Random;
}

/** IAM's quotas. */
const MOST_POLICIES = 1_500;
const MOST_VERSIONS = 5;
/** Characters without white space. */
const MOST_CHARACTERS = 6_144;

export class ManagedPolicies {
  readonly #needs: Needs;
  readonly #documents: Documents<Kept>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#documents = documents(needs.rows, 'iam-policy');
  }

  async create(
    account: string,
    { text, ...given }: Pick<ManagedPolicy, 'name' | 'path' | 'description' | 'tags'> & { text: string },
  ): Promise<ManagedPolicy> {
    const { rows, clock, random } = this.#needs;
    checkText(text);
    const scope = everywhere(account);
    if ((await this.#documents.count(scope)) >= MOST_POLICIES) {
      throw new Refusal('limit-exceeded', `Cannot exceed quota for PoliciesPerAccount: ${MOST_POLICIES}`);
    }
    const at = clock.civil();
    const kept: Kept = {
      ...given,
      tags: withTags([], given.tags),
      id: `ANPA${randomText(random, ID_ALPHABET, 17)}`,
      versions: [{ number: 1, text, created: at }],
      inForce: 1,
      lastNumber: 1,
    };
    const outcome = await rows.write(this.#documents.create(scope, keptName(given.name), kept, at), 'durable');
    if (outcome.applied) return shown(account, kept, { created: at, updated: at });
    const exists = `A policy called ${given.name} already exists. Duplicate names are not allowed.`;
    throw new Refusal('already-exists', exists);
  }

  /** The account's own or one of AWS's. @throws Refusal `not-found`. */
  async get(account: string, arn: string): Promise<ManagedPolicy> {
    const own = builtIn.get(arn);
    if (own) return own;
    const { value, ...times } = await this.#present(account, arn);
    return shown(account, value, times);
  }

  /** AWS's. */
  builtIn(): ManagedPolicy[] {
    return [...builtIn.values()];
  }

  /** The account's own, in the order of their names. */
  async list(account: string): Promise<ManagedPolicy[]> {
    const all = await this.#documents.list(everywhere(account), { limit: MOST_POLICIES });
    return all.map(({ value, ...times }) => shown(account, value, times));
  }

  /** The text of the version in force. */
  async textOf(account: string, arn: string): Promise<string> {
    const { versions, inForce } = await this.get(account, arn);
    return versions.find(({ number }) => number === inForce)!.text;
  }

  /** For a batch that needs the policy to stay. @throws Refusal `not-found`. */
  async holding(account: string, arn: string): Promise<Command[]> {
    if (builtIn.has(arn)) return [];
    const old = await this.#present(account, arn).catch((error: unknown) => {
      if (!(error instanceof Refusal)) throw error;
      throw new Refusal('not-found', `Policy ${arn} does not exist or is not attachable.`);
    });
    return this.#documents.replace(everywhere(account), old, old.value, old.updated);
  }

  /** Nobody may have it attached. @throws Refusal `cannot-delete` while it has versions that are not in force. */
  async remove(account: string, arn: string, isAttached: () => Promise<boolean>): Promise<void> {
    const scope = everywhere(account);
    await this.#write(account, arn, async (old) => {
      if (await isAttached()) throw new Refusal('cannot-delete', 'Cannot delete a policy attached to entities.');
      if (old.value.versions.length > 1) {
        const several =
          "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.";
        throw new Refusal('cannot-delete', several);
      }
      return [
        ...this.#documents.replace(scope, old, old.value, old.updated),
        ...this.#documents.remove(scope, old.name),
      ];
    });
  }

  async addVersion(account: string, arn: string, { text, inForce }: { text: string; inForce: boolean }) {
    checkText(text);
    const created = this.#needs.clock.civil();
    const kept = await this.#edit(account, arn, (old) => {
      if (old.versions.length >= MOST_VERSIONS) {
        const most = `A managed policy can have up to ${MOST_VERSIONS} versions. Before you create a new version, you must delete an existing version.`;
        throw new Refusal('limit-exceeded', most);
      }
      const number = old.lastNumber + 1;
      const versions = [...old.versions, { number, text, created }];
      return { ...old, versions, lastNumber: number, inForce: inForce ? number : old.inForce };
    });
    return kept.versions.at(-1)!;
  }

  async putInForce(account: string, arn: string, number: number): Promise<void> {
    await this.#edit(account, arn, (old) => ({ ...old, inForce: versionOf(old, arn, number).number }));
  }

  async removeVersion(account: string, arn: string, number: number): Promise<void> {
    await this.#edit(account, arn, (old) => {
      versionOf(old, arn, number);
      if (old.inForce === number) {
        throw new Refusal('cannot-delete', 'Cannot delete the default version of a policy.');
      }
      return { ...old, versions: old.versions.filter((one) => one.number !== number) };
    });
  }

  async tag(account: string, arn: string, tags: readonly Tag[]): Promise<void> {
    await this.#edit(account, arn, (old) => ({ ...old, tags: withTags(old.tags, tags) }));
  }

  async untag(account: string, arn: string, keys: readonly string[]): Promise<void> {
    await this.#edit(account, arn, (old) => ({ ...old, tags: withoutTags(old.tags, keys) }));
  }

  async #present(account: string, arn: string): Promise<Versioned<Kept>> {
    const name = arn.slice(arn.lastIndexOf('/') + 1);
    const policy = await this.#documents.get(everywhere(account), keptName(name));
    if (policy && policyArn(account, policy.value.path, policy.value.name) === arn) return policy;
    throw new Refusal('not-found', `Policy ${arn} was not found.`);
  }

  async #edit(account: string, arn: string, edit: (old: Kept) => Kept): Promise<Kept> {
    const at = this.#needs.clock.civil();
    let kept!: Kept;
    await this.#write(account, arn, (old) => {
      kept = edit(old.value);
      return this.#documents.replace(everywhere(account), old, kept, at);
    });
    return kept;
  }

  async #write(
    account: string,
    arn: string,
    batchOf: (old: Versioned<Kept>) => Command[] | Promise<Command[]>,
  ): Promise<void> {
    if (builtIn.has(arn)) throw new Refusal('access-denied', `Policy ${arn} is AWS's and cannot be changed.`);
    await untilWritten(async () => {
      const batch = await batchOf(await this.#present(account, arn));
      return (await this.#needs.rows.write(batch, 'durable')).applied || undefined;
    });
  }
}

/** @throws Refusal `not-found`. */
export function versionOf(policy: Pick<ManagedPolicy, 'versions'>, arn: string, number: number): PolicyVersion {
  const version = policy.versions.find((one) => one.number === number);
  if (version) return version;
  throw new Refusal('not-found', `Policy ${arn} version v${number} does not exist or is not attachable.`);
}

function checkText(text: string): void {
  const read = readPolicy(text, 'caller');
  if (!read.ok) throw new Refusal('invalid-policy', read.fault);
  if (text.replace(/\s/g, '').length <= MOST_CHARACTERS) return;
  throw new Refusal('limit-exceeded', `Cannot exceed quota for PolicySize: ${MOST_CHARACTERS}`);
}

const shown = (account: string, kept: Kept, { created, updated }: Pick<ManagedPolicy, 'created' | 'updated'>) => {
  const { lastNumber: _, ...policy } = kept;
  return { ...policy, arn: policyArn(account, kept.path, kept.name), created, updated };
};
