import { formatArn, parseArn } from '../../base/arn.ts';
import { type Clock, DAY } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import { wants } from './filter-policy.ts';
import { type MessageAttributes, sizeOf } from './message-attributes.ts';
import type { Posting, Publications } from './publications.ts';
import {
  checkEndpoint,
  confirmsItself,
  defaultSubscription,
  type Protocol,
  type Subscription,
  type SubscriptionSettings,
} from './subscriptions.ts';
import type { SignatureVersion } from './topic-signer.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
  readonly settings: TopicSettings;
  readonly tags: Readonly<Record<string, string>>;
}

export interface TopicSettings {
  readonly displayName: string;
  readonly signature: SignatureVersion;
  /** What is kept and shown and changes nothing here, by its name on the wire: policies. */
  readonly kept: Readonly<Record<string, string>>;
}

export const defaultTopic: TopicSettings = { displayName: '', signature: '1', kept: {} };

export interface MessageToPublish {
  readonly subject?: string | undefined;
  readonly message: string;
  /** What subscribers of a protocol get instead of it. */
  readonly byProtocol?: Readonly<Record<string, string>> | undefined;
  readonly attributes?: MessageAttributes | undefined;
}

export interface Notification {
  readonly id: string;
  readonly topic: Topic;
  readonly subject?: string | undefined;
  readonly message: string;
  readonly attributes: MessageAttributes;
  /** Civil milliseconds. */
  readonly at: number;
}

/** The shape of what is brought belongs to the doors. */
export interface TopicDocuments {
  /** One message, for each of its subscribers. */
  notification(notification: Notification): (subscription: Subscription) => Promise<Posting>;
  confirmation(subscription: Subscription, topic: Topic, posted: { id: string; at: number }): Promise<Posting>;
}

/** SNS: 256 KB a message, counted in octets with its attributes. */
export const MOST_MESSAGE = 262_144;
const MOST_SUBSCRIPTIONS = 10_000;
/** SNS: how long a subscriber may confirm. */
const TOKEN_LIFETIME = 2 * DAY;

interface Needs {
  readonly rows: Rows;
  readonly publications: Publications;
  readonly documents: TopicDocuments;
  readonly clock: Clock;
  readonly random: Random;
}

type Kept = Partial<Pick<Topic, 'settings' | 'tags'>>;
type KeptSubscription = Omit<Subscription, 'arn'>;

/** Topics and who is subscribed to them. A published message is owed to each confirmed subscriber until it is delivered. */
export class Topics {
  readonly #needs: Needs;
  readonly #topics: Documents<Kept>;
  readonly #subscriptions: Documents<KeptSubscription>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#topics = documents(needs.rows, 'topic');
    this.#subscriptions = documents(needs.rows, 'subscription');
  }

  /** The topic of that name, made if it is not there yet. */
  async create(scope: Scope, name: string, settings = defaultTopic, tags: Topic['tags'] = {}): Promise<Topic> {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw new Refusal('invalid-parameter', 'Invalid parameter: Topic Name');
    const { rows, clock } = this.#needs;
    const { applied } = await rows.write(
      this.#topics.create(scope, name, { settings, tags }, clock.civil()),
      'durable',
    );
    const topic = topicOf(scope, name, { settings, tags });
    return applied ? topic : ((await this.find(topic.arn)) ?? this.create(scope, name, settings, tags));
  }

  async find(arn: string): Promise<Topic | undefined> {
    const place = placeOf(arn);
    const found = place && (await this.#topics.get(place.scope, place.name));
    return found && topicOf(place.scope, place.name, found.value);
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    scope: Scope,
    { limit, token }: { limit: number; token?: string | undefined },
  ): Promise<{ topics: Topic[]; next?: string }> {
    const found = await this.#topics.list(scope, {
      after: placeIn(pagedList('topic', scope), token),
      limit: limit + 1,
    });
    const topics = found.slice(0, limit).map(({ name, value }) => topicOf(scope, name, value));
    return found.length <= limit
      ? { topics }
      : { topics, next: pageToken(pagedList('topic', scope), topics.at(-1)!.name) };
  }

  /** Somebody else's topic, or one of another region, looks like none. */
  async owned(scope: Scope, arn: string): Promise<Topic> {
    const topic = await this.find(arn);
    if (!topic || !isIn(scope, arn)) throw new Refusal('no-such-topic', 'Topic does not exist');
    return topic;
  }

  async change(arn: string, changed: (topic: Topic) => Kept): Promise<void> {
    const { rows, clock } = this.#needs;
    for (;;) {
      const { scope, name } = await this.#existing(arn);
      const found = await this.#topics.get(scope, name);
      if (!found) throw noTopic();
      const batch = this.#topics.replace(scope, found, changed(topicOf(scope, name, found.value)), clock.civil());
      if ((await rows.write(batch, 'durable')).applied) return;
    }
  }

  /** With its subscriptions. Nothing happens where there is none. */
  async remove(scope: Scope, arn: string): Promise<void> {
    const topic = await this.find(arn);
    if (!topic || !isIn(scope, arn)) return;
    const batch = (await this.subscriptions(arn)).flatMap((one) => this.#subscriptions.remove(scope, one.arn));
    await this.#needs.rows.write([...batch, ...this.#topics.remove(placeOf(arn)!.scope, topic.name)], 'durable');
  }

  /**
   * A subscriber with a link confirms by the token that is brought to it; until then it is owed nothing else. The same
   * endpoint once more is the same subscription, and is asked again if it has not answered.
   */
  async subscribe(
    topicArn: string,
    { protocol, endpoint, settings }: { protocol: Protocol; endpoint: string; settings?: SubscriptionSettings },
  ): Promise<Subscription> {
    const { scope, topic } = await this.#existing(topicArn);
    checkEndpoint(protocol, endpoint, scope.account);
    const { rows, random, clock, publications } = this.#needs;
    const all = await this.subscriptions(topicArn);
    const present = all.find((one) => one.protocol === protocol && one.endpoint === endpoint);
    if (present && settings && JSON.stringify(settings) !== JSON.stringify(present.settings)) {
      const reason = 'Subscription already exists with different attributes';
      throw new Refusal('invalid-parameter', `Invalid parameter: Attributes Reason: ${reason}`);
    }
    if (present?.confirmed) return present;
    const subscription: Subscription = present ?? {
      arn: `${topicArn}:${random.uuid()}`,
      topicArn,
      protocol,
      endpoint,
      confirmed: confirmsItself(protocol),
      token: random.bytes(96).toString('hex'),
      asked: clock.civil(),
      settings: settings ?? defaultSubscription,
    };
    const { arn, ...value } = subscription;
    const batch = present ? [] : this.#subscriptions.create(scope, arn, value, clock.civil());
    if (!subscription.confirmed) batch.push(await this.#asking(scope, topic, subscription));
    await rows.write(batch, 'durable');
    publications.loop.wake();
    return subscription;
  }

  async #asking(scope: Scope, topic: Topic, subscription: Subscription): Promise<Command> {
    const { publications, documents, random, clock } = this.#needs;
    const posting = await documents.confirmation(subscription, topic, { id: random.uuid(), at: clock.civil() });
    return publications.owe(scope, subscription.endpoint, posting);
  }

  async confirm(topicArn: string, token: string, { signedUnsubscribe = false } = {}): Promise<Subscription> {
    const scope = placeOf(topicArn)?.scope;
    const subscription = (await this.subscriptions(topicArn)).find((one) => one.token === token);
    const late =
      subscription && !subscription.confirmed && subscription.asked + TOKEN_LIFETIME < this.#needs.clock.civil();
    // A topic that is not there, too, so that nobody learns by its absence which are.
    if (!scope || !subscription || late) throw new Refusal('invalid-parameter', 'Invalid parameter: Token');
    if (subscription.confirmed) return subscription;
    return this.#changeSubscription(scope, subscription.arn, (value) => ({
      ...value,
      confirmed: true,
      settings: { ...value.settings, signedUnsubscribe: signedUnsubscribe || value.settings.signedUnsubscribe },
    }));
  }

  /** Somebody else's subscription looks like none. */
  async ownedSubscription(scope: Scope, arn: string): Promise<Subscription> {
    const found = isIn(scope, arn) ? await this.#subscriptions.get(scope, arn) : undefined;
    if (!found) throw new Refusal('no-such-subscription', 'Subscription does not exist');
    return subscriptionOf(found);
  }

  async changeSubscription(arn: string, settings: SubscriptionSettings): Promise<void> {
    await this.#changeSubscription(placeOf(arn)!.scope, arn, (value) => ({ ...value, settings }));
  }

  async #changeSubscription(
    scope: Scope,
    arn: string,
    changed: (value: KeptSubscription) => KeptSubscription,
  ): Promise<Subscription> {
    const { rows, clock } = this.#needs;
    for (;;) {
      const found = await this.#subscriptions.get(scope, arn);
      if (!found) throw new Refusal('no-such-subscription', 'Subscription does not exist');
      const value = changed(found.value);
      const batch = this.#subscriptions.replace(scope, found, value, clock.civil());
      if ((await rows.write(batch, 'durable')).applied) return { arn, ...value };
    }
  }

  /** By whoever has its ARN, which nobody can guess, unless it wants a signature. */
  async unsubscribe(arn: string, by: { signed: boolean }): Promise<void> {
    const scope = placeOf(arn)?.scope;
    const found = scope && (await this.#subscriptions.get(scope, arn));
    if (!found) return;
    if (found.value.settings.signedUnsubscribe && !by.signed) {
      throw new Refusal('access-denied', 'This subscription is ended by its owner only');
    }
    await this.#needs.rows.write(this.#subscriptions.remove(scope, arn), 'durable');
  }

  /** Of one topic. */
  async subscriptions(topicArn: string): Promise<Subscription[]> {
    const place = placeOf(topicArn);
    if (!place) return [];
    // A subscription's ARN is its topic's ARN and an id: they stand together in the order of names.
    const page = { after: `${topicArn}:`, limit: MOST_SUBSCRIPTIONS };
    const found = await this.#subscriptions.list(place.scope, page);
    return found.map(subscriptionOf).filter((one) => one.topicArn === topicArn);
  }

  /** Of all topics of a scope, or of one, by ARN. */
  async subscriptionPage(
    scope: Scope,
    { limit, token, topicArn }: { limit: number; token?: string | undefined; topicArn?: string },
  ): Promise<{ subscriptions: Subscription[]; next?: string }> {
    const list = pagedList(topicArn === undefined ? 'subscription' : `subscription ${topicArn}`, scope);
    const after = placeIn(list, token) || (topicArn === undefined ? '' : `${topicArn}:`);
    const found = (await this.#subscriptions.list(scope, { after, limit: limit + 1 })).map(subscriptionOf);
    const wanted = topicArn === undefined ? found : found.filter((one) => one.topicArn === topicArn);
    const subscriptions = wanted.slice(0, limit);
    return wanted.length <= limit
      ? { subscriptions }
      : { subscriptions, next: pageToken(list, subscriptions.at(-1)!.arn) };
  }

  /** Publishes and answers the message id. */
  async publish(topicArn: string, message: MessageToPublish): Promise<string> {
    const { batch, id } = await this.publishing(topicArn, message);
    await this.#needs.rows.write(batch, 'durable');
    this.#needs.publications.loop.wake();
    return id;
  }

  /** The commands of a publish, for a batch that does more than that; wake the publications afterwards. */
  async publishing(topicArn: string, published: MessageToPublish): Promise<{ id: string; batch: Command[] }> {
    const { scope, topic } = await this.#existing(topicArn);
    const { subject, message, byProtocol = {}, attributes = {} } = published;
    if (sizeOf(message, attributes) > MOST_MESSAGE) {
      throw new Refusal('invalid-parameter', 'Invalid parameter: Message too long');
    }
    const { random, clock, publications, documents } = this.#needs;
    const id = random.uuid();
    const notification: Notification = { id, topic, subject, message, attributes, at: clock.civil() };
    const wanting = (await this.subscriptions(topicArn)).filter(
      ({ confirmed, settings: { filter, filterScope } }) =>
        confirmed && (filter === undefined || wants(filter, filterScope, message, attributes)),
    );
    const writers = new Map<string, ReturnType<TopicDocuments['notification']>>();
    const writing = (text: string) => {
      const writer = writers.get(text) ?? documents.notification({ ...notification, message: text });
      writers.set(text, writer);
      return writer;
    };
    const batch = wanting.map(async (subscription) => {
      const posting = await writing(byProtocol[subscription.protocol] ?? message)(subscription);
      return publications.owe(scope, subscription.endpoint, posting);
    });
    return { id, batch: await Promise.all(batch) };
  }

  async #existing(arn: string): Promise<{ scope: Scope; name: string; topic: Topic }> {
    const place = placeOf(arn);
    const topic = place && (await this.find(arn));
    if (!topic) throw noTopic();
    return { ...place!, topic };
  }
}

const noTopic = () => new Refusal('no-such-topic', 'Topic does not exist');

function topicOf({ account, region }: Scope, name: string, { settings, tags = {} }: Kept): Topic {
  const arn = formatArn({ service: 'sns', region, account, resource: name });
  return { name, arn, settings: { ...defaultTopic, ...settings }, tags };
}

function subscriptionOf({ name, value }: Versioned<KeptSubscription>): Subscription {
  return { arn: name, ...value };
}

/** Of a topic's ARN, or of a subscription's (which goes on with an id). */
function placeOf(arn: string): { scope: Scope; name: string } | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'sns') return undefined;
  return { scope: { account: parsed.account, region: parsed.region }, name: parsed.resource.split(':')[0]! };
}

function isIn({ account, region }: Scope, arn: string): boolean {
  const place = placeOf(arn)?.scope;
  return place?.account === account && place.region === region;
}

function placeIn(list: string, token: string | undefined): string {
  const after = token === undefined ? '' : readPageToken(list, token);
  if (after === undefined) throw new Refusal('invalid-parameter', 'Invalid parameter: NextToken');
  return after;
}
