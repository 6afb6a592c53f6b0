import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as s3 from '@aws-sdk/client-s3';
import * as ses from '@aws-sdk/client-ses';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameProcess } from '../world/process.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: a Sesame whose buckets, topics and queues are those of another Sesame, a process of its own that checks
// signatures. What arrives, and what is told of sent mail, lands there.
const account = '000000000000';
const credentials = { accessKeyId: 'AKIDEXAMPLE0000000BB', secretAccessKey: 'the/secret+of the other' };
const topic = `arn:aws:sns:us-east-1:${account}:news`;
const queueArn = `arn:aws:sqs:us-east-1:${account}:news`;

let folder: string;
let other: SesameProcess;
let here: SesameUnderTest;
let mixed: SesameUnderTest;
const there = {} as { s3: s3.S3Client; sns: sns.SNSClient; sqs: sqs.SQSClient };

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-other-'));
  other = new SesameProcess(folder, {
    SESAME_AUTH: 'sigv4',
    SESAME_ACCESS_KEY_ID: credentials.accessKeyId,
    SESAME_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  });
  await other.start();
  const [key, secret] = Object.values(credentials).map(encodeURIComponent);
  const target = other.url.replace('://', `://${key}:${secret}@`);
  here = await SesameUnderTest.start({
    SESAME_TARGET_S3: target,
    SESAME_TARGET_SNS: target,
    SESAME_TARGET_SQS: target,
  });
  mixed = await SesameUnderTest.start({ SESAME_TARGET_SQS: target });
  const client = { endpoint: other.url, region: 'us-east-1', credentials, maxAttempts: 1 };
  there.s3 = new s3.S3Client({ ...client, forcePathStyle: true });
  there.sns = new sns.SNSClient(client);
  there.sqs = new sqs.SQSClient(client);
  await there.s3.send(new s3.CreateBucketCommand({ Bucket: 'mail' }));
  await there.sns.send(new sns.CreateTopicCommand({ Name: 'news' }));
  await there.sqs.send(new sqs.CreateQueueCommand({ QueueName: 'news' }));
  const raw = { Attributes: { RawMessageDelivery: 'true' } };
  await there.sns.send(new sns.SubscribeCommand({ TopicArn: topic, Protocol: 'sqs', Endpoint: queueArn, ...raw }));
});
after(async () => {
  for (const client of Object.values(there)) client.destroy();
  await mixed?.stop();
  await here?.stop();
  await other?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The next one that the other's queue gets. */
async function told(): Promise<any> {
  const QueueUrl = `${other.url}/${account}/news`;
  const { Messages } = await there.sqs.send(new sqs.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  const [message] = Messages!;
  await there.sqs.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: message!.ReceiptHandle }));
  return message!.Body!.startsWith('{') ? JSON.parse(message!.Body!) : message!.Body;
}

test('mail is received into a bucket and a topic of the other', async () => {
  const client = new ses.SESClient(here.client);
  await client.send(new ses.VerifyDomainIdentityCommand({ Domain: 'inbound.example' }));
  await client.send(new ses.CreateReceiptRuleSetCommand({ RuleSetName: 'all' }));
  const rule = (BucketName: string, TopicArn = topic) => ({
    Name: 'store',
    Enabled: true,
    Recipients: ['inbound.example'],
    Actions: [{ S3Action: { BucketName, TopicArn, ObjectKeyPrefix: 'in/' } }],
  });
  const create = (Rule: ses.ReceiptRule) => client.send(new ses.CreateReceiptRuleCommand({ RuleSetName: 'all', Rule }));
  await refusal(create(rule('nowhere')), ses.InvalidS3ConfigurationException);
  await refusal(create(rule('mail', `${topic}-none`)), ses.InvalidSnsTopicException);
  await create(rule('mail'));
  await client.send(new ses.SetActiveReceiptRuleSetCommand({ RuleSetName: 'all' }));
  client.destroy();
  assert.equal((await told()).mail.source, 'aws@amazon.com', 'the test that SES writes to a new target');

  const smtp = await SmtpClient.connect({
    host: '127.0.0.1',
    port: here.port('mx'),
    ehloName: 'test',
    tls: 'never',
  });
  assert.ok(smtp instanceof SmtpClient);
  const content = Buffer.from('From: ann@elsewhere.example\r\nSubject: To the other\r\n\r\nHello.\r\n');
  await smtp.deliver({ from: 'ann@elsewhere.example', to: ['bob@inbound.example'], content });
  smtp.close();
  const notification = await told();
  const { bucketName, objectKey } = notification.receipt.action;
  const { Body } = await there.s3.send(new s3.GetObjectCommand({ Bucket: bucketName, Key: objectKey }));
  assert.match(await Body!.transformToString(), /Subject: To the other\r\n\r\nHello\.\r\n$/);
});

test('events of sent mail reach the topic of the other', async () => {
  const client = new ses.SESClient(here.client);
  await client.send(new ses.VerifyEmailIdentityCommand({ EmailAddress: 'me@sender.example' }));
  await client.send(new ses.CreateConfigurationSetCommand({ ConfigurationSet: { Name: 'told' } }));
  await client.send(
    new ses.CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName: 'told',
      EventDestination: {
        Name: 'topic',
        Enabled: true,
        MatchingEventTypes: ['delivery'],
        SNSDestination: { TopicARN: topic },
      },
    }),
  );
  assert.match(await told(), /^Successfully validated SNS topic/);
  const { MessageId } = await client.send(
    new ses.SendEmailCommand({
      Source: 'me@sender.example',
      Destination: { ToAddresses: ['you@elsewhere.example'] },
      Message: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } },
      ConfigurationSetName: 'told',
    }),
  );
  const event = await told();
  assert.deepEqual([event.eventType, event.mail.messageId], ['Delivery', MessageId]);
  client.destroy();
});

test('a topic of ours sends to a queue of the other', async () => {
  const client = new sns.SNSClient(mixed.client);
  const { TopicArn } = await client.send(new sns.CreateTopicCommand({ Name: 'ours' }));
  const raw = { Attributes: { RawMessageDelivery: 'true' } };
  await client.send(new sns.SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queueArn, ...raw }));
  await client.send(new sns.PublishCommand({ TopicArn, Message: 'from here to there' }));
  assert.equal(await told(), 'from here to there');
  client.destroy();
});

test('what is replaced is not here any more', async () => {
  const buckets = new s3.S3Client({ ...here.client, forcePathStyle: true });
  const error = await refusal(buckets.send(new s3.ListBucketsCommand({})), s3.S3ServiceException);
  assert.deepEqual([error.name, error.message], ['NotImplemented', `S3 is not here, but at ${other.url}`]);
  buckets.destroy();
});
