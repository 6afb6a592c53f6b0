import type { Operation } from './contract.ts';

/** Operations that answer "is not built yet". The compiler wants every other one to have a handler. */
export const notBuilt = [
  'AddPermission',
  'CancelMessageMoveTask',
  'ListMessageMoveTasks',
  'RemovePermission',
  'StartMessageMoveTask',
] as const satisfies readonly Operation[];

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  CreateQueue: 'policies are kept, not evaluated; no KMS keys',
  SetQueueAttributes: 'policies are kept, not evaluated; no KMS keys',
  ReceiveMessage: 'ReceiveRequestAttemptId is not looked at',
};
