import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQuery } from './query.ts';

const check = (text: string, expected: Partial<ReturnType<typeof parseQuery>>) =>
  assert.deepEqual(parseQuery(text), { to: [], from: [], subject: [], phrases: [], ...expected });

test('terms, phrases and words', () => {
  check('', {});
  check('to:a@b.c', { to: ['a@b.c'] });
  check('subject:"Your code" from:shop TO:x TO:y', { subject: ['Your code'], from: ['shop'], to: ['x', 'y'] });
  check('"two words" hello', { phrases: ['two words', 'hello'] });
  check('id:0100 direction:in', { id: '0100', direction: 'in' });
  check('https://x.example/a', { phrases: ['https://x.example/a'] });
  check('"open', { phrases: ['open'] });
});
