import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeLimits, type SendingLimits, sandboxLimits } from '../accounts/accounts.ts';
import { checkDecision, checkWebsite, grantedLimits } from './deciding.ts';
import type { Decision, Status, Wanted } from './review.ts';

test('what an account may send after a grant', () => {
  const check = (present: SendingLimits, wanted: Wanted, given: Wanted, expected: [number, number]) => {
    const { sandbox, perDay, perSecond } = grantedLimits(present, wanted, given);
    assert.deepEqual([sandbox, perDay, perSecond], [false, ...expected]);
  };
  const production = { sandbox: false, perDay: 1_000, perSecond: 20 };
  check(sandboxLimits, {}, {}, [50_000, 14]);
  check(sandboxLimits, {}, { perDay: 500 }, [500, 14]);
  check(sandboxLimits, { perDay: 70_000 }, {}, [70_000, 14]);
  check(production, { perDay: 5_000 }, {}, [5_000, 20]);
  check(production, { perDay: 5_000 }, { perDay: 2_000 }, [2_000, 20]);
  check(production, { perSecond: 90 }, { perDay: -1 }, [-1, 90]);
  check(freeLimits, {}, {}, [-1, 10_000]);
});

test('decisions that cannot be', () => {
  const check = (decision: Decision, status: Status, code: string | undefined) => {
    if (code) assert.throws(() => checkDecision(decision, status), { code });
    else checkDecision(decision, status);
  };
  check({ kind: 'grant' }, 'pending', undefined);
  check({ kind: 'grant' }, 'asked', undefined);
  check({ kind: 'grant' }, 'granted', 'conflict');
  check({ kind: 'deny', reason: 'x' }, 'denied', 'conflict');
  check({ kind: 'deny', reason: ' ' }, 'pending', 'invalid-parameter');
  check({ kind: 'ask', reason: undefined }, 'pending', 'invalid-parameter');
  check({ kind: 'ask', reason: 'x'.repeat(5_001) }, 'pending', 'invalid-parameter');
  check({ kind: 'grant', perDay: -1, perSecond: 1.5 }, 'pending', undefined);
  for (const perDay of [0, 1.5, -2, 1e11, Number.NaN]) check({ kind: 'grant', perDay }, 'pending', 'invalid-parameter');
  for (const perSecond of [0, -1, Number.NaN]) check({ kind: 'grant', perSecond }, 'pending', 'invalid-parameter');
});

test('sites that the world could open', () => {
  for (const url of [
    'https://example.com',
    'http://a.b.example/path?x#y',
    'https://192.0.2.1/',
    'https://[2001:db8::1]/',
  ]) {
    checkWebsite(url);
  }
  for (const url of ['', 'example.com', 'https://localhost', 'https://example.', 'mailto:a@example.com', 'https://']) {
    assert.throws(() => checkWebsite(url), { message: 'Url contains invalid format' }, url);
  }
});
