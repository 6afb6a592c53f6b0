import { Refusal } from '../../../base/refusal.ts';
import { defaultTopic, type Topic, type TopicSettings } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const A_PAGE = 100;
const MOST_TAGS = 50;

/** Kept and shown; nothing here acts on them. */
const kept = /^(Policy|DeliveryPolicy|TracingConfig|\w+(Success|Failure)Feedback(RoleArn|SampleRate))$/;
const notBuilt = new Set(['FifoTopic', 'ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy']);

function changed(before: TopicSettings, attributes: Readonly<Record<string, string>>): TopicSettings {
  let settings = before;
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'DisplayName') settings = { ...settings, displayName: displayName(value) };
    else if (name === 'SignatureVersion') settings = { ...settings, signature: signatureVersion(value) };
    else if (name === 'KmsMasterKeyId') {
      if (value !== '') throw new Refusal('not-built', 'KmsMasterKeyId: keys of KMS are not built yet');
    } else if (kept.test(name)) settings = { ...settings, kept: { ...settings.kept, [name]: value } };
    else if (notBuilt.has(name)) {
      if (value !== 'false') throw new Refusal('not-built', `${name}: FIFO topics are not built yet`);
    } else throw new Refusal('invalid-parameter', 'Invalid parameter: AttributeName');
  }
  return settings;
}

function displayName(value: string): string {
  if (value.length <= 100) return value;
  throw new Refusal('invalid-parameter', 'Invalid parameter: DisplayName');
}

function signatureVersion(value: string): TopicSettings['signature'] {
  if (value === '1' || value === '2') return value;
  throw new Refusal('invalid-parameter', 'Invalid parameter: Attributes Reason: SignatureVersion must be 1 or 2');
}

type Tags = In<'CreateTopic'>['Tags'];

function tagsOf(list: Tags = []): Record<string, string> {
  const tags = Object.fromEntries(list.map(({ Key, Value }) => [Key, Value]));
  if (Object.keys(tags).length > MOST_TAGS) {
    throw new Refusal('limit-exceeded', `Could not complete request: tag quota of per resource exceeded`);
  }
  return tags;
}

const sameDocument = (one: object, other: object) =>
  JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

/** The same topic once more is no mistake; with other attributes or tags it is. */
export async function CreateTopic(
  { topics }: Rooms,
  { Name, Attributes = {}, Tags }: In<'CreateTopic'>,
  { account, region }: Caller,
): Promise<Out<'CreateTopic'>> {
  if (Name.endsWith('.fifo')) throw new Refusal('not-built', 'FIFO topics are not built yet');
  const [settings, tags] = [changed(defaultTopic, Attributes), tagsOf(Tags)];
  const topic = await topics.create({ account, region }, Name, settings, tags);
  const differ = (what: string) => {
    const text = `Invalid parameter: ${what} Reason: Topic already exists with different ${what.toLowerCase()}`;
    throw new Refusal('invalid-parameter', text);
  };
  if (Tags && !sameDocument(topic.tags, tags)) differ('Tags');
  if (Object.keys(Attributes).length > 0 && !sameDocument(topic.settings, changed(topic.settings, Attributes))) {
    differ('Attributes');
  }
  return { TopicArn: topic.arn };
}

export async function DeleteTopic(
  { topics }: Rooms,
  { TopicArn }: In<'DeleteTopic'>,
  caller: Caller,
): Promise<Out<'DeleteTopic'>> {
  await topics.remove(caller, TopicArn);
  return {};
}

export async function ListTopics(
  { topics }: Rooms,
  { NextToken }: In<'ListTopics'>,
  { account, region }: Caller,
): Promise<Out<'ListTopics'>> {
  const page = await topics.page({ account, region }, { limit: A_PAGE, token: NextToken });
  return { Topics: page.topics.map(({ arn }) => ({ TopicArn: arn })), NextToken: page.next };
}

export async function GetTopicAttributes(
  { topics }: Rooms,
  { TopicArn }: In<'GetTopicAttributes'>,
  caller: Caller,
): Promise<Out<'GetTopicAttributes'>> {
  const topic = await topics.owned(caller, TopicArn);
  const subscriptions = await topics.subscriptions(TopicArn);
  const confirmed = subscriptions.filter((one) => one.confirmed).length;
  return {
    Attributes: {
      TopicArn,
      Owner: caller.account,
      DisplayName: topic.settings.displayName,
      ...(topic.settings.signature !== '1' && { SignatureVersion: topic.settings.signature }),
      Policy: ownersPolicy(topic, caller.account),
      ...topic.settings.kept,
      EffectiveDeliveryPolicy: topic.settings.kept['DeliveryPolicy'] ?? effectiveDeliveryPolicy,
      SubscriptionsConfirmed: String(confirmed),
      SubscriptionsPending: String(subscriptions.length - confirmed),
      SubscriptionsDeleted: '0',
    },
  };
}

/** SNS: a new topic's policy lets its owner do everything. */
function ownersPolicy({ arn }: Topic, account: string): string {
  const actions = ['GetTopicAttributes', 'SetTopicAttributes', 'AddPermission', 'RemovePermission', 'DeleteTopic'];
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [...actions, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  });
}

/** What we do, in SNS's form: from 5 s to 20 minutes, growing, for a day. */
const effectiveDeliveryPolicy = JSON.stringify({
  http: {
    defaultHealthyRetryPolicy: { minDelayTarget: 5, maxDelayTarget: 1_200, backoffFunction: 'exponential' },
    disableSubscriptionOverrides: false,
  },
});

export async function SetTopicAttributes(
  { topics }: Rooms,
  { TopicArn, AttributeName, AttributeValue = '' }: In<'SetTopicAttributes'>,
  caller: Caller,
): Promise<Out<'SetTopicAttributes'>> {
  await topics.owned(caller, TopicArn);
  await topics.change(TopicArn, ({ settings, tags }) => ({
    settings: changed(settings, { [AttributeName]: AttributeValue }),
    tags,
  }));
  return {};
}

export async function TagResource(
  { topics }: Rooms,
  { ResourceArn, Tags }: In<'TagResource'>,
  caller: Caller,
): Promise<Out<'TagResource'>> {
  await topics.owned(caller, ResourceArn);
  await topics.change(ResourceArn, ({ settings, tags }) => {
    const all = Object.entries({ ...tags, ...tagsOf(Tags) }).map(([Key, Value]) => ({ Key, Value }));
    return { settings, tags: tagsOf(all) };
  });
  return {};
}

export async function UntagResource(
  { topics }: Rooms,
  { ResourceArn, TagKeys }: In<'UntagResource'>,
  caller: Caller,
): Promise<Out<'UntagResource'>> {
  await topics.owned(caller, ResourceArn);
  await topics.change(ResourceArn, ({ settings, tags }) => ({
    settings,
    tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))),
  }));
  return {};
}

export async function ListTagsForResource(
  { topics }: Rooms,
  { ResourceArn }: In<'ListTagsForResource'>,
  caller: Caller,
): Promise<Out<'ListTagsForResource'>> {
  const { tags } = await topics.owned(caller, ResourceArn);
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}
