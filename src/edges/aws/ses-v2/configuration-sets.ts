import { Refusal } from '../../../base/refusal.ts';
import type {
  ConfigurationSet,
  DeliveryOptions,
  Destination,
  MessageSecurity,
  SuppressionOptions,
  Tracking,
} from '../../../core/configuration-sets/configuration-sets.ts';
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
  const { SendingOptions, ReputationOptions, ArchivingOptions, MessageSecurityOptions } = input;
  await configurationSets.create(caller, input.ConfigurationSetName, {
    ...(input.DeliveryOptions && delivery(input.DeliveryOptions)),
    ...(input.SuppressionOptions && suppression(input.SuppressionOptions)),
    ...(input.TrackingOptions && { tracking: tracking(input.TrackingOptions) }),
    reputationMetrics: ReputationOptions?.ReputationMetricsEnabled,
    sendingEnabled: SendingOptions && SendingOptions.SendingEnabled === true,
    archive: ArchivingOptions?.ArchiveArn,
    vdm: input.VdmOptions && vdm(input.VdmOptions),
    security: MessageSecurityOptions && security(MessageSecurityOptions),
    tags: (input.Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
  });
  return {};
}

export async function UpdateConfigurationSet(
  { configurationSets }: Rooms,
  { ConfigurationSetName, MessageSecurityOptions }: In<'UpdateConfigurationSet'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSet'>> {
  const changed = MessageSecurityOptions && security(MessageSecurityOptions);
  await configurationSets.setSecurity(caller, ConfigurationSetName, changed);
  return {};
}

export async function GetConfigurationSet(
  { configurationSets }: Rooms,
  { ConfigurationSetName }: In<'GetConfigurationSet'>,
  caller: Caller,
): Promise<Out<'GetConfigurationSet'>> {
  return described(await configurationSets.get(caller, ConfigurationSetName));
}

export async function ListConfigurationSets(
  { configurationSets }: Rooms,
  { Filter, PageSize, NextToken }: In<'ListConfigurationSets'>,
  caller: Caller,
): Promise<Out<'ListConfigurationSets'>> {
  if (PageSize !== undefined && (PageSize < 1 || PageSize > MOST_LISTED)) {
    throw new Refusal('invalid-parameter', `The page size must be between 1 and ${MOST_LISTED}`);
  }
  const contains = Filter?.['CONFIGURATION_SET_NAME_CONTAINS'];
  if (contains !== undefined && (contains.length < 3 || contains.length > 64)) {
    throw new Refusal('invalid-parameter', 'The filter value must be between 3 and 64 characters long.');
  }
  const page = await configurationSets.page(caller, { limit: PageSize ?? LISTED, token: NextToken, contains });
  return { ConfigurationSets: page.names, NextToken: page.next };
}

export async function DeleteConfigurationSet(
  { configurationSets }: Rooms,
  { ConfigurationSetName }: In<'DeleteConfigurationSet'>,
  caller: Caller,
): Promise<Out<'DeleteConfigurationSet'>> {
  await configurationSets.remove(caller, ConfigurationSetName);
  return {};
}

export async function PutConfigurationSetDeliveryOptions(
  { configurationSets }: Rooms,
  input: In<'PutConfigurationSetDeliveryOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetDeliveryOptions'>> {
  await configurationSets.setDelivery(caller, input.ConfigurationSetName, delivery(input));
  return {};
}

export async function PutConfigurationSetReputationOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, ReputationMetricsEnabled }: In<'PutConfigurationSetReputationOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetReputationOptions'>> {
  await configurationSets.setReputationMetrics(caller, ConfigurationSetName, ReputationMetricsEnabled === true);
  return {};
}

/** SES: an absent member is false. */
export async function PutConfigurationSetSendingOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, SendingEnabled }: In<'PutConfigurationSetSendingOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetSendingOptions'>> {
  await configurationSets.setSendingEnabled(caller, ConfigurationSetName, SendingEnabled === true);
  return {};
}

/** SES: an absent list is an empty one, which switches suppression off. */
export async function PutConfigurationSetSuppressionOptions(
  { configurationSets }: Rooms,
  input: In<'PutConfigurationSetSuppressionOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetSuppressionOptions'>> {
  const options = suppression({ ...input, SuppressedReasons: input.SuppressedReasons ?? [] });
  await configurationSets.setSuppression(caller, input.ConfigurationSetName, options);
  return {};
}

export async function PutConfigurationSetTrackingOptions(
  { configurationSets }: Rooms,
  input: In<'PutConfigurationSetTrackingOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetTrackingOptions'>> {
  await configurationSets.setTracking(caller, input.ConfigurationSetName, tracking(input));
  return {};
}

export async function PutConfigurationSetArchivingOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, ArchiveArn }: In<'PutConfigurationSetArchivingOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetArchivingOptions'>> {
  await configurationSets.setArchive(caller, ConfigurationSetName, ArchiveArn);
  return {};
}

export async function PutConfigurationSetVdmOptions(
  { configurationSets }: Rooms,
  { ConfigurationSetName, VdmOptions }: In<'PutConfigurationSetVdmOptions'>,
  caller: Caller,
): Promise<Out<'PutConfigurationSetVdmOptions'>> {
  await configurationSets.setVdm(caller, ConfigurationSetName, VdmOptions && vdm(VdmOptions));
  return {};
}

export async function CreateConfigurationSetEventDestination(
  { configurationSets }: Rooms,
  input: In<'CreateConfigurationSetEventDestination'>,
  caller: Caller,
): Promise<Out<'CreateConfigurationSetEventDestination'>> {
  await configurationSets.addDestination(caller, input.ConfigurationSetName, destination(input));
  return {};
}

export async function UpdateConfigurationSetEventDestination(
  { configurationSets }: Rooms,
  input: In<'UpdateConfigurationSetEventDestination'>,
  caller: Caller,
): Promise<Out<'UpdateConfigurationSetEventDestination'>> {
  const { ConfigurationSetName, EventDestinationName } = input;
  const found = await configurationSets.replaceDestination(caller, ConfigurationSetName, destination(input));
  if (found) return {};
  throw noDestination(ConfigurationSetName, EventDestinationName);
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

export async function GetConfigurationSetEventDestinations(
  { configurationSets }: Rooms,
  { ConfigurationSetName }: In<'GetConfigurationSetEventDestinations'>,
  caller: Caller,
): Promise<Out<'GetConfigurationSetEventDestinations'>> {
  const { destinations } = await configurationSets.get(caller, ConfigurationSetName);
  return { EventDestinations: destinations.map(describedDestination) };
}

function noDestination(setName: string, name: string): Refusal {
  const text = `An event destination with name <${name}> does not exist for configuration set <${setName}>.`;
  return new Refusal('not-found', text);
}

type Create = In<'CreateConfigurationSet'>;
type Described = Out<'GetConfigurationSet'>;

const tlsPolicies = { REQUIRE: 'require', OPTIONAL: 'optional' } as const;
const tlsWords = { require: 'REQUIRE', optional: 'OPTIONAL' } as const;
const httpsPolicies = { REQUIRE: 'require', REQUIRE_OPEN_ONLY: 'require-open-only', OPTIONAL: 'optional' } as const;
const httpsWords = { require: 'REQUIRE', 'require-open-only': 'REQUIRE_OPEN_ONLY', optional: 'OPTIONAL' } as const;
const thresholds = { MEDIUM: 'medium', HIGH: 'high', MANAGED: 'managed' } as const;
const thresholdWords = { medium: 'MEDIUM', high: 'HIGH', managed: 'MANAGED' } as const;

function delivery(given: NonNullable<Create['DeliveryOptions']>): DeliveryOptions {
  const { TlsPolicy, SendingPoolName, MaxDeliverySeconds } = given;
  return { tls: TlsPolicy && tlsPolicies[TlsPolicy], pool: SendingPoolName, maxDeliverySeconds: MaxDeliverySeconds };
}

interface TrackingWords {
  readonly CustomRedirectDomain?: string | undefined;
  readonly HttpsPolicy?: keyof typeof httpsPolicies | undefined;
}

function tracking({ CustomRedirectDomain: domain, HttpsPolicy }: TrackingWords): Tracking | undefined {
  if (domain === undefined && HttpsPolicy === undefined) return undefined;
  return { domain, https: HttpsPolicy && httpsPolicies[HttpsPolicy] };
}

function suppression(given: NonNullable<Create['SuppressionOptions']>): SuppressionOptions {
  const { SuppressedReasons, SuppressionScope, ValidationOptions } = given;
  const condition = ValidationOptions?.ConditionThreshold;
  const threshold = condition?.OverallConfidenceThreshold?.ConfidenceVerdictThreshold;
  return {
    suppression: SuppressedReasons?.map(reasonOf),
    suppressionScope: SuppressionScope && (SuppressionScope === 'TENANT' ? 'tenant' : 'account'),
    validation: condition && {
      enabled: condition.ConditionThresholdEnabled === 'ENABLED',
      threshold: threshold && thresholds[threshold],
    },
  };
}

function reasonOf(reason: string) {
  if (reason === 'BOUNCE') return 'bounce' as const;
  if (reason === 'COMPLAINT') return 'complaint' as const;
  throw new Refusal('invalid-parameter', `Reason ${reason} is invalid, must be one of [BOUNCE, COMPLAINT].`);
}

function vdm({ DashboardOptions, GuardianOptions }: NonNullable<Create['VdmOptions']>) {
  const engagement = DashboardOptions?.EngagementMetrics;
  const optimized = GuardianOptions?.OptimizedSharedDelivery;
  return {
    ...(engagement && { engagementMetrics: engagement === 'ENABLED' }),
    ...(optimized && { optimizedSharedDelivery: optimized === 'ENABLED' }),
  };
}

/** One format of signature is all there is. */
function security({ SigningScheme }: NonNullable<Create['MessageSecurityOptions']>): MessageSecurity {
  if (!SigningScheme) return {};
  return { scheme: SigningScheme.SmimeScheme ? 'smime' : 'default' };
}

const eventTypes = {
  SEND: 'send',
  REJECT: 'reject',
  BOUNCE: 'bounce',
  COMPLAINT: 'complaint',
  DELIVERY: 'delivery',
  OPEN: 'open',
  CLICK: 'click',
  RENDERING_FAILURE: 'rendering-failure',
  DELIVERY_DELAY: 'delivery-delay',
  SUBSCRIPTION: 'subscription',
} as const satisfies Record<string, EventType>;
type EventWord = keyof typeof eventTypes;
const eventWords = Object.fromEntries(Object.entries(eventTypes).map(([word, type]) => [type, word])) as Record<
  EventType,
  EventWord
>;

const sources = { MESSAGE_TAG: 'message-tag', EMAIL_HEADER: 'email-header', LINK_TAG: 'link-tag' } as const;
const sourceWords = { 'message-tag': 'MESSAGE_TAG', 'email-header': 'EMAIL_HEADER', 'link-tag': 'LINK_TAG' } as const;

function destination(
  given: Pick<In<'CreateConfigurationSetEventDestination'>, 'EventDestinationName' | 'EventDestination'>,
): Destination {
  const { Enabled, MatchingEventTypes, ...places } = given.EventDestination;
  const { KinesisFirehoseDestination: firehose, CloudWatchDestination: cloudWatch } = places;
  return {
    name: given.EventDestinationName,
    enabled: Enabled === true,
    events: [...new Set((MatchingEventTypes ?? []).map((word) => eventTypes[word]))],
    topic: places.SnsDestination?.TopicArn,
    stream: firehose && { stream: firehose.DeliveryStreamArn, role: firehose.IamRoleArn },
    metrics: cloudWatch && {
      dimensions: cloudWatch.DimensionConfigurations.map((one) => ({
        name: one.DimensionName,
        source: sources[one.DimensionValueSource],
        fallback: one.DefaultDimensionValue,
      })),
    },
    bus: places.EventBridgeDestination?.EventBusArn,
    application: places.PinpointDestination && (places.PinpointDestination.ApplicationArn ?? ''),
  };
}

function describedDestination({ name, enabled, events, topic, stream, metrics, bus, application }: Destination) {
  return {
    Name: name,
    Enabled: enabled,
    MatchingEventTypes: events.map((type) => eventWords[type]),
    SnsDestination: topic === undefined ? undefined : { TopicArn: topic },
    KinesisFirehoseDestination: stream && { DeliveryStreamArn: stream.stream, IamRoleArn: stream.role },
    CloudWatchDestination: metrics && {
      DimensionConfigurations: metrics.dimensions.map((one) => ({
        DimensionName: one.name,
        DimensionValueSource: sourceWords[one.source],
        DefaultDimensionValue: one.fallback,
      })),
    },
    EventBridgeDestination: bus === undefined ? undefined : { EventBusArn: bus },
    PinpointDestination: application === undefined ? undefined : { ApplicationArn: application },
  };
}

/** Groups that were never set are left out. */
function described(set: ConfigurationSet): Described {
  return {
    ConfigurationSetName: set.name,
    TrackingOptions: describedTracking(set),
    DeliveryOptions: describedDelivery(set),
    ReputationOptions: {
      ReputationMetricsEnabled: set.reputationMetrics,
      LastFreshStart: set.freshStart === undefined ? undefined : new Date(set.freshStart),
    },
    SendingOptions: { SendingEnabled: set.sendingEnabled },
    Tags: set.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    SuppressionOptions: describedSuppression(set),
    VdmOptions: describedVdm(set),
    ArchivingOptions: set.archive === undefined ? undefined : { ArchiveArn: set.archive },
    MessageSecurityOptions: describedSecurity(set),
  };
}

function describedSecurity({ security: options }: ConfigurationSet): Described['MessageSecurityOptions'] {
  if (!options) return undefined;
  const { scheme } = options;
  if (scheme === undefined) return {};
  if (scheme === 'default') return { SigningScheme: { DefaultScheme: {} } };
  return { SigningScheme: { SmimeScheme: { SignatureFormat: 'DETACHED' } } };
}

function describedTracking({ tracking: options }: ConfigurationSet): Described['TrackingOptions'] {
  return options && { CustomRedirectDomain: options.domain, HttpsPolicy: options.https && httpsWords[options.https] };
}

function describedDelivery({ tls, pool, maxDeliverySeconds }: ConfigurationSet): Described['DeliveryOptions'] {
  if (tls === undefined && pool === undefined && maxDeliverySeconds === undefined) return undefined;
  return { TlsPolicy: tls && tlsWords[tls], SendingPoolName: pool, MaxDeliverySeconds: maxDeliverySeconds };
}

function describedSuppression(set: ConfigurationSet): Described['SuppressionOptions'] {
  const { suppression: reasons, suppressionScope, validation } = set;
  if (!reasons && !suppressionScope && !validation) return undefined;
  return {
    SuppressedReasons: reasons?.map((reason) => (reason === 'bounce' ? 'BOUNCE' : 'COMPLAINT')),
    SuppressionScope: suppressionScope && (suppressionScope === 'tenant' ? 'TENANT' : 'ACCOUNT'),
    ValidationOptions: validation && {
      ConditionThreshold: {
        ConditionThresholdEnabled: validation.enabled ? 'ENABLED' : 'DISABLED',
        OverallConfidenceThreshold: validation.threshold && {
          ConfidenceVerdictThreshold: thresholdWords[validation.threshold],
        },
      },
    },
  };
}

function describedVdm({ vdm: options }: ConfigurationSet): Described['VdmOptions'] {
  if (!options) return undefined;
  const { engagementMetrics, optimizedSharedDelivery } = options;
  const word = (on: boolean) => (on ? ('ENABLED' as const) : ('DISABLED' as const));
  return {
    DashboardOptions: engagementMetrics === undefined ? undefined : { EngagementMetrics: word(engagementMetrics) },
    GuardianOptions:
      optimizedSharedDelivery === undefined ? undefined : { OptimizedSharedDelivery: word(optimizedSharedDelivery) },
  };
}
