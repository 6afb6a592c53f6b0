import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import * as sdk1 from '@aws-sdk/client-ses';
import * as sdk2 from '@aws-sdk/client-sesv2';
import { type Log, silentLog } from '../../base/log.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Caller } from './caller.ts';
import { SES_NAMESPACE } from './destination.ts';
import { queryProtocol } from './protocol/query.ts';
import { restJsonProtocol } from './protocol/rest-json.ts';
import { modelOf } from './protocol/schema.ts';
import { constraintsOf } from './protocol/service-constraints.ts';
import type { Service } from './service.ts';
import { openTestDoor, type TestDoor, testCredentials, testKey, testService } from './test-door.ts';

/** What the handlers were given, newest last. */
const seen: { input: Record<string, unknown>; caller: Caller }[] = [];
const record = (input: unknown, caller: Caller) => seen.push({ input: input as Record<string, unknown>, caller });
/** A handler that only remembers what it was given. */
const remember = (input: unknown, caller: Caller) => {
  record(input, caller);
  return {};
};
const lastInput = () => seen.at(-1)!.input;
const lastCaller = () => seen.at(-1)!.caller;

function v1(): Service {
  const model = modelOf(sdk1);
  const constraints = constraintsOf('v1');
  const protocol = queryProtocol({ model, version: '2010-12-01', namespace: SES_NAMESPACE, constraints });
  return testService(
    { model, protocol },
    {
      SendEmail(input: sdk1.SendEmailRequest, caller) {
        record(input, caller);
        if (input.ConfigurationSetName === 'absent') {
          const detail = { ConfigurationSetName: 'absent', Secret: 'not of the model' };
          throw new Refusal('configuration-set-not-found', 'Configuration set <absent> does not exist.', detail);
        }
        if (input.Source === 'fast@example.com') throw new Refusal('rate-exceeded', 'Maximum sending rate exceeded.');
        if (input.Source === 'fault@example.com') throw new Error('secret cause');
        return { MessageId: 'v1-<&>-1' };
      },
      GetSendQuota: () => ({ Max24HourSend: 200, MaxSendRate: 1.5, SentLast24Hours: 0 }),
      GetSendStatistics: () => ({ SendDataPoints: [{ Timestamp: new Date(0), DeliveryAttempts: 3, Bounces: 0 }] }),
      GetIdentityVerificationAttributes: ({ Identities }: { Identities: string[] }) => ({
        VerificationAttributes: Object.fromEntries(Identities.map((name) => [name, { VerificationStatus: 'Success' }])),
      }),
      VerifyEmailAddress: () => undefined,
      VerifyEmailIdentity: () => ({}),
      CreateReceiptRule: remember,
      CreateTemplate: remember,
      CreateConfigurationSet() {
        throw new Refusal('already-exists', 'Configuration set x already exists.', { ConfigurationSetName: 'x' });
      },
    },
  );
}

function v2(): Service {
  const model = modelOf(sdk2);
  const protocol = restJsonProtocol({
    model,
    constraints: constraintsOf('v2'),
    aliases: [['ListEmailIdentities', 'GET', '/v2/email/identities']],
  });
  return testService(
    { model, protocol },
    {
      SendEmail(input: sdk2.SendEmailRequest, caller) {
        record(input, caller);
        if (input.FromEmailAddress === undefined && input.Content?.Simple) throw new Refusal('validation', '');
        if (input.FromEmailAddress === 'fast@example.com')
          throw new Refusal('rate-exceeded', 'Maximum sending rate exceeded.');
        if (input.FromEmailAddress === 'fault@example.com') throw new Error('secret cause');
        return { MessageId: 'v2-1' };
      },
      GetEmailIdentity({ EmailIdentity }: { EmailIdentity: string }) {
        if (EmailIdentity === 'absent') throw new Refusal('not-found', 'Email identity absent does not exist.');
        return {
          IdentityType: 'DOMAIN',
          VerifiedForSendingStatus: true,
          DkimAttributes: { Status: 'SUCCESS', LastKeyGenerationTimestamp: new Date(1_788_256_800_123) },
          Policies: {},
          Tags: [{ Key: 'asked', Value: EmailIdentity }],
        };
      },
      ListEmailIdentities: (input, caller) => ({ ...remember(input, caller), EmailIdentities: [], NextToken: 't/+=' }),
      UntagResource: remember,
      ListSuppressedDestinations: remember,
      PutConfigurationSetDeliveryOptions: remember,
      PutAccountSuppressionAttributes: remember,
      PutAccountDetails: remember,
      CreateContactList: remember,
    },
  );
}

let open: TestDoor;
let strict: TestDoor;
let ses: sdk1.SESClient;
let sesv2: sdk2.SESv2Client;

before(async () => {
  const services = { 'ses-v1': v1, 'ses-v2': v2 };
  open = await openTestDoor(services);
  strict = await openTestDoor(services, { mode: 'sigv4' });
  const common = { region: 'eu-west-1', credentials: testCredentials, maxAttempts: 1 };
  ses = new sdk1.SESClient({ ...common, endpoint: strict.endpoint });
  sesv2 = new sdk2.SESv2Client({ ...common, endpoint: strict.endpoint });
});
after(async () => {
  ses.destroy();
  sesv2.destroy();
  await open[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
});

const mail: sdk1.SendEmailRequest = {
  Source: 'Ünï <a+b@example.com>',
  Destination: { ToAddresses: ['b@example.org', 'c@example.org'] },
  Message: { Subject: { Data: 'Hi & bye = 100 % + more' }, Body: { Text: { Data: 'line\nline 😀' } } },
  Tags: [{ Name: 'k', Value: 'v' }],
};

async function failure(promise: Promise<unknown>): Promise<{ name: string; message: string; status: number } & Error> {
  try {
    await promise;
  } catch (error) {
    const { name, message, $metadata } = error as Error & { $metadata: { httpStatusCode: number } };
    return Object.assign(error as Error, { name, message, status: $metadata.httpStatusCode });
  }
  throw new assert.AssertionError({ message: 'expected an error' });
}

describe('v1 through the SDK, signatures verified', () => {
  it('carries a message both ways', async () => {
    const output = await ses.send(new sdk1.SendEmailCommand(mail));
    assert.equal(output.MessageId, 'v1-<&>-1');
    assert.deepEqual(lastInput(), mail);
    const { account, region, arn, accessKeyId, sourceIp } = lastCaller();
    assert.deepEqual(
      { account, region, arn, accessKeyId, sourceIp },
      {
        account: testKey.account,
        region: 'eu-west-1',
        arn: testKey.arn,
        accessKeyId: testKey.accessKeyId,
        sourceIp: '127.0.0.1',
      },
    );
    assert.equal(output.$metadata.requestId, lastCaller().requestId);
  });

  it('writes numbers, timestamps and maps as SES does', async () => {
    assert.equal((await ses.send(new sdk1.GetSendQuotaCommand({}))).Max24HourSend, 200);
    const { SendDataPoints } = await ses.send(new sdk1.GetSendStatisticsCommand({}));
    assert.deepEqual(SendDataPoints, [{ Timestamp: new Date(0), DeliveryAttempts: 3, Bounces: 0 }]);
    const asked = { Identities: ['example.com', 'a&b@example.com'] };
    const { VerificationAttributes } = await ses.send(new sdk1.GetIdentityVerificationAttributesCommand(asked));
    assert.deepEqual(Object.keys(VerificationAttributes ?? {}), asked.Identities);
  });

  it('answers with the modelled error and its members', async () => {
    const error = await failure(ses.send(new sdk1.SendEmailCommand({ ...mail, ConfigurationSetName: 'absent' })));
    assert.ok(error instanceof sdk1.ConfigurationSetDoesNotExistException);
    assert.equal(error.ConfigurationSetName, 'absent');
    assert.equal('Secret' in error, false);
    const command = new sdk1.CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'x' } });
    assert.ok((await failure(ses.send(command))) instanceof sdk1.ConfigurationSetAlreadyExistsException);
  });

  it('gathers what is wrong with the input', async () => {
    const rule = { Name: 'r', TlsPolicy: 'Never', Actions: [{ SNSAction: { TopicArn: 't', Encoding: 'x' } }] };
    const command = new sdk1.CreateReceiptRuleCommand({ RuleSetName: 's', Rule: rule as sdk1.ReceiptRule });
    const error = await failure(ses.send(command));
    assert.equal(error.name, 'ValidationError');
    assert.equal(
      error.message,
      "2 validation errors detected: Value at 'rule.tlsPolicy' failed to satisfy constraint: Member must satisfy enum value set: [Require, Optional]; Value at 'rule.actions.1.member.sNSAction.encoding' failed to satisfy constraint: Member must satisfy enum value set: [UTF-8, Base64]",
    );
  });

  it('knows throttling from faults, and keeps their cause', async () => {
    const throttled = await failure(ses.send(new sdk1.SendEmailCommand({ ...mail, Source: 'fast@example.com' })));
    assert.deepEqual([throttled.name, throttled.status], ['Throttling', 400]);
    const fault = await failure(ses.send(new sdk1.SendEmailCommand({ ...mail, Source: 'fault@example.com' })));
    assert.deepEqual([fault.name, fault.status], ['InternalFailure', 500]);
    assert.doesNotMatch(fault.message, /secret/);
  });

  it('says what is not built before it looks at the input', async () => {
    const error = await failure(ses.send(new sdk1.DeleteIdentityCommand({ Identity: undefined })));
    assert.deepEqual([error.name, error.message], ['InvalidAction', 'DeleteIdentity is not built yet']);
  });
});

describe('v2 through the SDK, signatures verified', () => {
  const content: sdk2.EmailContent = { Simple: { Subject: { Data: 'ü' }, Body: { Text: { Data: 'x' } } } };

  it('carries a message both ways', async () => {
    const raw = { Raw: { Data: Buffer.from([0, 255, 10, 13]) } };
    const input = { FromEmailAddress: 'a@example.com', Destination: { ToAddresses: ['b@example.org'] }, Content: raw };
    assert.equal((await sesv2.send(new sdk2.SendEmailCommand(input))).MessageId, 'v2-1');
    assert.deepEqual(lastInput(), input);
  });

  it('reads labels, writes timestamps', async () => {
    const EmailIdentity = "a+b/ü '!()*@example.com";
    const { Tags, DkimAttributes } = await sesv2.send(new sdk2.GetEmailIdentityCommand({ EmailIdentity }));
    assert.deepEqual(Tags, [{ Key: 'asked', Value: EmailIdentity }]);
    assert.deepEqual(DkimAttributes?.LastKeyGenerationTimestamp, new Date(1_788_256_800_123));
  });

  it('reads repeated and typed queries', async () => {
    await sesv2.send(new sdk2.UntagResourceCommand({ ResourceArn: 'arn:aws:ses:x', TagKeys: ['b', 'a', 'b'] }));
    assert.deepEqual(lastInput(), { ResourceArn: 'arn:aws:ses:x', TagKeys: ['b', 'a', 'b'] });
    const filter = { Reasons: ['BOUNCE' as const, 'COMPLAINT' as const], StartDate: new Date(1_000), PageSize: 7 };
    await sesv2.send(new sdk2.ListSuppressedDestinationsCommand(filter));
    assert.deepEqual(lastInput(), filter);
  });

  it('answers with the modelled error', async () => {
    const error = await failure(sesv2.send(new sdk2.GetEmailIdentityCommand({ EmailIdentity: 'absent' })));
    assert.ok(error instanceof sdk2.NotFoundException);
    assert.deepEqual([error.status, error.message], [404, 'Email identity absent does not exist.']);
    const send = (FromEmailAddress: string) =>
      sesv2.send(new sdk2.SendEmailCommand({ FromEmailAddress, Content: content }));
    const throttled = await failure(send('fast@example.com'));
    assert.deepEqual([throttled.name, throttled.status], ['TooManyRequestsException', 429]);
    const fault = await failure(send('fault@example.com'));
    assert.deepEqual([fault.name, fault.status], ['InternalFailure', 500]);
  });

  it('words constraints as SES does', async () => {
    const check = async (promise: Promise<unknown>, texts: string[]) => {
      const error = await failure(promise);
      assert.equal(error.name, 'BadRequestException');
      const head = texts.length === 1 ? '1 validation error detected' : `${texts.length} validation errors detected`;
      assert.equal(error.message, `${head}: ${texts.map((text) => `Value at ${text}`).join('; ')}`);
    };
    const options = { ConfigurationSetName: 'x', MaxDeliverySeconds: 50_401 };
    await check(sesv2.send(new sdk2.PutConfigurationSetDeliveryOptionsCommand(options)), [
      "'maxDeliverySeconds' failed to satisfy constraint: Member must have value less than or equal to 50400",
    ]);
    const reasons = { SuppressedReasons: ['NEVER' as 'BOUNCE'] };
    await check(sesv2.send(new sdk2.PutAccountSuppressionAttributesCommand(reasons)), [
      "'suppressedReasons' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [BOUNCE, COMPLAINT]]",
    ]);
    const topic = { TopicName: 't', DisplayName: 'd', DefaultSubscriptionStatus: 'MAYBE' as 'OPT_IN' };
    await check(sesv2.send(new sdk2.CreateContactListCommand({ ContactListName: 'l', Topics: [topic] })), [
      "'topics.1.member.defaultSubscriptionStatus' failed to satisfy constraint: Member must satisfy enum value set: [OPT_OUT, OPT_IN]",
    ]);
    await check(sesv2.send(new sdk2.PutAccountDetailsCommand({ MailType: undefined, WebsiteURL: '' })), [
      "'mailType' failed to satisfy constraint: Member must not be null",
      "'websiteURL' failed to satisfy constraint: Member must have length greater than or equal to 1",
    ]);
    const unnamed = { Simple: { ...content.Simple!, Headers: [{ Name: undefined, Value: 'v' }] } };
    await check(sesv2.send(new sdk2.SendEmailCommand({ Content: unnamed })), [
      "'content.simple.headers.1.member.name' failed to satisfy constraint: Member must not be null",
    ]);
  });

  it('says what is not built before it looks at the input', async () => {
    const error = await failure(sesv2.send(new sdk2.CreateTenantCommand({ TenantName: undefined })));
    assert.deepEqual([error.name, error.status], ['BadRequestException', 400]);
    assert.equal(error.message, 'CreateTenant is not built yet');
  });
});

interface Raw {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer<ArrayBuffer>;
}

async function raw(path: string, { method = 'POST', headers = {}, body = '' }: Raw, door = open) {
  const init: RequestInit = { method, headers, ...(method === 'GET' ? {} : { body }) };
  const response = await fetch(door.endpoint + path, init);
  const text = await response.text();
  assert.match(response.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/);
  return { status: response.status, type: response.headers.get('x-amzn-errortype'), text };
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };
const code = (text: string) => /<Code>(.*?)<\/Code><Message>(.*?)<\/Message>/.exec(text)?.slice(1);

describe('on the wire', () => {
  it('v1: replies byte for byte', async () => {
    const { text } = await raw('/', { headers: form, body: 'Action=GetSendQuota&Version=2010-12-01' });
    assert.match(
      text,
      /^<GetSendQuotaResponse xmlns="http:\/\/ses\.amazonaws\.com\/doc\/2010-12-01\/"><GetSendQuotaResult><Max24HourSend>200\.0<\/Max24HourSend><MaxSendRate>1\.5<\/MaxSendRate><SentLast24Hours>0\.0<\/SentLast24Hours><\/GetSendQuotaResult><ResponseMetadata><RequestId>[0-9a-f-]{36}<\/RequestId><\/ResponseMetadata><\/GetSendQuotaResponse>$/,
    );
    const none = await raw('/', { headers: form, body: 'Action=VerifyEmailAddress&EmailAddress=a%40example.com' });
    assert.match(none.text, /^<VerifyEmailAddressResponse xmlns="[^"]+"><ResponseMetadata>/);
    const empty = await raw('/', { headers: form, body: 'Action=VerifyEmailIdentity&EmailAddress=a%40example.com' });
    assert.match(empty.text, /><VerifyEmailIdentityResult\/><ResponseMetadata>/);
    assert.equal((await raw('/?Action=GetSendQuota&Version=2010-12-01', { method: 'GET' })).status, 200);
  });

  it('v1: refuses what cannot be read', async () => {
    const check = async (body: string | Buffer<ArrayBuffer>, expected: [number, string, string]) => {
      const { status, text } = await raw('/', { headers: form, body });
      assert.deepEqual([status, ...code(text)!], expected);
    };
    const missing = (path: string) => `Value null at '${path}' failed to satisfy constraint: Member must not be null`;
    await check('Action=SendEmail&Destination=&Message.Body.Text.Data=x', [
      400,
      'ValidationError',
      `2 validation errors detected: ${missing('source')}; ${missing('message.subject.data')}`,
    ]);
    await check('Version=2010-12-01&Action=', [400, 'MissingAction', 'The request must contain the parameter Action']);
    await check('Action=Nothing&Version=2010-12-01', [
      400,
      'InvalidAction',
      'Could not find operation Nothing for version 2010-12-01',
    ]);
    await check('Action=SendEmail&Source=%zz', [
      400,
      'MalformedInput',
      'The request contains an invalid percent-encoding',
    ]);
    await check('Action=SendEmail&Source=%ff', [
      400,
      'MalformedInput',
      'The request contains an invalid percent-encoding',
    ]);
    await check(Buffer.from('Action=SendEmail&Source=\xff', 'latin1'), [
      400,
      'MalformedInput',
      'The request body is not valid UTF-8',
    ]);
    const deep = `Action=SendEmail&${'a.'.repeat(65)}a=1`;
    await check(deep, [400, 'MalformedInput', 'Nested deeper than 64 levels']);
  });

  it('v1: a required structure that is empty leaves nothing on the wire', async () => {
    const body = 'Action=SendEmail&Source=a%40example.com&Message.Subject.Data=s&Message.Body.Text.Data=x&Tags=';
    assert.equal((await raw('/', { headers: form, body })).status, 200);
    assert.deepEqual(lastInput()['Destination'], {});
    assert.deepEqual(lastInput()['Tags'], []);
  });

  it('v2: coerces as SES does, refuses the rest', async () => {
    const path = '/v2/email/configuration-sets/x/delivery-options';
    const check = async (body: string | Buffer<ArrayBuffer>, expected: [number, string, string | null]) => {
      const { status, type, text } = await raw(path, { method: 'PUT', body });
      assert.deepEqual([status, type, JSON.parse(text).message], expected);
    };
    const wrong = (message: string): [number, string, string] => [400, 'SerializationException', message];
    await check('{"SendingPoolName":5}', wrong('NUMBER_VALUE can not be converted to a String'));
    await check('{"SendingPoolName":true}', wrong('TRUE_VALUE can not be converted to a String'));
    await check('{"SendingPoolName":[]}', wrong('Start of list found where not expected'));
    await check('{"MaxDeliverySeconds":"x"}', wrong("'x' can not be converted to Long"));
    await check('{"MaxDeliverySeconds":1.5}', wrong("'1.5' can not be converted to Long"));
    await check(' \n', wrong('The request body is not valid JSON'));
    await check('[]', wrong('Start of list found where not expected'));
    await check('5', wrong('Expected null'));
    await check(Buffer.from('{"SendingPoolName":"\xff"}', 'latin1'), wrong('The request body is not valid UTF-8'));
    assert.equal((await raw(path, { method: 'PUT', body: '{"MaxDeliverySeconds":"300"}' })).status, 200);
    assert.deepEqual(lastInput(), { ConfigurationSetName: 'x', MaxDeliverySeconds: 300 });
    assert.equal((await raw(path, { method: 'PUT', body: 'null' })).status, 200);
    assert.equal((await raw(path, { method: 'PUT' })).status, 200);
    assert.equal((await raw(path, { method: 'PUT', body: '{"__proto__":{"MaxDeliverySeconds":1}}' })).status, 200);
    assert.deepEqual(lastInput(), { ConfigurationSetName: 'x' });
    assert.equal(
      (await raw(path, { method: 'PUT', body: `{"x":${'['.repeat(200_000)}${']'.repeat(200_000)}}` })).status,
      200,
    );
  });

  it('v2: blobs, messages that are null, unknown paths, bad labels', async () => {
    const send = (Content: unknown) => raw('/v2/email/outbound-emails', { body: JSON.stringify({ Content }) });
    assert.equal((await send({ Raw: { Data: 'YQ==YQ==' } })).type, 'SerializationException');
    assert.equal((await send({ Raw: { Data: '*' } })).type, 'SerializationException');
    assert.equal((await send({ Raw: { Data: 'YW\r\nI=' } })).status, 200);
    const simple = { Simple: { Subject: { Data: 's' }, Body: {} } };
    assert.deepEqual(JSON.parse((await send(simple)).text), { message: null });
    assert.deepEqual(await raw('/v2/email/nothing', { method: 'GET' }), {
      status: 404,
      type: 'UnknownOperationException',
      text: '{"message":null}',
    });
    assert.equal((await raw('/v2/email/identities/%ff', { method: 'GET' })).status, 400);
    const { text } = await raw('/v2/email/identities?PageSize=x', { method: 'GET' });
    assert.equal(JSON.parse(text).message, "'x' can not be converted to Integer");
    assert.equal((await raw('/v2/email/identities/?PageSize=2', { method: 'GET' })).status, 200);
    assert.deepEqual(lastInput(), { PageSize: 2 });
  });

  it('an unsigned request that resembles none of AWS is not answered here', async () => {
    const response = await fetch(`${open.endpoint}/elsewhere`, { method: 'POST', body: 'x=1' });
    assert.equal(response.status, 404);
  });
});

describe('a service', () => {
  it('is made at its first request, once', async () => {
    let made = 0;
    const lazily = async () => {
      made += 1;
      return v2();
    };
    await using door = await openTestDoor({ 'ses-v2': lazily, 'ses-v1': () => assert.fail('nobody asked for it') });
    assert.equal(made, 0);
    const list = () => raw('/v2/email/identities', { method: 'GET' }, door);
    for (const { status } of await Promise.all([list(), list(), list()])) assert.equal(status, 200);
    assert.equal(made, 1);
  });

  it('that meets a fault leaves its cause in the log', async () => {
    const logged: Record<string, unknown>[] = [];
    const log = { ...silentLog, error: (fields: Record<string, unknown>) => logged.push(fields) } as unknown as Log;
    await using door = await openTestDoor({ 'ses-v2': v2 }, { log });
    const body = JSON.stringify({ FromEmailAddress: 'fault@example.com', Content: {} });
    const { status, text } = await raw('/v2/email/outbound-emails', { body }, door);
    assert.equal(status, 500);
    assert.doesNotMatch(text, /secret/);
    const [{ err, operation, service } = {}] = logged;
    assert.deepEqual([(err as Error).message, operation, service], ['secret cause', 'SendEmail', 'ses-v2']);
  });
});

describe('who calls', () => {
  const authorization = (key: string, service = 'ses') =>
    `AWS4-HMAC-SHA256 Credential=${key}/20261124/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=${'0'.repeat(64)}`;
  const send = (headers: Record<string, string>, door = open) =>
    raw('/v2/email/identities', { method: 'GET', headers }, door);

  it('open: the key id tells the account, the signature is not looked at', async () => {
    const check = async (headers: Record<string, string>, account: string, region: string) => {
      assert.equal((await send(headers)).status, 200);
      const caller = lastCaller();
      assert.deepEqual([caller.account, caller.region], [account, region]);
    };
    await check({}, '000000000000', 'us-east-1');
    await check({ authorization: authorization('111122223333') }, '111122223333', 'eu-west-1');
    await check({ authorization: authorization(testKey.accessKeyId) }, testKey.account, 'eu-west-1');
    await check({ authorization: authorization('anything') }, '000000000000', 'eu-west-1');
    await check({ authorization: authorization('111122223333', 'email') }, '111122223333', 'eu-west-1');
  });

  it('sigv4: each fault in the words of each version', async () => {
    const post = { method: 'POST', body: 'Action=GetSendQuota&Version=2010-12-01' };
    const check = async (headers: Record<string, string>, v1: [number, string], v2: [number, string]) => {
      const one = await raw('/', { ...post, headers: { ...form, ...headers } }, strict);
      assert.deepEqual([one.status, code(one.text)?.[0]], v1);
      const two = await send(headers, strict);
      assert.deepEqual([two.status, two.type], v2);
    };
    const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
    const signed = (key: string, date = now) => ({
      authorization: authorization(key).replace('20261124', date.slice(0, 8)),
      'x-amz-date': date,
    });
    await check({}, [403, 'MissingAuthenticationToken'], [403, 'MissingAuthenticationTokenException']);
    await check(
      { authorization: authorization('x') },
      [400, 'IncompleteSignature'],
      [403, 'IncompleteSignatureException'],
    );
    await check(signed('unknown'), [403, 'InvalidClientTokenId'], [403, 'UnrecognizedClientException']);
    await check(signed(testKey.accessKeyId), [403, 'SignatureDoesNotMatch'], [403, 'SignatureDoesNotMatch']);
    const past = signed(testKey.accessKeyId, '20200101T000000Z');
    await check(past, [400, 'RequestExpired'], [403, 'SignatureDoesNotMatch']);
    const { text } = await send(past, strict);
    assert.match(JSON.parse(text).message, /^Signature expired: 20200101T000000Z is more than/);
    const token = { ...signed(testKey.accessKeyId), 'x-amz-security-token': 't' };
    await check(token, [403, 'InvalidClientTokenId'], [403, 'UnrecognizedClientException']);
  });

  it('names a service that is not built, in its own style', async () => {
    const check = async (service: string, headers: Record<string, string>, expected: RegExp) => {
      const { text } = await raw('/', { headers: { authorization: authorization('k', service), ...headers } });
      assert.match(text, expected);
    };
    await check(
      'iam',
      form,
      /<ErrorResponse xmlns="https:\/\/iam.*<Code>InvalidAction<\/Code><Message>iam is not built yet</,
    );
    await check(
      'sqs',
      { 'x-amz-target': 'AmazonSQS.SendMessage' },
      /^\{"__type":"UnsupportedOperation","message":"sqs is not built yet"\}$/,
    );
    await check('s3', {}, /<Error><Code>NotImplemented<\/Code><Message>s3 is not built yet</);
    await check('dynamodb', { 'x-amz-target': 'X.Y' }, /"dynamodb is not built yet"/);
    await check('constructor', {}, /"constructor is not built yet"/);
  });
});
