import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { type Credentials, policyOf, type Statement, smtpAuth, Users } from '../world/callers.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';

// One story: an account lets another send with its domain, on conditions, through every door; and what it does not allow.
const OWNER = '111111111111';
const DELEGATE = '222222222222';
const arn = `arn:aws:ses:us-east-1:${OWNER}:identity/owner.example`;

let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let users: Users;
let owner: v2.SESv2Client;
let ownerV1: v1.SESClient;
let delegate: { root: Credentials; user: Credentials };
const clients: { destroy(): void }[] = [];

const made = <C extends { destroy(): void }>(client: C): C => {
  clients.push(client);
  return client;
};
const clientV1 = (credentials: Credentials) => made(new v1.SESClient({ ...sesame.client, credentials }));
const clientV2 = (credentials: Credentials) => made(new v2.SESv2Client({ ...sesame.client, credentials }));

before(async () => {
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({
    SESAME_AUTH: 'sigv4',
    SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}`,
  });
  const account = async (id: string): Promise<Credentials> =>
    (await sesame.call('POST', '/_sesame/accounts', { account: id, name: id })).json;
  const ownerRoot = await account(OWNER);
  [owner, ownerV1] = [clientV2(ownerRoot), clientV1(ownerRoot)];
  const root = await account(DELEGATE);
  users = new Users(sesame, root);
  delegate = { root, user: await users.create('bob', { Action: 'ses:Send*', Resource: '*' }) };
  await owner.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'owner.example' }));
});
after(async () => {
  for (const client of clients) client.destroy();
  users?.close();
  await sesame?.stop();
  await sink?.close();
});

/** The owner's one policy becomes this. */
async function allow(...statements: readonly Statement[]) {
  const named = { Identity: 'owner.example', PolicyName: 'delegates' };
  const Policy = policyOf(...statements.map((one) => ({ Resource: arn, ...one })));
  if (statements.length > 0) await ownerV1.send(new v1.PutIdentityPolicyCommand({ ...named, Policy }));
  else await ownerV1.send(new v1.DeleteIdentityPolicyCommand(named));
}
const toDelegate = { Principal: { AWS: DELEGATE }, Action: ['ses:SendEmail', 'ses:SendRawEmail'] };

const from = 'news@owner.example';
const text = { Data: 'Hello' };
const words = { Subject: text, Body: { Text: text } };
const raw = (...fields: string[]) =>
  Buffer.from([`From: ${from}`, 'To: bob@world.example', 'Subject: Hello', ...fields, '', 'Hello.', ''].join('\r\n'));

type Send = (credentials: Credentials, to: string) => Promise<string>;

/** Each way to name the other account's identity; all answer the message id. */
const doors = {
  'v1 SendEmail': async (credentials: Credentials, to: string, named = arn) => {
    const command = new v1.SendEmailCommand({
      Source: from,
      SourceArn: named,
      Destination: { ToAddresses: [to] },
      Message: words,
    });
    return (await clientV1(credentials).send(command)).MessageId!;
  },
  'v1 SendRawEmail': async (credentials: Credentials, to: string, named = arn) => {
    const command = new v1.SendRawEmailCommand({
      Source: from,
      SourceArn: named,
      FromArn: named,
      ReturnPathArn: named,
      Destinations: [to],
      RawMessage: { Data: raw() },
    });
    return (await clientV1(credentials).send(command)).MessageId!;
  },
  'v1 SendRawEmail by fields': async (credentials: Credentials, to: string, named = arn) => {
    const fields = [`X-SES-SOURCE-ARN: ${named}`, `X-SES-FROM-ARN: ${named}`, `X-SES-RETURN-PATH-ARN: ${named}`];
    const command = new v1.SendRawEmailCommand({ Destinations: [to], RawMessage: { Data: raw(...fields) } });
    return (await clientV1(credentials).send(command)).MessageId!;
  },
  'v2 Simple': async (credentials: Credentials, to: string, named = arn, author = from) => {
    const command = new v2.SendEmailCommand({
      FromEmailAddress: author,
      FromEmailAddressIdentityArn: named,
      Destination: { ToAddresses: [to] },
      Content: { Simple: words },
    });
    return (await clientV2(credentials).send(command)).MessageId!;
  },
  'v2 Raw': async (credentials: Credentials, to: string, named = arn) => {
    const command = new v2.SendEmailCommand({
      FromEmailAddress: from,
      FromEmailAddressIdentityArn: named,
      FeedbackForwardingEmailAddress: 'bounces@owner.example',
      FeedbackForwardingEmailAddressIdentityArn: named,
      Destination: { ToAddresses: [to] },
      Content: { Raw: { Data: raw() } },
    });
    return (await clientV2(credentials).send(command)).MessageId!;
  },
  SMTP: async (credentials: Credentials, to: string, named = arn) => {
    const { response } = await createTransport({
      host: '127.0.0.1',
      port: sesame.port('submissionTls'),
      secure: true,
      tls: { rejectUnauthorized: false },
      auth: smtpAuth(credentials),
    }).sendMail({ envelope: { from, to }, raw: raw(`X-SES-SOURCE-ARN: ${named}`) });
    return response.split(' ').at(-1)!;
  },
};
const wantsRaw = (door: string) => /Raw|SMTP/.test(door);

/** The text in which SES says who may not do what with which. */
const denial = (door: string, what = arn, who = `arn:aws:iam::${DELEGATE}:user/bob`) =>
  `User \`${who}' is not authorized to perform \`ses:${wantsRaw(door) ? 'SendRawEmail' : 'SendEmail'}' on resource \`${what}'`;

async function denied(door: string, call: Promise<unknown>, what?: string) {
  if (door === 'SMTP') {
    await assert.rejects(call, (error: Error & { response?: string }) => {
      assert.equal(error.response, `554 Access denied: ${denial(door, what)}`);
      return true;
    });
    return;
  }
  const isV1 = door.startsWith('v1');
  const error = await refusal(call, isV1 ? v1.SESServiceException : v2.SESv2ServiceException);
  assert.deepEqual(
    [error.name, error.$metadata.httpStatusCode, error.message],
    [isV1 ? 'AccessDenied' : 'AccessDeniedException', 403, denial(door, what)],
  );
}

describe('without a policy of the owner', () => {
  beforeEach(() => allow());

  test('nobody else sends with it, in the same words whether it exists or not', async () => {
    const nothing = arn.replace('owner.example', 'nothing.example');
    for (const [door, send] of Object.entries(doors)) {
      await denied(door, send(delegate.user, 'bob@world.example'));
      await denied(door, send(delegate.user, 'bob@world.example', nothing), nothing);
    }
  });

  test('an address of it is not verified where no ARN says whose it is', async () => {
    const command = new v1.SendEmailCommand({
      Source: from,
      Destination: { ToAddresses: ['a@b.example'] },
      Message: words,
    });
    const error = await refusal(clientV1(delegate.root).send(command), v1.MessageRejected);
    assert.match(error.message, /^Email address is not verified\..*: news@owner\.example$/);
  });
});

describe('with a policy of the owner', () => {
  test('the delegate sends through every door; it is his mail, with the name and the signature of the owner', async () => {
    await allow(toDelegate);
    let count = sink.caught.length;
    for (const [door, send] of Object.entries(doors)) {
      const id = await send(delegate.user, 'bob@world.example');
      const { account, from: author } = await sesame.shown(id);
      assert.deepEqual([account, author], [DELEGATE, from], door);
      const { content } = await sink.mail(++count);
      assert.match(content, /DKIM-Signature: [\s\S]*d=owner\.example/, door);
      assert.equal(/X-SES-/i.test(content), false, door);
    }
    assert.equal((await sesame.call('GET', `/_sesame/messages?query=from:owner.example`)).json.total, count);
  });

  test('an address that the identity does not cover is not one that the policy is about', async () => {
    await allow(toDelegate);
    const command = new v1.SendEmailCommand({
      Source: 'news@another.example',
      SourceArn: arn,
      Destination: { ToAddresses: ['bob@world.example'] },
      Message: words,
    });
    await denied('v1 SendEmail', clientV1(delegate.user).send(command));
  });

  test('only such as the conditions allow', async () => {
    const like = (key: string, value: string) => ({ StringLike: { [key]: value } });
    const only = async (Condition: object, expected: boolean, send: Send = doors['v2 Simple']) => {
      await allow({ ...toDelegate, Condition });
      const call = send(delegate.user, 'bob@world.example');
      if (expected) await call;
      else await denied('v2 Simple', call);
    };
    await only(like('ses:FromAddress', 'news@*'), true);
    await only(like('ses:FromAddress', 'boss@*'), false);
    await only(like('ses:FeedbackAddress', '*@owner.example'), true);
    await only(like('ses:FeedbackAddress', 'bounces@*'), false);
    await only({ 'ForAllValues:StringLike': { 'ses:Recipients': '*@world.example' } }, true);
    await only({ 'ForAllValues:StringLike': { 'ses:Recipients': '*@inside.example' } }, false);
    await only({ NumericEquals: { 'ses:ApiVersion': '2' } }, true);
    await only({ NumericEquals: { 'ses:ApiVersion': '1' } }, false);
    await only({ IpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, true);
    await only({ NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, false);
    await only({ DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, true);
    await only({ Bool: { 'aws:SecureTransport': 'true' } }, false);
    const isNews = { StringEquals: { 'ses:FromDisplayName': 'News' } };
    await only(isNews, false);
    await only(isNews, true, (credentials, to) => doors['v2 Simple'](credentials, to, arn, `News <${from}>`));
  });

  test('a denial wins, and counts for the owner too', async () => {
    const isOutside = { 'ForAnyValue:StringNotLike': { 'ses:Recipients': '*@world.example' } };
    await allow(toDelegate, { Effect: 'Deny', Principal: '*', Action: 'ses:*', Condition: isOutside });
    await doors['v2 Simple'](delegate.user, 'bob@world.example');
    await denied('v2 Simple', doors['v2 Simple'](delegate.user, 'bob@elsewhere.example'));
    const command = new v2.SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: ['bob@elsewhere.example'] },
      Content: { Simple: words },
    });
    const error = await refusal(owner.send(command), v2.SESv2ServiceException);
    assert.equal(error.message, denial('v2 Simple', arn, `arn:aws:iam::${OWNER}:root`));
  });

  test("the delegate's own policies must allow it as well", async () => {
    await allow(toDelegate);
    await users.allow('bob', { Action: 'ses:Send*', Resource: `arn:aws:ses:*:${DELEGATE}:*` });
    for (const [door, send] of Object.entries(doors)) await denied(door, send(delegate.user, 'bob@world.example'));
    await users.allow('bob', { Action: 'ses:Send*', Resource: arn });
    await doors['v2 Simple'](delegate.user, 'bob@world.example');
  });

  test('a policy for one user is not one for another', async () => {
    await allow({ ...toDelegate, Principal: { AWS: `arn:aws:iam::${DELEGATE}:user/alice` } });
    await denied('v2 Simple', doors['v2 Simple'](delegate.user, 'bob@world.example'));
    await allow({ ...toDelegate, Principal: { AWS: `arn:aws:iam::${DELEGATE}:user/bob` } });
    await doors['v2 Simple'](delegate.user, 'bob@world.example');
  });

  test('each ARN is for the place that it names', async () => {
    const mine = 'me@delegate.example';
    const [old, now] = [clientV1(delegate.root), clientV2(delegate.root)];
    await now.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'delegate.example' }));
    const back = 'bounces@owner.example';
    const Destinations = ['bob@world.example'];
    const Destination = { ToAddresses: Destinations };
    const field = (name: string, value: string | undefined) => (value === undefined ? [] : [`${name}: ${value}`]);
    const sendRaw = (fields: readonly string[], more: Partial<v1.SendRawEmailCommandInput> = {}) => {
      const Data = Buffer.from([...fields, 'Subject: Hello', '', 'Hello.', ''].join('\r\n'));
      return old.send(new v1.SendRawEmailCommand({ Destinations, RawMessage: { Data }, ...more }));
    };
    const byFrom = [`From: ${from}`];
    const byReturn = [`From: ${mine}`, `Return-Path: ${back}`];
    const places: Readonly<Record<string, (named?: string) => Promise<unknown>>> = {
      'v1 Raw FromArn': (FromArn) => sendRaw(byFrom, { Source: mine, FromArn }),
      'v1 Raw X-SES-FROM-ARN': (named) => sendRaw([...byFrom, ...field('X-SES-FROM-ARN', named)], { Source: mine }),
      'v1 Raw ReturnPathArn': (ReturnPathArn) => sendRaw(byReturn, { ReturnPathArn }),
      'v1 Raw X-SES-RETURN-PATH-ARN': (named) => sendRaw([...byReturn, ...field('X-SES-RETURN-PATH-ARN', named)]),
      'v1 ReturnPathArn': (ReturnPathArn) =>
        old.send(
          new v1.SendEmailCommand({ Source: mine, ReturnPath: back, ReturnPathArn, Destination, Message: words }),
        ),
      'v2 feedback': (FeedbackForwardingEmailAddressIdentityArn) =>
        now.send(
          new v2.SendEmailCommand({
            FromEmailAddress: mine,
            FeedbackForwardingEmailAddress: back,
            FeedbackForwardingEmailAddressIdentityArn,
            Destination,
            Content: { Simple: words },
          }),
        ),
    };
    for (const [place, send] of Object.entries(places)) {
      await allow(toDelegate);
      await send(arn);
      await assert.rejects(
        send(),
        /^MessageRejected: Email address is not verified\..*: (news|bounces)@owner\.example$/,
      );
      await allow({ ...toDelegate, Principal: { AWS: '333333333333' } });
      const what = denial(place, arn, `arn:aws:iam::${DELEGATE}:root`);
      assert.equal((await refusal(send(arn), Error)).message, what, place);
    }
  });

  test('an ARN of another region is refused', async () => {
    await allow(toDelegate);
    const call = doors['v1 SendEmail'](delegate.user, 'bob@world.example', arn.replace('us-east-1', 'eu-west-1'));
    const error = await refusal(call, v1.SESServiceException);
    assert.equal(error.name, 'InvalidParameterValue');
  });

  test('a policy that cannot be read is not taken', async () => {
    const Condition = { StringIs: { 'ses:FromAddress': 'x' } };
    await refusal(allow({ ...toDelegate, Condition }), v1.InvalidPolicyException);
  });
});

test('events name the identity of the owner and the account of the delegate', async () => {
  await allow(toDelegate);
  const id = await doors['v2 Simple'](delegate.user, 'bob@world.example');
  const message = (await sesame.app.messages.get(id))!;
  assert.deepEqual(
    [message.account, message.facts['identity'], message.facts['identityAccount']],
    [DELEGATE, 'owner.example', OWNER],
  );
});
