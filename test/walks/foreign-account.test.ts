import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import * as s3 from '@aws-sdk/client-s3';
import * as quotas from '@aws-sdk/client-service-quotas';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import * as sts from '@aws-sdk/client-sts';
import { handlers as iamHandlers } from '../../src/edges/aws/iam/iam.ts';
import { handlers as s3Handlers } from '../../src/edges/aws/s3/s3.ts';
import { handlers as quotasHandlers } from '../../src/edges/aws/service-quotas/service-quotas.ts';
import { handlers as v1Handlers } from '../../src/edges/aws/ses-v1/ses-v1.ts';
import { handlers as v2Handlers } from '../../src/edges/aws/ses-v2/ses-v2.ts';
import { handlers as snsHandlers } from '../../src/edges/aws/sns/sns.ts';
import { handlers as sqsHandlers } from '../../src/edges/aws/sqs/sqs.ts';
import { handlers as stsHandlers } from '../../src/edges/aws/sts/sts.ts';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { type Api, type Caller, inputOf, type Names } from '../world/inputs.ts';
import { SesameUnderTest } from '../world/sesame.ts';

/**
 * Nothing of one account is readable, guessable or countable from another, nor from another of its own regions. Every
 * operation that is built is called from there with the owner's names and ids, and with names of the same form of things
 * that do not exist: the answers must not differ in anything but the names and what chance makes (in which two calls with
 * absent names differ, too). Nor may they differ from what was answered before the owner had anything, so that no number or
 * list of another's grows with it. Then the owner makes one of everything that can be made, so that each name names something.
 * An operation that is new takes part by itself; where it cannot, `inputs.ts` or the lists below have to know it.
 */
interface Walked extends Api {
  readonly client: new (options: any) => any;
  readonly handlers: object;
  /** Its things belong to an account, whatever the region. */
  readonly global?: true;
}

const apis: readonly Walked[] = [
  { name: 'v1', sdk: v1, client: v1.SESClient, handlers: v1Handlers },
  { name: 'v2', sdk: v2, client: v2.SESv2Client, handlers: v2Handlers },
  { name: 'sns', sdk: sns, client: sns.SNSClient, handlers: snsHandlers },
  { name: 'sqs', sdk: sqs, client: sqs.SQSClient, handlers: sqsHandlers },
  { name: 's3', sdk: s3, client: s3.S3Client, handlers: s3Handlers, global: true },
  { name: 'iam', sdk: iam, client: iam.IAMClient, handlers: iamHandlers, global: true },
  { name: 'sts', sdk: sts, client: sts.STSClient, handlers: stsHandlers, global: true },
  { name: 'quotas', sdk: quotas, client: quotas.ServiceQuotasClient, handlers: quotasHandlers },
];

/** What the owner cannot do with the plainest input, and why. */
const notByOwner: Readonly<Record<string, string>> = {
  'iam.GetLoginProfile': 'nobody signs in with a password here',
};

/** Calls that reach what is not the caller's, and why. */
const known: Readonly<Record<string, string>> = {
  's3.CreateBucket': 'bucket names are one name space for all accounts (S3)',
  'sns.Unsubscribe': 'whoever has the ARN of a subscription ends it; nobody can guess one (SNS)',
};

const SECRET = 'Zwetschge';
const owner: Caller = { account: '111111111111', region: 'us-east-1', text: SECRET };

let sesame: SesameUnderTest;
let owned: Names;
/** Of the owner's access key. */
let keySecret = '';
const absent = (tag: string): Names => ({ ...made, tag, ...owner });
/** Ids of the forms that are made up, of things that there are not. */
const made = {
  messageId: '0100019a0000000b-00000000-1111-4222-8333-444444444444-000000',
  receivedId: 'absentabsentabsentabsentabsentabsent0001',
  accessKeyId: 'AKIAABSENTABSENT2345',
  requestId: '0123456789abcdef0123456789abcdefAbCdEfGh',
  subscription: `arn:aws:sns:us-east-1:${owner.account}:absent-sns:00000000-1111-4222-8333-444444444444`,
  receiptHandle: 'AQEBabsent',
  uploadId: 'absent',
  queueUrl: '',
};

interface Outcome {
  readonly name?: string;
  readonly message?: string;
  readonly status?: number;
  readonly output?: object;
}

async function call(api: Walked, operation: string, caller: Caller, input: object): Promise<Outcome> {
  const credentials = { accessKeyId: caller.account, secretAccessKey: 'anything' };
  const client = new api.client({ ...sesame.client, region: caller.region, credentials, forcePathStyle: true });
  const Command = (api.sdk as Record<string, new (input: object) => unknown>)[`${operation}Command`]!;
  try {
    const { $metadata, ...output } = await client.send(new Command(input));
    if ('Body' in output) output.Body = await output.Body.transformToString();
    return { status: $metadata.httpStatusCode, output };
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } };
    return { name, message, ...($metadata?.httpStatusCode !== undefined && { status: $metadata.httpStatusCode }) };
  } finally {
    client.destroy();
  }
}

const makes = /^(Create|Put|Verify|Subscribe|Publish|Send|Set|Request|Tag)/;
const ends = /^(Delete|Untag|Unsubscribe|Purge|Cancel|Disassociate|Confirm|Abort|Complete)/;

const operations = apis.flatMap((api) =>
  Object.keys(api.handlers).map((operation) => ({ api, operation, title: `${api.name}.${operation}` })),
);

before(async () => {
  sesame = await SesameUnderTest.start();
  owned = { ...absent('ownerx'), queueUrl: `${sesame.url}/${owner.account}/ownerx-queue` };
  await askBefore();
  await ownerMakesAll();
});
after(() => sesame?.stop());

/** Whoever makes things needs others that are there: tried until a round brings nothing new. */
async function ownerMakesAll(): Promise<void> {
  let waiting = operations.filter(({ operation }) => !ends.test(operation));
  while (waiting.length > 0) {
    const failed = new Map<string, Outcome>();
    // Making first: what is looked at must be there.
    for (const one of waiting.toSorted((a, b) => Number(makes.test(b.operation)) - Number(makes.test(a.operation)))) {
      const outcome = await call(one.api, one.operation, owner, inputOf(one.api, one.operation, owned, owner));
      // The other version of SES has made it.
      if (/already (exist|has)/.test(outcome.message ?? '')) continue;
      if (outcome.name || !keepsIds(one.title, outcome.output as any)) failed.set(one.title, outcome);
    }
    const still = waiting.filter(({ title }) => failed.has(title) && !(title in notByOwner));
    if (still.length === waiting.length) {
      const lines = still.map(({ title }) => `${title}: ${failed.get(title)!.name}: ${failed.get(title)!.message}`);
      assert.fail(`the owner cannot do these; inputs.ts must know how:\n${lines.join('\n')}`);
    }
    waiting = still;
    await receive();
  }
}

/** A mail to the owner, once there are rules for it. */
async function receive(): Promise<void> {
  if (owned.receivedId !== made.receivedId) return;
  const port = sesame.port('mx');
  const client = await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' });
  assert.ok(client instanceof SmtpClient);
  const content = Buffer.from(`From: ann@elsewhere.example\r\nSubject: ${SECRET}\r\n\r\nx\r\n`);
  const [answer] = await client.deliver({ from: 'ann@elsewhere.example', to: ['news@ownerx.example'], content });
  client.close();
  if (answer!.code === 250) owned = { ...owned, receivedId: (await sesame.message('direction:in')).id };
}

/** Names that are made up for what the owner has made; no when there should be one. */
function keepsIds(title: string, output: any): boolean {
  const ids: Partial<Record<string, readonly [name: keyof Names, id: string | undefined]>> = {
    'v2.SendEmail': ['messageId', output.MessageId],
    'iam.CreateAccessKey': ['accessKeyId', output.AccessKey?.AccessKeyId],
    'quotas.RequestServiceQuotaIncrease': ['requestId', output.RequestedQuota?.Id],
    'sns.Subscribe': ['subscription', output.SubscriptionArn],
    's3.CreateMultipartUpload': ['uploadId', output.UploadId],
    'sqs.ReceiveMessage': ['receiptHandle', output.Messages?.[0]?.ReceiptHandle],
  };
  if (title === 'iam.CreateAccessKey') keySecret = output.AccessKey.SecretAccessKey;
  const [name, id] = ids[title] ?? [];
  if (name && id) owned = { ...owned, [name]: id };
  return !name || id !== undefined;
}

/** Leaves of an outcome by their paths; times and the names themselves are taken out. */
function leavesOf(outcome: Outcome, names: Names, caller: Caller): Map<string, string> {
  const leaves = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (value instanceof Date) leaves.set(path, 'a time');
    else if (ArrayBuffer.isView(value)) leaves.set(path, Buffer.from(value as Uint8Array).toString('latin1'));
    else if (typeof value === 'object' && value !== null) {
      leaves.set(path, Array.isArray(value) ? `${value.length} items` : 'an object');
      for (const [name, one] of Object.entries(value)) visit(one, `${path}.${plain(name)}`);
    } else leaves.set(path, plain(String(value)));
  };
  const replaced: [string, string][] = [
    [names.messageId, '{message}'],
    [names.receivedId, '{received}'],
    [names.accessKeyId, '{key}'],
    [names.requestId, '{request}'],
    [names.subscription, '{subscription}'],
    [names.receiptHandle, '{receipt}'],
    [names.uploadId, '{upload}'],
    [names.tag, '{tag}'],
    [caller.account, '{caller}'],
    [caller.region, '{region}'],
    [caller.region.toUpperCase(), '{REGION}'],
  ];
  const plain = (text: string) =>
    replaced
      .reduce((done, [from, to]) => done.replaceAll(from, to), text)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z?/g, 'a time');
  visit(outcome, '');
  return leaves;
}

/** A case: what is called, perhaps with something of the caller's own made before. */
interface Case {
  readonly title: string;
  run(names: Names, caller: Caller): Promise<Outcome>;
}

const plainCases: readonly Case[] = operations.map(({ api, operation, title }) => ({
  title,
  run: (names, caller) => call(api, operation, caller, inputOf(api, operation, names, caller)),
}));

/** Something of the caller's own, that would be tied to what is not theirs. */
const tied = (title: string, ...steps: ((names: Names, caller: Caller) => readonly [string, object])[]): Case => ({
  title,
  async run(names, caller) {
    let outcome: Outcome = {};
    for (const step of steps) {
      const [operation, input] = step(names, caller);
      const [api = '', name = ''] = operation.split('.');
      outcome = await call(apis.find((one) => one.name === api)!, name, caller, input);
    }
    return outcome;
  },
});

const arn = ({ account, region }: Names, service: string, resource: string) =>
  `arn:aws:${service}:${region}:${account}:${resource}`;
const topicOf = (names: Names) => arn(names, 'sns', `${names.tag}-sns`);
const ownIdentity = () => ['v2.CreateEmailIdentity', { EmailIdentity: 'mine.example' }] as const;
const ownSet = () => ['v2.CreateConfigurationSet', { ConfigurationSetName: 'mine' }] as const;
const ownTopic = () => ['sns.CreateTopic', { Name: 'mine' }] as const;
const ownRules = () => ['v1.CreateReceiptRuleSet', { RuleSetName: 'mine' }] as const;
const ownQueue = () => ['sqs.CreateQueue', { QueueName: 'mine' }] as const;
const Simple = { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } };
const Destination = { ToAddresses: ['somebody@elsewhere.example'] };
const send = (more: object) =>
  ['v2.SendEmail', { FromEmailAddress: 'me@mine.example', Destination, Content: { Simple }, ...more }] as const;
const rule = (action: object) =>
  [
    'v1.CreateReceiptRule',
    { RuleSetName: 'mine', Rule: { Name: 'mine', Recipients: ['mine.example'], Actions: [action] } },
  ] as const;
const raw = (...fields: string[]) => {
  const Data = Buffer.from([...fields, 'From: me@mine.example', '', 'x', ''].join('\r\n'));
  return ['v1.SendRawEmail', { Destinations: Destination.ToAddresses, RawMessage: { Data } }] as const;
};

const tiedCases: readonly Case[] = [
  tied("events of a set of one's own to a foreign topic", ownSet, (names) => [
    'v2.CreateConfigurationSetEventDestination',
    {
      ConfigurationSetName: 'mine',
      EventDestinationName: 'mine',
      EventDestination: { MatchingEventTypes: ['SEND'], SnsDestination: { TopicArn: topicOf(names) } },
    },
  ]),
  tied('notifications of an identity to a foreign topic', ownIdentity, (names) => [
    'v1.SetIdentityNotificationTopic',
    { Identity: 'mine.example', NotificationType: 'Bounce', SnsTopic: topicOf(names) },
  ]),
  tied('an identity with a foreign set', ({ tag }) => [
    'v2.CreateEmailIdentity',
    { EmailIdentity: 'mine.example', ConfigurationSetName: `${tag}-set` },
  ]),
  tied('a foreign set as the default of an identity', ownIdentity, ({ tag }) => [
    'v2.PutEmailIdentityConfigurationSetAttributes',
    { EmailIdentity: 'mine.example', ConfigurationSetName: `${tag}-set` },
  ]),
  tied('a send with a foreign set', ownIdentity, ({ tag }) => send({ ConfigurationSetName: `${tag}-set` })),
  tied('a raw send with a foreign set', ownIdentity, ({ tag }) => raw(`X-SES-CONFIGURATION-SET: ${tag}-set`)),
  tied('a send with a foreign template', ownIdentity, ({ tag }) =>
    send({ Content: { Template: { TemplateName: `${tag}-template`, TemplateData: '{}' } } }),
  ),
  tied("a send with a foreign template's ARN", ownIdentity, (names) => {
    const TemplateArn = arn(names, 'ses', `template/${names.tag}-template`);
    return send({ Content: { Template: { TemplateArn, TemplateData: '{}' } } });
  }),
  tied('a send to a foreign contact list', ownIdentity, ({ tag }) =>
    send({ ListManagementOptions: { ContactListName: `${tag}-list` } }),
  ),
  tied('a send in the name of a foreign identity', (names) => {
    const FromEmailAddressIdentityArn = arn(names, 'ses', `identity/${names.tag}.example`);
    return send({ FromEmailAddress: `news@${names.tag}.example`, FromEmailAddressIdentityArn });
  }),
  tied('a raw send in the name of a foreign identity', (names) =>
    raw(`X-SES-SOURCE-ARN: ${arn(names, 'ses', `identity/${names.tag}.example`)}`),
  ),
  tied('a bounce address of a foreign identity', ownIdentity, ({ tag }) =>
    send({ FeedbackForwardingEmailAddress: `bounces@${tag}.example` }),
  ),
  tied('a rule that fills a foreign bucket', ownIdentity, ownRules, ({ tag }) =>
    rule({ S3Action: { BucketName: `${tag}-bucket` } }),
  ),
  tied('a rule that publishes to a foreign topic', ownIdentity, ownRules, (names) =>
    rule({ SNSAction: { TopicArn: topicOf(names) } }),
  ),
  tied('a rule that bounces in the name of a foreign identity', ownIdentity, ownRules, ({ tag }) =>
    rule({ BounceAction: { SmtpReplyCode: '550', Message: 'no', Sender: `news@${tag}.example` } }),
  ),
  tied('a topic that fills a foreign queue', ownTopic, (names, caller) => [
    'sns.Subscribe',
    {
      TopicArn: `arn:aws:sns:${caller.region}:${caller.account}:mine`,
      Protocol: 'sqs',
      Endpoint: arn(names, 'sqs', `${names.tag}-queue`),
    },
  ]),
  tied('a queue whose dead letters go to a foreign one', ownQueue, (names, caller) => [
    'sqs.SetQueueAttributes',
    {
      QueueUrl: `${sesame.url}/${caller.account}/mine`,
      Attributes: {
        RedrivePolicy: JSON.stringify({
          deadLetterTargetArn: arn(names, 'sqs', `${names.tag}-queue`),
          maxReceiveCount: 3,
        }),
      },
    },
  ]),
];

/** A token of one page of the owner's, for each list that has two. */
const paged: readonly (readonly [title: string, input: object])[] = [
  ['v1.ListIdentities', { MaxItems: 1 }],
  ['v1.ListConfigurationSets', { MaxItems: 1 }],
  ['v1.ListTemplates', { MaxItems: 1 }],
  ['v1.ListCustomVerificationEmailTemplates', { MaxResults: 1 }],
  ['v2.ListEmailIdentities', { PageSize: 1 }],
  ['v2.ListConfigurationSets', { PageSize: 1 }],
  ['v2.ListEmailTemplates', { PageSize: 1 }],
  ['v2.ListCustomVerificationEmailTemplates', { PageSize: 1 }],
  ['v2.ListSuppressedDestinations', { PageSize: 1 }],
  ['sqs.ListQueues', { MaxResults: 1 }],
  ['quotas.ListServiceQuotas', { ServiceCode: 'ses', MaxResults: 1 }],
];

let strangers = 0;
const stranger = (): Caller => ({ account: String(200_000_000_000 + ++strangers), region: owner.region, text: 'x' });
const elsewhere = (): Caller => ({ ...owner, region: `eu-walk-${++strangers}`, text: 'x' });

/** From where a case is called: by another account, or from another region of the owner's. */
interface Side {
  readonly caller: () => Caller;
  readonly cases: readonly Case[];
  /** Leaves of each answer, with names of what is not there, before the owner had anything; by the title of the case. */
  readonly before: Map<string, Map<string, string>>;
}

const global = new Set(apis.filter((api) => api.global).map(({ name }) => name));
const fromAnotherAccount: Side = { caller: stranger, cases: [...plainCases, ...tiedCases], before: new Map() };
const fromAnotherRegion: Side = {
  caller: elsewhere,
  cases: [
    ...plainCases.filter(({ title }) => !global.has(title.split('.')[0]!)),
    ...tiedCases.filter(({ title }) => !/bucket/.test(title)),
  ],
  before: new Map(),
};

async function answerOf({ run }: Case, { caller }: Side, names: Names) {
  const who = caller();
  const outcome = await run(names, who);
  return { outcome, leaves: leavesOf(outcome, names, who) };
}

async function checkCase(one: Case, side: Side): Promise<string[]> {
  const { title } = one;
  const theirs = await answerOf(one, side, owned);
  const none = await answerOf(one, side, absent('absent'));
  const noneAgain = await answerOf(one, side, absent('nobody'));
  const before = side.before.get(title)!;
  const complaints: string[] = [];
  if (JSON.stringify(theirs.outcome).includes(SECRET)) complaints.push(`${title} reads what the owner wrote`);
  const paths = new Set([theirs, none, noneAgain].flatMap(({ leaves }) => [...leaves.keys()]).concat(...before.keys()));
  for (const path of paths) {
    const [a, b, c] = [theirs, none, noneAgain].map(({ leaves }) => leaves.get(path));
    // What two calls with absent names do not agree in is made by chance.
    if (b !== c) continue;
    const said = `${b} for what is not there`;
    if (a !== b) complaints.push(`${title}${path}: ${a} for what is the owner's, ${said}`);
    if (before.get(path) !== b)
      complaints.push(`${title}${path}: ${said}, ${before.get(path)} before there was anything`);
  }
  return complaints;
}

/** All cases, some at a time: each has callers of its own. */
async function eachCase({ cases }: Side, work: (one: Case) => Promise<void>): Promise<void> {
  const left = cases.filter(({ title }) => !(title in known));
  const worker = async () => {
    for (let one = left.shift(); one; one = left.shift()) await work(one);
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

async function askBefore(): Promise<void> {
  for (const side of [fromAnotherAccount, fromAnotherRegion]) {
    await eachCase(side, async (one) => {
      side.before.set(one.title, (await answerOf(one, side, absent('early'))).leaves);
    });
  }
}

async function checkAll(side: Side): Promise<void> {
  const complaints: string[] = [];
  await eachCase(side, async (one) => void complaints.push(...(await checkCase(one, side))));
  assert.deepEqual(complaints, []);
}

describe('each operation that is built', () => {
  test('that is left out is one', () => {
    const titles = operations.map(({ title }) => title);
    assert.deepEqual(
      Object.keys({ ...notByOwner, ...known }).filter((title) => !titles.includes(title)),
      [],
    );
  });

  test('tells another account nothing', () => checkAll(fromAnotherAccount));

  test('tells another region nothing', () => checkAll(fromAnotherRegion));

  test("takes no token of another's page", async () => {
    const second = { ...owned, tag: 'ownery' };
    for (const operation of [
      'CreateConfigurationSet',
      'CreateEmailIdentity',
      'CreateEmailTemplate',
      'CreateCustomVerificationEmailTemplate',
      'PutSuppressedDestination',
    ]) {
      const api = apis.find(({ name }) => name === 'v2')!;
      assert.equal((await call(api, operation, owner, inputOf(api, operation, second, owner))).message, undefined);
    }
    const queues = apis.find(({ name }) => name === 'sqs')!;
    await call(queues, 'CreateQueue', owner, { QueueName: 'ownery-queue' });
    for (const [title, input] of paged) {
      const [name, operation = ''] = title.split('.');
      const api = apis.find((one) => one.name === name)!;
      const { output } = await call(api, operation, owner, input);
      const NextToken = (output as { NextToken?: string }).NextToken;
      assert.ok(NextToken, `${title} has a second page`);
      for (const caller of [stranger(), elsewhere()]) {
        const theirs: Outcome = await call(api, operation, caller, { ...input, NextToken });
        const nonsense = await call(api, operation, caller, { ...input, NextToken: 'bm9uc2Vuc2U' });
        const plain = ({ message, ...rest }: Outcome) => ({
          ...rest,
          message: message!.replace(/[\w-]{11,}/, 'token'),
        });
        assert.deepEqual(plain(theirs), plain(nonsense), title);
      }
    }
  });

  test('leaves what the owner has as it was, and tells him no secret twice', async () => {
    const changed: string[] = [];
    assert.equal(keySecret.length, 40);
    for (const { api, operation, title } of operations) {
      if (makes.test(operation) || ends.test(operation) || title in notByOwner || /^sqs\.(Receive|Change)/.test(title))
        continue;
      const outcome = await call(api, operation, owner, inputOf(api, operation, owned, owner));
      const { name, message } = outcome;
      if (JSON.stringify(outcome).includes(keySecret)) changed.push(`${title} tells the secret of a key again`);
      if (name && !/already (exist|has)/.test(message!)) changed.push(`${title}: ${name}: ${message}`);
    }
    assert.deepEqual(changed, []);
  });
});
