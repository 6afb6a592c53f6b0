import { Refusal } from '../../base/refusal.ts';

/** For people who keep order among many resources; never on a message. */
export interface ResourceTag {
  readonly key: string;
  readonly value: string;
}

const MOST_NAME = 64;
const MOST_TAGS = 50;
const MOST_KEY = 128;
const MOST_VALUE = 256;

export function checkSetName(name: string): void {
  if (!name) throw new Refusal('invalid-parameter', 'The configuration set name must be specified.');
  if (name.length > MOST_NAME) {
    throw new Refusal('invalid-parameter', `Configuration set name cannot exceed ${MOST_NAME} characters.`);
  }
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    const text = `Invalid configuration set name <${name}>: only alphanumeric ASCII characters, '_', and '-' are allowed.`;
    throw new Refusal('invalid-parameter', text);
  }
}

/** SES tells the limits, not the words. */
export function checkTags(tags: readonly ResourceTag[]): void {
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
