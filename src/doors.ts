/**
 * The doors: every listener, in front of the rooms that it serves. They open in one go; a default address that is taken is
 * left out with a warning as long as its list has another, one that somebody set stops the start.
 */
import { writeFile } from 'node:fs/promises';
import { type BlockList, isIP } from 'node:net';
import type { App } from './app.ts';
import { SECOND } from './base/clock.ts';
import { Refusal } from './base/refusal.ts';
import { nameServer } from './core/identities/identities.ts';
import type { DsnWishes } from './core/receiving/receiving.ts';
import { ApiRate } from './edges/aws/api-rate.ts';
import { Gateway } from './edges/aws/gateway.ts';
import { authorize } from './edges/aws/permissions/permissions.ts';
import { isObjectUpload } from './edges/aws/s3/streaming.ts';
import { topicLinks } from './edges/aws/sns/links.ts';
import {
  AccountsApi,
  compatibleHandler,
  DoctorApi,
  healthHandler,
  MessagesApi,
  OperatorApi,
  QueueApi,
  ReceiptRulesApi,
  ReviewsApi,
  webHandler,
} from './edges/console/console.ts';
import type { HttpHandler } from './edges/http.ts';
import { HttpDoor } from './edges/http-door.ts';
import { combinedDoor } from './edges/mx/combined.ts';
import { type Arrival, blocked, mxDoor, receivedEnough, unavailable } from './edges/mx/mx.ts';
import { submissionDoor } from './edges/submission/submission.ts';
import { isTracked, type Opened, tracking } from './edges/tracking/tracking.ts';
import { unsubscribeHandler } from './edges/tracking/unsubscribe.ts';
import { verificationHandler } from './edges/tracking/verification.ts';
import { dataPath, type SettingName, type Settings, SettingsError } from './settings/settings.ts';
import type { Endpoint } from './settings/values.ts';
import { type Certificate, loadCertificate, localCertificate, secureContext } from './wire/certificates.ts';
import type { DnsServer } from './wire/dns/server.ts';
import type { SmtpDoor } from './wire/smtp/door.ts';
import { reply } from './wire/smtp/reply.ts';
import { SmtpServer } from './wire/smtp/server.ts';

/** What is under way when the process is told to end may take this long. */
const GRACE = 10 * SECOND;
const SMTP_MESSAGE_OCTETS = 41_943_040;

/** The world may be many; one peer of it is not (connections that are open at the same time). */
const mxLimits = { connections: 1_000, connectionsPerPeer: 100, errors: 10 };

type SmtpOptions = Partial<Pick<ConstructorParameters<typeof SmtpServer>[0], 'implicitTls' | 'limits'>>;

/** `host:port` of everything that listens, under the names of the settings. */
export type Endpoints = Readonly<
  Record<'http' | 'https' | 'submission' | 'submissionTls' | 'mx' | 'dns', readonly string[]>
>;

export interface Doors {
  readonly endpoints: Endpoints;
  readonly url: string;
  /** PEM file of the local authority, where it made the certificate. */
  readonly caPath: string | undefined;
  close(): Promise<void>;
}

interface Listening {
  listen(host: string, port: number): Promise<{ host: string; port: number }>;
}

export async function openDoors(
  app: App,
  { operatorToken, version }: { operatorToken: string; version: string },
): Promise<Doors> {
  const { settings, budget, log, rooms } = app;
  const certificate = await certificateOf(app);
  const context = secureContext(certificate);
  const smtp = (door: SmtpDoor, { implicitTls = false, limits = {} }: SmtpOptions = {}) =>
    new SmtpServer({ door, budget, log, secureContext: () => context, implicitTls, limits });
  const submission = submissionOf(app);
  const mx = mxOf(app);
  const gateway = gatewayOf(app);
  let ready = false;
  const http = new HttpDoor({
    handlers: handlersOf(app, { gateway, operatorToken, version, ready: () => ready }),
    budget,
    log,
    isOurName: ourNames(app),
    isForAnyName: isTracked,
    isStreamed: isObjectUpload,
    isProxy: settings.trustProxy && isAmong(settings.trustProxy),
  });
  const servers = {
    submission: smtp(submission),
    submissionTls: smtp(submission, { implicitTls: true }),
    mx: smtp(mx, { limits: mxLimits }),
    combined: smtp(combinedDoor(mx, submission), { limits: mxLimits }),
  };

  const dns = settings.dnsListen && (await dnsServer(app));

  const shared = settings.mx.filter(({ host, port }) => port !== 0 && includes(settings.submission, { host, port }));
  const without = (list: readonly Endpoint[]) => list.filter((endpoint) => !includes(shared, endpoint));
  const httpListening: Listening = { listen: (host, port) => http.listen({ host, port }) };
  const httpsListening: Listening = { listen: (host, port) => http.listen({ host, port }, certificate) };
  const open = (name: SettingName, server: Listening, list: readonly Endpoint[]) =>
    openAll({ app, name, server, list });
  const both = await open('mx', servers.combined, shared);
  const endpoints: Endpoints = {
    http: await open('http', httpListening, settings.http),
    https: await open('https', httpsListening, settings.https ?? []),
    submission: [...both, ...(await open('submission', servers.submission, without(settings.submission)))],
    submissionTls: await open('submissionTls', servers.submissionTls, settings.submissionTls),
    mx: [...both, ...(await open('mx', servers.mx, without(settings.mx)))],
    dns: dns ? await open('dnsListen', dns, settings.dnsListen ?? []) : [],
  };

  const url = settings.url ?? (endpoints.http[0] ? `http://${endpoints.http[0]}` : '');
  app.opened.url = url;
  app.opened.secureUrl = url.startsWith('https:') || !endpoints.https[0] ? url : `https://${endpoints.https[0]}`;
  app.opened.mx = endpoints.mx[0] === undefined ? undefined : reachable(endpoints.mx[0]);
  await writeFile(dataPath(settings, 'endpoints.json'), `${JSON.stringify(endpoints, null, 2)}\n`);
  ready = true;
  // The first look came before there was anybody to ask.
  rooms.identities.ownKey.lookNow();
  for (const name of ['ses-v2', 'ses-v1']) gateway.preload(name);
  return {
    endpoints,
    url,
    caPath: certificate.ca === undefined ? undefined : dataPath(settings, 'tls', 'ca.pem'),
    async close() {
      ready = false;
      await Promise.all([
        dns?.close(),
        http.close(GRACE),
        ...Object.values(servers).map((server) => server.close(GRACE)),
      ]);
    },
  };
}

const isAmong = (networks: BlockList) => (address: string) =>
  networks.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');

interface Behind {
  readonly gateway: Gateway;
  readonly operatorToken: string;
  readonly version: string;
  readonly ready: () => boolean;
}

/** Asked first: it answers under any name, and nothing else may. */
function trackingOf({ links, clock, log, visited }: App): HttpHandler {
  const visit = ({ userAgent, ip, isBotEvent }: Opened) => ({ userAgent, ipAddress: ip, bot: isBotEvent === 'Likely' });
  return tracking({
    links,
    clock,
    log,
    opened: (event) => visited(event.messageId, event.at, { type: 'open', ...visit(event) }),
    clicked: (event) =>
      visited(event.messageId, event.at, { type: 'click', ...visit(event), link: event.url, linkTags: event.tags }),
  });
}

/** The console's handlers come first: an unsigned GET is a person's. */
function handlersOf(app: App, { gateway, operatorToken, version, ready }: Behind) {
  const { settings, inbox, accounts, clock, store, rooms } = app;
  const operator = new OperatorApi({
    messages: new MessagesApi(inbox),
    accounts: new AccountsApi({ accounts, keys: app.keys, users: rooms.users, reviews: rooms.reviews }),
    reviews: new ReviewsApi(rooms.reviews),
    queue: new QueueApi(app.queue),
    receiptRules: receiptRulesOf(app),
    doctor: new DoctorApi({
      doctor: rooms.identities.doctor,
      domain: settings.domain,
      nameServer: nameServer(app.names),
    }),
    clock,
    advance: (milliseconds) => app.life.advance(milliseconds),
    clockMoves: settings.profile !== 'service',
    reset: (scope) => app.life.reset(scope),
    token: settings.profile === 'development' ? undefined : operatorToken,
  });
  const readiness = () =>
    store.isFull()
      ? { ready: false, reason: 'The disk is full.' }
      : { ready: ready(), reason: 'The doors are not open.' };
  return [
    trackingOf(app),
    healthHandler(readiness),
    webHandler(new URL('../web/', import.meta.url)),
    topicLinks(rooms.topics, app.topicSigner),
    unsubscribeHandler(rooms.contacts),
    verificationHandler(rooms.identities, app.names),
    operator.handle,
    compatibleHandler({ inbox, operator, version }),
    gateway.handle,
  ];
}

function gatewayOf({ settings, keys, authority, rooms, clock, random, opened, log }: App): Gateway {
  const always = settings.profile === 'development' ? 'off' : 'verification';
  const rate = new ApiRate({ limited: settings.apiRate === '1' ? 'all' : always, now: () => clock.monotonic() });
  return new Gateway({
    mode: settings.auth,
    account: settings.account,
    region: settings.region,
    findKey: (accessKeyId) => keys.find(accessKeyId),
    keyUsed: (accessKeyId, use) => keys.noteUse(accessKeyId, use),
    throttle: (service, operation, caller) => rate.take(service, operation, caller),
    authorize: (service, asked) => authorize({ ...rooms, authority }, service, asked),
    services: {
      'ses-v1': async () => (await import('./edges/aws/ses-v1/ses-v1.ts')).sesV1(rooms),
      'ses-v2': async () => (await import('./edges/aws/ses-v2/ses-v2.ts')).sesV2(rooms),
      s3: elsewhere('S3', settings.targetS3) ?? (async () => (await import('./edges/aws/s3/s3.ts')).s3(rooms)),
      iam: async () => (await import('./edges/aws/iam/iam.ts')).iam(rooms),
      sts: async () => (await import('./edges/aws/sts/sts.ts')).sts(rooms),
      sns: elsewhere('SNS', settings.targetSns) ?? (async () => (await import('./edges/aws/sns/sns.ts')).sns(rooms)),
      servicequotas: async () => (await import('./edges/aws/service-quotas/service-quotas.ts')).serviceQuotas(rooms),
      sqs:
        elsewhere('SQS', settings.targetSqs) ??
        (async () => (await import('./edges/aws/sqs/sqs.ts')).sqs({ ...rooms, url: () => opened.url })),
    },
    now: Date.now,
    requestId: () => random.uuid(),
    log,
  });
}

/** A neighbour that a setting replaces is asked where it is, not here. */
function elsewhere(name: string, target: Settings['targetS3']): (() => never) | undefined {
  if (target === 'embedded') return undefined;
  return () => {
    throw new Refusal('not-built', `${name} is not here, but at ${target.url}`);
  };
}

function submissionOf(app: App): SmtpDoor {
  const { settings, keys, rooms, names, random } = app;
  const fallback = { account: settings.account, region: settings.region };
  const root = (account: string) => ({ account, region: settings.region, arn: `arn:aws:iam::${account}:root` });
  return submissionDoor({
    mode: settings.auth === 'open' ? 'open' : 'required',
    hostName: names.submissionHost,
    software: names.submissionSoftware,
    random,
    authenticate: async ({ userName, password }) => {
      if (settings.auth === 'sigv4') {
        return (await smtpCaller(app, userName, password)) ?? 'invalid';
      }
      if (/^\d{12}$/.test(userName)) return root(userName);
      return root((await keys.find(userName))?.account ?? fallback.account);
    },
    current: async (userName, caller) => {
      const key = await keys.find(userName);
      return key && { ...caller, arn: key.arn };
    },
    anonymous: () => root(fallback.account),
    send: ({ caller, envelopeFrom, recipients, content, peerAddress, tls }) =>
      rooms.sending.send({
        caller: { ...caller, sourceIp: peerAddress, secure: tls !== undefined, apiVersion: '2' },
        operation: 'SendSmtpEmail',
        sourceIp: peerAddress,
        sizeLimit: SMTP_MESSAGE_OCTETS,
        mail: { kind: 'raw', content, from: envelopeFrom, recipients },
      }),
  });
}

/** Nobody who may not send has a reason to log in (SES: SMTP credentials need `ses:SendRawEmail`). */
async function smtpCaller({ settings, keys, authority }: App, accessKeyId: string, password: string) {
  const caller = await keys.authenticateSmtp(accessKeyId, password, settings.region);
  if (!caller || !(await authority.couldAllow(caller, 'ses:SendRawEmail'))) return undefined;
  await keys.noteUse(accessKeyId, { region: caller.region, service: 'ses' });
  return caller;
}

function receiptRulesOf({ settings, receiving, rooms, random, sealWebhookSecret: seal }: App): ReceiptRulesApi {
  const home = { account: settings.account, region: settings.region };
  return new ReceiptRulesApi({ receiving, ruleSets: rooms.ruleSets, seal, random, home });
}

function mxOf({ settings, receiving, names, random }: App) {
  const needsTls = reply(530, '5.7.0 Must issue a STARTTLS command first');
  const answers = { yes: undefined, unknown: unavailable, blocked, 'needs-tls': needsTls, full: receivedEnough };
  return mxDoor({
    hostName: names.inboundHost(settings.region),
    software: names.software,
    random,
    arriving: () => receiving.arriving(),
    admits: (peerAddress) => receiving.admits(peerAddress),
    receives: async ({ tls, ...approach }) => answers[await receiving.welcome({ ...approach, tls: tls !== undefined })],
    accept: ({ recipients, tls, ret, envid, ...arrival }) =>
      receiving.accept({
        ...arrival,
        recipients: recipients.map(({ address }) => address),
        tls: tls !== undefined,
        dsn: dsnWishes({ ret, envid, recipients }),
      }),
  });
}

/** Nothing where the peer asked for nothing. */
function dsnWishes({ ret, envid, recipients }: Pick<Arrival, 'ret' | 'envid' | 'recipients'>): DsnWishes | undefined {
  const asking = recipients.filter(({ notify, orcpt }) => notify || orcpt !== undefined);
  if (!ret && envid === undefined && asking.length === 0) return undefined;
  return { ret, envid, recipients: Object.fromEntries(asking.map(({ address, ...wish }) => [address, wish])) };
}

/** Loaded when it is wanted: few have their names delegated. */
async function dnsServer({ rooms, clock, log }: App): Promise<DnsServer> {
  const { DnsServer } = await import('./wire/dns/server.ts');
  return new DnsServer({ authority: (question) => rooms.identities.zones.answer(question), clock, log });
}

function certificateOf({ settings, random, names }: App): Promise<Certificate> {
  if (settings.tlsCert && settings.tlsKey) return loadCertificate(settings.tlsCert, settings.tlsKey);
  return localCertificate({
    folder: dataPath(settings, 'tls'),
    names: [settings.hostname, names.submissionHost, names.inboundHost(settings.region)],
    now: Date.now(),
    random,
  });
}

/** Hosts by which an unsigned request may name us; anything else could be a page that was bound to our address. */
function ourNames({ settings }: App): (host: string) => boolean {
  const own = new Set(
    [settings.hostname, ...(settings.url ? [new URL(settings.url).hostname] : [])].map((name) => name.toLowerCase()),
  );
  // RFC 6761 §6.3: every name under localhost is this machine.
  const zones = ['.localhost', ...(settings.domain ? [`.${settings.domain.toLowerCase()}`] : [])];
  return (host) => own.has(host) || host === settings.domain || zones.some((zone) => host.endsWith(zone));
}

interface Opening {
  readonly app: App;
  readonly name: SettingName;
  readonly server: Listening;
  readonly list: readonly Endpoint[];
}

async function openAll({ app: { settings, log }, name, server, list }: Opening): Promise<string[]> {
  const bound: string[] = [];
  const failures: string[] = [];
  for (const { host, port } of list) {
    try {
      bound.push(formatEndpoint(await server.listen(host, port)));
    } catch (cause) {
      const failure = `${formatEndpoint({ host, port })}: ${(cause as Error).message}`;
      if (settings.given.has(name)) throw new SettingsError(`Cannot listen on ${failure}`);
      failures.push(failure);
    }
  }
  if (list.length > 0 && bound.length === 0) throw new SettingsError(`Cannot listen: ${failures.join('; ')}`);
  for (const failure of failures) log.warn({ setting: name }, `a default address is left out, ${failure}`);
  return bound;
}

const includes = (list: readonly Endpoint[], { host, port }: Endpoint) =>
  list.some((one) => one.host === host && one.port === port);

const formatEndpoint = ({ host, port }: Endpoint) => (isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`);

/** How we ourselves reach an address that we listen on. */
function reachable(endpoint: string): Endpoint {
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(endpoint) ?? [];
  return { host: host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port: Number(port) };
}
