import type { Operation } from './contract.ts';

/** Operations that answer "is not built yet". The compiler wants every other one to have a handler. */
export const notBuilt = [
  'AddPermission',
  'CheckIfPhoneNumberIsOptedOut',
  'CreatePlatformApplication',
  'CreatePlatformEndpoint',
  'CreateSMSSandboxPhoneNumber',
  'DeleteEndpoint',
  'DeletePlatformApplication',
  'DeleteSMSSandboxPhoneNumber',
  'GetDataProtectionPolicy',
  'GetEndpointAttributes',
  'GetPlatformApplicationAttributes',
  'GetSMSAttributes',
  'GetSMSSandboxAccountStatus',
  'ListEndpointsByPlatformApplication',
  'ListOriginationNumbers',
  'ListPhoneNumbersOptedOut',
  'ListPlatformApplications',
  'ListSMSSandboxPhoneNumbers',
  'OptInPhoneNumber',
  'PutDataProtectionPolicy',
  'RemovePermission',
  'SetEndpointAttributes',
  'SetPlatformApplicationAttributes',
  'SetSMSAttributes',
  'VerifySMSSandboxPhoneNumber',
] as const satisfies readonly Operation[];

const topic = 'no FIFO topics, no KMS keys; policies are kept, not evaluated';
const subscription =
  'http, https, sqs, email, email-json; delivery policies are kept, not applied; no dead-letter queue';

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  CreateTopic: topic,
  SetTopicAttributes: topic,
  Subscribe: subscription,
  SetSubscriptionAttributes: subscription,
  Publish: 'to topics only',
};
