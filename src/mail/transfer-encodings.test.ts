import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  decodeBase64,
  decodeQuotedPrintable,
  encodeBase64,
  encodeQuotedPrintable,
  encodeShortest,
} from './transfer-encodings.ts';

test('quoted-printable (RFC 2045 §6.7)', () => {
  const check = (input: string, expected: string) =>
    assert.equal(encodeQuotedPrintable(Buffer.from(input)).toString(), expected);
  check('', '');
  check('a=b', 'a=3Db');
  check('é', '=C3=A9');
  check('a \r\nb\t\r\n', 'a=20\r\nb=09\r\n');
  check('a b ', 'a b=20');
  check('a\nb\rc\0', 'a=0Ab=0Dc=00');
  check('x'.repeat(80), `${'x'.repeat(75)}=\r\nxxxxx`);
});

test('quoted-printable of others', () => {
  const check = (input: string, expected: string) =>
    assert.equal(decodeQuotedPrintable(Buffer.from(input)).toString(), expected);
  check('=c3=a9', 'é');
  check('a = \r\nb', 'a b');
  check('a=\nb', 'ab');
  check('a  \r\nb', 'a\r\nb');
  check('a=20\r\nb', 'a \r\nb');
  check('50=% =Z', '50=% =Z');
  check('end=', 'end');
});

test('both encodings give the octets back, in lines of at most 76', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (array) => {
      const octets = Buffer.from(array);
      for (const [encode, decode] of [
        [encodeQuotedPrintable, decodeQuotedPrintable],
        [encodeBase64, decodeBase64],
      ] as const) {
        const encoded = encode(octets);
        for (const line of encoded.toString('latin1').split('\r\n')) assert.match(line, /^[\t -~]{0,76}$/);
        assert.deepEqual(decode(encoded), octets);
      }
    }),
  );
});

test('the shortest that fits', () => {
  const check = (input: string, expected: string) =>
    assert.equal(encodeShortest(Buffer.from(input)).encoding, expected, input.slice(0, 20));
  check('hello\r\n', '7bit');
  check('x'.repeat(998), '7bit');
  check('x'.repeat(999), 'quoted-printable');
  check('un café au lait, je vous en prie', 'quoted-printable');
  check('日本語の本文', 'base64');
  check('a\0b', 'base64');
});
