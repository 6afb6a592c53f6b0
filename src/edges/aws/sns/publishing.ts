import { Refusal } from '../../../base/refusal.ts';
import type { MessageToPublish } from '../../../core/targets/targets.ts';
import { checkEntries, eachEntry } from '../batches.ts';
import type { Caller } from '../caller.ts';
import { attributesFrom } from '../message-attributes.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

/** SNS: octets of all messages of one batch. */
const MOST_BATCH = 262_144;

export async function Publish({ topics }: Rooms, input: In<'Publish'>, caller: Caller): Promise<Out<'Publish'>> {
  const { TopicArn, TargetArn, PhoneNumber } = input;
  if (PhoneNumber !== undefined) throw new Refusal('not-built', 'Publish to a phone number is not built yet');
  const arn = TopicArn ?? TargetArn;
  if (arn === undefined) {
    throw new Refusal(
      'invalid-parameter',
      'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter',
    );
  }
  await topics.owned(caller, arn);
  return { MessageId: await topics.publish(arn, messageOf(input)) };
}

export async function PublishBatch(
  { topics }: Rooms,
  { TopicArn, PublishBatchRequestEntries }: In<'PublishBatch'>,
  caller: Caller,
): Promise<Out<'PublishBatch'>> {
  await topics.owned(caller, TopicArn);
  checkEntries(PublishBatchRequestEntries, 'PublishBatchRequestEntry');
  const size = PublishBatchRequestEntries.reduce((sum, { Message }) => sum + Buffer.byteLength(Message), 0);
  if (size > MOST_BATCH) {
    throw new Refusal('batch-too-long', `The length of all the messages put together is more than the limit.`);
  }
  return eachEntry(PublishBatchRequestEntries, 'sns', async (entry) => ({
    MessageId: await topics.publish(TopicArn, messageOf(entry)),
  }));
}

type Entry = Pick<In<'Publish'>, 'Message' | 'Subject' | 'MessageStructure' | 'MessageAttributes'>;

function messageOf({ Message, Subject, MessageStructure, MessageAttributes }: Entry): MessageToPublish {
  if (Message === '') throw new Refusal('invalid-parameter', 'Invalid parameter: Empty message');
  // SNS: ASCII that begins with a letter, digit or mark, no line breaks, at most 100 characters.
  if (Subject !== undefined && !/^[!-~][ -~]{0,99}$/.test(Subject)) {
    throw new Refusal('invalid-parameter', 'Invalid parameter: Subject');
  }
  const attributes = attributesFrom(MessageAttributes);
  if (MessageStructure !== 'json') return { subject: Subject, message: Message, attributes };
  const byProtocol = structured(Message);
  return { subject: Subject, message: byProtocol['default']!, byProtocol, attributes };
}

function structured(text: string): Record<string, string> {
  const refuse = (reason: string) => {
    throw new Refusal('invalid-parameter', `Invalid parameter: Message Structure - ${reason}`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    refuse('JSON message body failed to parse');
  }
  const messages = Object.entries((value ?? {}) as object).filter(([, one]) => typeof one === 'string');
  const byProtocol = Object.fromEntries(messages) as Record<string, string>;
  if (byProtocol['default'] === undefined) refuse('No default entry in JSON message body');
  return byProtocol;
}
