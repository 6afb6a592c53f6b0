import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { longestLine, toCrlf } from './line-endings.ts';

test('bare line ends', () => {
  const check = (input: string, expected: string) => assert.equal(toCrlf(Buffer.from(input)).toString(), expected);
  check('', '');
  check('a\nb', 'a\r\nb');
  check('a\rb', 'a\r\nb');
  check('\n\r', '\r\n\r\n');
  check('a\r\r\nb', 'a\r\n\r\nb');
  check('a\r\n\nb\r', 'a\r\n\r\nb\r\n');
});

test('what needs nothing is returned itself', () => {
  const message = Buffer.from('a\r\n\r\nb\r\n');
  assert.equal(toCrlf(message), message);
});

test('normalising is what a regular expression says, and doing it twice changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\r', '\n') }), (text) => {
      const once = toCrlf(Buffer.from(text));
      assert.equal(once.toString(), text.replace(/\r\n|\r|\n/g, '\r\n'));
      assert.equal(toCrlf(once), once);
    }),
  );
});

test('the longest line', () => {
  const check = (input: string, expected: number) => assert.equal(longestLine(Buffer.from(input)), expected);
  check('', 0);
  check('abc', 3);
  check('abc\r\n', 3);
  check('a\r\nabc\nabcd', 4);
  check('\r\n\n', 0);
});
