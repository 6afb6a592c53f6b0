import type { RequestStatus } from '@aws-sdk/client-service-quotas';
import { Refusal } from '../../../base/refusal.ts';
import type { Review, Status, Subject } from '../../../core/reviews/reviews.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { arnOf, checkService, quotaOf, quotas, SERVICE } from './ses-quotas.ts';

const A_PAGE = 100;

export async function RequestServiceQuotaIncrease(
  { reviews }: Rooms,
  { ServiceCode, QuotaCode, DesiredValue, ContextId }: In<'RequestServiceQuotaIncrease'>,
  caller: Caller,
): Promise<Out<'RequestServiceQuotaIncrease'>> {
  const { subject } = quotaOf(ServiceCode, QuotaCode);
  if (ContextId !== undefined) {
    throw new Refusal('invalid-parameter', 'The specified quota does not support resource-level values.');
  }
  return { RequestedQuota: described(await reviews.requestQuota(caller, subject, DesiredValue)) };
}

export async function GetRequestedServiceQuotaChange(
  { reviews }: Rooms,
  { RequestId }: In<'GetRequestedServiceQuotaChange'>,
  caller: Caller,
): Promise<Out<'GetRequestedServiceQuotaChange'>> {
  const found = await reviews.quotaRequest(caller, RequestId);
  if (!found) throw new Refusal('not-found', 'The request failed because the specified quota request does not exist.');
  return { RequestedQuota: described(found) };
}

export async function ListRequestedServiceQuotaChangeHistory(
  { reviews }: Rooms,
  { ServiceCode, ...search }: In<'ListRequestedServiceQuotaChangeHistory'>,
  caller: Caller,
): Promise<Out<'ListRequestedServiceQuotaChangeHistory'>> {
  if (ServiceCode !== undefined) checkService(ServiceCode);
  return history(reviews, search, caller);
}

export async function ListRequestedServiceQuotaChangeHistoryByQuota(
  { reviews }: Rooms,
  { ServiceCode, QuotaCode, ...search }: In<'ListRequestedServiceQuotaChangeHistoryByQuota'>,
  caller: Caller,
): Promise<Out<'ListRequestedServiceQuotaChangeHistoryByQuota'>> {
  const { subject } = quotaOf(ServiceCode, QuotaCode);
  return history(reviews, { ...search, subject }, caller);
}

/** SES's console and Service Quotas speak of one case: it is opened where a person asks back. */
const statusNames = { pending: 'PENDING', asked: 'CASE_OPENED', granted: 'APPROVED', denied: 'DENIED' } as const;

interface Search {
  readonly subject?: Subject;
  readonly Status?: RequestStatus | undefined;
  readonly QuotaRequestedAtLevel?: string | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

async function history(reviews: Rooms['reviews'], search: Search, caller: Caller) {
  const { subject, Status, QuotaRequestedAtLevel, MaxResults, NextToken } = search;
  const statuses = (Object.keys(statusNames) as Status[]).filter(
    (status) => Status === undefined || statusNames[status] === Status,
  );
  // Requests here are an account's, never a resource's, and some of AWS's states are never reached.
  if (QuotaRequestedAtLevel === 'RESOURCE' || statuses.length === 0) return { RequestedQuotas: [] };
  const found = await reviews.quotaRequests(caller, {
    subject,
    statuses,
    limit: MaxResults ?? A_PAGE,
    token: NextToken,
  });
  return { RequestedQuotas: found.reviews.map(described), NextToken: found.next };
}

function described(review: Review) {
  const { account, requestId, caseId, subject, status, wanted, created, updated, applicantArn } = review;
  const { code, name, member } = quotas.find((quota) => quota.subject === subject)!;
  return {
    Id: requestId,
    CaseId: caseId,
    ...SERVICE,
    QuotaCode: code,
    QuotaName: name,
    DesiredValue: wanted[member],
    Status: statusNames[status],
    Created: new Date(created),
    LastUpdated: new Date(updated),
    Requester: JSON.stringify({ accountId: account, callerArn: applicantArn }),
    QuotaArn: arnOf(code, review),
    GlobalQuota: false,
    Unit: 'None',
    QuotaRequestedAtLevel: 'ACCOUNT',
  } as const;
}
