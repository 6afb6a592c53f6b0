import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conditionMatches, matchRules } from './match.ts';
import type { Rule } from './rules.ts';

const check = (condition: string, address: string, expected: boolean) =>
  assert.equal(conditionMatches(condition, address), expected, `${condition} ~ ${address}`);

test('a condition is an address, a domain or its sub-domains', () => {
  check('user@example.com', 'user@example.com', true);
  check('user@example.com', 'User@EXAMPLE.com', true);
  check('user@example.com', 'user+label@example.com', true);
  check('user+label@example.com', 'user+label@example.com', true);
  check('user+label@example.com', 'user@example.com', false);
  check('user@example.com', 'other@example.com', false);
  check('example.com', 'any@example.com', true);
  check('example.com', 'any@sub.example.com', false);
  check('.example.com', 'any@sub.example.com', true);
  check('.example.com', 'any@a.b.example.com', true);
  check('.example.com', 'any@example.com', false);
  check('.example.com', 'any@badexample.com', false);
});

const rule = (name: string, recipients: string[], enabled = true): Rule => ({
  name,
  enabled,
  tls: 'optional',
  scan: false,
  recipients,
  actions: [],
});

test('rules match in order, each with the recipients that it matched', () => {
  const rules = [rule('a', ['example.com']), rule('off', [], false), rule('b', ['x@example.com']), rule('all', [])];
  const recipients = ['x@example.com', 'y@example.com', 'z@other.example'];
  const covered = (recipient: string) => !recipient.endsWith('other.example');
  assert.deepEqual(
    matchRules(rules, recipients, covered).map((match) => [match.rule.name, match.recipients]),
    [
      ['a', ['x@example.com', 'y@example.com']],
      ['b', ['x@example.com']],
      ['all', ['x@example.com', 'y@example.com']],
    ],
  );
});
