import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { decodeCharset, encodeCharset } from './charsets.ts';

test('encoding', () => {
  const check = (text: string, charset: string, expected: string | undefined) =>
    assert.equal(encodeCharset(text, charset)?.toString('hex'), expected, `${text} in ${charset}`);
  check('é', 'utf-8', 'c3a9');
  check('é', 'ISO-8859-1', 'e9');
  check('€', 'ISO-8859-1', undefined);
  check('€', 'ISO-8859-15', 'a4');
  check('€', 'windows-1252', '80');
  check('é', 'us-ascii', undefined);
  check('日本', 'Shift_JIS', '93fa967b');
  check('ｱ', 'Shift_JIS', 'b1');
  check('日本', 'EUC-JP', 'c6fccbdc');
  check('a日b\n', 'ISO-2022-JP', '611b2442467c1b2842620a');
  check('ｱ', 'ISO-2022-JP', undefined);
  check('\x1b', 'ISO-2022-JP', undefined);
  check('中文', 'GBK', 'd6d0cec4');
  check('中文', 'Big5', 'a4a4a4e5');
  check('한', 'EUC-KR', 'c7d1');
  check('a', 'nonsense', undefined);
  check('a', 'utf-8 ', undefined);
  check('a', 'utf-16le', undefined);
});

test('what is encoded decodes to the same', () => {
  const charset = fc.constantFrom(
    'shift_jis',
    'iso-2022-jp',
    'euc-jp',
    'gbk',
    'big5',
    'euc-kr',
    'koi8-r',
    'windows-1250',
  );
  const unit = fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code).toWellFormed());
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 3 }), charset, (text, name) => {
      const octets = encodeCharset(text, name);
      if (octets) assert.equal(decodeCharset(octets, name), text);
    }),
    { numRuns: 3_000 },
  );
});
