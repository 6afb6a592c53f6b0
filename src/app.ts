/**
 * The wiring: every room of the house, built once, with exactly what it asks for. Read from the ground up. Nothing here
 * listens; the doors do (`doors.ts`).
 */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { Budget } from './base/budget.ts';
import { MovableClock } from './base/clock.ts';
import { TimeOrderedIds } from './base/ids.ts';
import type { Log } from './base/log.ts';
import { type OwnNames, ownNames } from './base/own-names.ts';
import { systemRandom } from './base/random.ts';
import { Timeline } from './base/timeline.ts';
import {
  Accounts,
  Authority,
  freeLimits,
  Keys,
  ManagedPolicies,
  type NewKey,
  rootArn,
  Standings,
  sandboxLimits,
  Users,
  Vault,
} from './core/accounts/accounts.ts';
import { ConfigurationSets } from './core/configuration-sets/configuration-sets.ts';
import { Contacts, type SubscriptionChange } from './core/contacts/contacts.ts';
import { CaptureRoute } from './core/delivery/capture-route.ts';
import { Delivery, type Route } from './core/delivery/delivery.ts';
import { Outgoing } from './core/delivery/outgoing.ts';
import { exchangerPeers, smarthostPeers } from './core/delivery/peers.ts';
import { SimulatorRoute } from './core/delivery/simulator-route.ts';
import { type Peers, SmtpRoute } from './core/delivery/smtp-route.ts';
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
  ReceiveLimit,
  Receivers,
  Receiving,
  RuleSets,
} from './core/receiving/receiving.ts';
import { Reputation, type SuppressionReason } from './core/reputation/reputation.ts';
import { Reviews } from './core/reviews/reviews.ts';
import { NoticeMail } from './core/sending/notices.ts';
import { Sending } from './core/sending/sending.ts';
import {
  Buckets,
  type BucketTarget,
  mailCourier,
  Publications,
  Queues,
  queueCourier,
  RemoteBuckets,
  RemoteTopics,
  TopicSigner,
  Topics,
  type TopicTarget,
  topicCourier,
  Uploads,
} from './core/targets/targets.ts';
import { Templates } from './core/templates/templates.ts';
import { eventDocument } from './edges/aws/event-document.ts';
import { identityNotification } from './edges/aws/identity-notification.ts';
import { receiptNotification } from './edges/aws/receipt-notification.ts';
import { remoteObjects, remotePublisher, remoteQueues } from './edges/aws/remote-targets.ts';
import { certificatePath } from './edges/aws/sns/links.ts';
import { topicDocuments } from './edges/aws/topic-documents.ts';
import { topicSubscribed } from './edges/aws/topic-subscribed.ts';
import { Srs } from './mail/srs.ts';
import { TrackedLinks } from './mail/tracked-links.ts';
import { masterKey } from './settings/master-key.ts';
import type { Settings } from './settings/settings.ts';
import type { Remote } from './settings/values.ts';
import { openEmbedded } from './storage/embedded/embedded.ts';
import { facts } from './storage/facts.ts';
import type { Scope } from './storage/ports.ts';
import { selfSigned } from './wire/certificates.ts';
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

const CLOCK_OFFSET = 'clock-offset';
const OPERATOR_TOKEN = 'operator-token';
/** Owner of the sealed secrets of webhooks. */
const WEBHOOK_SECRET = 'webhook';

export type App = Awaited<ReturnType<typeof buildApp>>;

/** Secrets that were made at this start and are told only now. */
export interface FirstSecrets {
  key?: NewKey;
  operatorToken?: string;
}

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
  clock.offset = Number((await facts.get(rows, CLOCK_OFFSET)) ?? 0);

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
  const queues = new Queues({ rows, ids, clock, random, log });
  const automatic = settings.review === 'auto';
  const reviews = new Reviews({ rows, accounts, standings, notices, automatic, clock, random });
  const { targetS3, targetSns, targetSqs } = settings;
  const at = (remote: Remote) => ({ ...remote, region: settings.region });
  const publisher = targetSns === 'embedded' ? undefined : remotePublisher(at(targetSns));
  const publications = new Publications({
    rows,
    post,
    couriers: {
      sqs: queueCourier(
        targetSqs === 'embedded' ? (queue, message) => queues.send(queue, message) : remoteQueues(at(targetSqs)),
      ),
      ...(publisher && { sns: topicCourier(publisher) }),
      email: mailCourier({ rows, notices }),
    },
    ids,
    clock,
    random,
    log,
  });
  const topicSigner = new TopicSigner({
    rows,
    vault,
    // Real time: others check it, who know no moved clock.
    makeCertificate: () => selfSigned({ name: 'Sesame topics', now: clock.civil() - clock.offset, random }),
  });
  const ownTopics = new Topics({
    rows,
    publications,
    documents: topicDocuments({
      url: () => opened.url,
      certificateUrl: async () => opened.secureUrl + certificatePath((await topicSigner.signing()).id),
      sign: (text, version) => topicSigner.sign(text, version),
    }),
    clock,
    random,
  });
  const topics: TopicTarget = publisher
    ? new RemoteTopics({ rows, publications, remote: publisher, random })
    : ownTopics;
  const ownBuckets = new Buckets({ rows, bytes, clock });
  const uploads = new Uploads({ rows, bytes, buckets: ownBuckets, clock, random });
  const buckets: BucketTarget =
    targetS3 === 'embedded' ? ownBuckets : new RemoteBuckets(bytes, remoteObjects(at(targetS3)));
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
  const delivery = new Delivery({
    rows,
    messages,
    publishing,
    reputation,
    suppressing,
    route: new SimulatorRoute({ beyond: route(settings), arrive, names, clock, random }),
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
  const noticeMail = new NoticeMail({ store, messages, delivery, publishing, names, clock, random });

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
  const onward = new Onward({ store, messages, delivery, publishing, srs, home, names, clock, random });
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
  const receiving = new Receiving({
    store,
    messages,
    events,
    receivers: new Receivers({ ruleSets, ipFilters, limit: receiveLimit, covers, trustRules }),
    limit: receiveLimit,
    actions,
    onward,
    judges,
    publications,
    names,
    clock,
    random,
    log,
  });
  const inbox = new Inbox({ store, messages, delivery, receiving, events, retention: settings.retention, clock, log });

  const loops = [
    delivery.loop,
    receiving.loop,
    publications.loop,
    queues.loop,
    notices.loop,
    identities.checks.loop,
    identities.ownKey.loop,
    inbox.loop,
  ];
  const timeline = new Timeline(clock, loops);

  /** Which outcomes count for the suppression list: the configuration set's word, else the account's (SES). */
  async function suppressing(message: Message): Promise<readonly SuppressionReason[]> {
    // Ours, not the account's.
    if (message.facts['notice'] !== undefined) return [];
    const name = message.facts['configurationSet'];
    const set = name === undefined ? undefined : await configurationSets.find(message, name);
    return set?.suppression ?? reputation.reasons(message);
  }

  function route({ delivery: way, hostname, mxPort }: Settings): Route {
    const smtp = (name: string, peersOf: (domain: string) => Promise<Peers>, oneLane = false) =>
      new SmtpRoute({ name, oneLane, peersOf, outgoing, pool, hostname, ca });
    switch (way.kind) {
      case 'direct':
        return smtp('direct', exchangerPeers({ dns, allowPrivate, port: mxPort, chance: random.fraction }));
      case 'smarthost':
        return smtp('smarthost', smarthostPeers({ dns, smarthost: way }), true);
      case 'capture': {
        // To our own door we come from the address that it listens on.
        const receivesHere = async (recipient: string) =>
          opened.mx !== undefined &&
          (await receiving.welcome({ sender: '', recipient, peerAddress: opened.mx.host, tls: true, accepted: 0 })) ===
            'yes';
        return new CaptureRoute({ receivesHere, inside: smtp('inside', async () => ownDoor()) });
      }
    }
  }

  /** A mail of our own making comes in from nobody, as it would through the MX door; nothing if nobody receives it. */
  async function arrive(recipient: string, content: Buffer): Promise<void> {
    const peerAddress = '127.0.0.1';
    if ((await receiving.welcome({ sender: '', recipient, peerAddress, tls: true, accepted: 0 })) !== 'yes') return;
    const { hostname: helo } = settings;
    await receiving.accept({ envelopeFrom: '', recipients: [recipient], helo, peerAddress, tls: true, content });
  }

  function ownDoor(): Peers {
    if (!opened.mx) return { kind: 'nowhere', answer: { text: 'Our own MX door is not open' } };
    const { host: address, port } = opened.mx;
    return { kind: 'peers', peers: [{ address, port, host: address, tls: 'opportunistic', verifyCertificate: false }] };
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

  /** The operator's token: the settings', or one that is made once and kept sealed. */
  async function operatorToken(secrets: FirstSecrets): Promise<string> {
    if (settings.operatorToken) return settings.operatorToken;
    const kept = await facts.get(rows, OPERATOR_TOKEN);
    if (kept) return vault.open(Buffer.from(kept, 'base64'), OPERATOR_TOKEN);
    const token = random.bytes(24).toString('base64url');
    secrets.operatorToken = token;
    await rows.write([facts.set(OPERATOR_TOKEN, vault.seal(token, OPERATOR_TOKEN).toString('base64'))], 'durable');
    return token;
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
    timeline,
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

    /** Makes what the first start makes; the loops begin. */
    async start(): Promise<{ secrets: FirstSecrets; operatorToken: string }> {
      const secrets: FirstSecrets = {};
      const key = await accounts.ensureFirst(settings.account, settings);
      if (key) secrets.key = key;
      const token = await operatorToken(secrets);
      await Promise.all([delivery.start(), receiving.start(), publications.start(), notices.start()]);
      queues.loop.start();
      identities.checks.loop.start();
      identities.ownKey.loop.start();
      inbox.loop.start();
      return { secrets, operatorToken: token };
    },

    /** Forgets all state (or that of one account and region) and goes on as after a first start, with the same root key. */
    async reset(scope?: Scope): Promise<void> {
      if (scope) {
        // What is kept outside the scope, since it is looked up without knowing it.
        await ruleSets.activate(scope, undefined);
        for (const bucket of await ownBuckets.removeAll(scope)) await uploads.forget(bucket);
        await store.erase(scope);
        await delivery.repairLanes();
      } else {
        const key = await keys.rootKey(settings.account);
        await store.erase();
        clock.offset = 0;
        await rows.write([facts.set(CLOCK_OFFSET, '0')], 'durable');
        await accounts.ensureFirst(settings.account, key ?? settings);
      }
      sending.forgetQuotas();
      receiving.forgetCounts();
      for (const loop of loops) loop.wake();
    },

    /** Moves civil time; the new offset is kept, so that it survives a restart. */
    async advance(milliseconds: number): Promise<void> {
      await timeline.advance(milliseconds);
      await rows.write([facts.set(CLOCK_OFFSET, String(clock.offset))], 'durable');
    },

    /** In reverse: no new work, what is in flight ends, the store is closed. */
    async stop(): Promise<void> {
      await inbox.loop.stop();
      await identities.ownKey.loop.stop();
      await identities.checks.loop.stop();
      await receiving.stop();
      await judges.stop();
      await notices.stop();
      await delivery.stop();
      await publications.stop();
      await queues.loop.stop();
      await templates.stop();
      await store.close();
    },
  };
}
