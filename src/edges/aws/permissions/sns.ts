import { formatArn } from '../../../base/arn.ts';
import type { Asked, Permission } from './permissions.ts';

/** Operations whose action has another name (SNS: actions). */
const actions: Readonly<Record<string, string>> = { PublishBatch: 'Publish' };

export function snsPermission({ operation, input, caller: { account, region } }: Asked): Permission {
  const text = (member: string) => (typeof input[member] === 'string' ? (input[member] as string) : undefined);
  const made = operation === 'CreateTopic' && formatArn({ service: 'sns', account, region, resource: text('Name')! });
  // The ARN of a subscription is that of its topic and one part more.
  const subscribed = text('SubscriptionArn')?.split(':').slice(0, 6).join(':');
  const resource = made || text('TopicArn') || text('TargetArn') || text('ResourceArn') || subscribed || '*';
  return { action: `sns:${actions[operation] ?? operation}`, resources: [resource] };
}
