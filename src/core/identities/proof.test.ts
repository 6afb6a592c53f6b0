import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { HOUR, MINUTE } from '../../base/clock.ts';
import {
  all,
  any,
  assumed,
  begun,
  type Finding,
  holds,
  judged,
  nextLook,
  type Proof,
  restarted,
  toldOf,
} from './proof.ts';

const found: Finding = { kind: 'found' };
const absent: Finding = { kind: 'absent', error: 'host-not-found' };
const unknown: Finding = { kind: 'unknown', error: 'dns-server-error' };

/** Findings at hours after the begin, and the status after the last. */
function story(
  name: string,
  findings: readonly [hour: number, finding: Finding][],
  wanted: Proof['status'],
  may: boolean,
) {
  test(name, () => {
    const proof = findings.reduce((one, [hour, finding]) => judged(one, finding, hour * HOUR), begun(0));
    assert.deepEqual([proof.status, holds(proof)], [wanted, may]);
  });
}

describe('a proof over time', () => {
  story(
    'is pending until it is shown',
    [
      [0, absent],
      [71, absent],
    ],
    'pending',
    false,
  );
  story(
    'succeeds',
    [
      [0, absent],
      [1, found],
    ],
    'success',
    true,
  );
  story(
    'fails after 72 hours',
    [
      [0, absent],
      [72, absent],
    ],
    'failed',
    false,
  );
  story(
    'fails after 72 hours of silence if it was never shown',
    [
      [0, unknown],
      [72, unknown],
    ],
    'failed',
    false,
  );
  story(
    'is temporarily unknown while a server fails, and mail may not rely on it',
    [[1, unknown]],
    'temporary-failure',
    false,
  );
  story(
    'goes on searching after a silence',
    [
      [1, unknown],
      [2, absent],
    ],
    'pending',
    false,
  );
  story(
    'bears with what is gone for a while',
    [
      [0, found],
      [1, absent],
      [72, absent],
    ],
    'temporary-failure',
    true,
  );
  story(
    'comes back within that while',
    [
      [0, found],
      [1, absent],
      [72, absent],
      [72.5, found],
    ],
    'success',
    true,
  );
  story(
    'counts from the last success, not from the begin',
    [
      [0, found],
      [100, found],
      [101, absent],
    ],
    'temporary-failure',
    true,
  );
  story(
    'is lost after 72 hours',
    [
      [0, found],
      [1, absent],
      [73, absent],
    ],
    'failed',
    false,
  );
  story(
    'is not lost to silence',
    [
      [0, found],
      [1, unknown],
      [100, unknown],
    ],
    'temporary-failure',
    true,
  );
  story(
    'is lost after a silence that ends in a certain no',
    [
      [0, found],
      [1, unknown],
      [100, absent],
    ],
    'failed',
    false,
  );
  story(
    'stays failed until somebody asks anew',
    [
      [0, absent],
      [72, absent],
      [73, found],
    ],
    'failed',
    false,
  );
});

describe('the next look', () => {
  const check = (name: string, proof: Proof, next: number | undefined) =>
    test(name, () => assert.equal(nextLook(proof), next));
  check('at once', begun(5), 5);
  check('soon', judged(begun(0), absent, 0), MINUTE);
  check('later, the longer it has been missing', judged(begun(0), absent, 5 * HOUR), 5.5 * HOUR);
  check('never later than an hour', judged(begun(0), absent, 60 * HOUR), 61 * HOUR);
  check('at the end of the search', judged(begun(0), absent, 71.5 * HOUR), 72 * HOUR);
  check('every hour once it is shown', judged(begun(0), found, 100 * HOUR), 101 * HOUR);
  check('never for what was taken on trust', assumed(0), undefined);
  check('never after the end', judged(judged(begun(0), absent, 0), absent, 72 * HOUR), undefined);
});

test('asked for again: what holds goes on with a look now, the rest begins anew', () => {
  const success = judged(begun(0), found, HOUR);
  assert.equal(restarted(success, 2 * HOUR), success);
  const missing = judged(success, absent, 3 * HOUR);
  assert.equal(nextLook(restarted(missing, 4 * HOUR)), 3 * HOUR);
  assert.equal(holds(restarted(missing, 4 * HOUR)), true);
  assert.deepEqual(restarted(judged(begun(0), absent, 72 * HOUR), 80 * HOUR), begun(80 * HOUR));
});

test('several findings: all are wanted, or one is enough', () => {
  assert.equal(all([found, found]).kind, 'found');
  assert.equal(all([found, unknown, absent]).kind, 'absent');
  assert.equal(all([found, unknown]).kind, 'unknown');
  assert.equal(any([absent, found]).kind, 'found');
  assert.equal(any([absent, unknown]).kind, 'unknown');
  assert.equal(any([absent]).kind, 'absent');
});

test('what is worth a mail', () => {
  const at = (status: Proof['status']): Proof => ({ status, since: 0 });
  const check = (before: Proof['status'], after: Proof['status'], told: ReturnType<typeof toldOf>) =>
    assert.equal(toldOf(at(before), at(after)), told, `${before} → ${after}`);
  check('pending', 'success', 'success');
  check('success', 'success', undefined);
  check('success', 'temporary-failure', 'lost');
  check('temporary-failure', 'success', 'success');
  check('temporary-failure', 'failed', 'failed');
  check('pending', 'failed', 'failed');
  // A server that is silent while nothing was ever shown.
  check('pending', 'temporary-failure', undefined);
  check('temporary-failure', 'pending', undefined);
});
