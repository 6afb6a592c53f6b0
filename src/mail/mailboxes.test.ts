import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { formatMailbox, readableMailbox, readMailboxes } from './mailboxes.ts';

/** `unit: 'binary'` of fast-check takes a second to set up. */
const anyCharacter = fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code).toWellFormed());

test('lists of the real world', () => {
  const check = (input: string, expected: string[]) =>
    assert.deepEqual(readMailboxes(input).map(readableMailbox), expected, input);
  check('', []);
  check('a@b.c', ['a@b.c']);
  check(' a@b.c,\r\n d@e.f,', ['a@b.c', 'd@e.f']);
  check('Name <a@b.c>, "Last, First" <d@e.f>', ['Name <a@b.c>', '"Last, First" <d@e.f>']);
  check('=?UTF-8?Q?J=C3=BCrgen?= <a@b.c>', ['Jürgen <a@b.c>']);
  check('"=?UTF-8?Q?J=C3=BCrgen?=" <a@b.c>', ['Jürgen <a@b.c>']);
  check('=?ISO-2022-JP?B?GyRCRnxLXBsoQg==?= <a@b.c>', ['日本 <a@b.c>']);
  check('a@b.c (Name)', ['Name <a@b.c>']);
  check('(c(d)e) a@b.c', ['"c(d)e" <a@b.c>']);
  check('Team: a@b.c, D <d@e.f>;, g@h.i', ['a@b.c', 'D <d@e.f>', 'g@h.i']);
  check('undisclosed-recipients:;', []);
  check('Name a@b.c', ['Name <a@b.c>']);
  check('<@r1,@r2:a@b.c>', ['a@b.c']);
  check('<a@b.c> <d@e.f>', ['a@b.c', 'd@e.f']);
  check('"Open <a@b.c>', ['Open <a@b.c>']);
  check('<a@b.c, d@e.f', ['a@b.c', 'd@e.f']);
  check('root', ['root']);
  check('"john doe"@b.c', ['"john doe"@b.c']);
  check('<>', []);
  check(',,;;::', []);
});

test('a display name in a header field', () => {
  const check = (display: string, expected: string) =>
    assert.equal(formatMailbox({ display, address: 'a@b.c' }), expected);
  check('', 'a@b.c');
  check('Name Two', 'Name Two <a@b.c>');
  check('Name, Inc.', '"Name, Inc." <a@b.c>');
  check('Say "hi" \\', '"Say \\"hi\\" \\\\" <a@b.c>');
  check('Jürgen', '=?UTF-8?Q?J=C3=BCrgen?= <a@b.c>');
  check('日本', '=?UTF-8?B?5pel5pys?= <a@b.c>');
  check('a\r\nBcc: x@y.z', '=?UTF-8?B?YQ0KQmNjOiB4QHkueg==?= <a@b.c>');
  check('=?x?=', '=?UTF-8?B?PT94Pz0=?= <a@b.c>');
});

test('a formatted mailbox reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, minLength: 1 }), (text) => {
      const display = text.toWellFormed();
      const formatted = formatMailbox({ display, address: 'a@b.c' });
      assert.match(formatted, /^[ -~]+$/);
      const [read] = readMailboxes(`${formatted}, z@z.z`);
      if (display.trim() === display && !/ {2}/.test(display)) assert.deepEqual(read, { display, address: 'a@b.c' });
    }),
  );
});

// A reader whose steps grow as the square would need 10^10 of them: the run would not end.
test('hostile lists are read in linear time', () => {
  for (const unit of ['(', '"', '<', '<a,', '\\', '"\\"', '<@a,', ':', ',', '<"', '(\\', '=?a?Q?']) {
    assert.ok(readMailboxes(unit.repeat(200_000)).length <= 200_000, unit);
  }
});
