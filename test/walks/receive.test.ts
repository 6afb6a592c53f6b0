import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';

// One story: a domain receives. Its rule stores the mail in a bucket and announces it to an HTTP subscriber of a topic.
let sesame: SesameUnderTest;
let subscriber: Subscriber;
let ses: SESClient;
let s3: S3Client;
let sns: SNSClient;
let topicArn: string;

/** Not the test that is published when the rule is made. */
const isNotification = ({ headers, body }: Posted) =>
  headers['x-amz-sns-message-type'] === 'Notification' && !body.includes('AMAZON_SES_SETUP_NOTIFICATION');

before(async () => {
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
  sns = new SNSClient(sesame.client);
  s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
});

after(async () => {
  for (const client of [ses, sns, s3]) client?.destroy();
  await sesame?.stop();
  await subscriber?.close();
});

/** A mail from the world, by SMTP to the MX door. */
async function arrive(to: string[], content: string) {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) throw new Error(client.text);
  const answers = await client.deliver({ from: 'bob@world.example', to, content: Buffer.from(content) });
  client.close();
  return answers;
}

const mail =
  'From: Bob <bob@world.example>\r\nTo: inbox@here.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHi there\r\n';

test('without an active rule set every recipient is refused', async () => {
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  const [answer] = await arrive(['inbox@here.example'], mail);
  assert.deepEqual(
    [answer?.stage, answer?.code, answer?.enhanced, answer?.text],
    ['rcpt', 550, '5.1.1', 'Requested action not taken: mailbox unavailable'],
  );
});

test('a subscriber confirms by the link that is posted to it', async () => {
  topicArn = (await sns.send(new CreateTopicCommand({ Name: 'inbound' }))).TopicArn!;
  assert.equal(topicArn, 'arn:aws:sns:us-east-1:000000000000:inbound');
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: subscriber.url }),
  );
  assert.equal(SubscriptionArn, 'pending confirmation');
  const { headers, body } = await subscriber.post();
  assert.equal(headers['x-amz-sns-message-type'], 'SubscriptionConfirmation');
  const { Type, TopicArn, SubscribeURL } = JSON.parse(body);
  assert.deepEqual([Type, TopicArn], ['SubscriptionConfirmation', topicArn]);
  assert.equal((await fetch(SubscribeURL)).status, 200);
});

test('a rule set is made active; a rule names targets that exist', async () => {
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const rule = {
    Name: 'store',
    Enabled: true,
    Recipients: ['here.example'],
    Actions: [
      { S3Action: { BucketName: 'mails', ObjectKeyPrefix: 'in' } },
      { SNSAction: { TopicArn: topicArn, Encoding: 'Base64' as const } },
    ],
  };
  const create = () => ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: rule }));
  await assert.rejects(create, { name: 'InvalidS3ConfigurationException', message: 'No such bucket: mails' });
  await s3.send(new CreateBucketCommand({ Bucket: 'mails' }));
  await create();
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
});

test('a mail is stored and announced; another recipient is refused in the same transaction', async () => {
  const [taken, refused] = await arrive(['inbox@here.example', 'x@elsewhere.example'], mail);
  assert.equal(refused?.code, 550);
  assert.match(`${taken?.code} ${taken?.text}`, /^250 OK [0-9a-v]{40}$/);
  const id = taken!.text.slice('OK '.length);

  const { body } = await subscriber.post(isNotification);
  const envelope = JSON.parse(body);
  assert.equal(envelope.Subject, 'Amazon SES Email Receipt Notification');
  const notification = JSON.parse(envelope.Message);
  assert.equal(notification.notificationType, 'Received');
  assert.deepEqual(notification.receipt.recipients, ['inbox@here.example']);
  assert.deepEqual(notification.receipt.action, { type: 'SNS', topicArn, encoding: 'BASE64' });
  assert.equal(notification.mail.messageId, id);
  assert.equal(notification.mail.source, 'bob@world.example');
  assert.equal(notification.mail.commonHeaders.subject, 'Grüße');

  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'mails', Key: `in/${id}` }));
  const stored = await Body!.transformToString();
  assert.equal(stored, Buffer.from(notification.content, 'base64').toString());
  assert.ok(stored.endsWith(mail), 'the mail itself is stored to the octet');
  assert.match(
    stored,
    new RegExp(
      `^Return-Path: <bob@world.example>\r\nReceived: from mail.world.example \\(unknown \\[127.0.0.1\\]\\)\r\n by inbound-smtp.us-east-1.amazonaws.com with SMTP id ${id}\r\n for inbox@here.example;\r\n`,
    ),
  );
  const shown = await sesame.message('direction:in subject:Grüße');
  assert.deepEqual([shown.id, shown.state, shown.text.trim()], [id, 'received', 'Hi there']);
  assert.deepEqual(
    shown.timeline.map((event: { type: string }) => event.type),
    ['received', 'action', 'action'],
  );
});

test('in capture a sent mail to such a domain comes in through the MX door too', async () => {
  await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'ann@sender.example' }));
  const v2 = new SESv2Client(sesame.client);
  const { MessageId } = await v2.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['loop@here.example', 'out@world.example'] },
      Content: { Simple: { Subject: { Data: 'Loop' }, Body: { Text: { Data: 'round' } } } },
    }),
  );
  v2.destroy();
  const received = await sesame.message('direction:in subject:Loop');
  assert.deepEqual(received.to, ['loop@here.example']);
  assert.equal(received.envelopeFrom, `${MessageId}@amazonses.com`);
  await sesame.advance('0s');
  const { json: sent } = await sesame.call('GET', `/_sesame/messages/${MessageId}`);
  assert.equal(sent.state, 'captured');
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'mails', Prefix: 'in/' }));
  // Beside the test that SES writes when the rule is made.
  assert.equal(Contents?.length, 1 + 2);
});

test('a subscriber that is down is told later', async () => {
  subscriber.status = 503;
  const before = subscriber.posted.length;
  await arrive(['inbox@here.example'], mail.replace('Hi there', 'Again'));
  await sesame.advance('0s');
  assert.equal(subscriber.posted.length, before + 1);
  subscriber.status = 200;
  await sesame.advance('1m');
  assert.equal(subscriber.posted.length, before + 2);
  assert.equal(subscriber.posted.at(-1)!.body, subscriber.posted.at(-2)!.body);
});
