import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import {
  fieldFault,
  fieldText,
  firstField,
  fitForField,
  formatField,
  readHeader,
  rewriteHeader,
  unfold,
} from './header-fields.ts';
import { duplicateSingleField } from './single-fields.ts';

test('header and body', () => {
  const check = (input: string, fields: string[], body: string) => {
    const message = Buffer.from(input, 'latin1');
    const header = readHeader(message);
    assert.deepEqual(
      header.fields.map(({ name, value }) => `${name}=${value}`),
      fields,
      input,
    );
    assert.equal(message.toString('latin1', header.bodyStart), body, input);
  };
  check('', [], '');
  check('\r\nbody', [], 'body');
  check('body only', [], 'body only');
  check('A: 1\r\nB:2\r\n\r\nbody\r\n', ['A= 1', 'B=2'], 'body\r\n');
  check('A: 1\nB:2\n\nbody', ['A= 1', 'B=2'], 'body');
  check('A: 1', ['A= 1'], '');
  check('A:', ['A='], '');
  check('A:\r\n\r\n', ['A='], '');
  check('A: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n', ['A= 1\r\n 2\r\n\t3', 'B= 4'], '');
  check('A: 1\r\n  \r\nB: 2\r\n\r\nx', ['A= 1\r\n  ', 'B= 2'], 'x');
  check('A : 1\r\n\r\n', ['A= 1'], '');
  check('A: 1\r\nno field\r\nB: 2\r\n\r\n', ['A= 1'], 'no field\r\nB: 2\r\n\r\n');
  check(' A: 1\r\n\r\n', [], ' A: 1\r\n\r\n');
  check(': 1\r\n', [], ': 1\r\n');
  check('From a@b.c Mon Sep  1\r\nA: 1\r\n\r\nx', ['A= 1'], 'x');
  check('A: \0\r\n\r\n', ['A= \0'], '');
});

test('unfolding', () => {
  const check = (input: string, expected: string) => assert.equal(unfold(input), expected);
  check(' a', 'a');
  check(' a\r\n b \r\n\tc\r\n ', 'a b \tc');
  check('\r\n a  b', 'a  b');
  check('\xa0a\xa0', '\xa0a\xa0');
});

test('text of a field', () => {
  const check = (input: Buffer, expected: string) =>
    assert.equal(fieldText({ value: input.toString('latin1') }), expected);
  check(Buffer.from(' Grüße\r\n aus'), 'Grüße aus');
  check(Buffer.from([0x20, 0x63, 0x61, 0x66, 0xe9, 0x80]), 'café€');
});

test('folding', () => {
  const check = (value: string, expected: string) => assert.equal(formatField('X', value), expected);
  const word = 'w'.repeat(60);
  check('', 'X: \r\n');
  check('a b', 'X: a b\r\n');
  check(`${word} ${word}`, `X: ${word}\r\n ${word}\r\n`);
  check(`${word}  ${word}`, `X: ${word}\r\n  ${word}\r\n`);
  check(`${word}${word} a`, `X: ${word}${word}\r\n a\r\n`);
  check(`a ${'w'.repeat(990)}`, `X: a\r\n ${'w'.repeat(990)}\r\n`);
  check('w'.repeat(997), `X:\r\n ${'w'.repeat(997)}\r\n`);
});

test('what cannot be a field', () => {
  const check = (name: string, value: string, expected: string | undefined) =>
    assert.equal(fieldFault(name, value), expected);
  check('X-Ok', 'value \t !~', undefined);
  check('X', 'a\r\nBcc: x@y.z', "Header 'X' contains control or non-ASCII characters.");
  check('X', 'a\nb', "Header 'X' contains control or non-ASCII characters.");
  check('X', 'é', "Header 'X' contains control or non-ASCII characters.");
  check('X:Y', '', "Invalid header name 'X:Y'.");
  check('X Y', '', "Invalid header name 'X Y'.");
  check('', '', "Invalid header name ''.");
  check('X', 'w'.repeat(998), "Header 'X' cannot be folded to lines of 998 characters.");
  check('X', ' '.repeat(998), "Header 'X' cannot be folded to lines of 998 characters.");
  assert.throws(() => formatField('X', 'a\r\nB: c'), /contains control/);
});

test('a formatted field reads back, and its lines are short', () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', 'w'.repeat(50)), maxLength: 60 });
  fc.assert(
    fc.property(value, (text) => {
      fc.pre(fieldFault('Name', text) === undefined);
      const formatted = formatField('Name', text);
      for (const line of formatted.slice(0, -2).split('\r\n')) assert.ok(line.length <= 998 && /[^ \t]/.test(line));
      const { fields, bodyStart } = readHeader(Buffer.from(formatted));
      assert.equal(bodyStart, formatted.length);
      assert.equal(unfold(fields[0]!.value), unfold(text));
    }),
  );
});

test('rewriting a header', () => {
  const check = (input: string, expected: string) => {
    const message = Buffer.from(input, 'latin1');
    const remove = new Set(['bcc', 'date']);
    const rewritten = rewriteHeader({ message, remove, append: [['Date', 'now']] });
    assert.equal(rewritten.toString('latin1'), expected, input);
  };
  check('From: a\r\nBcc: b\r\n c\r\nTo: d\r\n\r\nbody', 'From: a\r\nTo: d\r\nDate: now\r\n\r\nbody');
  check('BCC: b\r\nFrom: a\r\nDATE: x\r\n\r\nbody', 'From: a\r\nDate: now\r\n\r\nbody');
  check('From: a', 'From: a\r\nDate: now\r\n\r\n');
  check('body\r\n', 'Date: now\r\n\r\nbody\r\n');
  check('', 'Date: now\r\n\r\n');
  check('From x y\r\nFrom: a\r\n\r\n', 'From: a\r\nDate: now\r\n\r\n');
  assert.throws(() => rewriteHeader({ message: Buffer.alloc(0), remove: new Set(), append: [['X', 'a\r\nBcc: b']] }));
});

test('rewriting keeps kept fields and the body to the octet', () => {
  const value = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '\t', '\r\n ', '\0') });
  const field = fc.tuple(fc.constantFrom('A', 'Bcc', 'c'), value).map(([name, text]) => `${name}:${text}\r\n`);
  fc.assert(
    fc.property(fc.array(field), fc.uint8Array(), (fields, body) => {
      const message = Buffer.concat([Buffer.from(`${fields.join('')}\r\n`), body]);
      const kept = fields.filter((text) => !text.startsWith('Bcc')).join('');
      const rewritten = rewriteHeader({ message, remove: new Set(['bcc']), append: [] });
      assert.deepEqual(rewritten, Buffer.concat([Buffer.from(`${kept}\r\n`), body]));
    }),
  );
});

// A reader whose steps grow as the square would need 10^10 of them: the run would not end.
test('hostile headers are read in linear time', () => {
  const check = (text: string) => {
    const { fields } = readHeader(Buffer.from(text));
    fields.map(fieldText);
    return fields.length;
  };
  assert.equal(check(`A: ${'x'.repeat(1_000_000)}`), 1);
  assert.equal(check(`A: x${'\r\n y'.repeat(300_000)}`), 1);
  assert.equal(check('A: x\r\n'.repeat(200_000)), 200_000);
  assert.equal(check('A'.repeat(1_000_000)), 0);
  assert.equal(check(`A${' '.repeat(1_000_000)}`), 0);
});

test('fields that may stand once', () => {
  const check = (input: string, expected: string | undefined) =>
    assert.equal(duplicateSingleField(readHeader(Buffer.from(input)).fields), expected);
  check('Subject: a\nsubject: b\n', 'subject');
  check('To: a\nTo: b\nReceived: c\nReceived: d\nX-A: 1\nX-A: 2\n', undefined);
  check('Content-type: a\nCONTENT-TYPE: b\n', 'CONTENT-TYPE');
  assert.equal(firstField(readHeader(Buffer.from('X: 1\nX: 2\n')).fields, 'x')?.value, ' 1');
});

test('what a stranger wrote is made fit for a field', () => {
  assert.equal(fitForField(' 550 5.1.1 no\r\nBcc: you\t\u00fc '), '550 5.1.1 no??Bcc: you??');
  assert.equal(fitForField(''), '?');
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (text) => {
      assert.equal(fieldFault('Name', fitForField(text)), undefined);
    }),
  );
});
