import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextAttempt } from './schedule.ts';

const check = (attempts: number, chance: number, minutes: number) =>
  assert.equal(nextAttempt({ now: 0, attempts, chance }), minutes * 60_000);

test('waits double from a minute to an hour, less a fifth at most', () => {
  check(1, 0, 1);
  check(1, 1, 0.8);
  check(2, 0, 2);
  check(6, 0, 32);
  check(7, 0, 60);
  check(30, 0, 60);
  check(30, 0.5, 54);
});
