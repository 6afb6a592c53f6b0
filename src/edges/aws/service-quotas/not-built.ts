import type { Operation } from './contract.ts';

/** Operations that answer "is not built yet". The compiler wants every other one to have a handler. */
export const notBuilt = [
  'AssociateServiceQuotaTemplate',
  'CreateSupportCase',
  'DeleteServiceQuotaIncreaseRequestFromTemplate',
  'DisassociateServiceQuotaTemplate',
  'GetAssociationForServiceQuotaTemplate',
  'GetAutoManagementConfiguration',
  'GetQuotaUtilizationReport',
  'GetServiceQuotaIncreaseRequestFromTemplate',
  'ListServiceQuotaIncreaseRequestsInTemplate',
  'ListTagsForResource',
  'PutServiceQuotaIncreaseRequestIntoTemplate',
  'StartAutoManagement',
  'StartQuotaUtilizationReport',
  'StopAutoManagement',
  'TagResource',
  'UntagResource',
  'UpdateAutoManagement',
] as const satisfies readonly Operation[];

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  ListServices: 'SES alone',
  ListServiceQuotas: 'the two quotas of SES that can be raised',
  ListAWSDefaultServiceQuotas: 'the two quotas of SES that can be raised',
};
