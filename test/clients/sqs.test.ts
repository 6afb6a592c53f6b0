import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as sqs from '@aws-sdk/client-sqs';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// SQS through its SDK. The SDK itself checks the MD5 of every body that it sends and receives.
let sesame: SesameUnderTest;
let client: sqs.SQSClient;

before(async () => {
  sesame = await SesameUnderTest.start();
  client = new sqs.SQSClient(sesame.client);
});
after(async () => {
  client?.destroy();
  await sesame?.stop();
});

async function queue(name: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: name, Attributes }));
  return QueueUrl!;
}
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const send = (QueueUrl: string, MessageBody: string, more: Partial<sqs.SendMessageCommandInput> = {}) =>
  client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody, ...more }));
async function receive(QueueUrl: string, more: Partial<sqs.ReceiveMessageCommandInput> = {}): Promise<sqs.Message[]> {
  const { Messages = [] } = await client.send(
    new sqs.ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, ...more }),
  );
  return Messages;
}
const bodies = async (QueueUrl: string, more: Partial<sqs.ReceiveMessageCommandInput> = {}) =>
  (await receive(QueueUrl, more)).map(({ Body }) => Body);
const remove = (QueueUrl: string, { ReceiptHandle }: sqs.Message) =>
  client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
async function attributes(QueueUrl: string, ...names: sqs.QueueAttributeName[]): Promise<Record<string, string>> {
  const AttributeNames = names.length > 0 ? names : [sqs.QueueAttributeName.All];
  const { Attributes = {} } = await client.send(new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Attributes;
}
async function counts(QueueUrl: string) {
  const all = await attributes(QueueUrl);
  return ['', 'NotVisible', 'Delayed'].map((kind) => Number(all[`ApproximateNumberOfMessages${kind}`]));
}

async function check(call: Promise<unknown>, name: string, message: RegExp): Promise<void> {
  const error = await refusal(call, sqs.SQSServiceException);
  assert.deepEqual([error.name, message.test(error.message)], [name, true], error.message);
}

test('queues are made once, found, listed by prefix in pages, and deleted', async () => {
  const url = await queue('orders', { VisibilityTimeout: '60' });
  assert.equal(url, `${sesame.url}/000000000000/orders`);
  assert.equal(await queue('orders', { VisibilityTimeout: '60' }), url);
  assert.equal(await queue('orders'), url);
  await check(queue('orders', { VisibilityTimeout: '61' }), 'QueueNameExists', /different value for attribute Visib/);
  const { QueueUrl } = await client.send(new sqs.GetQueueUrlCommand({ QueueName: 'orders' }));
  assert.equal(QueueUrl, url);
  await queue('orders-eu');
  await queue('other');
  const first = await client.send(new sqs.ListQueuesCommand({ QueueNamePrefix: 'orders', MaxResults: 1 }));
  assert.deepEqual(first.QueueUrls, [url]);
  const { NextToken } = first;
  const second = await client.send(
    new sqs.ListQueuesCommand({ QueueNamePrefix: 'orders', MaxResults: 1, NextToken: NextToken! }),
  );
  assert.deepEqual([second.QueueUrls, second.NextToken], [[`${url}-eu`], undefined]);
  assert.equal((await client.send(new sqs.ListQueuesCommand({}))).QueueUrls?.length, 3);
  assert.equal((await client.send(new sqs.ListQueuesCommand({ QueueNamePrefix: 'x' }))).QueueUrls, undefined);
  await client.send(new sqs.DeleteQueueCommand({ QueueUrl: url }));
  const gone = await refusal(client.send(new sqs.GetQueueUrlCommand({ QueueName: 'orders' })), sqs.QueueDoesNotExist);
  assert.equal(gone.$metadata.httpStatusCode, 400);
});

test('what is refused of a queue', async () => {
  await check(queue('a b'), 'InvalidParameterValue', /Can only include alphanumeric/);
  await check(queue('x'.repeat(81)), 'InvalidParameterValue', /Can only include alphanumeric/);
  await check(queue('ordered.fifo'), 'InvalidParameterValue', /must not end in \.fifo/);
  await check(queue('plain', { FifoQueue: 'true' }), 'InvalidParameterValue', /must end with \.fifo/);
  await check(queue('bad', { VisibilityTimeout: '43201' }), 'InvalidAttributeValue', /VisibilityTimeout/);
  await check(queue('bad', { Colour: 'red' }), 'InvalidAttributeName', /Unknown Attribute Colour/);
  await check(queue('bad', { KmsMasterKeyId: 'alias/x' }), 'UnsupportedOperation', /KMS are not built yet/);
  await check(queue('bad', { RedrivePolicy: '{' }), 'InvalidAttributeValue', /RedrivePolicy/);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('nowhere'), maxReceiveCount: 1 });
  await check(queue('bad', { RedrivePolicy }), 'InvalidParameterValue', /Dead letter target does not exist/);
  const url = await queue('asked');
  const asked = client.send(
    new sqs.GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Colour' as sqs.QueueAttributeName] }),
  );
  await check(asked, 'InvalidAttributeName', /Unknown Attribute Colour/);
  await check(send(url.replace('000000000000', '111111111111'), 'x'), 'QueueDoesNotExist', /does not exist/);
});

test('attributes and tags are set and shown', async () => {
  const url = await queue('shown', { DelaySeconds: '5' });
  const all = await attributes(url);
  assert.deepEqual(
    [all['QueueArn'], all['DelaySeconds'], all['MessageRetentionPeriod'], all['VisibilityTimeout']],
    [arnOf('shown'), '5', '345600', '30'],
  );
  assert.match(all['CreatedTimestamp']!, /^\d{10}$/);
  const Policy = '{"Version":"2012-10-17","Statement":[]}';
  const change = { DelaySeconds: '0', Policy, ReceiveMessageWaitTimeSeconds: '1' };
  await client.send(new sqs.SetQueueAttributesCommand({ QueueUrl: url, Attributes: change }));
  assert.deepEqual(await attributes(url, 'DelaySeconds', 'Policy'), { DelaySeconds: '0', Policy });
  await client.send(new sqs.SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: '' } }));
  assert.deepEqual(await attributes(url, 'Policy'), {});

  const tags = async () => (await client.send(new sqs.ListQueueTagsCommand({ QueueUrl: url }))).Tags;
  assert.equal(await tags(), undefined);
  await client.send(new sqs.TagQueueCommand({ QueueUrl: url, Tags: { team: 'mail', cost: '7' } }));
  await client.send(new sqs.UntagQueueCommand({ QueueUrl: url, TagKeys: ['cost'] }));
  assert.deepEqual(await tags(), { team: 'mail' });
});

test('a message is sent with attributes, received, hidden, shown again, deleted', async () => {
  const url = await queue('messages');
  const MessageAttributes: Record<string, sqs.MessageAttributeValue> = {
    'a.text': { DataType: 'String', StringValue: 'ü' },
    'a.number': { DataType: 'Number.int', StringValue: '7' },
    octets: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 255]) },
  };
  const MessageSystemAttributes = { AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5' } };
  const sent = await send(url, 'Grüße', { MessageAttributes, MessageSystemAttributes });
  // md5 as the SDK of Java checks it: name, type, kind and value of each, by name.
  assert.equal(sent.MD5OfMessageAttributes?.length, 32);
  assert.deepEqual(await counts(url), [1, 0, 0]);
  const wanted = {
    MessageSystemAttributeNames: ['All' as const],
    MessageAttributeNames: ['a.*'],
    VisibilityTimeout: 40,
  };
  const [message] = await receive(url, wanted);
  assert.deepEqual([message!.Body, message!.MessageId], ['Grüße', sent.MessageId]);
  assert.deepEqual(Object.keys(message!.MessageAttributes!), ['a.text', 'a.number']);
  assert.equal(message!.MessageAttributes!['a.text']!.StringValue, 'ü');
  const { ApproximateReceiveCount, SenderId, AWSTraceHeader } = message!.Attributes!;
  assert.deepEqual([ApproximateReceiveCount, SenderId, AWSTraceHeader], ['1', '000000000000', 'Root=1-5']);
  assert.deepEqual([await bodies(url), await counts(url)], [[], [0, 1, 0]]);

  await sesame.advance('41s');
  const [again] = await receive(url, { ...wanted, MessageAttributeNames: ['All'] });
  assert.equal(again!.Attributes!['ApproximateReceiveCount'], '2');
  assert.equal(again!.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
  await remove(url, message!);
  assert.deepEqual(await counts(url), [0, 1, 0], 'an older receipt deletes nothing');
  const hide = (VisibilityTimeout: number) =>
    client.send(
      new sqs.ChangeMessageVisibilityCommand({ QueueUrl: url, ReceiptHandle: again!.ReceiptHandle, VisibilityTimeout }),
    );
  await hide(0);
  await check(hide(10), 'MessageNotInflight', /not in flight/);
  const [third] = await receive(url);
  await remove(url, third!);
  assert.deepEqual(await counts(url), [0, 0, 0]);
  await check(remove(url, { ReceiptHandle: 'nonsense' }), 'ReceiptHandleIsInvalid', /not a valid receipt handle/);
  await check(hide(10), 'InvalidParameterValue', /Message does not exist/);
});

test('what is refused of a message', async () => {
  const url = await queue('strict', { MaximumMessageSize: '1024' });
  await check(send(url, ''), 'MissingParameter', /MessageBody/);
  await check(send(url, 'x'.repeat(1025)), 'InvalidParameterValue', /shorter than 1024 bytes/);
  await check(send(url, '\u0001'), 'InvalidMessageContents', /Invalid characters/);
  await check(send(url, 'x', { DelaySeconds: 901 }), 'InvalidParameterValue', /DelaySeconds/);
  await check(
    send(url, 'x', { MessageDeduplicationId: 'd' }),
    'InvalidParameterValue',
    /not valid for this queue type/,
  );
  const bad = { a: { DataType: 'Text', StringValue: 'x' } };
  await check(send(url, 'x', { MessageAttributes: bad }), 'InvalidParameterValue', /invalid message attribute type/);
  await check(receive(url, { MaxNumberOfMessages: 11 }), 'InvalidParameterValue', /between 1 and 10/);
  await check(receive(url, { WaitTimeSeconds: 21 }), 'InvalidParameterValue', /WaitTimeSeconds/);
});

test('a long poll is answered by the message that comes, and by one that shows again', async () => {
  const url = await queue('polled');
  const waiting = bodies(url, { WaitTimeSeconds: 20 });
  await send(url, 'late');
  assert.deepEqual(await waiting, ['late']);
  const again = bodies(url, { WaitTimeSeconds: 20 });
  await send(await queue('another'), 'elsewhere');
  await sesame.advance('31s');
  assert.deepEqual(await again, ['late']);
});

test('delays and retention are civil time', async () => {
  const url = await queue('timed', { DelaySeconds: '10', MessageRetentionPeriod: '60' });
  await send(url, 'ten');
  await send(url, 'at once', { DelaySeconds: 0 });
  assert.deepEqual([await bodies(url), await counts(url)], [['at once'], [0, 1, 1]]);
  await sesame.advance('11s');
  assert.deepEqual(await bodies(url), ['ten']);
  await sesame.advance('61s');
  assert.deepEqual(await counts(url), [0, 0, 0]);
});

test('what nobody deletes goes to the dead-letter queue', async () => {
  const dead = await queue('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 2 });
  const url = await queue('tried', { RedrivePolicy, VisibilityTimeout: '0' });
  await send(url, 'poison');
  assert.deepEqual([await bodies(url), await bodies(url), await bodies(url)], [['poison'], ['poison'], []]);
  const [letter] = await receive(dead, { MessageSystemAttributeNames: ['All'] });
  assert.equal(letter!.Body, 'poison');
  const { DeadLetterQueueSourceArn, ApproximateReceiveCount } = letter!.Attributes!;
  assert.deepEqual([DeadLetterQueueSourceArn, ApproximateReceiveCount], [arnOf('tried'), '3']);
  const { queueUrls } = await client.send(new sqs.ListDeadLetterSourceQueuesCommand({ QueueUrl: dead }));
  assert.deepEqual(queueUrls, [url]);
});

test('batches: each entry for itself', async () => {
  const url = await queue('batched', { MaximumMessageSize: '1024' });
  const batch = (...Entries: sqs.SendMessageBatchRequestEntry[]) =>
    client.send(new sqs.SendMessageBatchCommand({ QueueUrl: url, Entries }));
  const entry = (Id: string, MessageBody = Id) => ({ Id, MessageBody });
  const { Successful, Failed } = await batch(entry('a'), entry('b', 'x'.repeat(1025)), entry('c'));
  assert.deepEqual(
    Successful!.map(({ Id }) => Id),
    ['a', 'c'],
  );
  assert.deepEqual(
    Failed!.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
    [['b', 'InvalidParameterValue', true]],
  );
  await check(batch(), 'EmptyBatchRequest', /at least one/);
  await check(batch(entry('a'), entry('a')), 'BatchEntryIdsNotDistinct', /a repeated/);
  await check(batch(entry('a b')), 'InvalidBatchEntryId', /alphanumeric/);
  const eleven = Array.from({ length: 11 }, (_, n) => entry(String(n)));
  await check(batch(...eleven), 'TooManyEntriesInBatchRequest', /You have sent 11/);

  const received = await receive(url);
  assert.deepEqual(
    received.map(({ Body }) => Body),
    ['a', 'c'],
  );
  const hidden = await client.send(
    new sqs.ChangeMessageVisibilityBatchCommand({
      QueueUrl: url,
      Entries: received.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle, VisibilityTimeout: 100 })),
    }),
  );
  assert.equal(hidden.Successful!.length, 2);
  const deleted = await client.send(
    new sqs.DeleteMessageBatchCommand({
      QueueUrl: url,
      Entries: [
        { Id: '0', ReceiptHandle: received[0]!.ReceiptHandle },
        { Id: 'bad', ReceiptHandle: 'nonsense' },
      ],
    }),
  );
  assert.deepEqual(
    [deleted.Successful!.map(({ Id }) => Id), deleted.Failed!.map(({ Code }) => Code)],
    [['0'], ['ReceiptHandleIsInvalid']],
  );
  await send(url, 'more');
  await client.send(new sqs.PurgeQueueCommand({ QueueUrl: url }));
  assert.deepEqual(await counts(url), [0, 0, 0]);
});

test('a FIFO queue keeps the order of each group and sends nothing twice within five minutes', async () => {
  const url = await queue('ordered.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
  const put = (body: string, MessageGroupId: string, more = {}) => send(url, body, { MessageGroupId, ...more });
  const one = await put('1', 'a');
  const twice = await put('1', 'a');
  assert.deepEqual([twice.MessageId, twice.SequenceNumber], [one.MessageId, one.SequenceNumber]);
  const two = await put('2', 'a');
  assert.ok(BigInt(two.SequenceNumber!) > BigInt(one.SequenceNumber!));
  await put('3', 'b');
  const [first] = await receive(url, { MaxNumberOfMessages: 1, MessageSystemAttributeNames: ['All'] });
  assert.deepEqual(
    [first!.Body, first!.Attributes!['MessageGroupId'], first!.Attributes!['SequenceNumber']],
    ['1', 'a', one.SequenceNumber],
  );
  assert.deepEqual(await bodies(url), ['3'], 'the group of the first waits for it');
  await remove(url, first!);
  assert.deepEqual(await bodies(url), ['2']);
  assert.equal((await put('1', 'a')).MessageId, one.MessageId, 'also when it is deleted');
  await sesame.advance('301s');
  assert.notEqual((await put('1', 'a')).MessageId, one.MessageId);
  await check(send(url, 'x'), 'MissingParameter', /MessageGroupId/);
  await check(put('x', 'a', { DelaySeconds: 1 }), 'InvalidParameterValue', /not valid for this queue type/);
  const strict = await queue('strict.fifo', { FifoQueue: 'true' });
  await check(
    send(strict, 'x', { MessageGroupId: 'a' }),
    'InvalidParameterValue',
    /ContentBasedDeduplication enabled or MessageDeduplicationId/,
  );
});

test('messages survive a restart; a reset forgets them', async () => {
  await send(await queue('kept'), 'still here');
  await sesame.restart();
  client.destroy();
  client = new sqs.SQSClient(sesame.client);
  assert.deepEqual(await bodies(`${sesame.url}/000000000000/kept`), ['still here']);
  await sesame.call('POST', '/_sesame/reset', { account: '000000000000', region: 'us-east-1' });
  await check(bodies(`${sesame.url}/000000000000/kept`), 'QueueDoesNotExist', /does not exist/);
});
