import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiRate } from './api-rate.ts';

const here = { account: '111122223333', region: 'us-east-1' };

function rate(limited: 'all' | 'verification' | 'off') {
  let now = 0;
  const limit = new ApiRate({ limited, now: () => now });
  /** Whether a call is let in. */
  const check = (at: number, operation: string, expected: boolean, { scope = here, service = 'ses-v2' } = {}) => {
    now = at;
    const take = () => limit.take(service, operation, scope);
    if (expected) assert.doesNotThrow(take);
    else assert.throws(take, { code: 'rate-exceeded', message: 'Rate exceeded' });
  };
  return check;
}

test('one call of an operation a second', () => {
  const check = rate('all');
  check(0, 'GetAccount', true);
  check(999, 'GetAccount', false);
  check(999, 'ListContacts', true);
  // Who was refused loses nothing by having asked.
  check(1_000, 'GetAccount', true);
  check(1_000, 'ListContacts', false);
  check(1_999, 'ListContacts', true);
  check(60_000, 'GetAccount', true);
});

test('each account and region by itself', () => {
  const check = rate('all');
  check(0, 'GetAccount', true);
  check(0, 'GetAccount', true, { scope: { ...here, region: 'eu-west-1' } });
  check(0, 'GetAccount', true, { scope: { ...here, account: '444455556666' } });
});

test('sends have a rate of their own, neighbours have none', () => {
  const check = rate('all');
  for (const operation of ['SendEmail', 'SendBulkEmail']) {
    check(0, operation, true);
    check(0, operation, true);
  }
  check(0, 'Publish', true, { service: 'sns' });
  check(0, 'Publish', true, { service: 'sns' });
});

test('verification mails alone, or nothing', () => {
  const check = rate('verification');
  check(0, 'SendCustomVerificationEmail', true);
  check(0, 'SendCustomVerificationEmail', false, { service: 'ses-v1' });
  check(0, 'GetAccount', true);
  check(0, 'GetAccount', true);
  const free = rate('off');
  free(0, 'SendCustomVerificationEmail', true);
  free(0, 'SendCustomVerificationEmail', true);
});
