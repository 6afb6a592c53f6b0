import { formatArn } from '../../../base/arn.ts';
import type { Asked, Permission } from './permissions.ts';

/** They are about one quota; all others know no resources. */
const aboutOne = new Set([
  'GetServiceQuota',
  'RequestServiceQuotaIncrease',
  'ListRequestedServiceQuotaChangeHistoryByQuota',
]);

export function serviceQuotasPermission({ operation, input, caller: { account, region } }: Asked): Permission {
  const resource = `${input['ServiceCode']}/${input['QuotaCode']}`;
  const arn = formatArn({ service: 'servicequotas', account, region, resource });
  return { action: `servicequotas:${operation}`, resources: [aboutOne.has(operation) ? arn : '*'] };
}
