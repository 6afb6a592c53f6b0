import { Refusal } from '../../../base/refusal.ts';
import {
  digestOf,
  digestOfAttributes,
  LONGEST_VISIBILITY,
  type MessageAttributes,
  type Queue,
  type ReceivedMessage,
  ranges,
  sizeOf,
} from '../../../core/targets/targets.ts';
import { checkEntries, eachEntry } from '../batches.ts';
import type { Caller } from '../caller.ts';
import { attributesFrom, attributesTo } from '../message-attributes.ts';
import type { In, Out, SqsRooms } from './contract.ts';
import { queueOf } from './queue-urls.ts';

/** SQS: octets of all messages of one batch. */
const MOST_BATCH = 1_048_576;
/** SQS: messages of one receive. */
const MOST_RECEIVED = 10;

type Entry = Omit<In<'SendMessage'>, 'QueueUrl'>;

export async function SendMessage(
  { queues }: SqsRooms,
  { QueueUrl, ...message }: In<'SendMessage'>,
  caller: Caller,
): Promise<Out<'SendMessage'>> {
  return send(queues, await queues.existing(queueOf(QueueUrl, caller)), message, caller);
}

export async function SendMessageBatch(
  { queues }: SqsRooms,
  { QueueUrl, Entries }: In<'SendMessageBatch'>,
  caller: Caller,
): Promise<Out<'SendMessageBatch'>> {
  const queue = await queues.existing(queueOf(QueueUrl, caller));
  checkEntries(Entries, 'SendMessageBatchRequestEntry');
  const size = Entries.reduce(
    (sum, entry) => sum + sizeOf(entry.MessageBody, attributesFrom(entry.MessageAttributes)),
    0,
  );
  if (size > MOST_BATCH) {
    const text = `Batch requests cannot be longer than ${MOST_BATCH} bytes. You have sent ${size} bytes.`;
    throw new Refusal('batch-too-long', text);
  }
  return eachEntry(Entries, 'sqs', (entry) => send(queues, queue, entry, caller));
}

async function send(queues: SqsRooms['queues'], queue: Queue, entry: Entry, { accessKeyId, account }: Caller) {
  const { MessageBody, DelaySeconds, MessageGroupId, MessageDeduplicationId } = entry;
  const attributes = attributesFrom(entry.MessageAttributes);
  const system = attributesFrom(entry.MessageSystemAttributes as Entry['MessageAttributes']);
  checkContent(queue, MessageBody, attributes);
  checkOrdered(queue, entry);
  if (DelaySeconds !== undefined) checkRange('DelaySeconds', DelaySeconds, ranges.delay);
  const { messageId, sequence } = await queues.send(queue, {
    body: MessageBody,
    attributes,
    trace: system['AWSTraceHeader']?.value,
    delay: DelaySeconds,
    group: MessageGroupId,
    deduplication: MessageDeduplicationId,
    sender: accessKeyId || account,
  });
  return {
    MessageId: messageId,
    MD5OfMessageBody: digestOf(MessageBody),
    MD5OfMessageAttributes: digestOfAttributes(attributes),
    MD5OfMessageSystemAttributes: digestOfAttributes(system),
    SequenceNumber: sequence,
  };
}

/** XML 1.0 §2.2, as SQS has it. */
const outside = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function checkContent({ settings }: Queue, body: string, attributes: MessageAttributes): void {
  if (body === '') throw new Refusal('missing-parameter', 'The request must contain the parameter MessageBody.');
  if (sizeOf(body, attributes) > settings.largest) {
    const text = `One or more parameters are invalid. Reason: Message must be shorter than ${settings.largest} bytes.`;
    throw new Refusal('invalid-parameter', text);
  }
  if (outside.test(body)) {
    throw new Refusal('invalid-message-contents', 'Invalid characters in the message: XML 1.0 has no place for them.');
  }
}

function checkOrdered({ settings }: Queue, { MessageGroupId, MessageDeduplicationId, DelaySeconds }: Entry): void {
  const invalid = (parameter: string, value: unknown, reason: string) => {
    throw new Refusal('invalid-parameter', `Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`);
  };
  for (const [name, value] of Object.entries({ MessageGroupId, MessageDeduplicationId })) {
    if (value !== undefined && !/^[!-~]{1,128}$/.test(value)) {
      invalid(name, value, `${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`);
    }
  }
  if (settings.ordered) {
    if (MessageGroupId === undefined) {
      throw new Refusal('missing-parameter', 'The request must contain the parameter MessageGroupId.');
    }
    if (DelaySeconds) {
      invalid('DelaySeconds', DelaySeconds, 'The request include parameter that is not valid for this queue type.');
    }
  } else if (MessageDeduplicationId !== undefined) {
    invalid(
      'MessageDeduplicationId',
      MessageDeduplicationId,
      'The request includes a parameter that is not valid for this queue type.',
    );
  }
}

function checkRange(name: string, value: number, [least, most]: readonly [number, number]): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new Refusal(
    'invalid-parameter',
    `Value ${value} for parameter ${name} is invalid. Reason: Must be >= ${least} and <= ${most}, if provided.`,
  );
}

/** Waits in real time where it is asked to, by the call or by the queue; a client that goes away waits no longer. */
export async function ReceiveMessage(
  { queues }: SqsRooms,
  input: In<'ReceiveMessage'>,
  caller: Caller,
): Promise<Out<'ReceiveMessage'>> {
  const { MaxNumberOfMessages = 1, VisibilityTimeout, WaitTimeSeconds } = input;
  if (!Number.isInteger(MaxNumberOfMessages) || MaxNumberOfMessages < 1 || MaxNumberOfMessages > MOST_RECEIVED) {
    const reason = `Must be between 1 and ${MOST_RECEIVED}, if provided.`;
    throw new Refusal(
      'invalid-parameter',
      `Value ${MaxNumberOfMessages} for parameter MaxNumberOfMessages is invalid. Reason: ${reason}`,
    );
  }
  if (WaitTimeSeconds !== undefined) checkRange('WaitTimeSeconds', WaitTimeSeconds, ranges.wait);
  if (VisibilityTimeout !== undefined) checkRange('VisibilityTimeout', VisibilityTimeout, ranges.visibility);
  const received = await queues.receive(queueOf(input.QueueUrl, caller), {
    most: MaxNumberOfMessages,
    visibility: VisibilityTimeout,
    wait: WaitTimeSeconds,
    gone: caller.gone,
  });
  // None at all is no list, as the SDKs know it.
  return received.length === 0 ? {} : { Messages: received.map((message) => shown(message, input)) };
}

function shown(message: ReceivedMessage, input: In<'ReceiveMessage'>) {
  const { AttributeNames = [], MessageSystemAttributeNames = [], MessageAttributeNames = [] } = input;
  const wanted = new Set<string>([...AttributeNames, ...MessageSystemAttributeNames]);
  const system = Object.entries(systemAttributes(message)).filter(
    ([name, value]) => value !== undefined && (wanted.has('All') || wanted.has(name)),
  );
  const attributes = Object.fromEntries(
    Object.entries(message.attributes).filter(([name]) => MessageAttributeNames.some((one) => matches(name, one))),
  );
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receipt,
    MD5OfBody: digestOf(message.body),
    Body: message.body,
    ...(system.length > 0 && { Attributes: Object.fromEntries(system) as Record<string, string> }),
    ...(Object.keys(attributes).length > 0 && {
      MD5OfMessageAttributes: digestOfAttributes(attributes),
      MessageAttributes: attributesTo(attributes),
    }),
  };
}

function systemAttributes(message: ReceivedMessage): Record<string, string | undefined> {
  return {
    SenderId: message.sender,
    SentTimestamp: String(message.sent),
    ApproximateReceiveCount: String(message.receives),
    ApproximateFirstReceiveTimestamp: String(message.firstReceived),
    SequenceNumber: message.sequence,
    MessageDeduplicationId: message.deduplication,
    MessageGroupId: message.group,
    AWSTraceHeader: message.trace,
    DeadLetterQueueSourceArn: message.source,
  };
}

/** `All`, a name, or the beginning of names: `bar.*` (SQS: ReceiveMessage). */
function matches(name: string, wanted: string): boolean {
  if (wanted === 'All' || wanted === name) return true;
  return wanted.endsWith('.*') && name.startsWith(wanted.slice(0, -2));
}

export async function DeleteMessage(
  { queues }: SqsRooms,
  { QueueUrl, ReceiptHandle }: In<'DeleteMessage'>,
  caller: Caller,
): Promise<Out<'DeleteMessage'>> {
  await queues.delete(queueOf(QueueUrl, caller), ReceiptHandle);
  return {};
}

export async function DeleteMessageBatch(
  { queues }: SqsRooms,
  { QueueUrl, Entries }: In<'DeleteMessageBatch'>,
  caller: Caller,
): Promise<Out<'DeleteMessageBatch'>> {
  const queue = await queues.existing(queueOf(QueueUrl, caller));
  checkEntries(Entries, 'DeleteMessageBatchRequestEntry');
  return eachEntry(Entries, 'sqs', async ({ ReceiptHandle }) => {
    await queues.delete(queue, ReceiptHandle);
    return {};
  });
}

export async function ChangeMessageVisibility(
  { queues }: SqsRooms,
  { QueueUrl, ReceiptHandle, VisibilityTimeout }: In<'ChangeMessageVisibility'>,
  caller: Caller,
): Promise<Out<'ChangeMessageVisibility'>> {
  checkRange('VisibilityTimeout', VisibilityTimeout, [0, LONGEST_VISIBILITY]);
  await queues.hide(queueOf(QueueUrl, caller), ReceiptHandle, VisibilityTimeout);
  return {};
}

export async function ChangeMessageVisibilityBatch(
  { queues }: SqsRooms,
  { QueueUrl, Entries }: In<'ChangeMessageVisibilityBatch'>,
  caller: Caller,
): Promise<Out<'ChangeMessageVisibilityBatch'>> {
  const queue = await queues.existing(queueOf(QueueUrl, caller));
  checkEntries(Entries, 'ChangeMessageVisibilityBatchRequestEntry');
  return eachEntry(Entries, 'sqs', async ({ ReceiptHandle, VisibilityTimeout = 0 }) => {
    checkRange('VisibilityTimeout', VisibilityTimeout, [0, LONGEST_VISIBILITY]);
    await queues.hide(queue, ReceiptHandle, VisibilityTimeout);
    return {};
  });
}
