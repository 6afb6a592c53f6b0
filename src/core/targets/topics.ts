import { formatArn, parseArn } from '../../base/arn.ts';
import type { Clock } from '../../base/clock.ts';
import { pageToken, readPageToken } from '../../base/page-token.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Posting, Publications } from './publications.ts';

export interface Topic {
  readonly arn: string;
  readonly name: string;
}

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: 'http' | 'https';
  readonly endpoint: string;
  readonly confirmed: boolean;
  readonly token: string;
  /** The message itself is posted, without the envelope around it. */
  readonly raw: boolean;
}

export interface Notification {
  readonly id: string;
  readonly topicArn: string;
  readonly subject?: string | undefined;
  readonly message: string;
  /** Civil milliseconds. */
  readonly at: number;
}

/** The shape of what is posted belongs to the doors. */
export interface TopicDocuments {
  notification(notification: Notification, subscription: Subscription): Posting;
  confirmation(subscription: Subscription, posted: { id: string; at: number }): Posting;
}

/** SNS: 256 KB a message, counted in octets. */
export const MOST_MESSAGE = 262_144;
const MOST_SUBSCRIPTIONS = 10_000;

interface Needs {
  readonly rows: Rows;
  readonly publications: Publications;
  readonly documents: TopicDocuments;
  readonly clock: Clock;
  readonly random: Random;
}

/** Topics and who is subscribed to them. A published message is owed to each confirmed subscriber until it is delivered. */
export class Topics {
  readonly #needs: Needs;
  readonly #topics: Documents<Record<string, never>>;
  readonly #subscriptions: Documents<Omit<Subscription, 'arn'>>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#topics = documents(needs.rows, 'topic');
    this.#subscriptions = documents(needs.rows, 'subscription');
  }

  /** The topic of that name, made if it is not there yet. */
  async create(scope: Scope, name: string): Promise<Topic> {
    if (!/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw new Refusal('invalid-parameter', 'Invalid parameter: Topic Name');
    const { rows, clock } = this.#needs;
    await rows.write(this.#topics.create(scope, name, {}, clock.civil()), 'durable');
    return topicOf(scope, name);
  }

  async find(arn: string): Promise<Topic | undefined> {
    const place = placeOf(arn);
    if (!place) return undefined;
    const found = await this.#topics.get(place.scope, place.name);
    return found && { arn, name: place.name };
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    scope: Scope,
    { limit, token }: { limit: number; token?: string | undefined },
  ): Promise<{ topics: Topic[]; next?: string }> {
    const after = token === undefined ? '' : readPageToken('topic', token);
    if (after === undefined) throw new Refusal('invalid-parameter', 'Invalid parameter: NextToken');
    const found = await this.#topics.list(scope, { after, limit: limit + 1 });
    const topics = found.slice(0, limit).map(({ name }) => topicOf(scope, name));
    return found.length <= limit ? { topics } : { topics, next: pageToken('topic', topics.at(-1)!.name) };
  }

  /** Somebody else's topic looks like none. */
  async owned(account: string, arn: string): Promise<Topic> {
    const topic = await this.find(arn);
    if (!topic || placeOf(arn)?.scope.account !== account) throw new Refusal('no-such-topic', 'Topic does not exist');
    return topic;
  }

  /** With its subscriptions. Nothing happens where there is none. */
  async remove(scope: Scope, arn: string): Promise<void> {
    const topic = await this.find(arn);
    if (!topic || placeOf(arn)?.scope.account !== scope.account) return;
    const batch = (await this.subscriptions(arn)).flatMap((one) => this.#subscriptions.remove(scope, one.arn));
    await this.#needs.rows.write([...batch, ...this.#topics.remove(placeOf(arn)!.scope, topic.name)], 'durable');
  }

  /** An HTTP subscriber confirms by the token that is posted to it; until then it is owed nothing else. */
  async subscribe(topicArn: string, { protocol, endpoint, raw }: Pick<Subscription, 'protocol' | 'endpoint' | 'raw'>) {
    const { scope } = await this.#existing(topicArn);
    if (!URL.canParse(endpoint) || new URL(endpoint).protocol !== `${protocol}:`) {
      throw new Refusal('invalid-parameter', 'Invalid parameter: Endpoint must match the specified protocol');
    }
    const { rows, random, clock, publications, documents } = this.#needs;
    const present = (await this.subscriptions(topicArn)).find((one) => one.endpoint === endpoint);
    if (present) return present;
    const subscription: Subscription = {
      arn: `${topicArn}:${random.uuid()}`,
      topicArn,
      protocol,
      endpoint,
      confirmed: false,
      token: random.bytes(96).toString('hex'),
      raw,
    };
    const { arn, ...value } = subscription;
    const posting = documents.confirmation(subscription, { id: random.uuid(), at: clock.civil() });
    const owed = publications.owe(scope, endpoint, posting);
    await rows.write([...this.#subscriptions.create(scope, arn, value, clock.civil()), owed], 'durable');
    publications.loop.wake();
    return subscription;
  }

  async confirm(topicArn: string, token: string): Promise<Subscription> {
    const { scope } = await this.#existing(topicArn);
    for (;;) {
      const subscription = (await this.subscriptions(topicArn)).find((one) => one.token === token);
      const found = subscription && (await this.#subscriptions.get(scope, subscription.arn));
      if (!subscription || !found) throw new Refusal('invalid-parameter', 'Invalid parameter: Token');
      if (found.value.confirmed) return subscription;
      const confirmed = { ...found.value, confirmed: true };
      const batch = this.#subscriptions.replace(scope, found, confirmed, this.#needs.clock.civil());
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return { ...subscription, confirmed: true };
    }
  }

  async unsubscribe(arn: string): Promise<void> {
    const scope = placeOf(arn)?.scope;
    if (scope) await this.#needs.rows.write(this.#subscriptions.remove(scope, arn), 'durable');
  }

  /** Of one topic. */
  async subscriptions(topicArn: string): Promise<Subscription[]> {
    const place = placeOf(topicArn);
    if (!place) return [];
    // A subscription's ARN is its topic's ARN and an id: they stand together in the order of names.
    const page = { after: `${topicArn}:`, limit: MOST_SUBSCRIPTIONS };
    const found = await this.#subscriptions.list(place.scope, page);
    return found.map(({ name, value }) => ({ arn: name, ...value })).filter((one) => one.topicArn === topicArn);
  }

  /** Publishes and answers the message id. */
  async publish(topicArn: string, notification: { subject?: string | undefined; message: string }): Promise<string> {
    const { batch, id } = await this.publishing(topicArn, notification);
    await this.#needs.rows.write(batch, 'durable');
    this.#needs.publications.loop.wake();
    return id;
  }

  /** The commands of a publish, for a batch that does more than that; wake the publications afterwards. */
  async publishing(topicArn: string, { subject, message }: { subject?: string | undefined; message: string }) {
    const { scope } = await this.#existing(topicArn);
    if (Buffer.byteLength(message) > MOST_MESSAGE)
      throw new Refusal('invalid-parameter', 'Invalid parameter: Message too long');
    const { random, clock, publications, documents } = this.#needs;
    const notification: Notification = { id: random.uuid(), topicArn, subject, message, at: clock.civil() };
    const confirmed = (await this.subscriptions(topicArn)).filter((one) => one.confirmed);
    const batch: Command[] = confirmed.map((subscription) =>
      publications.owe(scope, subscription.endpoint, documents.notification(notification, subscription)),
    );
    return { id: notification.id, batch };
  }

  async #existing(arn: string): Promise<{ scope: Scope; name: string }> {
    const place = placeOf(arn);
    if (!place || !(await this.#topics.get(place.scope, place.name))) {
      throw new Refusal('no-such-topic', 'Topic does not exist');
    }
    return place;
  }
}

function topicOf({ account, region }: Scope, name: string): Topic {
  return { name, arn: formatArn({ service: 'sns', region, account, resource: name }) };
}

/** Of a topic's ARN, or of a subscription's (which goes on with an id). */
function placeOf(arn: string): { scope: Scope; name: string } | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'sns') return undefined;
  return { scope: { account: parsed.account, region: parsed.region }, name: parsed.resource.split(':')[0]! };
}
