import { formatArn } from '../../../base/arn.ts';
import type { Asked, Permission } from './permissions.ts';

export function sqsPermission({ operation, input, caller: { account, region } }: Asked): Permission {
  const text = (member: string) => (typeof input[member] === 'string' ? (input[member] as string) : undefined);
  // The last two parts of a queue's URL are its account and name.
  const [name, owner = account] = (text('QueueUrl') ?? text('QueueName') ?? '').split('/').reverse();
  const named = text('SourceArn') ?? (name && formatArn({ service: 'sqs', account: owner, region, resource: name }));
  // A batch needs what its entries need (SQS: actions).
  return { action: `sqs:${operation.replace(/Batch$/, '')}`, resources: [named || '*'] };
}
