import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY, HOUR } from '../../base/clock.ts';
import { easyDkim, nextToken, turned, withLength } from './dkim.ts';
import { assumed } from './proof.ts';

const made = easyDkim(['a', 'b', 'c'], { bits: 2048, now: 0, proof: assumed(0) });

test('keys take turns, each for half a year', () => {
  assert.deepEqual([made.tokens[made.active], nextToken(made), made.turn], ['a', 'b', 180 * DAY]);
  const once = turned(made, 180 * DAY);
  assert.deepEqual([once.tokens[once.active], nextToken(once), once.turn], ['b', 'c', 360 * DAY]);
  const twice = turned(once, 360 * DAY);
  assert.equal(nextToken(twice), 'a');
});

test('another length begins with the next key, as soon as nobody remembers the one that it replaces', () => {
  const wished = withLength(made, 1024, HOUR);
  assert.deepEqual([wished.bits, wished.nextBits, wished.turn], [2048, 1024, 2 * HOUR]);
  const after = turned(wished, 2 * HOUR);
  assert.deepEqual([after.bits, after.nextBits, after.generated], [1024, 1024, 2 * HOUR]);
});

test('the length changes once in 24 hours, and once more to 1024', () => {
  const short = withLength(made, 1024, HOUR);
  assert.throws(() => withLength(short, 2048, 24 * HOUR), /only once in a 24-hour period/);
  const long = withLength(short, 2048, 25 * HOUR);
  const again = withLength(long, 1024, 26 * HOUR);
  assert.throws(() => withLength({ ...again, nextBits: 2048 }, 1024, 27 * HOUR), /only once/);
});
