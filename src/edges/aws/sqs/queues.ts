import { pagedList, pageToken, readPageToken } from '../../../base/page-token.ts';
import { Refusal } from '../../../base/refusal.ts';
import { defaultSettings, type QueueSettings } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import { attributesOf, changesBy, chosen } from './attributes.ts';
import type { In, Out, SqsRooms } from './contract.ts';
import { queueOf, queueUrl } from './queue-urls.ts';

/** SQS: what one ListQueues answers, also where no page was asked for. */
const A_PAGE = 1_000;
const MOST_TAGS = 50;

const noCounts = { visible: 0, inFlight: 0, delayed: 0 };

/** The same queue once more is no mistake; with other attributes it is. */
export async function CreateQueue(
  { queues, url }: SqsRooms,
  { QueueName, Attributes = {}, tags = {} }: In<'CreateQueue'>,
  { account, region }: Caller,
): Promise<Out<'CreateQueue'>> {
  const given = Attributes as Record<string, string>;
  const settings = settingsFor(QueueName, given);
  const ref = { account, region, name: QueueName };
  checkTags(tags);
  if (!(await queues.create(ref, settings, tags))) {
    const present = await queues.existing(ref);
    const [before, now] = [present, { ...present, settings }].map((queue) => attributesOf(queue, noCounts));
    const different = Object.keys(given).find((name) => before![name] !== now![name]);
    if (different) {
      const text = `A queue already exists with the same name and a different value for attribute ${different}`;
      throw new Refusal('queue-exists', text);
    }
  }
  return { QueueUrl: queueUrl(url(), ref) };
}

function settingsFor(name: string, attributes: Record<string, string>): QueueSettings {
  const ordered = name.endsWith('.fifo');
  if (!/^[\w-]{1,80}$/.test(ordered ? name.slice(0, -'.fifo'.length) : name) || name.length > 80) {
    throw new Refusal(
      'invalid-parameter',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  if (ordered !== (attributes['FifoQueue'] === 'true')) {
    const text = ordered
      ? 'The name of a queue that is not FIFO must not end in .fifo'
      : 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length';
    throw new Refusal('invalid-parameter', text);
  }
  const start: QueueSettings = { ...defaultSettings, ...(ordered && { ordered: { deduplicateByContent: false } }) };
  return { ...start, ...changesBy(attributes, start) };
}

function checkTags(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > MOST_TAGS) {
    throw new Refusal('invalid-parameter', `Too many tags added for queue: at most ${MOST_TAGS}`);
  }
}

export async function GetQueueUrl(
  { queues, url }: SqsRooms,
  { QueueName, QueueOwnerAWSAccountId = '' }: In<'GetQueueUrl'>,
  caller: Caller,
): Promise<Out<'GetQueueUrl'>> {
  const owner = QueueOwnerAWSAccountId || caller.account;
  const queue = await queues.existing(queueOf(`/${owner}/${QueueName}`, caller));
  return { QueueUrl: queueUrl(url(), queue) };
}

export async function ListQueues(
  { queues, url }: SqsRooms,
  { QueueNamePrefix = '', NextToken, MaxResults }: In<'ListQueues'>,
  { account, region }: Caller,
): Promise<Out<'ListQueues'>> {
  const limit = checkedPage(MaxResults);
  const list = pagedList('queues', { account, region });
  let after = NextToken === undefined ? '' : (readPageToken(list, NextToken) ?? refuseToken());
  // Names with the prefix stand together: they begin right behind what is less than it.
  if (after < QueueNamePrefix) after = QueueNamePrefix.slice(0, -1);
  const found: string[] = [];
  for (;;) {
    const step = await queues.list({ account, region }, { after, limit: A_PAGE });
    for (const { name } of step) if (name.startsWith(QueueNamePrefix)) found.push(name);
    after = step.at(-1)?.name ?? after;
    if (found.length > limit || step.length < A_PAGE) break;
  }
  const shown = found.slice(0, limit);
  return {
    // None at all is no list, as the SDKs know it.
    ...(shown.length > 0 && { QueueUrls: shown.map((name) => queueUrl(url(), { account, region, name })) }),
    ...(found.length > limit && MaxResults !== undefined && { NextToken: pageToken(list, shown.at(-1)!) }),
  };
}

function refuseToken(): never {
  throw new Refusal('invalid-parameter', 'Invalid or expired next token.');
}

function checkedPage(MaxResults: number | undefined): number {
  if (MaxResults === undefined) return A_PAGE;
  if (MaxResults >= 1 && MaxResults <= A_PAGE) return MaxResults;
  throw new Refusal(
    'invalid-parameter',
    `Value ${MaxResults} for parameter MaxResults is invalid. Reason: Must be an integer between 1 and ${A_PAGE}.`,
  );
}

export async function DeleteQueue(
  { queues }: SqsRooms,
  { QueueUrl }: In<'DeleteQueue'>,
  caller: Caller,
): Promise<Out<'DeleteQueue'>> {
  await queues.remove(queueOf(QueueUrl, caller));
  return {};
}

export async function PurgeQueue(
  { queues }: SqsRooms,
  { QueueUrl }: In<'PurgeQueue'>,
  caller: Caller,
): Promise<Out<'PurgeQueue'>> {
  await queues.purge(queueOf(QueueUrl, caller));
  return {};
}

export async function GetQueueAttributes(
  { queues }: SqsRooms,
  { QueueUrl, AttributeNames = [] }: In<'GetQueueAttributes'>,
  caller: Caller,
): Promise<Out<'GetQueueAttributes'>> {
  const ref = queueOf(QueueUrl, caller);
  const [queue, counts] = [await queues.existing(ref), await queues.counts(ref)];
  const Attributes = chosen(attributesOf(queue, counts), AttributeNames);
  return Object.keys(Attributes).length > 0 ? { Attributes } : {};
}

export async function SetQueueAttributes(
  { queues }: SqsRooms,
  { QueueUrl, Attributes }: In<'SetQueueAttributes'>,
  caller: Caller,
): Promise<Out<'SetQueueAttributes'>> {
  await queues.change(queueOf(QueueUrl, caller), ({ settings, tags }) => ({
    settings: { ...settings, ...changesBy(Attributes as Record<string, string>, settings) },
    tags,
  }));
  return {};
}

export async function ListDeadLetterSourceQueues(
  { queues, url }: SqsRooms,
  { QueueUrl }: In<'ListDeadLetterSourceQueues'>,
  caller: Caller,
): Promise<Out<'ListDeadLetterSourceQueues'>> {
  const { account, region, name } = await queues.existing(queueOf(QueueUrl, caller));
  const sources = await queues.deadLetterSources({ account, region, name });
  return { queueUrls: sources.map((queue) => queueUrl(url(), queue)) };
}

export async function TagQueue(
  { queues }: SqsRooms,
  { QueueUrl, Tags }: In<'TagQueue'>,
  caller: Caller,
): Promise<Out<'TagQueue'>> {
  await queues.change(queueOf(QueueUrl, caller), ({ settings, tags }) => {
    const all = { ...tags, ...Tags };
    checkTags(all);
    return { settings, tags: all };
  });
  return {};
}

export async function UntagQueue(
  { queues }: SqsRooms,
  { QueueUrl, TagKeys }: In<'UntagQueue'>,
  caller: Caller,
): Promise<Out<'UntagQueue'>> {
  await queues.change(queueOf(QueueUrl, caller), ({ settings, tags }) => ({
    settings,
    tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))),
  }));
  return {};
}

export async function ListQueueTags(
  { queues }: SqsRooms,
  { QueueUrl }: In<'ListQueueTags'>,
  caller: Caller,
): Promise<Out<'ListQueueTags'>> {
  const { tags } = await queues.existing(queueOf(QueueUrl, caller));
  return Object.keys(tags).length > 0 ? { Tags: { ...tags } } : {};
}
