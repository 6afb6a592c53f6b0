import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../base/refusal.ts';
import { checkDestination, type Destination } from './destinations.ts';

const scope = { account: '111122223333', region: 'eu-west-1' };
const stream = 'arn:aws:firehose:eu-west-1:111122223333:deliverystream/mail';
const role = 'arn:aws:iam::111122223333:role/ses';
const topic = 'arn:aws:sns:eu-west-1:111122223333:mail';

/** Nothing expected is a yes. */
function check(over: Partial<Destination>, expected?: string, code = 'invalid-parameter'): void {
  try {
    checkDestination(scope, 'set', { name: 'name', enabled: true, events: ['send'], ...over });
    assert.equal(undefined, expected);
  } catch (refusal) {
    assert.ok(refusal instanceof Refusal, String(refusal));
    assert.deepEqual([refusal.message, refusal.code], [expected, code]);
  }
}
const dimension = (over: object) => ({
  metrics: { dimensions: [{ name: 'ses:from-domain', source: 'message-tag' as const, fallback: 'none', ...over }] },
});

test('each place is taken alone', () => {
  check({ topic });
  check({ stream: { stream, role } });
  check({ bus: 'arn:aws:events:eu-west-1:111122223333:event-bus/default' });
  check({ application: 'arn:aws:mobiletargeting:eu-west-1:111122223333:apps/0f1e' });
  check(dimension({}));
  check({}, 'Event destination is not provided.');
  check(
    { topic, stream: { stream, role } },
    'Please provide only one destination with each request. Either a Firehose Destination or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination.',
  );
});

test('names and kinds', () => {
  check({ topic, events: [] }, 'At least one event type must be specified.');
  check({ topic, name: '' }, 'The event destination name must be specified.');
  check(
    { topic, name: 'a.b' },
    "Invalid event destination name <a.b>: only alphanumeric ASCII characters, '_', and '-' are allowed.",
  );
  check({ topic, name: 'a'.repeat(64) });
  check({ topic, name: 'a'.repeat(65) }, 'Event destination name cannot exceed 64 characters.');
});

test('what does not lead anywhere', () => {
  check({ application: 'x' }, 'Invalid Pinpoint application ARN provided: x.');
  check({ bus: 'x' }, 'Event bus <x> is not the default event bus of this account and region.');
  check({ stream: { stream: 'x', role } }, 'Invalid Firehose delivery stream ARN <x>.', 'invalid-firehose-destination');
  check({ stream: { stream, role: 'x' } }, 'Invalid IAM role ARN <x>.', 'invalid-firehose-destination');
});

test('dimensions', () => {
  check({ metrics: { dimensions: [] } }, 'CloudWatch metrics dimension configuration list cannot be empty.');
  const wrong = 'invalid-cloudwatch-destination';
  check(dimension({ name: 'a b' }), 'Invalid dimension name <a b>.', wrong);
  check(dimension({ name: 'To', source: 'email-header' }), 'Invalid dimension name <To>.', wrong);
  check(dimension({ fallback: 'a b' }), 'Invalid default dimension value <a b>.', wrong);
  const { dimensions } = dimension({}).metrics;
  check(
    { metrics: { dimensions: Array.from({ length: 11 }, () => dimensions[0]!) } },
    'CloudWatch metrics dimension configuration list cannot exceed 10 entries.',
    wrong,
  );
});
