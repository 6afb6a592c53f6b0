import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  GetAccountSendingEnabledCommand,
  GetSendQuotaCommand,
  SESClient,
  SendBulkTemplatedEmailCommand,
  SendRawEmailCommand,
  SendTemplatedEmailCommand,
  SendEmailCommand as SendV1,
  UpdateAccountSendingEnabledCommand,
} from '@aws-sdk/client-ses';
import {
  CreateCustomVerificationEmailTemplateCommand,
  CreateEmailIdentityCommand,
  CreateEmailTemplateCommand,
  GetAccountCommand,
  ListEmailIdentitiesCommand,
  PutAccountSendingAttributesCommand,
  SESv2Client,
  SendBulkEmailCommand,
  SendCustomVerificationEmailCommand,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';

// One story: an account pauses itself, comes under probation and is shut down; each door says so, other regions go on.
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let v1: SESClient;
let v2: SESv2Client;
let elsewhere: SESv2Client;

before(async () => {
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  v1 = new SESClient(sesame.client);
  v2 = new SESv2Client(sesame.client);
  elsewhere = new SESv2Client({ ...sesame.client, region: 'eu-west-1' });
  for (const ses of [v2, elsewhere])
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const TemplateContent = { Subject: 'Hello', Text: 'Hello.' };
  await v2.send(new CreateEmailTemplateCommand({ TemplateName: 'hello', TemplateContent }));
  await v2.send(
    new CreateCustomVerificationEmailTemplateCommand({
      TemplateName: 'confirm',
      FromEmailAddress: from,
      TemplateSubject: 'Please confirm',
      TemplateContent: '<p>Welcome</p>',
      SuccessRedirectionURL: 'https://sender.example/yes',
      FailureRedirectionURL: 'https://sender.example/no',
    }),
  );
});
after(async () => {
  for (const client of [v1, v2, elsewhere]) client?.destroy();
  await sesame?.stop();
  await sink?.close();
});

const from = 'ann@sender.example';
const to = { ToAddresses: ['bob@world.example'] };
const raw = Buffer.from(`From: ${from}\r\n\r\nx\r\n`);
const words = { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } };

const doors = {
  v1: async () => {
    await v1.send(new SendV1({ Source: from, Destination: to, Message: words }));
  },
  v2: async () => {
    const input = { FromEmailAddress: from, Destination: to, Content: { Simple: words } };
    await v2.send(new SendEmailCommand(input));
  },
  v1Raw: async () => {
    await v1.send(new SendRawEmailCommand({ Destinations: to.ToAddresses, RawMessage: { Data: raw } }));
  },
  v1Templated: async () => {
    const input = { Source: from, Destination: to, Template: 'hello', TemplateData: '{}' };
    await v1.send(new SendTemplatedEmailCommand(input));
  },
  v2Raw: async () => {
    await v2.send(new SendEmailCommand({ Destination: to, Content: { Raw: { Data: raw } } }));
  },
  v2Templated: async () => {
    const Template = { TemplateName: 'hello', TemplateData: '{}' };
    await v2.send(new SendEmailCommand({ FromEmailAddress: from, Destination: to, Content: { Template } }));
  },
  v2Verification: async () => {
    const input = { EmailAddress: 'carl@world.example', TemplateName: 'confirm' };
    await v2.send(new SendCustomVerificationEmailCommand(input));
  },
  v1Bulk: async () => {
    const input = { Source: from, Template: 'hello', DefaultTemplateData: '{}', Destinations: [{ Destination: to }] };
    const { Status } = await v1.send(new SendBulkTemplatedEmailCommand(input));
    return Status![0]!.Status;
  },
  v2Bulk: async () => {
    const { BulkEmailEntryResults } = await v2.send(
      new SendBulkEmailCommand({
        FromEmailAddress: from,
        DefaultContent: { Template: { TemplateName: 'hello', TemplateData: '{}' } },
        BulkEmailEntries: [{ Destination: to }],
      }),
    );
    return BulkEmailEntryResults![0]!.Status;
  },
  smtp: async () => {
    const port = sesame.port('submission');
    const client = await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' });
    assert.ok(client instanceof SmtpClient);
    const [answer] = await client.deliver({ from, to: ['bob@world.example'], content: raw });
    client.close();
    return answer!.code === 250 ? 250 : `${answer!.code} ${answer!.text}`;
  },
};

/** What every door answers: nothing, a status, or the name and text of an error. */
async function answers() {
  const asked = Object.entries(doors).map(async ([door, send]) => {
    const answer = await send().catch((error: Error) => `${error.name}: ${error.message}`);
    return [door, answer] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

/** Each door of an API refuses in the same words. */
const everywhere = <One, Two>(one: One, two: Two) => ({
  ...{ v1: one, v1Raw: one, v1Templated: one },
  ...{ v2: two, v2Raw: two, v2Templated: two, v2Verification: two },
});
const accepted = { ...everywhere(undefined, undefined), v1Bulk: 'Success', v2Bulk: 'SUCCESS', smtp: 250 };
const MORE = 'For more information, please check the inbox of the email address associated with your AWS account.';

async function account(client = v2) {
  const { EnforcementStatus, SendingEnabled } = await client.send(new GetAccountCommand({}));
  return [EnforcementStatus, SendingEnabled];
}

const enforce = (body: object, id = '000000000000') => sesame.call('POST', `/_sesame/accounts/${id}/enforcement`, body);

test('an account switches its sending off and on, by either API; other regions and receiving go on', async () => {
  assert.deepEqual(await answers(), accepted);
  assert.deepEqual(await account(), ['HEALTHY', true]);
  await v1.send(new UpdateAccountSendingEnabledCommand({ Enabled: false }));
  const text = `Sending paused for this account. ${MORE}`;
  assert.deepEqual(await answers(), {
    ...everywhere(`AccountSendingPausedException: ${text}`, `SendingPausedException: ${text}`),
    v1Bulk: 'AccountSendingPaused',
    v2Bulk: 'ACCOUNT_SENDING_PAUSED',
    smtp: `554 Message rejected: ${text}`,
  });
  assert.deepEqual(
    [await account(), await account(elsewhere)],
    [
      ['HEALTHY', false],
      ['HEALTHY', true],
    ],
  );
  assert.equal((await v1.send(new GetAccountSendingEnabledCommand({}))).Enabled, false);
  const input = { FromEmailAddress: from, Destination: to, Content: { Simple: words } };
  assert.ok((await elsewhere.send(new SendEmailCommand(input))).MessageId);
  await v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true }));
  assert.equal((await v1.send(new GetAccountSendingEnabledCommand({}))).Enabled, true);
  assert.deepEqual(await answers(), accepted);
});

test('what is refused counts for nothing', async () => {
  const before = await v1.send(new GetSendQuotaCommand({}));
  await v2.send(new PutAccountSendingAttributesCommand({}));
  assert.equal((await answers()).v2Bulk, 'ACCOUNT_SENDING_PAUSED');
  assert.equal((await v1.send(new GetSendQuotaCommand({}))).SentLast24Hours, before.SentLast24Hours);
  await v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true }));
});

test('under probation an account sends as ever, and sees how it stands', async () => {
  const { status } = await enforce({ region: 'us-east-1', status: 'PROBATION', reason: 'Bounces.' });
  assert.equal(status, 200);
  assert.deepEqual(await account(), ['PROBATION', true]);
  assert.deepEqual(await answers(), accepted);
});

test('an account that is shut down sends nothing, cannot undo it, and manages everything else', async () => {
  await enforce({ region: 'us-east-1', status: 'SHUTDOWN', reason: 'Complaints.' });
  const text = `Sending suspended for this account. ${MORE}`;
  const suspended = {
    ...everywhere(`MessageRejected: ${text}`, `AccountSuspendedException: ${text}`),
    v1Bulk: 'AccountSuspended',
    v2Bulk: 'ACCOUNT_SUSPENDED',
    smtp: `554 Message rejected: ${text}`,
  };
  assert.deepEqual(await answers(), suspended);
  assert.deepEqual(
    [await account(), await account(elsewhere)],
    [
      ['SHUTDOWN', false],
      ['HEALTHY', true],
    ],
  );
  await assert.rejects(v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true })), {
    name: 'BadRequestException',
    message: text,
  });
  await assert.rejects(v1.send(new UpdateAccountSendingEnabledCommand({ Enabled: true })), {
    name: 'InvalidParameterValue',
  });
  await v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: false }));
  const { EmailIdentities } = await v2.send(new ListEmailIdentitiesCommand({}));
  const names = EmailIdentities!.map(({ IdentityName }) => IdentityName);
  assert.deepEqual(names.toSorted(), ['carl@world.example', 'sender.example']);
  await sesame.restart();
  for (const client of [v1, v2, elsewhere]) client.destroy();
  v1 = new SESClient(sesame.client);
  v2 = new SESv2Client(sesame.client);
  elsewhere = new SESv2Client({ ...sesame.client, region: 'eu-west-1' });
  assert.deepEqual(await answers(), suspended);
  await enforce({ region: 'us-east-1', status: 'HEALTHY' });
  assert.deepEqual(await account(), ['HEALTHY', false], "the account's own switch is as it left it");
  await v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true }));
  assert.deepEqual(await answers(), accepted);
});

test('what was accepted before a shutdown is delivered: it was promised', async () => {
  let refuse = true;
  sink.onRcpt = () => (refuse ? reply(451, 'Later') : undefined);
  const input = { FromEmailAddress: from, Destination: to, Content: { Simple: words } };
  const { MessageId } = await v2.send(new SendEmailCommand(input));
  await sesame.advance('0s');
  assert.equal((await sesame.shown(MessageId!)).state, 'deferred');
  await enforce({ region: 'us-east-1', status: 'SHUTDOWN', reason: 'Complaints.' });
  refuse = false;
  await sesame.advance('1h');
  assert.equal((await sesame.shown(MessageId!)).state, 'delivered');
  await enforce({ region: 'us-east-1', status: 'HEALTHY' });
});

test('the operator is told what is wrong with an order', async () => {
  const message = async (body: object, id?: string) => {
    const { status, json } = await enforce(body, id);
    return `${status} ${json.message}`;
  };
  assert.equal(await message({ status: 'HEALTHY' }), '400 region must be the name of one.');
  const which = '400 status must be one of HEALTHY, PROBATION, SHUTDOWN.';
  assert.equal(await message({ region: 'us-east-1', status: 'constructor' }), which);
  assert.match(await message({ region: 'us-east-1', status: 'HEALTHY' }, '12'), /^400 '12' /);
});
