import { Refusal } from '../../../base/refusal.ts';
import {
  defaultSubscription,
  mayBeRaw,
  type Protocol,
  protocols,
  readFilterPolicy,
  type Subscription,
  type SubscriptionSettings,
} from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const A_PAGE = 100;

function changed(
  before: SubscriptionSettings,
  protocol: Protocol,
  attributes: Readonly<Record<string, string>>,
): SubscriptionSettings {
  let settings = before;
  for (const [name, value] of Object.entries(attributes)) {
    switch (name) {
      case 'RawMessageDelivery':
        if (value === 'true' && !mayBeRaw(protocol)) {
          const text = `Invalid parameter: Attributes Reason: Delivery protocol [${protocol}] does not support raw message delivery.`;
          throw new Refusal('invalid-parameter', text);
        }
        settings = { ...settings, raw: value === 'true' };
        break;
      case 'FilterPolicy':
        settings = { ...settings, filter: value === '' ? undefined : readFilterPolicy(value) };
        break;
      case 'FilterPolicyScope':
        settings = { ...settings, filterScope: scopeOf(value) };
        break;
      case 'DeliveryPolicy':
        settings = { ...settings, kept: { ...settings.kept, [name]: value } };
        break;
      case 'RedrivePolicy':
      case 'SubscriptionRoleArn':
      case 'ReplayPolicy':
        throw new Refusal('not-built', `${name} of a subscription is not built yet`);
      default:
        throw new Refusal('invalid-parameter', 'Invalid parameter: AttributeName');
    }
  }
  return settings;
}

function scopeOf(value: string): SubscriptionSettings['filterScope'] {
  if (value === 'MessageBody') return 'body';
  if (value === 'MessageAttributes') return 'attributes';
  throw new Refusal('invalid-parameter', `Invalid parameter: FilterPolicyScope: Invalid value [${value}]`);
}

function protocolOf(text: string): Protocol {
  const protocol = protocols.find((one) => one === text);
  if (protocol) return protocol;
  if (['lambda', 'firehose', 'sms', 'application'].includes(text)) {
    throw new Refusal('not-built', `Subscriptions of protocol ${text} are not built yet`);
  }
  throw new Refusal('invalid-parameter', `Invalid parameter: Does not support this protocol string: ${text}`);
}

export async function Subscribe(
  { topics }: Rooms,
  { TopicArn, Protocol, Endpoint = '', Attributes, ReturnSubscriptionArn }: In<'Subscribe'>,
  caller: Caller,
): Promise<Out<'Subscribe'>> {
  await topics.owned(caller, TopicArn);
  const protocol = protocolOf(Protocol);
  const settings = Attributes && changed(defaultSubscription, protocol, Attributes);
  const subscription = await topics.subscribe(TopicArn, {
    protocol,
    endpoint: Endpoint,
    ...(settings && Object.keys(Attributes).length > 0 && { settings }),
  });
  const shown = subscription.confirmed || ReturnSubscriptionArn;
  return { SubscriptionArn: shown ? subscription.arn : 'pending confirmation' };
}

export async function ConfirmSubscription(
  { topics }: Rooms,
  { TopicArn, Token, AuthenticateOnUnsubscribe }: In<'ConfirmSubscription'>,
): Promise<Out<'ConfirmSubscription'>> {
  const signedUnsubscribe = AuthenticateOnUnsubscribe === 'true';
  return { SubscriptionArn: (await topics.confirm(TopicArn, Token, { signedUnsubscribe })).arn };
}

export async function Unsubscribe(
  { topics }: Rooms,
  { SubscriptionArn }: In<'Unsubscribe'>,
  caller: Caller,
): Promise<Out<'Unsubscribe'>> {
  await topics.ownedSubscription(caller, SubscriptionArn);
  await topics.unsubscribe(SubscriptionArn, { signed: true });
  return {};
}

export async function ListSubscriptions(
  { topics }: Rooms,
  { NextToken }: In<'ListSubscriptions'>,
  { account, region }: Caller,
): Promise<Out<'ListSubscriptions'>> {
  const page = await topics.subscriptionPage({ account, region }, { limit: A_PAGE, token: NextToken });
  return { Subscriptions: page.subscriptions.map((one) => shown(one, account)), NextToken: page.next };
}

export async function ListSubscriptionsByTopic(
  { topics }: Rooms,
  { TopicArn, NextToken }: In<'ListSubscriptionsByTopic'>,
  caller: Caller,
): Promise<Out<'ListSubscriptionsByTopic'>> {
  await topics.owned(caller, TopicArn);
  const wanted = { limit: A_PAGE, token: NextToken, topicArn: TopicArn };
  const page = await topics.subscriptionPage(caller, wanted);
  return { Subscriptions: page.subscriptions.map((one) => shown(one, caller.account)), NextToken: page.next };
}

export async function GetSubscriptionAttributes(
  { topics }: Rooms,
  { SubscriptionArn }: In<'GetSubscriptionAttributes'>,
  caller: Caller,
): Promise<Out<'GetSubscriptionAttributes'>> {
  const subscription = await topics.ownedSubscription(caller, SubscriptionArn);
  const { settings, confirmed, topicArn, protocol, endpoint, arn } = subscription;
  return {
    Attributes: {
      SubscriptionArn: arn,
      TopicArn: topicArn,
      Protocol: protocol,
      Endpoint: endpoint,
      Owner: caller.account,
      PendingConfirmation: String(!confirmed),
      ConfirmationWasAuthenticated: String(settings.signedUnsubscribe || protocol === 'sqs'),
      RawMessageDelivery: String(settings.raw),
      ...(settings.filter && {
        FilterPolicy: JSON.stringify(settings.filter),
        FilterPolicyScope: settings.filterScope === 'body' ? 'MessageBody' : 'MessageAttributes',
      }),
      ...settings.kept,
    },
  };
}

export async function SetSubscriptionAttributes(
  { topics }: Rooms,
  { SubscriptionArn, AttributeName, AttributeValue = '' }: In<'SetSubscriptionAttributes'>,
  caller: Caller,
): Promise<Out<'SetSubscriptionAttributes'>> {
  const { settings, protocol } = await topics.ownedSubscription(caller, SubscriptionArn);
  await topics.changeSubscription(SubscriptionArn, changed(settings, protocol, { [AttributeName]: AttributeValue }));
  return {};
}

function shown({ arn, topicArn, protocol, endpoint, confirmed }: Subscription, account: string) {
  return {
    SubscriptionArn: confirmed ? arn : 'PendingConfirmation',
    Owner: account,
    Protocol: protocol,
    Endpoint: endpoint,
    TopicArn: topicArn,
  };
}
