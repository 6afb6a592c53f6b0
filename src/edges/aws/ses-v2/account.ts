import { type Enforcement, maySend, type Standing } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { reasonNames } from './suppression-reasons.ts';

export async function GetAccount(
  { sending, standings, reputation }: Rooms,
  _input: In<'GetAccount'>,
  caller: Caller,
): Promise<Out<'GetAccount'>> {
  const [quota, standing, reasons] = await Promise.all([
    sending.quota(caller),
    standings.of(caller),
    reputation.reasons(caller),
  ]);
  return {
    DedicatedIpAutoWarmupEnabled: standing.dedicatedIpWarmup,
    EnforcementStatus: enforcementNames[standing.enforcement],
    ProductionAccessEnabled: !quota.sandbox,
    SendQuota: { Max24HourSend: quota.perDay, MaxSendRate: quota.perSecond, SentLast24Hours: quota.sentLastDay },
    SendingEnabled: maySend(standing),
    SuppressionAttributes: { SuppressedReasons: reasons.map((reason) => reasonNames[reason]) },
    VdmAttributes: vdmAttributes(standing),
  };
}

export async function PutAccountSendingAttributes(
  { standings }: Rooms,
  { SendingEnabled }: In<'PutAccountSendingAttributes'>,
  caller: Caller,
): Promise<Out<'PutAccountSendingAttributes'>> {
  await standings.choose(caller, { sendingEnabled: SendingEnabled ?? false });
  return {};
}

export async function PutAccountDedicatedIpWarmupAttributes(
  { standings }: Rooms,
  { AutoWarmupEnabled }: In<'PutAccountDedicatedIpWarmupAttributes'>,
  caller: Caller,
): Promise<Out<'PutAccountDedicatedIpWarmupAttributes'>> {
  await standings.choose(caller, { dedicatedIpWarmup: AutoWarmupEnabled ?? false });
  return {};
}

export async function PutAccountVdmAttributes(
  { standings }: Rooms,
  { VdmAttributes }: In<'PutAccountVdmAttributes'>,
  caller: Caller,
): Promise<Out<'PutAccountVdmAttributes'>> {
  const { VdmEnabled, DashboardAttributes, GuardianAttributes } = VdmAttributes;
  await standings.choose(caller, {
    deliverabilityManager: {
      enabled: VdmEnabled === 'ENABLED',
      engagementMetrics: DashboardAttributes?.EngagementMetrics === 'ENABLED',
      optimizedSharedDelivery: GuardianAttributes?.OptimizedSharedDelivery === 'ENABLED',
    },
  });
  return {};
}

const enforcementNames: Readonly<Record<Enforcement, string>> = {
  healthy: 'HEALTHY',
  probation: 'PROBATION',
  shutdown: 'SHUTDOWN',
};

const enabled = (is: boolean) => (is ? 'ENABLED' : 'DISABLED');

/** SES: absent until they are set; what belongs to them is shown only while they are enabled. */
function vdmAttributes({ deliverabilityManager: vdm }: Standing) {
  if (!vdm) return undefined;
  if (!vdm.enabled) return { VdmEnabled: enabled(false) } as const;
  return {
    VdmEnabled: enabled(true),
    DashboardAttributes: { EngagementMetrics: enabled(vdm.engagementMetrics) },
    GuardianAttributes: { OptimizedSharedDelivery: enabled(vdm.optimizedSharedDelivery) },
  } as const;
}
