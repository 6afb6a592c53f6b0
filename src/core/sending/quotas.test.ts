import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import type { Rows } from '../../storage/ports.ts';
import { Quotas } from './quotas.ts';

class StillClock implements Clock {
  civilTime = Date.UTC(2026, 10, 24);
  monotonicTime = 0;
  civil = () => this.civilTime;
  monotonic = () => this.monotonicTime;
}

const scope = { account: '000000000000', region: 'us-east-1' };
const sandbox = { sandbox: true, perDay: 200, perSecond: 1 };
const wide = { ...sandbox, perSecond: 10_000 };
const empty = { all: async () => [] } as unknown as Rows;
const one = { recipients: 1, counted: 1 };

test('the rate lets a burst in and then makes it pay', async () => {
  const clock = new StillClock();
  const quotas = new Quotas({ rows: empty, clock });
  await quotas.take(scope, sandbox, { recipients: 5, counted: 5 });
  const refused = { code: 'rate-exceeded', message: 'Maximum sending rate exceeded.' };
  await assert.rejects(quotas.take(scope, sandbox, one), refused);
  clock.monotonicTime = 4_900;
  await assert.rejects(quotas.take(scope, sandbox, one), refused);
  clock.monotonicTime = 5_000;
  await quotas.take(scope, sandbox, one);
});

test('the quota is a sliding day; a message may overshoot; the simulator is not counted', async () => {
  const clock = new StillClock();
  const quotas = new Quotas({ rows: empty, clock });
  await quotas.take(scope, wide, { recipients: 199, counted: 199 });
  clock.civilTime += 3_600_000;
  await quotas.take(scope, wide, { recipients: 50, counted: 50 });
  assert.equal(await quotas.sentLastDay(scope), 249);
  await assert.rejects(quotas.take(scope, wide, one), {
    code: 'daily-quota-exceeded',
    message: 'Daily message quota exceeded.',
  });
  await quotas.take(scope, wide, { recipients: 1, counted: 0 });
  clock.civilTime += 23 * 3_600_000;
  assert.equal(await quotas.sentLastDay(scope), 50);
  await quotas.take(scope, wide, one);
});

test('what was not accepted is given back', async () => {
  const quotas = new Quotas({ rows: empty, clock: new StillClock() });
  const { giveBack } = await quotas.take(scope, wide, { recipients: 200, counted: 200 });
  giveBack();
  assert.equal(await quotas.sentLastDay(scope), 0);
});

test('a hundred at a time are judged one after the other', async () => {
  const quotas = new Quotas({ rows: empty, clock: new StillClock() });
  const taken = await Promise.allSettled(Array.from({ length: 300 }, () => quotas.take(scope, wide, one)));
  assert.equal(taken.filter(({ status }) => status === 'fulfilled').length, 200);
});
