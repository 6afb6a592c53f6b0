import { pagedList, pageToken, readPageToken } from '../../../base/page-token.ts';
import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { checkService, described, quotaOf, quotas, SERVICE, type SesQuota } from './ses-quotas.ts';

const A_PAGE = 100;

export function ListServices(): Out<'ListServices'> {
  return { Services: [SERVICE] };
}

export async function ListServiceQuotas(
  { standings }: Rooms,
  { ServiceCode, QuotaCode, MaxResults, NextToken }: In<'ListServiceQuotas'>,
  caller: Caller,
): Promise<Out<'ListServiceQuotas'>> {
  checkService(ServiceCode);
  const wanted = quotas.filter(({ code }) => QuotaCode === undefined || code === QuotaCode);
  const { shown, next } = page(wanted, { MaxResults, NextToken, caller });
  const limits = await standings.of(caller);
  return { Quotas: shown.map((quota) => described(quota, caller, limits)), NextToken: next };
}

export async function GetServiceQuota(
  { standings }: Rooms,
  { ServiceCode, QuotaCode }: In<'GetServiceQuota'>,
  caller: Caller,
): Promise<Out<'GetServiceQuota'>> {
  const quota = quotaOf(ServiceCode, QuotaCode);
  return { Quota: described(quota, caller, await standings.of(caller)) };
}

export function ListAWSDefaultServiceQuotas(
  _rooms: Rooms,
  { ServiceCode, MaxResults, NextToken }: In<'ListAWSDefaultServiceQuotas'>,
  caller: Caller,
): Out<'ListAWSDefaultServiceQuotas'> {
  checkService(ServiceCode);
  const { shown, next } = page(quotas, { MaxResults, NextToken, caller });
  return { Quotas: shown.map((quota) => described(quota, caller)), NextToken: next };
}

export function GetAWSDefaultServiceQuota(
  _rooms: Rooms,
  { ServiceCode, QuotaCode }: In<'GetAWSDefaultServiceQuota'>,
  caller: Caller,
): Out<'GetAWSDefaultServiceQuota'> {
  return { Quota: described(quotaOf(ServiceCode, QuotaCode), caller) };
}

interface Paged {
  readonly MaxResults: number | undefined;
  readonly NextToken: string | undefined;
  readonly caller: Caller;
}

function page(list: readonly SesQuota[], { MaxResults = A_PAGE, NextToken, caller }: Paged) {
  const kind = pagedList('quota', caller);
  const after = NextToken === undefined ? -1 : list.findIndex(({ code }) => code === readPageToken(kind, NextToken));
  if (NextToken !== undefined && after < 0) throw new Refusal('invalid-page-token', 'Invalid pagination token.');
  const rest = list.slice(after + 1);
  const shown = rest.slice(0, MaxResults);
  return { shown, next: rest.length > shown.length ? pageToken(kind, shown.at(-1)!.code) : undefined };
}
