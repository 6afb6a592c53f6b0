import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import https from 'node:https';
import { after, before, test } from 'node:test';
import * as sns from '@aws-sdk/client-sns';
import * as sqs from '@aws-sdk/client-sqs';
import MessageValidator from 'sns-validator';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';

// SNS through its SDK, and what subscribers get, checked by npm's sns-validator as they would.
let sesame: SesameUnderTest;
let client: sns.SNSClient;
let queues: sqs.SQSClient;
let subscriber: Subscriber;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_HTTPS: '127.0.0.1:0' });
  client = new sns.SNSClient(sesame.client);
  queues = new sqs.SQSClient(sesame.client);
  subscriber = await Subscriber.start();
  // The validator fetches the certificate with what the process trusts.
  https.globalAgent.options.ca = await readFile(sesame.doors.caPath!, 'utf8');
});
after(async () => {
  delete https.globalAgent.options.ca;
  client?.destroy();
  queues?.destroy();
  await subscriber?.close();
  await sesame?.stop();
});

function validated(message: object): Promise<any> {
  const validator = new MessageValidator(/^127\.0\.0\.1:\d+$/);
  return new Promise((resolve, reject) =>
    validator.validate(message, (error, valid) => (error ? reject(error) : resolve(valid))),
  );
}

async function topic(Name: string, Attributes: Record<string, string> = {}): Promise<string> {
  return (await client.send(new sns.CreateTopicCommand({ Name, Attributes }))).TopicArn!;
}
const subscribe = (TopicArn: string, Protocol: string, Endpoint: string, Attributes?: Record<string, string>) =>
  client.send(
    new sns.SubscribeCommand({
      TopicArn,
      Protocol,
      Endpoint,
      ReturnSubscriptionArn: true,
      ...(Attributes && { Attributes }),
    }),
  );
const publish = (TopicArn: string, Message: string, more: Partial<sns.PublishCommandInput> = {}) =>
  client.send(new sns.PublishCommand({ TopicArn, Message, ...more }));
const typed = (type: string, arn: string) => (posted: Posted) =>
  posted.headers['x-amz-sns-message-type'] === type && posted.headers['x-amz-sns-topic-arn'] === arn;

async function queue(QueueName: string): Promise<{ QueueUrl: string; arn: string }> {
  const { QueueUrl } = await queues.send(new sqs.CreateQueueCommand({ QueueName }));
  return { QueueUrl: QueueUrl!, arn: `arn:aws:sqs:us-east-1:000000000000:${QueueName}` };
}
async function received(QueueUrl: string): Promise<sqs.Message> {
  const wanted = { QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'] };
  const { Messages } = await queues.send(new sqs.ReceiveMessageCommand(wanted));
  await queues.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages![0]!.ReceiptHandle }));
  return Messages![0]!;
}

async function check(call: Promise<unknown>, name: string, message: RegExp): Promise<void> {
  const error = await refusal(call, sns.SNSServiceException);
  assert.deepEqual([error.name, message.test(error.message)], [name, true], error.message);
}

for (const version of ['1', '2']) {
  test(`a subscriber can tell that a message came from here: signature version ${version}`, async () => {
    const arn = await topic(`signed-${version}`, { SignatureVersion: version });
    await subscribe(arn, 'http', subscriber.url);
    const asked = await validated(JSON.parse((await subscriber.post(typed('SubscriptionConfirmation', arn))).body));
    assert.equal(asked.SignatureVersion, version);
    assert.match(asked.SigningCertURL, /^https:\/\/127\.0\.0\.1:\d+\/SimpleNotificationService-[0-9a-f]{32}\.pem$/);
    assert.match(await (await fetch(asked.SubscribeURL)).text(), /^Subscribed: arn:/);

    const MessageAttributes = { kind: { DataType: 'String', StringValue: 'ü' } };
    const { MessageId } = await publish(arn, 'Grüße\n', { Subject: 'A subject', MessageAttributes });
    const posted = JSON.parse((await subscriber.post(typed('Notification', arn))).body);
    const message = await validated(posted);
    assert.deepEqual(
      [message.MessageId, message.Message, message.Subject, message.MessageAttributes],
      [MessageId, 'Grüße\n', 'A subject', { kind: { Type: 'String', Value: 'ü' } }],
    );
    await assert.rejects(validated({ ...posted, Message: 'another' }), /signature is invalid/);
    assert.equal(await (await fetch(message.UnsubscribeURL)).text(), 'Unsubscribed\n');
    const { Subscriptions } = await client.send(new sns.ListSubscriptionsByTopicCommand({ TopicArn: arn }));
    assert.deepEqual(Subscriptions, []);
  });
}

test('a queue gets what a topic publishes: enveloped and signed, or raw with its attributes', async () => {
  const [arn, enveloped, raw] = [await topic('to-queues'), await queue('enveloped'), await queue('raw')];
  const first = await subscribe(arn, 'sqs', enveloped.arn);
  assert.match(first.SubscriptionArn!, new RegExp(`^${arn}:[0-9a-f-]{36}$`), 'confirmed at once');
  await subscribe(arn, 'sqs', raw.arn, { RawMessageDelivery: 'true' });
  const MessageAttributes = {
    kind: { DataType: 'String', StringValue: 'x' },
    octets: { DataType: 'Binary', BinaryValue: new Uint8Array([1]) },
  };
  await publish(arn, 'hello', { MessageAttributes });
  const message = await validated(JSON.parse((await received(enveloped.QueueUrl)).Body!));
  assert.deepEqual([message.Type, message.Message, message.TopicArn], ['Notification', 'hello', arn]);
  assert.deepEqual(message.MessageAttributes.octets, { Type: 'Binary', Value: 'AQ==' });
  const plain = await received(raw.QueueUrl);
  assert.deepEqual([plain.Body, plain.MessageAttributes!['kind']!.StringValue], ['hello', 'x']);
  assert.deepEqual([...plain.MessageAttributes!['octets']!.BinaryValue!], [1]);
  // A text of its own for one protocol.
  await publish(arn, JSON.stringify({ default: 'd', sqs: 's' }), { MessageStructure: 'json' });
  assert.equal((await received(raw.QueueUrl)).Body, 's');
  assert.equal((await validated(JSON.parse((await received(enveloped.QueueUrl)).Body!))).Message, 's');
});

test('a filter policy decides who gets what', async () => {
  const [arn, wanting] = [await topic('filtered'), await queue('wanting')];
  const FilterPolicy = JSON.stringify({ kind: [{ prefix: 'order' }] });
  const { SubscriptionArn } = await subscribe(arn, 'sqs', wanting.arn, { FilterPolicy, RawMessageDelivery: 'true' });
  const kind = (StringValue: string) => ({ MessageAttributes: { kind: { DataType: 'String', StringValue } } });
  await publish(arn, 'no');
  await publish(arn, 'no', kind('stock'));
  await publish(arn, 'yes', kind('orders'));
  assert.equal((await received(wanting.QueueUrl)).Body, 'yes');

  const set = (AttributeName: string, AttributeValue: string) =>
    client.send(new sns.SetSubscriptionAttributesCommand({ SubscriptionArn, AttributeName, AttributeValue }));
  await set('FilterPolicyScope', 'MessageBody');
  await publish(arn, '{"kind":"stock"}');
  await publish(arn, '{"kind":"order"}');
  assert.equal((await received(wanting.QueueUrl)).Body, '{"kind":"order"}');
  const { Attributes } = await client.send(new sns.GetSubscriptionAttributesCommand({ SubscriptionArn }));
  assert.deepEqual(
    [Attributes!['FilterPolicy'], Attributes!['FilterPolicyScope'], Attributes!['PendingConfirmation']],
    [FilterPolicy, 'MessageBody', 'false'],
  );
  await check(set('FilterPolicy', '[]'), 'InvalidParameterException', /FilterPolicy: Filter policy must be an object/);
  await client.send(new sns.UnsubscribeCommand({ SubscriptionArn }));
  const gone = client.send(new sns.GetSubscriptionAttributesCommand({ SubscriptionArn }));
  await check(gone, 'NotFoundException', /Subscription does not exist/);
});

test('a mail box confirms by the link in a mail, and gets what is published as mails', async () => {
  const arn = await topic('by-mail', { DisplayName: 'The shop' });
  const subscription = await subscribe(arn, 'email', 'ann@example.org');
  await subscribe(arn, 'email-json', 'bob@example.org');
  const asked = await sesame.message('to:ann@example.org');
  assert.equal(asked.subject, 'The shop - Subscription Confirmation');
  const [link] = /^http:\S+Action=ConfirmSubscription\S+$/m.exec(asked.text)!;
  assert.match(await (await fetch(link)).text(), /^Subscribed/);
  const json = await validated(JSON.parse((await sesame.message('to:bob@example.org')).text));
  const confirm = new sns.ConfirmSubscriptionCommand({
    TopicArn: arn,
    Token: json.Token,
    AuthenticateOnUnsubscribe: 'true',
  });
  const confirmed = await client.send(confirm);
  await publish(arn, 'The shop opens', { Subject: 'News' });
  const mail = await sesame.message('to:ann@example.org subject:News');
  assert.match(mail.text, /^The shop opens\r?\n/);
  assert.match(mail.text, /Action=Unsubscribe/);
  const news = await sesame.message('to:bob@example.org subject:News');
  const message = await validated(JSON.parse(news.text));
  assert.equal(message.Message, 'The shop opens');
  assert.equal((await fetch(message.UnsubscribeURL)).status, 400, 'only its owner ends it');
  const { Subscriptions } = await client.send(new sns.ListSubscriptionsCommand({}));
  const mine = Subscriptions!.filter(({ TopicArn }) => TopicArn === arn).map(({ SubscriptionArn }) => SubscriptionArn);
  assert.deepEqual(mine.sort(), [subscription.SubscriptionArn, confirmed.SubscriptionArn].sort());
});

test('a confirmation comes in time or not at all', async () => {
  const arn = await topic('late');
  await subscribe(arn, 'http', subscriber.url);
  const { Token } = JSON.parse((await subscriber.post(typed('SubscriptionConfirmation', arn))).body);
  await sesame.advance('49h');
  const confirm = client.send(new sns.ConfirmSubscriptionCommand({ TopicArn: arn, Token }));
  await check(confirm, 'InvalidParameterException', /Invalid parameter: Token/);
});

test('batches: each entry for itself', async () => {
  const [arn, target] = [await topic('batched'), await queue('batch-target')];
  await subscribe(arn, 'sqs', target.arn, { RawMessageDelivery: 'true' });
  const batch = (...PublishBatchRequestEntries: sns.PublishBatchRequestEntry[]) =>
    client.send(new sns.PublishBatchCommand({ TopicArn: arn, PublishBatchRequestEntries }));
  const { Successful, Failed } = await batch({ Id: 'a', Message: 'one' }, { Id: 'b', Message: 'x', Subject: 'ü' });
  assert.deepEqual(
    [Successful!.map(({ Id }) => Id), Failed!.map(({ Id, Code }) => [Id, Code])],
    [['a'], [['b', 'InvalidParameter']]],
  );
  assert.equal((await received(target.QueueUrl)).Body, 'one');
  await check(batch(), 'EmptyBatchRequestException', /at least one/);
  await check(
    batch({ Id: 'a', Message: 'x' }, { Id: 'a', Message: 'y' }),
    'BatchEntryIdsNotDistinctException',
    /repeated/,
  );
});

test('attributes and tags are set and shown; a topic is made once', async () => {
  const Tags = [{ Key: 'team', Value: 'mail' }];
  const made = await client.send(new sns.CreateTopicCommand({ Name: 'shown', Tags }));
  assert.equal(await topic('shown'), made.TopicArn);
  const other = client.send(new sns.CreateTopicCommand({ Name: 'shown', Tags: [{ Key: 'team', Value: 'x' }] }));
  await check(other, 'InvalidParameterException', /already exists with different tags/);
  await check(topic('shown', { DisplayName: 'x' }), 'InvalidParameterException', /with different attributes/);
  const arn = { ResourceArn: made.TopicArn };
  await client.send(new sns.TagResourceCommand({ ...arn, Tags: [{ Key: 'cost', Value: '7' }] }));
  await client.send(new sns.UntagResourceCommand({ ...arn, TagKeys: ['team'] }));
  const tags = await client.send(new sns.ListTagsForResourceCommand(arn));
  assert.deepEqual(tags.Tags, [{ Key: 'cost', Value: '7' }]);
  const set = (AttributeName: string, AttributeValue: string) =>
    client.send(new sns.SetTopicAttributesCommand({ TopicArn: made.TopicArn, AttributeName, AttributeValue }));
  await set('DisplayName', 'Shown');
  await set('Policy', '{}');
  const { Attributes } = await client.send(new sns.GetTopicAttributesCommand({ TopicArn: made.TopicArn }));
  assert.deepEqual(
    [Attributes!['DisplayName'], Attributes!['Policy'], Attributes!['Owner'], Attributes!['SubscriptionsConfirmed']],
    ['Shown', '{}', '000000000000', '0'],
  );
  await check(set('Colour', 'red'), 'InvalidParameterException', /AttributeName/);
  const { Topics } = await client.send(new sns.ListTopicsCommand({}));
  assert.ok(Topics!.some(({ TopicArn }) => TopicArn === made.TopicArn));
  await client.send(new sns.DeleteTopicCommand({ TopicArn: made.TopicArn }));
  await check(publish(made.TopicArn!, 'x'), 'NotFoundException', /Topic does not exist/);
});

test('what is refused', async () => {
  const arn = await topic('strict');
  await check(topic('a b'), 'InvalidParameterException', /Topic Name/);
  await check(topic('x.fifo'), 'InvalidAction', /FIFO topics are not built yet/);
  await check(topic('x', { FifoTopic: 'true' }), 'InvalidAction', /FIFO topics are not built yet/);
  const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
  await check(subscribe(arn, 'lambda', functionArn), 'InvalidAction', /protocol lambda are not built yet/);
  await check(subscribe(arn, 'fax', '1'), 'InvalidParameterException', /Does not support this protocol string: fax/);
  await check(
    subscribe(arn, 'https', 'http://x.example/'),
    'InvalidParameterException',
    /match the specified protocol/,
  );
  await check(subscribe(arn, 'sqs', 'nowhere'), 'InvalidParameterException', /SQS endpoint ARN/);
  const foreign = 'arn:aws:sqs:us-east-1:111111111111:theirs';
  await check(subscribe(arn, 'sqs', foreign), 'InvalidParameterException', /other accounts/);
  await check(subscribe(arn, 'email', 'nobody'), 'InvalidParameterException', /Email address/);
  await check(publish(arn, ''), 'InvalidParameterException', /Empty message/);
  await check(publish(arn, 'x', { Subject: 'a\nb' }), 'InvalidParameterException', /Subject/);
  await check(publish(arn, 'x'.repeat(262_145)), 'InvalidParameterException', /Message too long/);
  await check(publish(arn, 'x', { MessageStructure: 'json' }), 'InvalidParameterException', /failed to parse/);
  await check(publish(arn, '{}', { MessageStructure: 'json' }), 'InvalidParameterException', /No default entry/);
});
