import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatReply, reply } from './reply.ts';

test('a reply on the wire', () => {
  const check = (code: number, lines: string[], expected: string) =>
    assert.equal(formatReply(reply(code, ...lines)), expected);
  check(250, ['Ok'], '250 Ok\r\n');
  check(334, [''], '334 \r\n');
  check(250, ['host', 'SIZE 1', 'Ok'], '250-host\r\n250-SIZE 1\r\n250 Ok\r\n');
  check(554, ['no\r\n250 Ok'], '554 no 250 Ok\r\n');
  check(554, [`${'a'.repeat(300)} ${'b'.repeat(300)}`], `554-${'a'.repeat(300)}\r\n554 ${'b'.repeat(300)}\r\n`);
  check(554, ['c'.repeat(700)], `554-${'c'.repeat(500)}\r\n554 ${'c'.repeat(200)}\r\n`);
});
