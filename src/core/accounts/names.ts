/** Names of what belongs to an account in every region: users and policies. */
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';

/** Of the ids that AWS makes: `AKIA…`, `AIDA…`, `ANPA…`. */
export const ID_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What is known in every region of the account. */
export const everywhere = (account: string): Scope => ({ account, region: '*' });

/** Names that differ in case only are the same. */
export const keptName = (name: string): string => name.toLowerCase();

export const rootArn = (account: string): string => `arn:aws:iam::${account}:root`;

/** `path` begins and ends with a slash. */
export const userArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:user${path}${name}`;

export const policyArn = (account: string, path: string, name: string): string =>
  `arn:aws:iam::${account}:policy${path}${name}`;

export interface Tag {
  readonly key: string;
  readonly value: string;
}

/** IAM: tags of one user or policy. */
const MOST_TAGS = 50;

/** Keys that differ in case only are the same. */
export function withTags(tags: readonly Tag[], added: readonly Tag[]): Tag[] {
  const replaced = new Set(added.map(({ key }) => keptName(key)));
  if (replaced.size < added.length) {
    throw new Refusal('invalid-parameter', 'Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const all = [...tags.filter(({ key }) => !replaced.has(keptName(key))), ...added];
  if (all.length > MOST_TAGS) {
    throw new Refusal('limit-exceeded', `The number of tags has reached the maximum limit: ${MOST_TAGS}.`);
  }
  return all;
}

export function withoutTags(tags: readonly Tag[], keys: readonly string[]): Tag[] {
  const removed = new Set(keys.map(keptName));
  return tags.filter(({ key }) => !removed.has(keptName(key)));
}

/** Read, change, write if nobody else has; somebody who always comes in between ends it. */
const MOST_TRIES = 5;

/** `attempt` answers undefined where somebody else wrote in between. */
export async function untilWritten<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const done = await attempt();
    if (done !== undefined) return done;
  }
  throw new Refusal(
    'conflict',
    'The request was rejected because multiple requests to change this object were submitted simultaneously. Wait a few minutes and submit your request again.',
  );
}
