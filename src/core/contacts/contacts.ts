/**
 * Contact lists: who is on the list of an account and region, and what they want of its topics. Sending asks whom not to
 * write to; whoever was written to leaves by a link that nobody else can make.
 *
 * A contact says of a topic that it wants it, that it does not, or nothing (then the topic's default holds); above all
 * that it may be unsubscribed from everything. What it said outlives the topic, not the list. Each change is one
 * transaction, together with what is recorded about it. Contacts raise no generation: nothing caches them.
 */
import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { SignedTokens } from '../../base/signed-token.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Vault } from '../accounts/accounts.ts';
import type { Preferences } from '../events/events.ts';
import { type ContactList, ContactLists } from './lists.ts';
import {
  addContact,
  addressFurtherOn,
  type ContactRow,
  contactByAddress,
  contactsAfter,
  deleteContact,
  deletePreferences,
  insertContact,
  preferencesOf as preferencesOfAddresses,
  replaceContact,
  replaceContactVersion,
  setPreference,
  standings,
  type Wish,
} from './table.ts';
import {
  addressKey,
  assumed,
  type Choices,
  checkAddress,
  checkAttributes,
  checkTopics,
  isOptedOut,
  type Preference,
  preferencesOf,
  samePreferences,
  spoken,
  topicOf,
} from './topics.ts';
import { readUnsubscribeToken, type UnsubscribeLink, unsubscribeToken } from './unsubscribing.ts';

export type { ContactList } from './lists.ts';
export type { Preference, Topic } from './topics.ts';
export {
  UNSUBSCRIBE_PATH,
  type UnsubscribeLink,
  unsubscribeFields,
  unsubscribeUrl,
  withUnsubscribeUrl,
} from './unsubscribing.ts';

export interface Contact {
  /** As it was first written. */
  readonly address: string;
  readonly unsubscribed: boolean;
  /** What it said, of the topics that the list has. */
  readonly preferences: readonly Preference[];
  /** What holds for the others. */
  readonly defaults: readonly Preference[];
  readonly attributes?: string | undefined;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
}

export type ContactInput = Pick<Contact, 'unsubscribed' | 'preferences' | 'attributes'>;

/** Only those who want the topic, or do not; without a topic, only those who are not, or are, unsubscribed from all. */
export interface ContactFilter {
  readonly subscribed: boolean;
  readonly topic?: string | undefined;
  /** The topic's default speaks for those who did not. */
  readonly useDefault?: boolean | undefined;
}

/** What a list has to say to a message. */
export interface Subscription {
  /** Those of the addresses asked about, as they were given, that do not want it. */
  readonly optedOut: ReadonlySet<string>;
  /** Adds those who are not on the list yet: for the accept batch. */
  readonly commands: readonly Command[];
}

/** A contact made its choice by a link in a message. */
export interface SubscriptionChange extends UnsubscribeLink {
  readonly source: 'UnsubscribeHeader' | 'UnsubscribeLandingPage';
  readonly before: Preferences;
  readonly after: Preferences;
  /** Civil milliseconds. */
  readonly at: number;
}

/** What is changed: absent members stay as they are. */
interface Decision {
  readonly unsubscribed?: boolean | undefined;
  readonly preferences?: readonly Preference[];
}

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly clock: Clock;
  /** What is to be recorded of a choice, in the transaction that makes it, and whom to tell once it is written. */
  readonly changed: (change: SubscriptionChange) => Promise<Recorded>;
}

interface Recorded {
  readonly batch: readonly Command[];
  readonly announce: () => void;
}

/** Contacts that are looked at for one page: a filter that fits few ends a page early, or empty, as in SES. */
const MOST_LOOKED_AT = 10_000;

export class Contacts {
  readonly lists: ContactLists;
  readonly #needs: Needs;
  readonly #tokens: SignedTokens;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.lists = new ContactLists(needs);
    this.#tokens = new SignedTokens(needs.vault.keyFor('unsubscribe'));
  }

  async create(scope: Scope, listName: string, address: string, input: ContactInput): Promise<void> {
    await this.#check(scope, listName, address, input);
    const batch = [insertContact(this.#newRow(scope, listName, address, input)), ...saying(scope, address, input)];
    if ((await this.#needs.rows.write(batch, 'durable')).applied) return;
    await this.lists.get(scope, listName);
    throw new Refusal('already-exists', `${address} already exists in List.`);
  }

  async get(scope: Scope, listName: string, address: string): Promise<Contact> {
    checkAddress(address);
    const list = await this.lists.get(scope, listName);
    const row = await this.#row(scope, address);
    if (!row) throw noContact(address);
    return (await this.#read(scope, list, [row]))[0]!;
  }

  /** By address, `limit` at most, from where the page before ended; a page with a `next` may hold fewer, or none. */
  async page(
    scope: Scope,
    listName: string,
    { filter, limit, token }: { filter?: ContactFilter | undefined; limit: number; token?: string | undefined },
  ): Promise<{ contacts: Contact[]; next?: string }> {
    const list = await this.lists.get(scope, listName);
    const place = pagedList(`contact ${listName}`, scope);
    const after = token === undefined ? '' : readPageToken(place, token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${token}>.`);
    const wish = filter && wishOf(list, filter);
    const { account, region } = scope;
    const { rows } = this.#needs;
    const until = wish && (await rows.first(addressFurtherOn({ account, region, after, distance: MOST_LOOKED_AT })));
    const search = { scope, after, until: until?.address, wish, limit: limit + 1 };
    const found = (await rows.all(contactsAfter(search))) as ContactRow[];
    const contacts = await this.#read(scope, list, found.slice(0, limit));
    const last = found.length > limit ? found[limit - 1]!.address : until?.address;
    return last === undefined ? { contacts } : { contacts, next: pageToken(place, last) };
  }

  /** Preferences are merged by topic, everything else is replaced (SES: UpdateContact). */
  async update(scope: Scope, listName: string, address: string, input: ContactInput): Promise<void> {
    await this.#check(scope, listName, address, input);
    const { account, region } = scope;
    const change = replaceContact({
      account,
      region,
      address: addressKey(address),
      unsubscribed: Number(input.unsubscribed),
      attributes: input.attributes ?? null,
      updated: this.#needs.clock.civil(),
    });
    const batch = [change, ...saying(scope, address, input)];
    if (!(await this.#needs.rows.write(batch, 'durable')).applied) throw noContact(address);
  }

  async remove(scope: Scope, listName: string, address: string): Promise<void> {
    checkAddress(address);
    await this.lists.get(scope, listName);
    const one = { account: scope.account, region: scope.region, address: addressKey(address) };
    const batch = [deleteContact(one), deletePreferences(one)];
    if (!(await this.#needs.rows.write(batch, 'durable')).applied) throw noContact(address);
  }

  /** Whom a message to a list (and topic) must not reach. An unknown list or topic is refused. */
  async subscription(
    scope: Scope,
    { list: listName, topic: topicName }: { list: string; topic?: string | undefined },
    addresses: readonly string[],
  ): Promise<Subscription> {
    const list = await this.lists.get(scope, listName);
    const topic = topicName === undefined ? undefined : topicOf(list, topicName);
    const keys = [...new Set(addresses.map(addressKey))];
    const rows = keys.length === 0 ? [] : await this.#needs.rows.all(standings(scope, keys, topicName));
    const known = new Map(
      rows.map(({ address, unsubscribed, subscribed }) => [
        address,
        { unsubscribed: unsubscribed === 1, said: subscribed === null ? undefined : subscribed === 1 },
      ]),
    );
    const strangers = new Map(addresses.map((address) => [addressKey(address), address]));
    for (const key of known.keys()) strangers.delete(key);
    const standingOf = (address: string) => known.get(addressKey(address)) ?? { unsubscribed: false };
    return {
      optedOut: new Set(addresses.filter((address) => isOptedOut(topic, standingOf(address)))),
      commands: [...strangers.values()].map((address) =>
        addContact(this.#newRow(scope, listName, address, { unsubscribed: false })),
      ),
    };
  }

  /** For a link in a message. */
  token(link: UnsubscribeLink): string {
    return unsubscribeToken(this.#tokens, link);
  }

  /** Nothing where the token was not made here. */
  readToken(token: string): UnsubscribeLink | undefined {
    return readUnsubscribeToken(this.#tokens, token);
  }

  /** What whoever has the link may choose from; nothing where the list is gone. */
  async choices(link: UnsubscribeLink): Promise<{ list: ContactList; preferences: Preferences } | undefined> {
    const list = await this.lists.find(link.scope, link.list);
    return list && { list, preferences: preferencesOf(list.topics, await this.#choices(link)) };
  }

  /**
   * Leaves the topic of the link, or everything where it has none, even if the contact or the topic is gone in between.
   * False where the list is.
   */
  unsubscribe(link: UnsubscribeLink): Promise<boolean> {
    const { topic } = link;
    const decision = topic ? { preferences: [{ topic, subscribed: false }] } : { unsubscribed: true };
    return this.#decide(link, 'UnsubscribeHeader', decision);
  }

  /** What was chosen on the page; topics that are not named stay as they are. False where the list is gone. */
  choose(link: UnsubscribeLink, decision: Required<Decision>): Promise<boolean> {
    return this.#decide(link, 'UnsubscribeLandingPage', decision);
  }

  /** Compare and set until it holds; repeating it changes nothing. */
  async #decide(link: UnsubscribeLink, source: SubscriptionChange['source'], decision: Decision): Promise<boolean> {
    const { rows, clock, changed } = this.#needs;
    for (;;) {
      const list = await this.lists.find(link.scope, link.list);
      if (!list) return false;
      const now = await this.#choices(link);
      const preferences = (decision.preferences ?? []).filter(
        ({ topic, subscribed }) => now.said.get(topic) !== subscribed,
      );
      const unsubscribed = decision.unsubscribed ?? now.unsubscribed;
      if (preferences.length === 0 && unsubscribed === now.unsubscribed && now.row) return true;
      const said = new Map([...now.said, ...preferences.map(({ topic, subscribed }) => [topic, subscribed] as const)]);
      const at = clock.civil();
      const before = preferencesOf(list.topics, now);
      const after = preferencesOf(list.topics, { unsubscribed, said });
      const recorded = samePreferences(before, after)
        ? undefined
        : await changed({ ...link, source, before, after, at });
      const batch = [
        now.row
          ? replaceContactVersion({ ...now.row, unsubscribed: Number(unsubscribed), updated: at })
          : insertContact(this.#newRow(link.scope, link.list, link.address, { unsubscribed })),
        ...saying(link.scope, link.address, { preferences }),
        ...(recorded?.batch ?? []),
      ];
      if (!(await rows.write(batch, 'durable')).applied) continue;
      recorded?.announce();
      return true;
    }
  }

  async #choices({ scope, address }: UnsubscribeLink): Promise<Choices & { row: ContactRow | undefined }> {
    const row = await this.#row(scope, address);
    const said = await this.#said(scope, [addressKey(address)]);
    return { row, unsubscribed: row?.unsubscribed === 1, said: said.get(addressKey(address)) ?? new Map() };
  }

  /** In SES's order: the address, the list, its topics. */
  async #check(scope: Scope, listName: string, address: string, input: ContactInput): Promise<void> {
    checkAddress(address);
    checkAttributes(input.attributes);
    const list = await this.lists.get(scope, listName);
    checkTopics(
      list,
      input.preferences.map(({ topic }) => topic),
    );
  }

  #newRow(
    { account, region }: Scope,
    list: string,
    address: string,
    { unsubscribed, attributes = null }: { unsubscribed: boolean; attributes?: string | null | undefined },
  ) {
    const key = addressKey(address);
    const at = this.#needs.clock.civil();
    return {
      account,
      region,
      list,
      address: key,
      written: address,
      unsubscribed: Number(unsubscribed),
      attributes,
      at,
    };
  }

  #row({ account, region }: Scope, address: string): Promise<ContactRow | undefined> {
    return this.#needs.rows.first(contactByAddress({ account, region, address: addressKey(address) }));
  }

  async #read(scope: Scope, { topics }: ContactList, rows: readonly ContactRow[]): Promise<Contact[]> {
    const said = await this.#said(
      scope,
      rows.map(({ address }) => address),
    );
    return rows.map((row) => {
      const own = said.get(row.address) ?? new Map<string, boolean>();
      return {
        address: row.written,
        unsubscribed: row.unsubscribed === 1,
        preferences: spoken(topics, own),
        defaults: assumed(topics, own),
        attributes: row.attributes ?? undefined,
        created: row.created,
        updated: row.updated,
      };
    });
  }

  /** By address and topic. */
  async #said(scope: Scope, addresses: readonly string[]): Promise<Map<string, Map<string, boolean>>> {
    if (addresses.length === 0) return new Map();
    const found = await this.#needs.rows.all(preferencesOfAddresses(scope, addresses));
    const said = new Map(addresses.map((address) => [address, new Map<string, boolean>()]));
    for (const { address, topic, subscribed } of found) said.get(address)?.set(topic, subscribed === 1);
    return said;
  }
}

const noContact = (address: string) => new Refusal('not-found', `${address} doesn't exist in List.`);

function saying({ account, region }: Scope, address: string, { preferences }: Pick<ContactInput, 'preferences'>) {
  const last = new Map(preferences.map(({ topic, subscribed }) => [topic, Number(subscribed)]));
  return [...last].map(([topic, subscribed]) =>
    setPreference({ account, region, address: addressKey(address), topic, subscribed }),
  );
}

function wishOf(list: ContactList, { subscribed, topic, useDefault }: ContactFilter): Wish {
  if (topic === undefined) return { subscribed };
  const { subscribedByDefault } = topicOf(list, topic);
  return { subscribed, topic, otherwise: useDefault ? subscribedByDefault : undefined };
}
