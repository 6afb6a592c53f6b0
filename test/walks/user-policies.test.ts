// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of policies are written so
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CreateAccessKeyCommand,
  DeleteAccessKeyCommand,
  GetUserCommand,
  IAMClient,
  IAMServiceException,
  ListAccessKeysCommand,
  ListUsersCommand,
} from '@aws-sdk/client-iam';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, ListTopicsCommand, SNSClient, SNSServiceException } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SQSClient, SQSServiceException } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { createTransport } from 'nodemailer';
import { type Credentials, type Statement, smtpAuth, Users } from '../world/callers.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// What a user may is what his policies say, in every service and for every kind of resource.
const ACCOUNT = '000000000000';
const bob = `arn:aws:iam::${ACCOUNT}:user/bob`;
const ses = (resource: string) => `arn:aws:ses:us-east-1:${ACCOUNT}:${resource}`;

let sesame: SesameUnderTest;
let root: Credentials;
let users: Users;
let key: Credentials;
let old: v1.SESClient;
let now: v2.SESv2Client;
const clients: { destroy(): void }[] = [];
const made = <C extends { destroy(): void }>(client: C): C => {
  clients.push(client);
  return client;
};

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_AUTH: 'sigv4' });
  root = sesame.secrets.key!;
  users = new Users(sesame, root);
  key = await users.create('bob');
  old = made(new v1.SESClient({ ...sesame.client, credentials: key }));
  now = made(new v2.SESv2Client({ ...sesame.client, credentials: key }));
  const owner = made(new v2.SESv2Client({ ...sesame.client, credentials: root }));
  await owner.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  await owner.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'set' }));
  const TemplateContent = { Subject: 'Hello', Text: 'Hello.' };
  await owner.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'hello', TemplateContent }));
});
after(async () => {
  for (const client of clients) client.destroy();
  users?.close();
  await sesame?.stop();
});

const may = (...statements: readonly Statement[]) => users.allow('bob', ...statements);
const nothing = { Action: 'sts:GetCallerIdentity', Resource: '*' };
const text = { Data: 'Hello' };
const words = { Subject: text, Body: { Text: text } };
const envelope = {
  Source: 'ann@sender.example',
  Destination: { ToAddresses: ['success@simulator.amazonses.com'] },
};

async function notAllowed(call: Promise<unknown>, action: string, resource?: string) {
  const error = await refusal(call, Error);
  const on = resource === undefined ? '' : ` on resource: ${resource}`;
  const because = `because no identity-based policy allows the ${action} action`;
  assert.equal(error.message, `User: ${bob} is not authorized to perform: ${action}${on} ${because}`);
  return error;
}

async function notAllowedToSend(call: Promise<unknown>, action: string, resource: string) {
  const error = await refusal(call, Error);
  assert.equal(
    error.message,
    `User \`${bob}' is not authorized to perform \`ses:${action}' on resource \`${ses(resource)}'`,
  );
}

test('a user without a policy may only ask who he is', async () => {
  const sts = made(new STSClient({ ...sesame.client, credentials: key }));
  assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Arn, bob);
  const first = await notAllowed(old.send(new v1.GetSendQuotaCommand({})), 'ses:GetSendQuota');
  assert.ok(first instanceof v1.SESServiceException);
  assert.deepEqual([first.name, first.$metadata.httpStatusCode], ['AccessDenied', 403]);
  const second = await notAllowed(now.send(new v2.GetAccountCommand({})), 'ses:GetAccount');
  assert.ok(second instanceof v2.SESv2ServiceException);
  assert.deepEqual([second.name, second.$metadata.httpStatusCode], ['AccessDeniedException', 403]);
});

describe('operations of SES', () => {
  const show = (EmailIdentity: string) => now.send(new v2.GetEmailIdentityCommand({ EmailIdentity }));

  test('on the resources that are named', async () => {
    await may({ Action: 'ses:GetEmailIdentity', Resource: ses('identity/sender.*') });
    await show('sender.example');
    await notAllowed(show('friend@world.example'), 'ses:GetEmailIdentity', ses('identity/friend@world.example'));
    await notAllowed(show('nothing.example'), 'ses:GetEmailIdentity', ses('identity/nothing.example'));
    await notAllowed(now.send(new v2.ListEmailIdentitiesCommand({})), 'ses:ListEmailIdentities');
    const template = now.send(new v2.GetEmailTemplateCommand({ TemplateName: 'hello' }));
    await notAllowed(template, 'ses:GetEmailTemplate', ses('template/hello'));
    const set = old.send(new v1.CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'other' } }));
    await notAllowed(set, 'ses:CreateConfigurationSet', ses('configuration-set/other'));
    const list = now.send(new v2.ListContactsCommand({ ContactListName: 'list' }));
    await notAllowed(list, 'ses:ListContacts', ses('contact-list/list'));
    const tagged = now.send(new v2.ListTagsForResourceCommand({ ResourceArn: ses('identity/sender.example') }));
    await refusal(tagged, Error);
  });

  test('all but some', async () => {
    await may({ NotAction: ['ses:List*', 'iam:*'], NotResource: ses('identity/friend@*') });
    await show('sender.example');
    await notAllowed(show('friend@world.example'), 'ses:GetEmailIdentity', ses('identity/friend@world.example'));
    await notAllowed(now.send(new v2.ListEmailIdentitiesCommand({})), 'ses:ListEmailIdentities');
  });

  test('a denial wins', async () => {
    await may({ Action: '*', Resource: '*' }, { Effect: 'Deny', Action: 'ses:Delete*', Resource: '*' });
    await show('sender.example');
    const error = await refusal(
      now.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity: 'sender.example' })),
      v2.SESv2ServiceException,
    );
    assert.equal(
      error.message,
      `User: ${bob} is not authorized to perform: ses:DeleteEmailIdentity on resource: ${ses('identity/sender.example')} ` +
        'with an explicit deny in an identity-based policy',
    );
  });

  test('on conditions of the request', async () => {
    const only = async (Condition: object, expected: boolean) => {
      await may({ Action: 'ses:GetAccount', Resource: '*', Condition });
      const call = now.send(new v2.GetAccountCommand({}));
      if (expected) await call;
      else await notAllowed(call, 'ses:GetAccount');
    };
    await only({ StringEquals: { 'aws:RequestedRegion': 'us-east-1' } }, true);
    await only({ StringEquals: { 'aws:RequestedRegion': 'eu-west-1' } }, false);
    await only({ IpAddress: { 'aws:SourceIp': '127.0.0.1' } }, true);
    await only({ Bool: { 'aws:SecureTransport': 'true' } }, false);
    await only({ StringEquals: { 'ses:ApiVersion': '2' } }, true);
    await only({ StringLike: { 'aws:UserAgent': '*aws-sdk-js*' } }, true);
    await only({ StringEquals: { 'aws:username': 'bob' } }, true);
    await only({ ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:user/b*' } }, true);
    await only({ DateLessThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, false);
  });
});

describe('sends', () => {
  const send = (more: Partial<v1.SendEmailCommandInput> = {}) =>
    old.send(new v1.SendEmailCommand({ ...envelope, Message: words, ...more }));
  const sender = ses('identity/sender.example');

  test('need the action and the identity, whatever form they have', async () => {
    await may({ Action: 'ses:SendRawEmail', Resource: '*' });
    await notAllowedToSend(send(), 'SendEmail', 'identity/sender.example');
    await notAllowedToSend(send({ Source: 'x@nothing.example' }), 'SendEmail', 'identity/x@nothing.example');
    const raw = Buffer.from('From: ann@sender.example\r\nTo: success@simulator.amazonses.com\r\n\r\nHello.\r\n');
    await old.send(new v1.SendRawEmailCommand({ RawMessage: { Data: raw } }));
    await now.send(new v2.SendEmailCommand({ Content: { Raw: { Data: raw } } }));
    await may({ Action: 'ses:SendEmail', Resource: sender });
    await send();
    const v2Raw = now.send(new v2.SendEmailCommand({ Content: { Raw: { Data: raw } } }));
    await notAllowedToSend(v2Raw, 'SendRawEmail', 'identity/sender.example');
  });

  test('need the configuration set and the template', async () => {
    await may({ Action: 'ses:Send*', Resource: sender });
    await notAllowedToSend(send({ ConfigurationSetName: 'set' }), 'SendEmail', 'configuration-set/set');
    const templated = () =>
      old.send(new v1.SendTemplatedEmailCommand({ ...envelope, Template: 'hello', TemplateData: '{}' }));
    await notAllowedToSend(templated(), 'SendTemplatedEmail', 'template/hello');
    await may({ Action: 'ses:Send*', Resource: [sender, ses('configuration-set/*'), ses('template/hello')] });
    await send({ ConfigurationSetName: 'set' });
    await templated();
  });

  test('of many letters are refused as a whole', async () => {
    const bulk = () =>
      now.send(
        new v2.SendBulkEmailCommand({
          FromEmailAddress: envelope.Source,
          DefaultContent: { Template: { TemplateName: 'hello', TemplateData: '{}' } },
          BulkEmailEntries: [{ Destination: envelope.Destination }, { Destination: envelope.Destination }],
        }),
      );
    await may({ Action: 'ses:SendEmail', Resource: '*' });
    await notAllowedToSend(bulk(), 'SendBulkTemplatedEmail', 'identity/sender.example');
    for (const Action of ['ses:SendBulkEmail', 'ses:SendBulkTemplatedEmail']) {
      await may({ Action, Resource: '*' });
      assert.equal(
        (await bulk()).BulkEmailEntryResults!.every(({ Status }) => Status === 'SUCCESS'),
        true,
      );
    }
  });

  test('need the identities of the recipients too, in the sandbox', async () => {
    const strict = await SesameUnderTest.start({ SESAME_AUTH: 'sigv4', SESAME_SANDBOX: 'on' });
    const others = new Users(strict, strict.secrets.key!);
    const clientOf = (credentials: Credentials) => new v1.SESClient({ ...strict.client, credentials });
    const [owner, user] = [clientOf(strict.secrets.key!), clientOf(await others.create('bob'))];
    try {
      const friend = 'friend@world.example';
      for (const EmailAddress of [envelope.Source, friend]) {
        await owner.send(new v1.VerifyEmailIdentityCommand({ EmailAddress }));
      }
      const mine = ses(`identity/${envelope.Source}`);
      const sendOut = () =>
        user.send(new v1.SendEmailCommand({ ...envelope, Destination: { ToAddresses: [friend] }, Message: words }));
      await others.allow('bob', { Action: 'ses:SendEmail', Resource: mine });
      await notAllowedToSend(sendOut(), 'SendEmail', `identity/${friend}`);
      await others.allow('bob', { Action: 'ses:SendEmail', Resource: [mine, ses(`identity/${friend}`)] });
      await sendOut();
    } finally {
      for (const client of [owner, user]) client.destroy();
      others.close();
      await strict.stop();
    }
  });

  test('by SMTP are refused after the message', async () => {
    await may({ Action: 'ses:SendRawEmail', Resource: ses('identity/other.example') });
    const auth = smtpAuth(key);
    const port = sesame.port('submissionTls');
    const transport = createTransport({
      host: '127.0.0.1',
      port,
      secure: true,
      tls: { rejectUnauthorized: false },
      auth,
    });
    const mail = { from: envelope.Source, to: envelope.Destination.ToAddresses, subject: 'x', text: 'x' };
    await assert.rejects(transport.sendMail(mail), (error: Error & { response?: string }) => {
      const what = `\`ses:SendRawEmail' on resource \`${sender}'`;
      assert.equal(error.response, `554 Access denied: User \`${bob}' is not authorized to perform ${what}`);
      return true;
    });
    const onlyV2 = { StringEquals: { 'ses:ApiVersion': '2' }, Bool: { 'aws:SecureTransport': 'true' } };
    await may({ Action: 'ses:SendRawEmail', Resource: sender, Condition: onlyV2 });
    assert.match((await transport.sendMail(mail)).response, /^250 Ok/);
  });
});

describe('the neighbours', () => {
  test('IAM: a user may be let manage his own keys', async () => {
    const iam = made(new IAMClient({ ...sesame.client, credentials: key }));
    await may(nothing);
    await notAllowed(iam.send(new GetUserCommand({})), 'iam:GetUser', bob);
    await may({ Action: 'iam:*AccessKey*', Resource: `arn:aws:iam::*:user/\${aws:username}` });
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({}));
    await iam.send(new DeleteAccessKeyCommand({ AccessKeyId: AccessKey!.AccessKeyId }));
    await users.create('eve');
    const others = iam.send(new ListAccessKeysCommand({ UserName: 'eve' }));
    const error = await notAllowed(others, 'iam:ListAccessKeys', bob.replace('bob', 'eve'));
    assert.ok(error instanceof IAMServiceException);
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['AccessDenied', 403]);
    await notAllowed(iam.send(new ListUsersCommand({})), 'iam:ListUsers');
  });

  test('S3', async () => {
    const s3 = made(new S3Client({ ...sesame.client, credentials: key, forcePathStyle: true }));
    await may({ Action: ['s3:CreateBucket', 's3:PutObject'], Resource: 'arn:aws:s3:::mail*' });
    await s3.send(new CreateBucketCommand({ Bucket: 'mail-of-bob' }));
    const put = (Bucket: string) => s3.send(new PutObjectCommand({ Bucket, Key: 'a/b', Body: 'x' }));
    await put('mail-of-bob');
    await notAllowed(put('other'), 's3:PutObject', 'arn:aws:s3:::other/a/b');
    const get = s3.send(new GetObjectCommand({ Bucket: 'mail-of-bob', Key: 'a/b' }));
    const error = await notAllowed(get, 's3:GetObject', 'arn:aws:s3:::mail-of-bob/a/b');
    const copy = { Bucket: 'mail-of-bob', Key: 'copy', CopySource: 'mail-of-bob/a/b' };
    await notAllowed(s3.send(new CopyObjectCommand(copy)), 's3:GetObject', 'arn:aws:s3:::mail-of-bob/a/b');
    assert.ok(error instanceof S3ServiceException);
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ['AccessDenied', 403]);
  });

  test('SNS and SQS', async () => {
    const sns = made(new SNSClient({ ...sesame.client, credentials: key }));
    const sqs = made(new SQSClient({ ...sesame.client, credentials: key }));
    await may({ Action: ['sns:CreateTopic', 'sqs:CreateQueue'], Resource: '*' });
    await sns.send(new CreateTopicCommand({ Name: 'topic' }));
    await sqs.send(new CreateQueueCommand({ QueueName: 'queue' }));
    await may(nothing);
    const topic = sns.send(new CreateTopicCommand({ Name: 'topic' }));
    const first = await notAllowed(topic, 'sns:CreateTopic', `arn:aws:sns:us-east-1:${ACCOUNT}:topic`);
    assert.ok(first instanceof SNSServiceException);
    assert.equal(first.$metadata.httpStatusCode, 403);
    await notAllowed(sns.send(new ListTopicsCommand({})), 'sns:ListTopics');
    const queue = sqs.send(new CreateQueueCommand({ QueueName: 'queue' }));
    const second = await notAllowed(queue, 'sqs:CreateQueue', `arn:aws:sqs:us-east-1:${ACCOUNT}:queue`);
    assert.ok(second instanceof SQSServiceException);
    await notAllowed(sqs.send(new ListQueuesCommand({})), 'sqs:ListQueues');
  });
});
