import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetAccountSendingEnabledCommand, SESClient, UpdateAccountSendingEnabledCommand } from '@aws-sdk/client-ses';
import {
  GetAccountCommand,
  PutAccountDedicatedIpWarmupAttributesCommand,
  PutAccountSendingAttributesCommand,
  PutAccountVdmAttributesCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// What an account chooses for itself, in one region.
let sesame: SesameUnderTest;
let v1: SESClient;
let v2: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  v1 = new SESClient(sesame.client);
  v2 = new SESv2Client(sesame.client);
});
after(async () => {
  v1?.destroy();
  v2?.destroy();
  await sesame?.stop();
});

test('sending is switched off and on, by either API; a missing flag is no', async () => {
  const shown = async () => {
    const [{ Enabled }, { SendingEnabled }] = await Promise.all([
      v1.send(new GetAccountSendingEnabledCommand({})),
      v2.send(new GetAccountCommand({})),
    ]);
    return [Enabled, SendingEnabled];
  };
  assert.deepEqual(await shown(), [true, true]);
  await v1.send(new UpdateAccountSendingEnabledCommand({}));
  assert.deepEqual(await shown(), [false, false]);
  await v2.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true }));
  assert.deepEqual(await shown(), [true, true]);
  await v2.send(new PutAccountSendingAttributesCommand({}));
  assert.deepEqual(await shown(), [false, false]);
  await v1.send(new UpdateAccountSendingEnabledCommand({ Enabled: true }));
  assert.deepEqual(await shown(), [true, true]);
});

test('warm-up and the Virtual Deliverability Manager are kept', async () => {
  const shown = async () => {
    const { DedicatedIpAutoWarmupEnabled, VdmAttributes } = await v2.send(new GetAccountCommand({}));
    return [DedicatedIpAutoWarmupEnabled, VdmAttributes];
  };
  assert.deepEqual(await shown(), [true, undefined]);
  await v2.send(new PutAccountDedicatedIpWarmupAttributesCommand({ AutoWarmupEnabled: false }));
  const DashboardAttributes = { EngagementMetrics: 'ENABLED' } as const;
  const put = (VdmEnabled: 'ENABLED' | 'DISABLED') =>
    v2.send(new PutAccountVdmAttributesCommand({ VdmAttributes: { VdmEnabled, DashboardAttributes } }));
  await put('ENABLED');
  const GuardianAttributes = { OptimizedSharedDelivery: 'DISABLED' };
  assert.deepEqual(await shown(), [false, { VdmEnabled: 'ENABLED', DashboardAttributes, GuardianAttributes }]);
  await put('DISABLED');
  assert.deepEqual(await shown(), [false, { VdmEnabled: 'DISABLED' }]);
});
