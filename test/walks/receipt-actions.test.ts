import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteReceiptRuleCommand,
  type ReceiptAction,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { converse } from '../../src/wire/smtp/script.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';

// One story: a domain answers mail with a bounce, marks it, and stops. Its correspondent's domain receives here too, so
// that what is sent back can be read.
let sesame: SesameUnderTest;
let subscriber: Subscriber;
let ses: SESClient;
let s3: S3Client;
let topicArn: string;

before(async () => {
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
  s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
  for (const Domain of ['here.example', 'back.example']) await ses.send(new VerifyDomainIdentityCommand({ Domain }));
  await s3.send(new CreateBucketCommand({ Bucket: 'mails' }));
  topicArn = await confirmedTopic('inbound');
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await rule('back', ['back.example'], [{ S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'back/' } }]);
});
after(async () => {
  for (const client of [ses, s3]) client?.destroy();
  await sesame?.stop();
  await subscriber?.close();
});

async function confirmedTopic(Name: string): Promise<string> {
  const sns = new SNSClient(sesame.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }));
  sns.destroy();
  const { body } = await subscriber.post(({ headers }) => headers['x-amz-sns-message-type'] !== 'Notification');
  assert.equal((await fetch(JSON.parse(body).SubscribeURL)).status, 200);
  return TopicArn!;
}

async function rule(Name: string, Recipients: string[], Actions: ReceiptAction[]): Promise<void> {
  await ses.send(
    new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: { Name, Enabled: true, Recipients, Actions } }),
  );
}
const removeRule = (RuleName: string) => ses.send(new DeleteReceiptRuleCommand({ RuleSetName: 'main', RuleName }));

/** What SMTP peers say, line by line; answers the inbound id. */
async function arrive({ mail = '<bob@back.example>', rcpt = '<ann@here.example>', subject = 'Hi' } = {}) {
  await converse(
    sesame.port('mx'),
    `S: 220 *
    C: EHLO mail.world.example
    S: 250-inbound-smtp.us-east-1.amazonaws.com
    S: 250-8BITMIME
    S: 250-PIPELINING
    S: 250-SIZE 41943040
    S: 250-DSN
    S: 250-STARTTLS
    S: 250 Ok
    C: MAIL FROM:${mail}
    S: 250 OK
    C: RCPT TO:${rcpt}
    S: 250 OK
    C: DATA
    S: 354 *
    C: From: Bob <bob@back.example>
    C: To: ann@here.example
    C: Subject: ${subject}
    C: Message-ID: <${subject.replace(/\W/g, '')}@back.example>
    C:
    C: body text
    C: .
    S: 250 OK *
    C: QUIT
    S: 221 Bye`,
  );
  await sesame.advance('0s');
  return sesame.message(`direction:in subject:"${subject}"`);
}

const stored = async (Key: string) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'mails', Key }));
  return Body!.transformToString();
};
const keys = async (Prefix: string) =>
  ((await s3.send(new ListObjectsV2Command({ Bucket: 'mails', Prefix }))).Contents ?? []).map(({ Key }) => Key);
const steps = ({ timeline }: any) =>
  timeline.filter(({ type }: any) => type === 'action').map(({ action, rule: name }: any) => `${name} ${action}`);

/** Notifications that tell of a mail, by the type of their action. */
const notification =
  (type: string) =>
  ({ headers, body }: Posted) =>
    headers['x-amz-sns-message-type'] === 'Notification' &&
    !body.includes('AMAZON_SES_SETUP_NOTIFICATION') &&
    body.includes(`\\"type\\":\\"${type}\\"`);

test('a rule is tried on its targets when it is made: a mail in the bucket, a notification at the topic', async () => {
  await rule('announced', ['here.example'], [{ S3Action: { BucketName: 'mails', TopicArn: topicArn } }]);
  const setup = await stored('AMAZON_SES_SETUP_NOTIFICATION');
  assert.match(setup, /^Subject: Amazon SES Setup Notification\r$/m);
  assert.match(setup, /attempted to set up Amazon SES to deliver emails to this S3 bucket/);
  assert.deepEqual(await keys('back/'), ['back/AMAZON_SES_SETUP_NOTIFICATION']);
  const { body } = await subscriber.post(({ body: text }) => text.includes('AMAZON_SES_SETUP_NOTIFICATION'));
  const told = JSON.parse(JSON.parse(body).Message);
  assert.equal(told.mail.messageId, 'AMAZON_SES_SETUP_NOTIFICATION');
  assert.deepEqual(told.receipt.recipients, ['recipient@example.com']);
  assert.deepEqual(told.receipt.action, {
    type: 'S3',
    topicArn,
    bucketName: 'mails',
    objectKey: 'AMAZON_SES_SETUP_NOTIFICATION',
  });
  await removeRule('announced');
});

test('a header that an action adds is seen by those after it, and by no others', async () => {
  await rule(
    'mark',
    ['here.example'],
    [
      { S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'before/' } },
      { AddHeaderAction: { HeaderName: 'X-First', HeaderValue: 'one' } },
      { AddHeaderAction: { HeaderName: 'X-Second', HeaderValue: 'two' } },
      { S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'after/' } },
      { SNSAction: { TopicArn: topicArn, Encoding: 'UTF-8' } },
    ],
  );
  const { id } = await arrive({ subject: 'Marked' });
  const raw = await sesame.raw(id);
  assert.equal(await stored(`before/${id}`), raw);
  assert.equal(await stored(`after/${id}`), `X-Second: two\r\nX-First: one\r\n${raw}`);
  const { body } = await subscriber.post(notification('SNS'));
  const { mail, content } = JSON.parse(JSON.parse(body).Message);
  assert.deepEqual(mail.headers.slice(0, 3), [
    { name: 'X-Second', value: 'two' },
    { name: 'X-First', value: 'one' },
    { name: 'Return-Path', value: '<bob@back.example>' },
  ]);
  assert.equal(content, `X-Second: two\r\nX-First: one\r\n${raw}`);
  await removeRule('mark');
});

test('a bounce goes back to the envelope sender, a Stop ends all that would follow', async () => {
  await rule('later', ['here.example'], [{ S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'later/' } }]);
  const words = { SmtpReplyCode: '550', StatusCode: '5.1.1', Message: 'Mailbox does not exist' };
  await rule(
    'refuse',
    ['here.example'],
    [
      { BounceAction: { ...words, Sender: 'no-reply@here.example', TopicArn: topicArn } },
      { StopAction: { Scope: 'RuleSet', TopicArn: topicArn } },
      { S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'never/' } },
    ],
  );
  const refused = await arrive({
    mail: '<bob@back.example> RET=HDRS ENVID=QQ+3D1',
    rcpt: '<ann@here.example> NOTIFY=FAILURE ORCPT=rfc822;alias@here.example',
    subject: 'Refuse me',
  });
  assert.deepEqual(steps(refused), ['refuse bounce', 'refuse stop']);
  assert.deepEqual(await keys('never/'), ['never/AMAZON_SES_SETUP_NOTIFICATION']);
  assert.deepEqual(await keys('later/'), ['later/AMAZON_SES_SETUP_NOTIFICATION']);

  const report = await sesame.message('direction:in to:bob@back.example');
  assert.equal(report.envelopeFrom, '');
  const dsn = await sesame.raw(report.id);
  assert.match(dsn, /^Return-Path: <>\r\n/);
  for (const line of [
    'From: no-reply@here.example',
    'To: bob@back.example',
    'In-Reply-To: <Refuseme@back.example>',
    'Auto-Submitted: auto-replied',
    'Content-Type: multipart/report; report-type=delivery-status;',
    'Original-Envelope-Id: QQ=1',
    'Reporting-MTA: dns; inbound-smtp.us-east-1.amazonaws.com',
    'Original-Recipient: rfc822;alias@here.example',
    'Final-Recipient: rfc822; ann@here.example',
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist',
    'Subject: Refuse me',
  ]) {
    assert.ok(dsn.includes(`\r\n${line}\r\n`), line);
  }
  assert.ok(!dsn.includes('body text'));
  const sent = await sesame.message('direction:out to:bob@back.example');
  assert.deepEqual([sent.envelopeFrom, sent.state], ['', 'captured']);

  const bounce = JSON.parse(JSON.parse((await subscriber.post(notification('Bounce'))).body).Message);
  assert.deepEqual(bounce.receipt.action, {
    type: 'Bounce',
    topicArn,
    smtpReplyCode: '550',
    statusCode: '5.1.1',
    message: 'Mailbox does not exist',
    sender: 'no-reply@here.example',
  });
  assert.equal(bounce.content, undefined);
  const stop = JSON.parse(JSON.parse((await subscriber.post(notification('Stop'))).body).Message);
  assert.deepEqual(stop.receipt.action, { type: 'Stop', topicArn });
});

test('a report is never answered with one, nor is who does not want to hear of a failure', async () => {
  const reports = async () => (await sesame.call('GET', '/_sesame/messages?query=direction:out')).json.total;
  const before = await reports();
  const fromNobody = await arrive({ mail: '<>', subject: 'Null path' });
  const unheard = await arrive({ rcpt: '<ann@here.example> NOTIFY=NEVER', subject: 'Never' });
  for (const { timeline } of [fromNobody, unheard]) {
    const { result } = timeline.find(({ action }: any) => action === 'bounce');
    assert.equal(result, 'Nobody is to be told');
  }
  assert.equal(await reports(), before);
  await removeRule('refuse');
});

test('mail that is too large for an SNS action bounces', async () => {
  await rule('announce', ['here.example'], [{ SNSAction: { TopicArn: topicArn } }]);
  const connected = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  assert.ok(connected instanceof SmtpClient);
  const content = Buffer.from(`Subject: Oversize\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(2_200)}`);
  await connected.deliver({ from: 'eve@back.example', to: ['ann@here.example'], content });
  connected.close();
  const report = await sesame.message('direction:in to:eve@back.example');
  const dsn = await sesame.raw(report.id);
  assert.match(dsn, /^From: MAILER-DAEMON@amazonses\.com\r$/m);
  assert.match(dsn, /^Diagnostic-Code: smtp; 552 5\.3\.4 Message too large\r$/m);
  assert.deepEqual(steps(await sesame.message('direction:in subject:Oversize to:ann@here.example')), [
    'announce sns',
    'later s3',
  ]);
});
