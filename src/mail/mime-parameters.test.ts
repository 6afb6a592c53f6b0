import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatParameter, parseContentType, parseDisposition } from './mime-parameters.ts';

/** `unit: 'binary'` of fast-check takes a second to set up. */
const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code).toWellFormed());

test('content types', () => {
  const check = (input: string, value: string, parameters: Record<string, string>) => {
    const parsed = parseContentType(input);
    assert.ok(parsed.ok, parsed.ok ? '' : parsed.fault);
    assert.equal(parsed.value, value);
    assert.deepEqual(Object.fromEntries(parsed.parameters), parameters, input);
  };
  check('text/plain', 'text/plain', {});
  check('TEXT/HTML; Charset="UTF-8";', 'text/html', { charset: 'UTF-8' });
  check('text/plain (comment); charset = us-ascii (x)', 'text/plain', { charset: 'us-ascii' });
  check('multipart/mixed; boundary="a;b\\"c"', 'multipart/mixed', { boundary: 'a;b"c' });
  check('multipart/mixed; boundary=----=_Part/1:2', 'multipart/mixed', { boundary: '----=_Part/1:2' });
  check('a/b;; c=d', 'a/b', { c: 'd' });
  check("a/b; name*=utf-8''%e2%82%ac%20x; name=y", 'a/b', { name: '€ x' });
  check('a/b; name*0*=iso-8859-1\'en\'caf%E9; name*1=" au"; name*2=lait', 'a/b', { name: 'café aulait' });
  check('a/b; name="=?UTF-8?Q?caf=C3=A9?="', 'a/b', { name: 'café' });
});

test('what SES cannot read', () => {
  const check = (input: string, expected: string) => {
    const parsed = parseContentType(input);
    assert.equal(parsed.ok ? 'accepted' : parsed.fault, expected);
  };
  check('', 'Expected MIME type, got null');
  check('text; charset=x', "Expected '/', got ;");
  check('text', "Expected '/', got null");
  check('text/;', 'Expected MIME subtype, got ;');
  check('text/plain charset=x', 'Expected \';\', got "charset"');
  check('text/plain; =x', 'Expected parameter name, got "="');
  check('text/plain; charset', 'Expected \'=\', got "null"');
  check('text/plain; charset=', 'Expected parameter value, got "null"');
  const disposition = parseDisposition('=?UTF-8?Q?attachment?=');
  assert.equal(disposition.ok ? 'accepted' : disposition.fault, 'Expected disposition, got =');
});

test('writing a parameter', () => {
  const check = (value: string, expected: string) => assert.equal(formatParameter('filename', value), expected);
  check('a.txt', '; filename=a.txt');
  check('a b.txt', '; filename="a b.txt"');
  check('a"b', '; filename="a\\"b"');
  check('café.pdf', "; filename*=UTF-8''caf%C3%A9.pdf");
  check('', '; filename=""');
  assert.match(formatParameter('filename', 'é'.repeat(255)), /^; filename\*0\*=UTF-8''(?:%C3|%A9)+; filename\*1\*=/);
});

test('a written parameter reads back in lines that fold', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 300 }), (input) => {
      const text = input.toWellFormed();
      const formatted = formatParameter('name', text);
      for (const piece of formatted.split(' ')) assert.ok(piece.length <= 76);
      const parsed = parseContentType(`a/b${formatted}`);
      assert.equal(parsed.ok && parsed.parameters.get('name'), text);
    }),
  );
});
