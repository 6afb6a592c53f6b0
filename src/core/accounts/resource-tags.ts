import { Refusal } from '../../base/refusal.ts';

/** On a resource of SES, for people who keep order among many; never on a message. */
export interface ResourceTag {
  readonly key: string;
  readonly value: string;
}

/** SES: of one resource, and characters of a key and of a value. */
const MOST_TAGS = 50;
const MOST_KEY = 128;
const MOST_VALUE = 256;

/** SES tells the limits, not the words. */
export function checkResourceTags(tags: readonly ResourceTag[]): void {
  if (tags.length > MOST_TAGS) throw new Refusal('invalid-parameter', `Tag count exceeds ${MOST_TAGS}.`);
  const keys = new Set<string>();
  for (const { key, value } of tags) {
    if (key.length < 1 || key.length > MOST_KEY || key.startsWith('aws:')) {
      throw new Refusal('invalid-parameter', `Invalid tag key <${key}>.`);
    }
    if (value.length > MOST_VALUE) throw new Refusal('invalid-parameter', `Invalid tag value <${value}>.`);
    if (keys.has(key)) throw new Refusal('invalid-parameter', `Duplicate tag key <${key}>.`);
    keys.add(key);
  }
}

/** A key that is there already gets the new value. */
export function withResourceTags(tags: readonly ResourceTag[], added: readonly ResourceTag[]): ResourceTag[] {
  checkResourceTags(added);
  const kept = tags.filter(({ key }) => !added.some((one) => one.key === key));
  const all = [...kept, ...added];
  checkResourceTags(all);
  return all;
}

/** Keys that are not there are not missed. */
export function withoutResourceTags(tags: readonly ResourceTag[], keys: readonly string[]): ResourceTag[] {
  return tags.filter(({ key }) => !keys.includes(key));
}
