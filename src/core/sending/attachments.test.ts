import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMime } from '../../mail/mime-tree.ts';
import { encodeBase64, encodeQuotedPrintable } from '../../mail/transfer-encodings.ts';
import { checkFileName, hasBadPart, isBad } from './attachments.ts';

const virus = Buffer.from(`X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-${'ANTIVIRUS'}-TEST-FILE!$H+H*`, 'latin1');

test('the test file of virus scanners, and what may follow it', () => {
  const check = (content: string | Buffer, expected: boolean) => assert.equal(isBad(Buffer.from(content)), expected);
  check(virus, true);
  check(`\r\n ${virus}\r\n`, true);
  check(`see ${virus}`, false);
  check(virus.subarray(1), false);
  check('', false);
});

test('in a part, whatever it is encoded in', () => {
  const check = (encoding: string, body: Buffer, expected: boolean) => {
    const head = `Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nt\r\n--b\r\n`;
    const message = Buffer.concat([
      Buffer.from(`${head}Content-Transfer-Encoding: ${encoding}\r\n\r\n`),
      body,
      Buffer.from('\r\n--b--\r\n'),
    ]);
    const tree = readMime(message);
    assert.ok(tree.ok);
    assert.equal(hasBadPart(message, tree.entities), expected, encoding);
  };
  check('7bit', virus, true);
  check('base64', encodeBase64(virus), true);
  check('base64', encodeBase64(Buffer.concat([virus, Buffer.alloc(10_000)])), true);
  check('quoted-printable', encodeQuotedPrintable(virus), true);
  check('x-unknown', virus, true);
  check('base64', virus, false);
  check('7bit', Buffer.from('nothing'), false);
});

test('names that SES bans', () => {
  for (const name of ['a.exe', 'A.Vbs', 'a.tar.cmd', 'a.ps1xml ']) {
    assert.throws(() => checkFileName(name), { code: 'invalid-parameter', message: `Illegal filename '${name}'.` });
  }
  for (const name of ['a.pdf', 'exe', 'a.exe.txt', 'a.html']) checkFileName(name);
});
