/**
 * Configuration sets: what is different for mail that names one (how it is delivered, whether it is sent at all, which
 * suppression reasons count, how it is tracked) and where its events go.
 *
 * A set is one document: a change is seen wholly or not at all, and a set that is removed takes its destinations with it.
 * A refused change leaves everything as it was. What was accepted under a set keeps the promises of that moment.
 */
import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import { generation } from '../../storage/generations.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import { checkResourceTags, type ResourceTag } from '../accounts/accounts.ts';
import type { Publications, TopicTarget } from '../targets/targets.ts';
import { checkDestination, checkDestinationName, type Destination, detailOf } from './destinations.ts';
import { checkSetName } from './names.ts';

export type { Destination, Dimension } from './destinations.ts';

/** Why an address is on a suppression list. */
export type SuppressionReason = 'bounce' | 'complaint';

export interface Tracking {
  /** Links and pixels lead to this domain of the customer's; to ours where it is absent. */
  readonly domain?: string | undefined;
  /** `optional` where it is absent. */
  readonly https?: 'optional' | 'require' | 'require-open-only' | undefined;
}

/** Whether mail goes to addresses that look as if nobody reads them. */
export interface AddressValidation {
  readonly enabled: boolean;
  readonly threshold?: 'medium' | 'high' | 'managed' | undefined;
}

/** How mail is delivered. */
export interface DeliveryOptions {
  /** `optional` where it is absent: plain text to a peer without TLS; `require`: such a peer never gets it. */
  readonly tls?: 'optional' | 'require' | undefined;
  /** Of addresses that it is sent from. */
  readonly pool?: string | undefined;
  /** 300 to 50,400; SES's own limit where it is absent. */
  readonly maxDeliverySeconds?: number | undefined;
}

export interface SuppressionOptions {
  /** Reasons that count: the account's where it is absent, none where it is empty. */
  readonly suppression?: readonly SuppressionReason[] | undefined;
  readonly suppressionScope?: 'account' | 'tenant' | undefined;
  readonly validation?: AddressValidation | undefined;
}

/** Everything but the name that may be given at creation; a group that is absent was never set. */
export interface Options extends DeliveryOptions, SuppressionOptions {
  readonly tracking?: Tracking | undefined;
  readonly reputationMetrics?: boolean | undefined;
  readonly sendingEnabled?: boolean | undefined;
  /** ARN of an archive. */
  readonly archive?: string | undefined;
  readonly vdm?: { readonly engagementMetrics?: boolean; readonly optimizedSharedDelivery?: boolean } | undefined;
  readonly tags?: readonly ResourceTag[] | undefined;
  readonly security?: MessageSecurity | undefined;
}

/** Whether mail is signed with S/MIME, too: where the author's identity has a certificate. */
export interface MessageSecurity {
  readonly scheme?: 'default' | 'smime' | undefined;
}

interface Document extends Options {
  readonly reputationMetrics: boolean;
  readonly sendingEnabled: boolean;
  /** Civil milliseconds at which sending was enabled again. */
  readonly freshStart?: number | undefined;
  readonly tags: readonly ResourceTag[];
  readonly destinations: readonly Destination[];
}

export interface ConfigurationSet extends Document {
  readonly name: string;
  /** Civil milliseconds. */
  readonly created: number;
}

/** SES: quotas of configuration sets. */
const MOST_SETS = 10_000;
const MOST_DESTINATIONS = 10;
/** Sets kept per scope until its generation moves, and scopes kept. */
const MOST_CACHED = 10_000;
const MOST_SCOPES = 10_000;
/** Rows read at a time when a list is searched. */
const SEARCH_STEP = 1_000;

const KIND = 'configuration-set';
const VALIDATED = 'Successfully validated SNS topic for Amazon SES event publishing.';

interface Needs {
  readonly rows: Rows;
  readonly topics: TopicTarget;
  readonly publications: Publications;
  readonly clock: Clock;
  /** Whether the scope has shown that the domain is its own. */
  readonly ownsDomain: (scope: Scope, domain: string) => Promise<boolean>;
  readonly hasPool: (scope: Scope, name: string) => Promise<boolean>;
}

interface Cache {
  readonly generation: number;
  readonly sets: Map<string, Promise<ConfigurationSet | undefined>>;
}

export class ConfigurationSets {
  readonly #needs: Needs;
  readonly #sets: Documents<Document>;
  readonly #caches = new Map<string, Cache>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#sets = documents(needs.rows, KIND);
  }

  async create(scope: Scope, name: string, options: Options = {}): Promise<void> {
    checkSetName(name);
    const { rows, clock } = this.#needs;
    if (await this.#sets.get(scope, name)) throw alreadyExists(name);
    checkResourceTags(options.tags ?? []);
    await this.#checkTracking(scope, options.tracking);
    await this.#checkPool(scope, options);
    if ((await this.#sets.count(scope)) >= MOST_SETS) {
      throw new Refusal('limit-exceeded', `Configuration set count exceeds ${MOST_SETS}.`);
    }
    const document: Document = {
      ...options,
      reputationMetrics: options.reputationMetrics ?? false,
      sendingEnabled: options.sendingEnabled ?? true,
      tags: options.tags ?? [],
      destinations: [],
    };
    const batch = this.#sets.create(scope, name, document, clock.civil());
    if (!(await rows.write(batch, 'durable')).applied) throw alreadyExists(name);
  }

  async get(scope: Scope, name: string): Promise<ConfigurationSet> {
    return setOf(await this.#existing(scope, name));
  }

  /** As it is now, but asked of the storage only once it has changed: for every message that names it. */
  async find(scope: Scope, name: string): Promise<ConfigurationSet | undefined> {
    const { sets } = await this.#cache(scope);
    const known = sets.get(name);
    if (known) return known;
    if (sets.size >= MOST_CACHED) sets.clear();
    const found = this.#sets.get(scope, name).then((set) => set && setOf(set));
    sets.set(name, found);
    found.catch(() => sets.delete(name));
    return found;
  }

  /** By name, `limit` at most, from where the page before ended; only names that contain the text, where it is given. */
  async page(
    scope: Scope,
    { limit, token, contains = '' }: { limit: number; token?: string | undefined; contains?: string | undefined },
  ): Promise<{ names: string[]; next?: string }> {
    const list = pagedList(KIND, scope);
    let after = token === undefined ? '' : readPageToken(list, token);
    if (after === undefined) throw new Refusal('invalid-parameter', `invalid nextToken ${token}`);
    const names: string[] = [];
    const step = contains === '' ? limit + 1 : SEARCH_STEP;
    for (;;) {
      const found = await this.#sets.list(scope, { after, limit: step });
      names.push(...found.map(({ name }) => name).filter((name) => name.includes(contains)));
      if (found.length < step || names.length > limit) break;
      after = found.at(-1)!.name;
    }
    if (names.length <= limit) return { names };
    const shown = names.slice(0, limit);
    return { names: shown, next: pageToken(list, shown.at(-1)!) };
  }

  /** With its destinations and options. */
  async remove(scope: Scope, name: string): Promise<void> {
    await this.#existing(scope, name);
    const { applied } = await this.#needs.rows.write(this.#sets.remove(scope, name), 'durable');
    if (!applied) throw notFound(name);
  }

  /** All of them at once: one that is absent is unset. */
  async setDelivery(scope: Scope, name: string, options: DeliveryOptions): Promise<void> {
    await this.#existing(scope, name);
    await this.#checkPool(scope, options);
    const { tls, pool, maxDeliverySeconds } = options;
    await this.#change(scope, name, (set) => ({ ...set, tls, pool, maxDeliverySeconds }));
  }

  /** Where there is nothing to be set nothing is changed. */
  async setSecurity(scope: Scope, name: string, security: MessageSecurity | undefined): Promise<void> {
    if (security) await this.#change(scope, name, (set) => ({ ...set, security }));
    else await this.#existing(scope, name);
  }

  async setTls(scope: Scope, name: string, tls: DeliveryOptions['tls']): Promise<void> {
    await this.#change(scope, name, (set) => ({ ...set, tls }));
  }

  async setReputationMetrics(scope: Scope, name: string, reputationMetrics: boolean): Promise<void> {
    await this.#change(scope, name, (set) => ({ ...set, reputationMetrics }));
  }

  /** Enabling what was paused begins its reputation anew. */
  async setSendingEnabled(scope: Scope, name: string, sendingEnabled: boolean): Promise<void> {
    const now = this.#needs.clock.civil();
    await this.#change(scope, name, (set) => {
      const freshStart = sendingEnabled && !set.sendingEnabled ? now : set.freshStart;
      return { ...set, sendingEnabled, freshStart };
    });
  }

  async setSuppression(scope: Scope, name: string, options: SuppressionOptions): Promise<void> {
    const { suppression, suppressionScope, validation } = options;
    await this.#change(scope, name, (set) => ({ ...set, suppression, suppressionScope, validation }));
  }

  /** Nothing unsets it. */
  async setTracking(scope: Scope, name: string, tracking: Tracking | undefined): Promise<void> {
    await this.#existing(scope, name);
    await this.#checkTracking(scope, tracking);
    await this.#change(scope, name, (set) => ({ ...set, tracking }));
  }

  /** Only where there is no domain yet (SES: CreateConfigurationSetTrackingOptions). */
  async addTrackingDomain(scope: Scope, name: string, domain: string | undefined): Promise<void> {
    await this.#checkTrackingDomain(scope, domain);
    await this.#change(scope, name, (set) => {
      if (set.tracking?.domain !== undefined) {
        const text = `Configuration set <${name}> already has tracking options.`;
        throw new Refusal('already-exists', text, { ConfigurationSetName: name });
      }
      return { ...set, tracking: { ...set.tracking, domain } };
    });
  }

  async changeTrackingDomain(scope: Scope, name: string, domain: string | undefined): Promise<void> {
    await this.#checkTrackingDomain(scope, domain);
    await this.#change(scope, name, (set) => {
      if (set.tracking?.domain === undefined) throw noTracking(name);
      return { ...set, tracking: { ...set.tracking, domain } };
    });
  }

  async removeTracking(scope: Scope, name: string): Promise<void> {
    await this.#change(scope, name, (set) => {
      if (set.tracking?.domain === undefined) throw noTracking(name);
      return { ...set, tracking: undefined };
    });
  }

  /** Nothing unsets it. */
  async setArchive(scope: Scope, name: string, archive: string | undefined): Promise<void> {
    await this.#change(scope, name, (set) => ({ ...set, archive }));
  }

  /** False where there is no such set. */
  async retag(
    scope: Scope,
    name: string,
    change: (tags: readonly ResourceTag[]) => readonly ResourceTag[],
  ): Promise<boolean> {
    if (!(await this.#sets.get(scope, name))) return false;
    await this.#change(scope, name, (set) => ({ ...set, tags: change(set.tags) }));
    return true;
  }

  async setVdm(scope: Scope, name: string, vdm: Options['vdm']): Promise<void> {
    await this.#change(scope, name, (set) => ({ ...set, vdm }));
  }

  /** A topic is told, in the same step, that it is now published to. */
  async addDestination(scope: Scope, setName: string, destination: Destination): Promise<void> {
    checkDestination(scope, setName, destination);
    const { name } = destination;
    const test = async () => this.#testOf(scope, setName, destination);
    await this.#change(
      scope,
      setName,
      (set) => {
        if (set.destinations.some((one) => one.name === name)) {
          const text = `An event destination with name <${name}> already exists for configuration set <${setName}>.`;
          throw new Refusal('already-exists', text, detailOf(setName, name));
        }
        if (set.destinations.length >= MOST_DESTINATIONS) {
          throw new Refusal('limit-exceeded', `Event destination count exceeds ${MOST_DESTINATIONS}.`);
        }
        return { ...set, destinations: [...set.destinations, destination] };
      },
      test,
    );
    this.#needs.publications.loop.wake();
  }

  /** The whole of it, in its place; false if the set has none of that name. */
  async replaceDestination(scope: Scope, setName: string, destination: Destination): Promise<boolean> {
    checkDestination(scope, setName, destination);
    const { destinations } = await this.get(scope, setName);
    if (!destinations.some(({ name }) => name === destination.name)) return false;
    await this.#checkTopic(scope, setName, destination);
    await this.#change(scope, setName, (set) => ({
      ...set,
      destinations: set.destinations.map((one) => (one.name === destination.name ? destination : one)),
    }));
    return true;
  }

  /** False if the set has none of that name. */
  async removeDestination(scope: Scope, setName: string, name: string): Promise<boolean> {
    checkDestinationName(name);
    const { destinations } = await this.get(scope, setName);
    if (!destinations.some((one) => one.name === name)) return false;
    await this.#change(scope, setName, (set) => ({
      ...set,
      destinations: set.destinations.filter((one) => one.name !== name),
    }));
    return true;
  }

  /** Compare and set until it holds; `more` goes into the same batch. */
  async #change(
    scope: Scope,
    name: string,
    next: (set: Document) => Document,
    more: () => Promise<readonly Command[]> = async () => [],
  ): Promise<void> {
    const { rows, clock } = this.#needs;
    for (;;) {
      const present = await this.#existing(scope, name);
      const value = next(present.value);
      const batch = [...this.#sets.replace(scope, present, value, clock.civil()), ...(await more())];
      if ((await rows.write(batch, 'durable')).applied) return;
    }
  }

  async #existing(scope: Scope, name: string): Promise<Versioned<Document>> {
    const found = await this.#sets.get(scope, name);
    if (!found) throw notFound(name);
    return found;
  }

  async #testOf(scope: Scope, setName: string, destination: Destination): Promise<readonly Command[]> {
    if (destination.topic === undefined) return [];
    await this.#checkTopic(scope, setName, destination);
    return (await this.#needs.topics.publishing(destination.topic, { message: VALIDATED })).batch;
  }

  /** It must be a topic of the same account and region. */
  async #checkTopic(scope: Scope, setName: string, { name, topic }: Destination): Promise<void> {
    if (topic === undefined) return;
    const isOurs = topic.includes(`:${scope.region}:${scope.account}:`);
    if (isOurs && (await this.#needs.topics.find(topic))) return;
    throw new Refusal('invalid-sns-topic', `SNS topic <${topic}> not found.`, detailOf(setName, name));
  }

  async #checkTracking(scope: Scope, tracking: Tracking | undefined): Promise<void> {
    if (!tracking) return;
    const { domain, https } = tracking;
    if (domain?.trim() === '' || (domain === undefined && https !== undefined)) {
      throw new Refusal('invalid-parameter', 'CustomRedirectDomain must be specified.');
    }
    if (domain !== undefined) await this.#checkOwned(scope, domain);
  }

  async #checkTrackingDomain(scope: Scope, domain: string | undefined): Promise<void> {
    if (!domain?.trim()) {
      throw new Refusal('invalid-parameter', 'At least one field of TrackingOptions must contain a value.');
    }
    await this.#checkOwned(scope, domain);
  }

  async #checkOwned(scope: Scope, domain: string): Promise<void> {
    if (await this.#needs.ownsDomain(scope, domain)) return;
    throw new Refusal('invalid-parameter', `Domain <${domain}> is not verified under this account.`);
  }

  async #checkPool(scope: Scope, { pool }: DeliveryOptions): Promise<void> {
    if (pool === undefined) return;
    if (!pool.trim()) throw new Refusal('invalid-parameter', "sendingPoolName can't be blank.");
    if (await this.#needs.hasPool(scope, pool)) return;
    throw new Refusal('invalid-parameter', `SendingPool <${pool}> doesn't exist`);
  }

  /** What was found before, as long as nothing of the scope has changed since. */
  async #cache(scope: Scope): Promise<Cache> {
    const key = `${scope.account} ${scope.region}`;
    const current = await generation(this.#needs.rows, scope);
    const known = this.#caches.get(key);
    if (known?.generation === current) return known;
    if (this.#caches.size >= MOST_SCOPES) this.#caches.clear();
    const cache: Cache = { generation: current, sets: new Map() };
    this.#caches.set(key, cache);
    return cache;
  }
}

function notFound(name: string): Refusal {
  return new Refusal('configuration-set-not-found', `Configuration set <${name}> does not exist.`, {
    ConfigurationSetName: name,
  });
}

function setOf({ name, created, value }: Versioned<Document>): ConfigurationSet {
  return { name, created, ...value };
}

function alreadyExists(name: string): Refusal {
  const text = `Configuration set ${name} already exists.`;
  return new Refusal('already-exists', text, { ConfigurationSetName: name });
}

function noTracking(name: string): Refusal {
  const text = `There are no tracking options for configuration set <${name}>`;
  return new Refusal('not-found', text, { ConfigurationSetName: name });
}
