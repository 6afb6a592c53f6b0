/**
 * The wiring: every room of the house, built once, with exactly what it asks for. Read from the ground up. Nothing here
 * listens; the doors do (`doors.ts`).
 */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { keptClockOffset, Life } from './app/life.ts';
import { neighbours } from './app/neighbours.ts';
import { wayOut } from './app/way-out.ts';
import { Budget } from './base/budget.ts';
import { MovableClock } from './base/clock.ts';
import { TimeOrderedIds } from './base/ids.ts';
import type { Log } from './base/log.ts';
import { type OwnNames, ownNames } from './base/own-names.ts';
import { systemRandom } from './base/random.ts';
import {
  Accounts,
  Authority,
  freeLimits,
  Keys,
  ManagedPolicies,
  rootArn,
  Standings,
  sandboxLimits,
  Users,
  Vault,
} from './core/accounts/accounts.ts';
import { ConfigurationSets } from './core/configuration-sets/configuration-sets.ts';
import { Contacts, type SubscriptionChange } from './core/contacts/contacts.ts';
import { Delivery } from './core/delivery/delivery.ts';
import { Outgoing } from './core/delivery/outgoing.ts';
import { SimulatorRoute } from './core/delivery/simulator-route.ts';
import { Events } from './core/events/events.ts';
import { Identities } from './core/identities/identities.ts';
import { Inbox } from './core/inbox/inbox.ts';
import { type Message, Messages } from './core/messages/messages.ts';
import { Notices } from './core/notices/notices.ts';
import { type PublishedHappening, Publishing } from './core/publishing/publishing.ts';
import {
  ActionChecks,
  Actions,
  Authenticators,
  IpFilters,
  Judges,
  Onward,
  Processing,
  ReceiveLimit,
  Receivers,
  Receiving,
  RuleSets,
} from './core/receiving/receiving.ts';
import { Reputation, type SuppressionReason } from './core/reputation/reputation.ts';
import { Reviews } from './core/reviews/reviews.ts';
import { NoticeMail } from './core/sending/notices.ts';
import { OwnMail } from './core/sending/own-mail.ts';
import { Sending } from './core/sending/sending.ts';
import { Templates } from './core/templates/templates.ts';
import { eventDocument } from './edges/aws/event-document.ts';
import { identityNotification } from './edges/aws/identity-notification.ts';
import { receiptNotification } from './edges/aws/receipt-notification.ts';
import { topicSubscribed } from './edges/aws/topic-subscribed.ts';
import { Srs } from './mail/srs.ts';
import { TrackedLinks } from './mail/tracked-links.ts';
import { masterKey } from './settings/master-key.ts';
import type { Settings } from './settings/settings.ts';
import { openEmbedded } from './storage/embedded/embedded.ts';
import type { Scope } from './storage/ports.ts';
import { Dns } from './wire/dns/dns.ts';
import { HttpPost } from './wire/http-post.ts';
import { machineAddresses } from './wire/machine-addresses.ts';
import { SmtpPool } from './wire/smtp/pool.ts';

/** Octets of bodies and messages in flight over all doors together. */
const BYTES_IN_FLIGHT = 256 * 2 ** 20;
/** Connections to one peer address: a smarthost, an exchanger, or our own MX door. */
const CONNECTIONS_PER_PEER = 20;

/** SES's names of the pools that every account has. */
const pools = new Set(['ses-shared-pool', 'ses-default-dedicated-pool']);

/** Owner of the sealed secrets of webhooks. */
const WEBHOOK_SECRET = 'webhook';

export type App = Awaited<ReturnType<typeof buildApp>>;

export async function buildApp(settings: Settings, log: Log) {
  const random = systemRandom;
  const clock = new MovableClock();
  const names = ownNames(settings.domain);
  const budget = new Budget(BYTES_IN_FLIGHT);
  const allowPrivate = settings.privateTargets === 'allow';
  const ca = await Promise.all((settings.ca ?? []).map((path) => readFile(path, 'utf8')));
  /** What is known once the doors are open. */
  const opened = { url: '', secureUrl: '', mx: undefined as { host: string; port: number } | undefined };

  const store = await openEmbedded({
    folder: settings.data,
    clock,
    random,
    log,
    diskReserve: settings.diskReserve,
    // An orderly end would write from a state that nobody knows: die as in a power cut, the log is the truth.
    onFatal: (err) => {
      log.error({ err }, 'the disk failed; nothing more is acknowledged');
      process.kill(process.pid, 'SIGKILL');
    },
  });
  const { rows, bytes } = store;
  clock.offset = await keptClockOffset(rows);

  const vault = new Vault(await masterKey(settings), random);
  const ids = new TimeOrderedIds(clock, random);
  const dns = new Dns(settings.dns);
  const post = new HttpPost({ allowPrivate, ca });
  const pool = new SmtpPool({ connectionsPerPeer: CONNECTIONS_PER_PEER });

  const keys = new Keys({
    rows,
    vault,
    clock,
    random,
    arnOf: async ({ account, userName }) =>
      userName === '' ? rootArn(account) : (await users.find(account, userName))?.arn,
  });
  const managedPolicies = new ManagedPolicies({ rows, clock, random });
  const users = new Users({ rows, keys, managed: managedPolicies, clock, random });
  const authority = new Authority({ users, clock, open: settings.auth === 'open' });
  const accounts = new Accounts({ rows, keys, clock });
  const initial = settings.sandbox === 'on' ? sandboxLimits : freeLimits;
  const standings = new Standings({ rows, clock, initial });
  const events = new Events(rows);
  const messages = new Messages(rows);
  const notices = new Notices({
    rows,
    ids,
    accept: (notice) => noticeMail.accept(notice),
    clock,
    random,
    log,
  });
  const automatic = settings.review === 'auto';
  const reviews = new Reviews({ rows, accounts, standings, notices, automatic, clock, random });
  const { publications, queues, ownTopics, topics, topicSigner, ownBuckets, buckets, uploads } = neighbours(settings, {
    store,
    vault,
    ids,
    post,
    notices,
    opened,
    clock,
    random,
    log,
  });
  const identities = new Identities({
    rows,
    vault,
    dns,
    accounts,
    notices,
    topics,
    publications,
    subscribed: topicSubscribed,
    verify: settings.verify,
    mailsPerDay: settings.verificationMails === 'off' ? undefined : settings.verificationMails,
    isSandboxed: async (scope) => (await standings.of(scope)).sandbox,
    requireSet: async (scope, name) => void (await configurationSets.get(scope, name)),
    url: () => opened.url,
    names,
    own: {
      domain: settings.domain,
      addresses: settings.addresses ?? machineAddresses(networkInterfaces()),
      hostname: settings.hostname,
      region: settings.region,
    },
    clock,
    random,
    log,
  });
  const templates = new Templates({ rows, clock, random });
  const configurationSets = new ConfigurationSets({
    rows,
    topics,
    publications,
    clock,
    // No address has an empty local part: only a domain can cover it.
    ownsDomain: async (scope, domain) => (await identities.covering(scope, `@${domain}`)) !== undefined,
    hasPool: async (_scope, name) => pools.has(name),
  });
  const contacts = new Contacts({ rows, vault, clock, changed: subscriptionChanged });
  const reporting = { hostname: settings.hostname, authority: names.authority };
  const publishing = new Publishing({
    events,
    configurationSets,
    identities,
    topics,
    publications,
    notices,
    bytes,
    render: eventDocument(reporting),
    renderNotification: identityNotification(reporting),
    names,
    hostname: settings.hostname,
    log,
  });
  const outgoing = new Outgoing({
    bytes,
    names,
    clock,
    signingKey: (scope, from) => identities.signingKey(scope, from),
    ownKey: () => identities.ownKey.published,
  });

  const reputation = new Reputation({ rows, clock });
  const links = new TrackedLinks(vault.keyFor('tracked links'));
  const beyond = wayOut(settings, { outgoing, dns, pool, random, ca, opened, receives });
  const delivery = new Delivery({
    rows,
    messages,
    publishing,
    reputation,
    suppressing,
    route: new SimulatorRoute({ beyond, arrive, names, clock, random }),
    clock,
    random,
    log,
  });
  const sending = new Sending({
    store,
    templates,
    contacts,
    identities,
    configurationSets,
    messages,
    delivery,
    publishing,
    reputation,
    suppressing,
    standings,
    authority,
    links,
    url: () => opened.url,
    names,
    clock,
    random,
    log,
  });
  const ownMail = new OwnMail({ store, messages, delivery, publishing, names, clock, random });
  const noticeMail = new NoticeMail({ ownMail, bytes, messages, names, random });

  const covers = async (scope: Scope, address: string) => (await identities.covering(scope, address)) !== undefined;
  const actionChecks = new ActionChecks({
    buckets,
    topics,
    // The registry of functions is still to come.
    functionExists: async () => false,
    covers,
    render: receiptNotification,
    names,
    clock,
  });
  const ruleSets = new RuleSets({ rows, clock, checkAction: (scope, action) => actionChecks.check(scope, action) });
  const ipFilters = new IpFilters({ rows, clock });
  const srs = new Srs(vault.keyFor('rewritten senders'));
  const home = { account: settings.account, region: settings.region };
  const onward = new Onward({ ownMail, srs, home, names, clock, random });
  const actions = new Actions({
    buckets,
    topics,
    onward,
    render: receiptNotification,
    post,
    machineTime: () => clock.civil() - clock.offset,
    open: (sealed) => vault.open(Buffer.from(sealed, 'base64'), WEBHOOK_SECRET),
    daemon: `MAILER-DAEMON@${names.authority}`,
    clock,
  });
  const receiveLimit = new ReceiveLimit({
    rows,
    clock,
    perDay: settings.sandboxReceive === 'off' ? undefined : settings.sandboxReceive,
    inSandbox: async (scope) => (await standings.of(scope)).sandbox,
  });
  // In development nothing leaves the machine, DNS questions neither, unless somebody says whom to ask.
  const mayAsk = settings.profile !== 'development' || settings.dns !== undefined;
  const authenticators = mayAsk ? new Authenticators({ servers: settings.dns }) : undefined;
  const judges = new Judges({ authenticators, log });
  const trustRules = settings.verify === 'auto';
  const processing = new Processing({
    store,
    messages,
    events,
    actions,
    judges,
    publications,
    names,
    clock,
    random,
    log,
  });
  const receiving = new Receiving({
    store,
    messages,
    events,
    receivers: new Receivers({ ruleSets, ipFilters, limit: receiveLimit, covers, trustRules }),
    limit: receiveLimit,
    onward,
    processing,
    names,
    clock,
    random,
  });
  const inbox = new Inbox({ store, messages, delivery, receiving, events, retention: settings.retention, clock, log });

  const life = new Life({
    settings,
    store,
    clock,
    random,
    vault,
    accounts,
    keys,
    identities,
    templates,
    sending,
    delivery,
    ruleSets,
    receiving,
    notices,
    publications,
    queues,
    buckets: ownBuckets,
    uploads,
    inbox,
  });

  /** Which outcomes count for the suppression list: the configuration set's word, else the account's (SES). */
  async function suppressing(message: Message): Promise<readonly SuppressionReason[]> {
    // Ours, not the account's.
    if (message.facts['notice'] !== undefined) return [];
    const name = message.facts['configurationSet'];
    const set = name === undefined ? undefined : await configurationSets.find(message, name);
    return set?.suppression ?? reputation.reasons(message);
  }

  async function receives(recipient: string, peerAddress: string): Promise<boolean> {
    return (await receiving.welcome({ sender: '', recipient, peerAddress, tls: true, accepted: 0 })) === 'yes';
  }

  /** A mail of our own making comes in from nobody, as it would through the MX door; nothing if nobody receives it. */
  async function arrive(recipient: string, content: Buffer): Promise<void> {
    const peerAddress = '127.0.0.1';
    if (!(await receives(recipient, peerAddress))) return;
    const { hostname: helo } = settings;
    await receiving.accept({ envelopeFrom: '', recipients: [recipient], helo, peerAddress, tls: true, content });
  }

  /** Somebody opened a message or followed a link of it; a message that is forgotten has nothing to tell any more. */
  async function visited(messageId: string, at: number, happening: PublishedHappening): Promise<void> {
    const message = await messages.get(messageId);
    if (!message) return;
    await rows.write(await publishing.record({ message, at, happening }), 'committed');
    publishing.announce(message);
  }

  async function subscriptionChanged(change: SubscriptionChange) {
    const { messageId, list: contactList, source, before, after, at } = change;
    const message = await messages.get(messageId);
    if (!message) return { batch: [], announce: () => {} };
    const happening = { type: 'subscription', contactList, source, before, after } as const;
    const batch = await publishing.record({ message, at, happening });
    return { batch, announce: () => publishing.announce(message) };
  }

  return {
    settings,
    log,
    clock,
    random,
    names: names as OwnNames,
    budget,
    store,
    opened,
    accounts,
    keys,
    authority,
    rooms: {
      keys,
      users,
      managedPolicies,
      standings,
      reviews,
      identities,
      contacts,
      configurationSets,
      sending,
      reputation,
      templates,
      ruleSets,
      ipFilters,
      buckets: ownBuckets,
      uploads,
      topics: ownTopics,
      queues,
    },
    topicSigner,
    queue: delivery.queue,
    receiving,
    inbox,
    messages,
    links,
    visited,
    sealWebhookSecret: (secret: string) => vault.seal(secret, WEBHOOK_SECRET).toString('base64'),

    life,
  };
}
