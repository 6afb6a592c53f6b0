import { Refusal } from '../../../base/refusal.ts';
import type { Subscription } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const A_PAGE = 100;

export async function CreateTopic(
  { topics }: Rooms,
  { Name, Attributes }: In<'CreateTopic'>,
  caller: Caller,
): Promise<Out<'CreateTopic'>> {
  if (Attributes?.['FifoTopic'] === 'true') throw new Refusal('not-built', 'FIFO topics are not built yet');
  return { TopicArn: (await topics.create(caller, Name)).arn };
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
  caller: Caller,
): Promise<Out<'ListTopics'>> {
  const page = await topics.page(caller, { limit: A_PAGE, token: NextToken });
  return { Topics: page.topics.map(({ arn }) => ({ TopicArn: arn })), NextToken: page.next };
}

export async function GetTopicAttributes(
  { topics }: Rooms,
  { TopicArn }: In<'GetTopicAttributes'>,
  { account }: Caller,
): Promise<Out<'GetTopicAttributes'>> {
  await topics.owned(account, TopicArn);
  const subscriptions = await topics.subscriptions(TopicArn);
  const confirmed = subscriptions.filter((one) => one.confirmed).length;
  return {
    Attributes: {
      TopicArn,
      Owner: account,
      DisplayName: '',
      SubscriptionsConfirmed: String(confirmed),
      SubscriptionsPending: String(subscriptions.length - confirmed),
      SubscriptionsDeleted: '0',
    },
  };
}

export async function Subscribe(
  { topics }: Rooms,
  { TopicArn, Protocol, Endpoint, Attributes, ReturnSubscriptionArn }: In<'Subscribe'>,
  { account }: Caller,
): Promise<Out<'Subscribe'>> {
  await topics.owned(account, TopicArn);
  if (Protocol !== 'http' && Protocol !== 'https') {
    throw new Refusal('not-built', `Subscriptions of protocol ${Protocol} are not built yet`);
  }
  const raw = Attributes?.['RawMessageDelivery'] === 'true';
  const subscription = await topics.subscribe(TopicArn, { protocol: Protocol, endpoint: Endpoint ?? '', raw });
  const shown = subscription.confirmed || ReturnSubscriptionArn;
  return { SubscriptionArn: shown ? subscription.arn : 'pending confirmation' };
}

export async function ConfirmSubscription(
  { topics }: Rooms,
  { TopicArn, Token }: In<'ConfirmSubscription'>,
): Promise<Out<'ConfirmSubscription'>> {
  return { SubscriptionArn: (await topics.confirm(TopicArn, Token)).arn };
}

export async function Unsubscribe(
  { topics }: Rooms,
  { SubscriptionArn }: In<'Unsubscribe'>,
): Promise<Out<'Unsubscribe'>> {
  await topics.unsubscribe(SubscriptionArn);
  return {};
}

export async function ListSubscriptionsByTopic(
  { topics }: Rooms,
  { TopicArn }: In<'ListSubscriptionsByTopic'>,
  { account }: Caller,
): Promise<Out<'ListSubscriptionsByTopic'>> {
  await topics.owned(account, TopicArn);
  const subscriptions = await topics.subscriptions(TopicArn);
  return { Subscriptions: subscriptions.map((one) => subscriptionOf(one, account)) };
}

export async function Publish(
  { topics }: Rooms,
  { TopicArn, Message, Subject }: In<'Publish'>,
  { account }: Caller,
): Promise<Out<'Publish'>> {
  if (TopicArn === undefined) throw new Refusal('not-built', 'Publish without TopicArn is not built yet');
  await topics.owned(account, TopicArn);
  return { MessageId: await topics.publish(TopicArn, { subject: Subject, message: Message }) };
}

function subscriptionOf({ arn, topicArn, protocol, endpoint, confirmed }: Subscription, account: string) {
  return {
    SubscriptionArn: confirmed ? arn : 'PendingConfirmation',
    Owner: account,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: topicArn,
  };
}
