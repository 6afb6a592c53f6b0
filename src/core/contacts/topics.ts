import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import type { Preferences } from '../events/events.ts';

/** An interest that a contact may have or not. */
export interface Topic {
  readonly name: string;
  readonly displayName: string;
  readonly description?: string | undefined;
  /** What holds for a contact that has not said. */
  readonly subscribedByDefault: boolean;
}

/** What a contact said of a topic. */
export interface Preference {
  readonly topic: string;
  readonly subscribed: boolean;
}

/** SES: quotas of list management. */
const MOST_TOPICS = 20;
/** Characters. */
const LONGEST_NAME = 64;
const LONGEST_DISPLAY_NAME = 128;
const LONGEST_DESCRIPTION = 500;
/** Characters; SES names no limit, a row needs one. */
const LONGEST_ATTRIBUTES = 65_536;

const NAME_RULE = `can contain up to ${LONGEST_NAME} characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.`;

const refuse = (message: string): never => {
  throw new Refusal('invalid-parameter', message);
};

export function checkListName(name: string): void {
  checkName('ContactListName', name);
}

function checkName(member: string, name: string): void {
  if (name.trim() === '') refuse(`${member} can't be blank.`);
  if (!/^[A-Za-z0-9_-]+$/.test(name) || name.length > LONGEST_NAME) refuse(`${member} ${NAME_RULE}`);
}

/** In the order in which SES looks: the topics, one after the other, then the description. */
export function checkList({
  topics,
  description,
}: {
  topics: readonly Topic[];
  description?: string | undefined;
}): void {
  if (topics.length > MOST_TOPICS) refuse(`Maximum of <${MOST_TOPICS}> topics allowed per ContactList`);
  const seen = new Set<string>();
  for (const topic of topics) {
    checkName('TopicName', topic.name);
    if (topic.displayName.length > LONGEST_DISPLAY_NAME) {
      refuse(`Topic DisplayName can contain up to <${LONGEST_DISPLAY_NAME}> characters.`);
    }
    if ((topic.description ?? '').length > LONGEST_DESCRIPTION) {
      refuse(`Topic Description can contain up to <${LONGEST_DESCRIPTION}> characters.`);
    }
    if (seen.has(topic.name)) refuse('Duplicate topic names are not allowed within a List.');
    seen.add(topic.name);
  }
  if ((description ?? '').length > LONGEST_DESCRIPTION) {
    refuse(`List description can contain up to ${LONGEST_DESCRIPTION} characters.`);
  }
}

/** An address alone, without a name. */
export function checkAddress(address: string): void {
  if (address.trim() === '') refuse("EmailAddress can't be blank.");
  const parsed = parseAddress(address);
  if (!parsed.ok || parsed.address.address !== address) refuse(`EmailAddress <${address}> is invalid`);
}

export function checkAttributes(attributes: string | undefined): void {
  if ((attributes ?? '').length > LONGEST_ATTRIBUTES) {
    refuse(`AttributesData can contain up to ${LONGEST_ATTRIBUTES} characters.`);
  }
}

interface Named {
  readonly name: string;
  readonly topics: readonly Topic[];
}

export function checkTopics(list: Named, names: readonly string[]): void {
  for (const name of names) topicOf(list, name);
}

export function topicOf(list: Named, name: string): Topic {
  return (
    list.topics.find((topic) => topic.name === name) ?? refuse(`List: ${list.name} doesn't contain Topic: ${name}`)
  );
}

/** What addresses are compared by: who has left as Bob@ is not written to as bob@. */
export const addressKey = (address: string) => address.toLowerCase();

/**
 * A contact's own words on topics that the list (still) has, in the order of the list. What it said of a topic that is
 * gone counts again when the topic comes back.
 */
export function spoken(topics: readonly Topic[], said: ReadonlyMap<string, boolean>): Preference[] {
  return topics
    .filter(({ name }) => said.has(name))
    .map(({ name }) => ({ topic: name, subscribed: said.get(name) === true }));
}

/** What holds for the topics of which it said nothing. */
export function assumed(topics: readonly Topic[], said: ReadonlyMap<string, boolean>): Preference[] {
  return topics
    .filter(({ name }) => !said.has(name))
    .map(({ name, subscribedByDefault }) => ({ topic: name, subscribed: subscribedByDefault }));
}

export interface Choices {
  readonly unsubscribed: boolean;
  readonly said: ReadonlyMap<string, boolean>;
}

/** What holds for every topic of the list, said or not. */
export function preferencesOf(topics: readonly Topic[], { unsubscribed, said }: Choices): Preferences {
  return {
    unsubscribedFromAll: unsubscribed,
    topics: topics.map(({ name, subscribedByDefault }) => ({
      topic: name,
      subscribed: said.get(name) ?? subscribedByDefault,
    })),
  };
}

/** Does not want this mail: none at all, or none on the topic (SES: without a topic only the former counts). */
export function isOptedOut(
  topic: Topic | undefined,
  standing: { unsubscribed: boolean; said?: boolean | undefined },
): boolean {
  return standing.unsubscribed || (topic !== undefined && !(standing.said ?? topic.subscribedByDefault));
}

export const samePreferences = (one: Preferences, other: Preferences) => JSON.stringify(one) === JSON.stringify(other);
