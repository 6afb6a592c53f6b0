import { Refusal } from '../../../base/refusal.ts';
import { sandboxLimits } from '../../../core/accounts/accounts.ts';
import type { Scope } from '../../../storage/ports.ts';

/** The one service whose quotas are kept here, as Service Quotas names it. */
export const SERVICE = { ServiceCode: 'ses', ServiceName: 'Amazon Simple Email Service (Amazon SES)' } as const;

/** The largest value that a quota of Service Quotas can have; what is unlimited is shown as this. */
const LARGEST = 10_000_000_000;

export interface SesQuota {
  readonly code: string;
  readonly name: string;
  readonly description: string;
  readonly subject: 'per-day' | 'per-second';
  readonly member: 'perDay' | 'perSecond';
}

/** The quotas of SES that can be raised, by AWS's codes. */
export const quotas: readonly SesQuota[] = [
  {
    code: 'L-804C8AE8',
    name: 'Sending quota',
    description: 'The maximum number of emails that you can send in a 24-hour period for this account in this Region.',
    subject: 'per-day',
    member: 'perDay',
  },
  {
    code: 'L-CDEF9B6B',
    name: 'Sending rate',
    description: 'The maximum number of emails that Amazon SES can accept each second for this account in this Region.',
    subject: 'per-second',
    member: 'perSecond',
  },
];

export function checkService(code: string): void {
  if (code === SERVICE.ServiceCode) return;
  throw new Refusal('not-found', 'The request failed because the specified service does not exist.');
}

export function quotaOf(service: string, code: string): SesQuota {
  checkService(service);
  const quota = quotas.find((one) => one.code === code);
  if (quota) return quota;
  throw new Refusal('not-found', 'The request failed because the specified quota and service do not exist.');
}

/** With `limits` the quota as it is applied to an account, without them AWS's default. */
export function described(
  { code, name, description, member }: SesQuota,
  { account, region }: Scope,
  limits?: { readonly perDay: number; readonly perSecond: number },
) {
  const value = (limits ?? sandboxLimits)[member];
  return {
    ...SERVICE,
    QuotaArn: arnOf(code, { account: limits ? account : '', region }),
    QuotaCode: code,
    QuotaName: name,
    Value: value < 0 ? LARGEST : value,
    Unit: 'None',
    Adjustable: true,
    GlobalQuota: false,
    QuotaAppliedAtLevel: 'ACCOUNT',
    Description: description,
  } as const;
}

export const arnOf = (code: string, { account, region }: Scope) =>
  `arn:aws:servicequotas:${region}:${account}:${SERVICE.ServiceCode}/${code}`;
