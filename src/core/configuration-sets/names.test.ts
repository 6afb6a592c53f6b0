import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSetName, checkTags } from './names.ts';

test('names of sets', () => {
  const check = (name: string, expected?: string) => {
    if (expected === undefined) checkSetName(name);
    else assert.throws(() => checkSetName(name), { message: expected });
  };
  check('Set_1-a');
  check('a'.repeat(64));
  check('', 'The configuration set name must be specified.');
  check('a'.repeat(65), 'Configuration set name cannot exceed 64 characters.');
  check('a b', "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.");
});

test('tags of resources', () => {
  const check = (tags: readonly (readonly [string, string])[], expected?: string) => {
    const given = tags.map(([key, value]) => ({ key, value }));
    if (expected === undefined) checkTags(given);
    else assert.throws(() => checkTags(given), { message: expected });
  };
  check([['team', 'mail']]);
  check([['team', '']]);
  check([['', 'x']], 'Invalid tag key <>.');
  check([['aws:x', 'x']], 'Invalid tag key <aws:x>.');
  check([['k', 'x'.repeat(257)]], `Invalid tag value <${'x'.repeat(257)}>.`);
  check(
    [
      ['k', 'a'],
      ['k', 'b'],
    ],
    'Duplicate tag key <k>.',
  );
  check(
    Array.from({ length: 51 }, (_, i) => [`k${i}`, ''] as const),
    'Tag count exceeds 50.',
  );
});
