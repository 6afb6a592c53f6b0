import { Refusal } from '../../../base/refusal.ts';
import type { ConfigurationSet, Destination } from '../../../core/configuration-sets/configuration-sets.ts';
import type { EventType } from '../../../core/events/events.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const LISTED = 50;
const MOST_LISTED = 1_000;

export async function CreateConfigurationSet(
  { configurationSets }: Rooms,
  input: In<'CreateConfigurationSet'>,
  caller: Caller,
): Promise<Out<'CreateConfigurationSet'>> {
  await configurationSets.create(caller, input.ConfigurationSet.Name);
  return {};
}

export async function DeleteConfigurationSet(
  { configurationSets }: Rooms,
  { ConfigurationSetName }: In<'DeleteConfigurationSet'>,
  caller: Caller,
): Promise<Out<'DeleteConfigurationSet'>> {
  await configurationSets.remove(caller, ConfigurationSetName);
  return {};
}

/** SES: a page size out of range is served as if there were none. */
export async function ListConfigurationSets(
  { configurationSets }: Rooms,
  { MaxItems, NextToken }: In<'ListConfigurationSets'>,
  caller: Caller,
): Promise<Out<'ListConfigurationSets'>> {
  const limit = MaxItems !== undefined && MaxItems >= 1 && MaxItems <= MOST_LISTED ? MaxItems : LISTED;
  const page = await configurationSets.page(caller, { limit, token: NextToken });
  return { ConfigurationSets: page.names.map((Name) => ({ Name })), NextToken: page.next };
}

/** Only what is asked for by name, beside the name itself. */
export async function DescribeConfigurationSet(
  { configurationSets }: Rooms,
  { ConfigurationSetName, ConfigurationSetAttributeNames = [] }: In<'DescribeConfigurationSet'>,
  caller: Caller,
): Promise<Out<'DescribeConfigurationSet'>> {
  const set = await configurationSets.get(caller, ConfigurationSetName);
  const asked = new Set(ConfigurationSetAttributeNames);
  return {
    ConfigurationSet: { Name: set.name },
    ...(asked.has('eventDestinations') && { EventDestinations: set.destinations.flatMap(describedDestination) }),
    ...(asked.has('trackingOptions') && { TrackingOptions: trackingOf(set) }),
    ...(asked.has('deliveryOptions') && { DeliveryOptions: deliveryOf(set) }),
    ...(asked.has('reputationOptions') && { ReputationOptions: reputationOf(set) }),
  };
}

export async function PutConfigurationSetDeliveryOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, DeliveryOptions }: In<'PutConfigurationSetDeliveryOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetDeliveryOptions'>> {
  const policy = DeliveryOptions?.TlsPolicy;
  await configurationSets.setTls(caller, ConfigurationSetName, policy && tlsPolicies[policy]);
  return {};
}

export async function UpdateConfigurationSetSendingEnabled(
  { configurationSets }: Rooms,
  { ConfigurationSetName, Enabled }: In<'UpdateConfigurationSetSendingEnabled'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSetSendingEnabled'>> {
  await configurationSets.setSendingEnabled(caller, ConfigurationSetName, Enabled);
  return {};
}

export async function UpdateConfigurationSetReputationMetricsEnabled(
  { configurationSets }: Rooms,
  { ConfigurationSetName, Enabled }: In<'UpdateConfigurationSetReputationMetricsEnabled'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSetReputationMetricsEnabled'>> {
  await configurationSets.setReputationMetrics(caller, ConfigurationSetName, Enabled);
  return {};
}

export async function CreateConfigurationSetTrackingOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, TrackingOptions }: In<'CreateConfigurationSetTrackingOptions'>,
  caller: Caller,
): Promise<Out<'CreateConfigurationSetTrackingOptions'>> {
  await configurationSets.addTrackingDomain(caller, ConfigurationSetName, TrackingOptions.CustomRedirectDomain);
  return {};
}

export async function UpdateConfigurationSetTrackingOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, TrackingOptions }: In<'UpdateConfigurationSetTrackingOptions'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSetTrackingOptions'>> {
  await configurationSets.changeTrackingDomain(caller, ConfigurationSetName, TrackingOptions.CustomRedirectDomain);
  return {};
}

export async function DeleteConfigurationSetTrackingOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName }: In<'DeleteConfigurationSetTrackingOptions'>,
  caller: Caller,
): Promise<Out<'DeleteConfigurationSetTrackingOptions'>> {
  await configurationSets.removeTracking(caller, ConfigurationSetName);
  return {};
}

export async function CreateConfigurationSetEventDestination(
  { configurationSets }: Rooms,
  { ConfigurationSetName, EventDestination }: In<'CreateConfigurationSetEventDestination'>,
  caller: Caller,
): Promise<Out<'CreateConfigurationSetEventDestination'>> {
  await configurationSets.addDestination(caller, ConfigurationSetName, destination(EventDestination));
  return {};
}

export async function UpdateConfigurationSetEventDestination(
  { configurationSets }: Rooms,
  { ConfigurationSetName, EventDestination }: In<'UpdateConfigurationSetEventDestination'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSetEventDestination'>> {
  const found = await configurationSets.replaceDestination(caller, ConfigurationSetName, destination(EventDestination));
  if (found) return {};
  throw noDestination(ConfigurationSetName, EventDestination.Name);
}

export async function DeleteConfigurationSetEventDestination(
  { configurationSets }: Rooms,
  { ConfigurationSetName, EventDestinationName }: In<'DeleteConfigurationSetEventDestination'>,
  caller: Caller,
): Promise<Out<'DeleteConfigurationSetEventDestination'>> {
  const found = await configurationSets.removeDestination(caller, ConfigurationSetName, EventDestinationName);
  if (found) return {};
  throw noDestination(ConfigurationSetName, EventDestinationName);
}

function noDestination(setName: string, name: string): Refusal {
  return new Refusal('not-found', `No EventDestination found for ${setName}`, {
    ConfigurationSetName: setName,
    EventDestinationName: name,
  });
}

const tlsPolicies = { Require: 'require', Optional: 'optional' } as const;
const tlsWords = { require: 'Require', optional: 'Optional' } as const;

const eventTypes = {
  send: 'send',
  reject: 'reject',
  bounce: 'bounce',
  complaint: 'complaint',
  delivery: 'delivery',
  open: 'open',
  click: 'click',
  renderingFailure: 'rendering-failure',
} as const satisfies Record<string, EventType>;
type EventWord = keyof typeof eventTypes;
const eventWords = new Map<EventType, EventWord>(
  Object.entries(eventTypes).map(([word, type]) => [type, word as EventWord]),
);

const sources = { messageTag: 'message-tag', emailHeader: 'email-header', linkTag: 'link-tag' } as const;
const sourceWords = { 'message-tag': 'messageTag', 'email-header': 'emailHeader', 'link-tag': 'linkTag' } as const;

function destination(given: In<'CreateConfigurationSetEventDestination'>['EventDestination']): Destination {
  const { Name, Enabled, MatchingEventTypes, KinesisFirehoseDestination, CloudWatchDestination, SNSDestination } =
    given;
  return {
    name: Name,
    enabled: Enabled === true,
    events: [...new Set(MatchingEventTypes.map((word) => eventTypes[word]))],
    topic: SNSDestination?.TopicARN,
    stream: KinesisFirehoseDestination && {
      stream: KinesisFirehoseDestination.DeliveryStreamARN,
      role: KinesisFirehoseDestination.IAMRoleARN,
    },
    metrics: CloudWatchDestination && {
      dimensions: CloudWatchDestination.DimensionConfigurations.map((one) => ({
        name: one.DimensionName,
        source: sources[one.DimensionValueSource],
        fallback: one.DefaultDimensionValue,
      })),
    },
  };
}

/** Places that this version has no words for are left out, and so are kinds of events. */
function describedDestination({ name, enabled, events, topic, stream, metrics, bus, application }: Destination) {
  if (bus !== undefined || application !== undefined) return [];
  return [
    {
      Name: name,
      Enabled: enabled,
      MatchingEventTypes: events.flatMap((type) => eventWords.get(type) ?? []),
      SNSDestination: topic === undefined ? undefined : { TopicARN: topic },
      KinesisFirehoseDestination: stream && { DeliveryStreamARN: stream.stream, IAMRoleARN: stream.role },
      CloudWatchDestination: metrics && {
        DimensionConfigurations: metrics.dimensions.map((one) => ({
          DimensionName: one.name,
          DimensionValueSource: sourceWords[one.source],
          DefaultDimensionValue: one.fallback,
        })),
      },
    },
  ];
}

function trackingOf({ tracking }: ConfigurationSet) {
  return tracking?.domain === undefined ? undefined : { CustomRedirectDomain: tracking.domain };
}

function deliveryOf({ tls }: ConfigurationSet) {
  return tls && { TlsPolicy: tlsWords[tls] };
}

function reputationOf({ sendingEnabled, reputationMetrics, freshStart }: ConfigurationSet) {
  return {
    SendingEnabled: sendingEnabled,
    ReputationMetricsEnabled: reputationMetrics,
    LastFreshStart: freshStart === undefined ? undefined : new Date(freshStart),
  };
}
