import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeWords, encodeWords } from './encoded-words.ts';

/** `unit: 'binary'` of fast-check takes a second to set up. */
const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code).toWellFormed());

test('decoding (RFC 2047 §8 and what senders make of it)', () => {
  const check = (input: string, expected: string) => assert.equal(decodeWords(input), expected);
  check('plain', 'plain');
  check('=?ISO-8859-1?Q?a?=', 'a');
  check('(=?ISO-8859-1?Q?a?= b)', '(a b)');
  check('=?ISO-8859-1?Q?a?=  \r\n =?ISO-8859-1?Q?b?=', 'ab');
  check('=?ISO-8859-1?Q?a_b?=', 'a b');
  check('=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=', 'a b');
  check('=?iso-8859-1*en?q?caf=E9?=', 'café');
  check('=?windows-1251?B?z/Do4uXy?=', 'Привет');
  check('=?UTF-8?B?5pel?= =?UTF-8?B?5pys?=', '日本');
  // One character cut in two.
  check('=?UTF-8?Q?=E6=97?= =?UTF-8?Q?=A5?=', '日');
  check('=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=', '日本');
  check('=?x-unknown?Q?a?=', '=?x-unknown?Q?a?=');
  check('=?UTF-8?X?a?=', '=?UTF-8?X?a?=');
  check('=?UTF-8?Q?=4x=?=', '=4x=');
  check('=?UTF-8?Q?open', '=?UTF-8?Q?open');
});

test('encoding', () => {
  const check = (input: string, charset: string | undefined, expected: string) =>
    assert.equal(encodeWords(input, { charset }), expected);
  check('plain text', undefined, 'plain text');
  check('café au lait', undefined, '=?UTF-8?Q?caf=C3=A9_au_lait?=');
  check('café', 'ISO-8859-1', '=?ISO-8859-1?Q?caf=E9?=');
  check('日本', 'ISO-2022-JP', '=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=');
  check('日本', 'Shift_JIS', '=?Shift_JIS?B?k/qWew==?=');
  check('Привет', 'windows-1251', '=?windows-1251?B?z/Do4uXy?=');
  check('日本', 'ISO-8859-1', '=?UTF-8?B?5pel5pys?=');
  check('日本', 'utf-8\r\nX', '=?UTF-8?B?5pel5pys?=');
  check('=?UTF-8?Q?a?=', undefined, '=?UTF-8?B?PT9VVEYtOD9RP2E/PQ==?=');
});

test('what is encoded reads back, in words of at most 75 characters', () => {
  const charset = fc.constantFrom('UTF-8', 'ISO-2022-JP', 'Shift_JIS', 'windows-1251', 'ISO-8859-1', 'nonsense');
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), charset, fc.nat(100), (input, charset, used) => {
      const text = input.toWellFormed();
      const encoded = encodeWords(text, { charset, used });
      if (encoded !== text) for (const word of encoded.split(' ')) assert.ok(word.length <= 75, word);
      assert.equal(decodeWords(encoded), text);
    }),
  );
});

// A reader whose steps grow as the square would need 10^10 of them: the run would not end.
test('hostile words are decoded in linear time', () => {
  for (const unit of ['=?', '=?a?Q?', '=?utf-8?Q?=41 ', '?=']) {
    assert.equal(decodeWords(unit.repeat(100_000)), unit.repeat(100_000));
  }
  assert.equal(decodeWords('=?utf-8?Q?=41?= '.repeat(100_000)).trim(), 'A'.repeat(100_000));
});
