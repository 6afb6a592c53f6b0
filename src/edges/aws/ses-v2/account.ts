import { type Enforcement, maySend, type Standing } from '../../../core/accounts/accounts.ts';
import type { AccountDetails, Review } from '../../../core/reviews/reviews.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { reasonNames } from './suppression-reasons.ts';

export async function GetAccount(
  { sending, standings, reputation, reviews }: Rooms,
  _input: In<'GetAccount'>,
  caller: Caller,
): Promise<Out<'GetAccount'>> {
  const [quota, standing, reasons, about] = await Promise.all([
    sending.quota(caller),
    standings.of(caller),
    reputation.reasons(caller),
    reviews.details(caller),
  ]);
  return {
    DedicatedIpAutoWarmupEnabled: standing.dedicatedIpWarmup,
    EnforcementStatus: enforcementNames[standing.enforcement],
    ProductionAccessEnabled: !quota.sandbox,
    SendQuota: { Max24HourSend: quota.perDay, MaxSendRate: quota.perSecond, SentLast24Hours: quota.sentLastDay },
    SendingEnabled: maySend(standing),
    SuppressionAttributes: { SuppressedReasons: reasons.map((reason) => reasonNames[reason]) },
    VdmAttributes: vdmAttributes(standing),
    Details: about && detailsOf(about),
  };
}

export async function PutAccountDetails(
  { reviews }: Rooms,
  input: In<'PutAccountDetails'>,
  caller: Caller,
): Promise<Out<'PutAccountDetails'>> {
  const { MailType, WebsiteURL, ContactLanguage, UseCaseDescription, AdditionalContactEmailAddresses } = input;
  const details: AccountDetails = {
    mailType: MailType === 'MARKETING' ? 'marketing' : 'transactional',
    website: WebsiteURL,
    language: ContactLanguage && (ContactLanguage === 'JA' ? 'ja' : 'en'),
    useCase: UseCaseDescription,
    contacts: AdditionalContactEmailAddresses ?? [],
  };
  await reviews.putDetails(caller, details, input.ProductionAccessEnabled ?? false);
  return {};
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

/** SES knows no word for a question that was asked back: the review is under way. */
const reviewNames = { pending: 'PENDING', asked: 'PENDING', granted: 'GRANTED', denied: 'DENIED' } as const;

function detailsOf({ details, review }: { details: AccountDetails; review?: Review | undefined }) {
  const { mailType, website, language, useCase, contacts } = details;
  return {
    MailType: mailType === 'marketing' ? 'MARKETING' : 'TRANSACTIONAL',
    WebsiteURL: website,
    ContactLanguage: language && (language === 'ja' ? 'JA' : 'EN'),
    UseCaseDescription: useCase,
    AdditionalContactEmailAddresses: contacts.length > 0 ? [...contacts] : undefined,
    ReviewDetails: review && { Status: reviewNames[review.status], CaseId: review.caseId },
  } as const;
}

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
