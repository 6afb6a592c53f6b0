import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkResourceTags, withoutResourceTags, withResourceTags } from './resource-tags.ts';

const tagsOf = (pairs: readonly (readonly [string, string])[]) => pairs.map(([key, value]) => ({ key, value }));

test('tags of resources', () => {
  const check = (tags: readonly (readonly [string, string])[], expected?: string) => {
    if (expected === undefined) checkResourceTags(tagsOf(tags));
    else assert.throws(() => checkResourceTags(tagsOf(tags)), { message: expected });
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

test('are added to, and taken from', () => {
  const tags = tagsOf([
    ['team', 'red'],
    ['stage', 'test'],
  ]);
  const added = tagsOf([
    ['team', 'blue'],
    ['cost', '1'],
  ]);
  assert.deepEqual(withResourceTags(tags, added), [tags[1], ...added]);
  assert.deepEqual(withoutResourceTags(tags, ['team', 'absent']), [tags[1]]);
  const many = tagsOf(Array.from({ length: 49 }, (_, i) => [`k${i}`, ''] as const));
  assert.throws(() => withResourceTags(many, tags), { message: 'Tag count exceeds 50.' });
});
