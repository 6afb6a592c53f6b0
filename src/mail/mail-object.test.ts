import assert from 'node:assert/strict';
import test from 'node:test';
import { readHeader } from './header-fields.ts';
import { commonFields, shownHeader } from './mail-object.ts';

const fieldsOf = (...lines: string[]) => readHeader(Buffer.from(lines.join('\r\n'))).fields;

test('the header that events show', () => {
  assert.deepEqual(shownHeader(fieldsOf('Subject: =?UTF-8?Q?a?=', 'X:  folded', ' line', 'X: é')), {
    fields: [
      { name: 'Subject', value: '=?UTF-8?Q?a?=' },
      { name: 'X', value: 'folded line' },
      { name: 'X', value: 'é' },
    ],
    truncated: false,
  });
  const shown = shownHeader(fieldsOf('A: 1', `B: ${'x'.repeat(10_240)}`, 'C: 2'));
  assert.deepEqual(shown, { fields: [{ name: 'A', value: '1' }], truncated: true });
  assert.deepEqual(shownHeader([]), { fields: [], truncated: false });
});

test('the common fields, in order', () => {
  const check = (lines: string[], ownMessageId: string | undefined, expected: string) =>
    assert.equal(JSON.stringify(commonFields(fieldsOf(...lines), ownMessageId)), expected);
  check([], undefined, '{}');
  check([], '0100-000000', '{"messageId":"0100-000000"}');
  check(
    [
      'Return-Path: <s@x.y>',
      'Subject: =?UTF-8?Q?caf=C3=A9?=',
      'Message-ID: <1@x.y>',
      'Sender: s@x.y',
      'Reply-To: r@x.y',
      'Bcc: b@x.y',
      'Cc: c@x.y',
      'To: t@x.y',
      'To: "T, U" <u@x.y>',
      'Date: today',
      'From: =?UTF-8?Q?J=C3=BCrgen?= <j@x.y>',
    ],
    '0100-000000',
    '{"returnPath":"s@x.y","from":["Jürgen <j@x.y>"],"date":"today","to":["t@x.y","\\"T, U\\" <u@x.y>"],"cc":["c@x.y"],' +
      '"bcc":["b@x.y"],"sender":"s@x.y","replyTo":["r@x.y"],"messageId":"<1@x.y>","subject":"café"}',
  );
  check(['To: undisclosed-recipients:;'], undefined, '{"to":["undisclosed-recipients:;"]}');
  check(['To:'], undefined, '{"to":[]}');
  check(['Return-Path: <>'], undefined, '{"returnPath":"<>"}');
});
