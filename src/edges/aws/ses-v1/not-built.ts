import type { Operation } from './contract.ts';

/** Operations that answer "is not built yet". The compiler wants every other one to have a handler. */
export const notBuilt = ['GetSendStatistics'] as const satisfies readonly Operation[];

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  SendBounce: 'RecipientArn is not looked at',
  CreateReceiptRule: 'S3Action without KMS and role; no functions, WorkMail or Connect',
  UpdateReceiptRule: 'S3Action without KMS and role; no functions, WorkMail or Connect',
  CreateConfigurationSetEventDestination: 'SNS is published; other destinations are stored',
  UpdateConfigurationSetEventDestination: 'SNS is published; other destinations are stored',
};
