import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Configuration sets and their destinations, in both versions on one state; what they do with mail is told elsewhere.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;
let topic: string;

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'verified.example' }));
  const sns = new SNSClient(sesame.client);
  topic = (await sns.send(new CreateTopicCommand({ Name: 'events' }))).TopicArn!;
  sns.destroy();
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

type Options = Omit<v2.CreateConfigurationSetCommandInput, 'ConfigurationSetName'>;
const create = (ConfigurationSetName: string, options: Options = {}) =>
  ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName, ...options }));
const createOld = (Name: string) => old.send(new v1.CreateConfigurationSetCommand({ ConfigurationSet: { Name } }));
const get = async (ConfigurationSetName: string) => {
  const { $metadata, ...set } = await ses.send(new v2.GetConfigurationSetCommand({ ConfigurationSetName }));
  return set;
};
const attributes = ['eventDestinations', 'trackingOptions', 'deliveryOptions', 'reputationOptions'] as const;
const describeOld = async (
  ConfigurationSetName: string,
  names: readonly (typeof attributes)[number][] = attributes,
) => {
  const call = { ConfigurationSetName, ConfigurationSetAttributeNames: [...names] };
  const { $metadata, ...set } = await old.send(new v1.DescribeConfigurationSetCommand(call));
  return set;
};

async function check(call: Promise<unknown>, code: string, message: string, status = 400): Promise<void> {
  const error = await call.then(
    () => assert.fail('it was answered'),
    (given: v2.SESv2ServiceException) => given,
  );
  assert.deepEqual([error.name, error.message, error.$metadata?.httpStatusCode], [code, message, status]);
}
const missing = 'Configuration set <none> does not exist.';

describe('sets', () => {
  test('of one version are seen in the other', async () => {
    await createOld('from-v1');
    assert.deepEqual(await get('from-v1'), {
      ConfigurationSetName: 'from-v1',
      ReputationOptions: { ReputationMetricsEnabled: false },
      SendingOptions: { SendingEnabled: true },
      Tags: [],
    });
    await create('from-v2', { Tags: [{ Key: 'team', Value: 'mail' }], DeliveryOptions: { TlsPolicy: 'REQUIRE' } });
    assert.deepEqual((await get('from-v2')).Tags, [{ Key: 'team', Value: 'mail' }]);
    assert.deepEqual(await describeOld('from-v2', []), { ConfigurationSet: { Name: 'from-v2' } });
    const described = await describeOld('from-v2');
    assert.deepEqual(described.DeliveryOptions, { TlsPolicy: 'Require' });
    assert.deepEqual(described.ReputationOptions, { SendingEnabled: true, ReputationMetricsEnabled: false });
    assert.deepEqual(described.EventDestinations ?? [], []);
    await old.send(new v1.DeleteConfigurationSetCommand({ ConfigurationSetName: 'from-v2' }));
    await ses.send(new v2.DeleteConfigurationSetCommand({ ConfigurationSetName: 'from-v1' }));
  });

  test('with every option at once', async () => {
    const options: Options = {
      TrackingOptions: { CustomRedirectDomain: 'click.verified.example', HttpsPolicy: 'REQUIRE_OPEN_ONLY' },
      DeliveryOptions: { TlsPolicy: 'OPTIONAL', SendingPoolName: 'ses-shared-pool', MaxDeliverySeconds: 300 },
      ReputationOptions: { ReputationMetricsEnabled: true },
      SendingOptions: { SendingEnabled: false },
      Tags: [{ Key: 'k', Value: '' }],
      SuppressionOptions: {
        SuppressedReasons: ['COMPLAINT'],
        ValidationOptions: {
          ConditionThreshold: {
            ConditionThresholdEnabled: 'ENABLED',
            OverallConfidenceThreshold: { ConfidenceVerdictThreshold: 'HIGH' },
          },
        },
      },
      VdmOptions: {
        DashboardOptions: { EngagementMetrics: 'ENABLED' },
        GuardianOptions: { OptimizedSharedDelivery: 'DISABLED' },
      },
      ArchivingOptions: { ArchiveArn: `arn:aws:ses:us-east-1:000000000000:mailmanager-archive/a-${'a'.repeat(24)}` },
    };
    await create('whole', options);
    assert.deepEqual(await get('whole'), { ConfigurationSetName: 'whole', ...options });
  });

  test('that exist, or do not, or have no name', async () => {
    await create('twice');
    await check(create('twice'), 'AlreadyExistsException', 'Configuration set twice already exists.');
    const again = await refusal(createOld('twice'), v1.ConfigurationSetAlreadyExistsException);
    assert.deepEqual([again.message, again.ConfigurationSetName], ['Configuration set twice already exists.', 'twice']);
    const wrong = "Invalid configuration set name <a.b>: only alphanumeric ASCII characters, '_', and '-' are allowed.";
    await check(create('a.b'), 'BadRequestException', wrong);
    await check(createOld('a.b'), 'InvalidConfigurationSetException', wrong);
    const long = 'Configuration set name cannot exceed 64 characters.';
    await check(create('a'.repeat(65)), 'BadRequestException', long);
    await check(createOld(''), 'InvalidConfigurationSetException', 'The configuration set name must be specified.');
    await check(get('none'), 'NotFoundException', missing, 404);
    await check(describeOld('none'), 'ConfigurationSetDoesNotExistException', missing);
    const ConfigurationSetName = 'none';
    const removals = [
      old.send(new v1.DeleteConfigurationSetCommand({ ConfigurationSetName })),
      ses.send(new v2.DeleteConfigurationSetCommand({ ConfigurationSetName })),
    ] as const;
    await check(removals[0], 'ConfigurationSetDoesNotExistException', missing);
    await check(removals[1], 'NotFoundException', missing, 404);
  });

  test('whose options are refused are not made', async () => {
    const refused = async (options: Options, message: string) => {
      await check(create('refused', options), 'BadRequestException', message);
      await check(get('refused'), 'NotFoundException', 'Configuration set <refused> does not exist.', 404);
    };
    await refused(
      { TrackingOptions: { CustomRedirectDomain: 'other.example' } },
      'Domain <other.example> is not verified under this account.',
    );
    await refused({ DeliveryOptions: { SendingPoolName: ' ' } }, "sendingPoolName can't be blank.");
    await refused({ DeliveryOptions: { SendingPoolName: 'mine' } }, "SendingPool <mine> doesn't exist");
    const at = '1 validation error detected: Value at';
    await refused(
      { DeliveryOptions: { MaxDeliverySeconds: 50_401 } },
      `${at} 'deliveryOptions.maxDeliverySeconds' failed to satisfy constraint: Member must have value less than or equal to 50400`,
    );
    await refused(
      { VdmOptions: { DashboardOptions: { EngagementMetrics: 'ON' as 'ENABLED' } } },
      `${at} 'vdmOptions.dashboardOptions.engagementMetrics' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED]`,
    );
    await refused({ Tags: [{ Key: 'aws:x', Value: '' }] }, 'Invalid tag key <aws:x>.');
  });

  test('are listed in pages, and searched', async () => {
    const region = 'eu-west-1';
    const [here, there] = [
      new v2.SESv2Client({ ...sesame.client, region }),
      new v1.SESClient({ ...sesame.client, region }),
    ];
    for (const ConfigurationSetName of ['a', 'b-news', 'c', 'd-news']) {
      await here.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName }));
    }
    const list = (input: v2.ListConfigurationSetsCommandInput) => here.send(new v2.ListConfigurationSetsCommand(input));
    const first = await list({ PageSize: 3 });
    assert.deepEqual(first.ConfigurationSets, ['a', 'b-news', 'c']);
    const rest = await there.send(new v1.ListConfigurationSetsCommand({ NextToken: first.NextToken }));
    assert.deepEqual([rest.ConfigurationSets, rest.NextToken], [[{ Name: 'd-news' }], undefined]);
    const found = await list({ Filter: { CONFIGURATION_SET_NAME_CONTAINS: 'news' }, PageSize: 1 });
    assert.deepEqual(found.ConfigurationSets, ['b-news']);
    const Filter = { CONFIGURATION_SET_NAME_CONTAINS: 'news' };
    const next = await list({ Filter, NextToken: found.NextToken });
    assert.deepEqual([next.ConfigurationSets, next.NextToken], [['d-news'], undefined]);
    await check(list({ PageSize: 1001 }), 'BadRequestException', 'The page size must be between 1 and 1000');
    await check(list({ NextToken: 'x' }), 'BadRequestException', 'invalid nextToken x');
    const all = await there.send(new v1.ListConfigurationSetsCommand({ MaxItems: 5000 }));
    assert.equal(all.ConfigurationSets?.length, 4);
    here.destroy();
    there.destroy();
  });
});

describe('options', () => {
  const ConfigurationSetName = 'options';
  before(() => create(ConfigurationSetName));

  test('delivery', async () => {
    const put = (input: Partial<v2.PutConfigurationSetDeliveryOptionsCommandInput>) =>
      ses.send(new v2.PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName, ...input }));
    await put({ TlsPolicy: 'REQUIRE', MaxDeliverySeconds: 600 });
    assert.deepEqual((await get(ConfigurationSetName)).DeliveryOptions, {
      TlsPolicy: 'REQUIRE',
      MaxDeliverySeconds: 600,
    });
    const DeliveryOptions = { TlsPolicy: 'Optional' as const };
    await old.send(new v1.PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName, DeliveryOptions }));
    assert.deepEqual((await get(ConfigurationSetName)).DeliveryOptions, {
      TlsPolicy: 'OPTIONAL',
      MaxDeliverySeconds: 600,
    });
    await put({});
    assert.equal((await get(ConfigurationSetName)).DeliveryOptions, undefined);
    await check(put({ SendingPoolName: 'mine' }), 'BadRequestException', "SendingPool <mine> doesn't exist");
    await check(put({ ConfigurationSetName: 'none' }), 'NotFoundException', missing, 404);
  });

  test('sending, and the fresh start of what was paused', async () => {
    await ses.send(new v2.PutConfigurationSetSendingOptionsCommand({ ConfigurationSetName }));
    assert.deepEqual((await get(ConfigurationSetName)).SendingOptions, { SendingEnabled: false });
    await old.send(new v1.UpdateConfigurationSetSendingEnabledCommand({ ConfigurationSetName, Enabled: true }));
    const { SendingOptions, ReputationOptions } = await get(ConfigurationSetName);
    assert.deepEqual(SendingOptions, { SendingEnabled: true });
    const started = ReputationOptions?.LastFreshStart;
    assert.ok(started instanceof Date);
    const { ReputationOptions: seen } = await describeOld(ConfigurationSetName);
    assert.equal(seen?.LastFreshStart?.getTime(), started.getTime());
  });

  test('reputation', async () => {
    const isOn = async () => (await get(ConfigurationSetName)).ReputationOptions?.ReputationMetricsEnabled;
    const put = { ConfigurationSetName, ReputationMetricsEnabled: true };
    await ses.send(new v2.PutConfigurationSetReputationOptionsCommand(put));
    assert.equal(await isOn(), true);
    const update = { ConfigurationSetName, Enabled: false };
    await old.send(new v1.UpdateConfigurationSetReputationMetricsEnabledCommand(update));
    assert.equal(await isOn(), false);
  });

  test('suppression', async () => {
    const put = (SuppressedReasons?: v2.SuppressionListReason[]) =>
      ses.send(new v2.PutConfigurationSetSuppressionOptionsCommand({ ConfigurationSetName, SuppressedReasons }));
    await put(['BOUNCE']);
    assert.deepEqual((await get(ConfigurationSetName)).SuppressionOptions, { SuppressedReasons: ['BOUNCE'] });
    await put([]);
    assert.deepEqual((await get(ConfigurationSetName)).SuppressionOptions, { SuppressedReasons: [] });
    const wrong = 'Reason SPAM is invalid, must be one of [BOUNCE, COMPLAINT].';
    await check(put(['SPAM' as 'BOUNCE']), 'BadRequestException', wrong);
  });

  test('archiving and VDM', async () => {
    const ArchiveArn = `arn:aws:ses:us-east-1:000000000000:mailmanager-archive/a-${'b'.repeat(24)}`;
    await ses.send(new v2.PutConfigurationSetArchivingOptionsCommand({ ConfigurationSetName, ArchiveArn }));
    const VdmOptions = { GuardianOptions: { OptimizedSharedDelivery: 'ENABLED' as const } };
    await ses.send(new v2.PutConfigurationSetVdmOptionsCommand({ ConfigurationSetName, VdmOptions }));
    const set = await get(ConfigurationSetName);
    assert.deepEqual([set.ArchivingOptions, set.VdmOptions], [{ ArchiveArn }, VdmOptions]);
    await ses.send(new v2.PutConfigurationSetArchivingOptionsCommand({ ConfigurationSetName }));
    await ses.send(new v2.PutConfigurationSetVdmOptionsCommand({ ConfigurationSetName }));
    const cleared = await get(ConfigurationSetName);
    assert.deepEqual([cleared.ArchivingOptions, cleared.VdmOptions], [undefined, undefined]);
  });

  test('message security', async () => {
    const ConfigurationSetName = 'signed';
    const shown = async () => (await get(ConfigurationSetName)).MessageSecurityOptions;
    const update = (MessageSecurityOptions?: v2.MessageSecurityOptions) =>
      ses.send(new v2.UpdateConfigurationSetCommand({ ConfigurationSetName, MessageSecurityOptions }));
    await assert.rejects(update(), { name: 'NotFoundException' });
    await create(ConfigurationSetName);
    await update();
    assert.equal(await shown(), undefined);
    const schemes: v2.SigningScheme[] = [{ SmimeScheme: { SignatureFormat: 'DETACHED' } }, { DefaultScheme: {} }];
    for (const SigningScheme of schemes) {
      await update({ SigningScheme });
      assert.deepEqual(await shown(), { SigningScheme });
    }
    await update();
    assert.deepEqual(await shown(), { SigningScheme: { DefaultScheme: {} } });
  });

  test('tracking', async () => {
    const options = (CustomRedirectDomain?: string) => ({
      ConfigurationSetName,
      TrackingOptions: { CustomRedirectDomain },
    });
    const add = (domain?: string) => old.send(new v1.CreateConfigurationSetTrackingOptionsCommand(options(domain)));
    const update = (domain?: string) => old.send(new v1.UpdateConfigurationSetTrackingOptionsCommand(options(domain)));
    const remove = () => old.send(new v1.DeleteConfigurationSetTrackingOptionsCommand({ ConfigurationSetName }));
    const none = `There are no tracking options for configuration set <${ConfigurationSetName}>`;
    await check(remove(), 'TrackingOptionsDoesNotExistException', none);
    await check(update('verified.example'), 'TrackingOptionsDoesNotExistException', none);
    const empty = 'At least one field of TrackingOptions must contain a value.';
    await check(add(), 'InvalidTrackingOptionsException', empty);
    const foreign = 'Domain <other.example> is not verified under this account.';
    await check(add('other.example'), 'InvalidTrackingOptionsException', foreign);
    await add('verified.example');
    await check(
      add('verified.example'),
      'TrackingOptionsAlreadyExistsException',
      `Configuration set <${ConfigurationSetName}> already has tracking options.`,
    );
    const put = (input: Partial<v2.PutConfigurationSetTrackingOptionsCommandInput>) =>
      ses.send(new v2.PutConfigurationSetTrackingOptionsCommand({ ConfigurationSetName, ...input }));
    await put({ CustomRedirectDomain: 'a.verified.example', HttpsPolicy: 'REQUIRE' });
    await update('b.verified.example');
    assert.deepEqual((await get(ConfigurationSetName)).TrackingOptions, {
      CustomRedirectDomain: 'b.verified.example',
      HttpsPolicy: 'REQUIRE',
    });
    const { TrackingOptions } = await describeOld(ConfigurationSetName);
    assert.deepEqual(TrackingOptions, { CustomRedirectDomain: 'b.verified.example' });
    await check(put({ HttpsPolicy: 'REQUIRE' }), 'BadRequestException', 'CustomRedirectDomain must be specified.');
    await remove();
    assert.equal((await get(ConfigurationSetName)).TrackingOptions, undefined);
  });

  test('of an identity: its default set', async () => {
    const put = (EmailIdentity: string, name?: string) =>
      ses.send(new v2.PutEmailIdentityConfigurationSetAttributesCommand({ EmailIdentity, ConfigurationSetName: name }));
    const named = async (EmailIdentity: string) =>
      (await ses.send(new v2.GetEmailIdentityCommand({ EmailIdentity }))).ConfigurationSetName;
    await put('verified.example', ConfigurationSetName);
    assert.equal(await named('verified.example'), ConfigurationSetName);
    await put('verified.example');
    assert.equal(await named('verified.example'), undefined);
    await check(put('verified.example', 'none'), 'NotFoundException', missing, 404);
    await check(put('none.example'), 'NotFoundException', 'Identity <none.example> does not exist.', 404);
    await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'set.example', ConfigurationSetName }));
    assert.equal(await named('set.example'), ConfigurationSetName);
  });
});

describe('destinations', () => {
  const ConfigurationSetName = 'destinations';
  before(() => create(ConfigurationSetName));

  const add = (
    EventDestinationName: string,
    EventDestination: v2.EventDestinationDefinition,
    set = ConfigurationSetName,
  ) =>
    ses.send(
      new v2.CreateConfigurationSetEventDestinationCommand({
        ConfigurationSetName: set,
        EventDestinationName,
        EventDestination,
      }),
    );
  const addOld = (EventDestination: v1.EventDestination) =>
    old.send(new v1.CreateConfigurationSetEventDestinationCommand({ ConfigurationSetName, EventDestination }));
  const destinations = async () => {
    const call = new v2.GetConfigurationSetEventDestinationsCommand({ ConfigurationSetName });
    return (await ses.send(call)).EventDestinations ?? [];
  };
  const to = (over: Partial<v2.EventDestinationDefinition>): v2.EventDestinationDefinition => ({
    Enabled: true,
    MatchingEventTypes: ['SEND'],
    ...over,
  });
  const stream = 'arn:aws:firehose:us-east-1:000000000000:deliverystream/s';
  const role = 'arn:aws:iam::000000000000:role/ses';

  test('of every place, in both versions', async () => {
    const bus = 'arn:aws:events:us-east-1:000000000000:event-bus/default';
    const dimension = { DimensionName: 'campaign', DefaultDimensionValue: 'none' };
    const places: [string, Partial<v2.EventDestinationDefinition>][] = [
      ['topic', { SnsDestination: { TopicArn: topic }, MatchingEventTypes: ['RENDERING_FAILURE', 'DELIVERY_DELAY'] }],
      ['stream', { KinesisFirehoseDestination: { DeliveryStreamArn: stream, IamRoleArn: role } }],
      [
        'metrics',
        {
          CloudWatchDestination: {
            DimensionConfigurations: [{ ...dimension, DimensionValueSource: 'EMAIL_HEADER' }],
          },
        },
      ],
      ['bus', { EventBridgeDestination: { EventBusArn: bus } }],
      [
        'application',
        { PinpointDestination: { ApplicationArn: 'arn:aws:mobiletargeting:us-east-1:000000000000:apps/a' } },
      ],
    ];
    for (const [name, place] of places) await add(name, to(place));
    assert.deepEqual(
      await destinations(),
      places.map(([Name, place]) => ({ Name, ...to(place) })),
    );
    const { EventDestinations } = await describeOld(ConfigurationSetName);
    const common = { Enabled: true, MatchingEventTypes: ['send'] };
    assert.deepEqual(EventDestinations, [
      { Name: 'topic', Enabled: true, MatchingEventTypes: ['renderingFailure'], SNSDestination: { TopicARN: topic } },
      { Name: 'stream', ...common, KinesisFirehoseDestination: { DeliveryStreamARN: stream, IAMRoleARN: role } },
      {
        Name: 'metrics',
        ...common,
        CloudWatchDestination: {
          DimensionConfigurations: [{ ...dimension, DimensionValueSource: 'emailHeader' }],
        },
      },
    ]);
  });

  test('are replaced and removed by name', async () => {
    const EventDestination = to({ SnsDestination: { TopicArn: topic }, Enabled: false, MatchingEventTypes: ['OPEN'] });
    const update = (EventDestinationName: string) =>
      ses.send(
        new v2.UpdateConfigurationSetEventDestinationCommand({
          ConfigurationSetName,
          EventDestinationName,
          EventDestination,
        }),
      );
    const remove = (EventDestinationName: string) =>
      ses.send(new v2.DeleteConfigurationSetEventDestinationCommand({ ConfigurationSetName, EventDestinationName }));
    await update('stream');
    assert.deepEqual((await destinations())[1], { Name: 'stream', ...EventDestination });
    await remove('stream');
    const none = 'An event destination with name <stream> does not exist for configuration set <destinations>.';
    await check(remove('stream'), 'NotFoundException', none, 404);
    await check(update('stream'), 'NotFoundException', none, 404);

    const updateOld = (Name: string) =>
      old.send(
        new v1.UpdateConfigurationSetEventDestinationCommand({
          ConfigurationSetName,
          EventDestination: { Name, MatchingEventTypes: ['click'], SNSDestination: { TopicARN: topic } },
        }),
      );
    const removeOld = (EventDestinationName: string) =>
      old.send(new v1.DeleteConfigurationSetEventDestinationCommand({ ConfigurationSetName, EventDestinationName }));
    await updateOld('metrics');
    assert.deepEqual((await destinations())[1], {
      Name: 'metrics',
      Enabled: false,
      MatchingEventTypes: ['CLICK'],
      SnsDestination: { TopicArn: topic },
    });
    await removeOld('metrics');
    const noneOld = 'No EventDestination found for destinations';
    await check(removeOld('metrics'), 'EventDestinationDoesNotExistException', noneOld);
    await check(updateOld('metrics'), 'EventDestinationDoesNotExistException', noneOld);
  });

  test('that are refused', async () => {
    const bad = (over: Partial<v2.EventDestinationDefinition>, message: string) =>
      check(add('bad', to(over)), 'BadRequestException', message);
    await bad({}, 'Event destination is not provided.');
    const sns = { SnsDestination: { TopicArn: topic } };
    await bad({ ...sns, MatchingEventTypes: [] }, 'At least one event type must be specified.');
    await bad(
      { ...sns, KinesisFirehoseDestination: { DeliveryStreamArn: stream, IamRoleArn: role } },
      'Please provide only one destination with each request. Either a Firehose Destination or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination.',
    );
    await bad(
      { CloudWatchDestination: { DimensionConfigurations: [] } },
      'CloudWatch metrics dimension configuration list cannot be empty.',
    );
    await bad({ PinpointDestination: { ApplicationArn: 'x' } }, 'Invalid Pinpoint application ARN provided: x.');
    const gone = topic.replace(/events$/, 'gone');
    await bad({ SnsDestination: { TopicArn: gone } }, `SNS topic <${gone}> not found.`);
    await check(
      add('a.b', to(sns)),
      'BadRequestException',
      "Invalid event destination name <a.b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
    );
    await check(add('x', to(sns), 'none'), 'NotFoundException', missing, 404);

    const one = { MatchingEventTypes: ['send' as const] };
    const noTopic = addOld({ Name: 'old', ...one, SNSDestination: { TopicARN: gone } });
    const error = await refusal(noTopic, v1.InvalidSNSDestinationException);
    assert.deepEqual(
      [error.message, error.ConfigurationSetName, error.EventDestinationName],
      [`SNS topic <${gone}> not found.`, ConfigurationSetName, 'old'],
    );
    const firehose = { DeliveryStreamARN: 'x', IAMRoleARN: role };
    await refusal(
      addOld({ Name: 'old', ...one, KinesisFirehoseDestination: firehose }),
      v1.InvalidFirehoseDestinationException,
    );
    const dimension = { DimensionName: 'a b', DimensionValueSource: 'messageTag' as const, DefaultDimensionValue: 'x' };
    await refusal(
      addOld({ Name: 'old', ...one, CloudWatchDestination: { DimensionConfigurations: [dimension] } }),
      v1.InvalidCloudWatchDestinationException,
    );
    await check(addOld({ Name: 'old', ...one }), 'InvalidParameterValue', 'Event destination is not provided.');
  });

  test('are ten at most, each name once', async () => {
    const sns = to({ SnsDestination: { TopicArn: topic } });
    await create('full');
    for (let i = 0; i < 10; i++) await add(`d${i}`, sns, 'full');
    await check(
      add('d0', sns, 'full'),
      'AlreadyExistsException',
      'An event destination with name <d0> already exists for configuration set <full>.',
    );
    await refusal(add('more', sns, 'full'), v2.LimitExceededException);
    const call = {
      ConfigurationSetName: 'full',
      EventDestination: {
        Name: 'd1',
        MatchingEventTypes: ['send' as const],
        SNSDestination: { TopicARN: topic },
      },
    };
    await refusal(
      old.send(new v1.CreateConfigurationSetEventDestinationCommand(call)),
      v1.EventDestinationAlreadyExistsException,
    );
  });
});
