import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LONGEST_TOKEN, SignedTokens } from './signed-token.ts';

const tokens = new SignedTokens(Buffer.alloc(32, 1));
const token = tokens.sign(['a', '', 'ü@example.org']);

function check(text: string, expected: readonly string[] | undefined): void {
  assert.deepEqual(tokens.read(text), expected, text);
}

test('carries its texts, in the letters of a URL', () => {
  check(token, ['a', '', 'ü@example.org']);
  assert.match(token, /^[A-Za-z0-9_-]+$/);
  assert.equal(tokens.sign(['a', '', 'ü@example.org']), token);
});

test('is read letter for letter or not at all', () => {
  for (let n = 0; n < token.length; n++) {
    check(token.slice(0, n) + (token[n] === 'A' ? 'B' : 'A') + token.slice(n + 1), undefined);
    check(token.slice(0, n), undefined);
  }
  check(`${token}=`, undefined);
  check(`${token}A`, undefined);
  check(` ${token}`, undefined);
  check(`${token.slice(0, 9)}%2F${token.slice(9)}`, undefined);
  check('A'.repeat(LONGEST_TOKEN + 1), undefined);
});

test('the key of another purpose does not open it', () => {
  assert.equal(new SignedTokens(Buffer.alloc(32, 2)).read(token), undefined);
});
