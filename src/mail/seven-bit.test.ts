import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { readMime } from './mime-tree.ts';
import { toSevenBit } from './seven-bit.ts';
import { isSevenBit } from './transfer-encodings.ts';

function convert(message: Buffer): Buffer | string {
  const tree = readMime(message);
  if (!tree.ok) return tree.fault;
  const result = toSevenBit(message, tree);
  return result.ok ? result.message : result.fault;
}

const lines = (...text: string[]) => text.join('\r\n');

function check(input: string | Buffer, expected: string) {
  const result = convert(Buffer.from(input as string));
  assert.equal(result.toString(), expected);
}

test('what is seven-bit is returned itself', () => {
  const message = Buffer.from('Subject: a\r\nContent-Transfer-Encoding: 8bit\r\n\r\nbody\r\n');
  assert.equal(convert(message), message);
});

test('bodies', () => {
  check(
    lines(
      'MIME-Version: 1.0',
      'Content-Type: text/plain; charset=utf-8',
      'Content-Transfer-Encoding: 8bit',
      'X: 1',
      '',
      'é',
      '',
    ),
    lines(
      ...['MIME-Version: 1.0', 'Content-Type: text/plain; charset=utf-8'],
      ...['Content-Transfer-Encoding: quoted-printable', 'X: 1', '', '=C3=A9', ''],
    ),
  );
  check(
    lines('X: 1', '', 'é'),
    lines(
      ...['X: 1', 'MIME-Version: 1.0', 'Content-Type: text/plain; charset=UTF-8'],
      ...['Content-Transfer-Encoding: quoted-printable', '', '=C3=A9', ''],
    ),
  );
  check(
    'é without a header',
    lines(
      ...['MIME-Version: 1.0', 'Content-Type: text/plain; charset=UTF-8'],
      ...['Content-Transfer-Encoding: quoted-printable', '', '=C3=A9 without a header', ''],
    ),
  );
  check(
    lines('MIME-Version: 1.0', 'Content-Type: text/html', '', 'x'.repeat(1_000)),
    lines(
      ...['MIME-Version: 1.0', 'Content-Type: text/html', 'Content-Transfer-Encoding: quoted-printable', ''],
      ...[...Array(13).fill(`${'x'.repeat(75)}=`), 'x'.repeat(25), ''],
    ),
  );
  check(
    lines('MIME-Version: 1.0', 'Content-Type: text/plain', '', 'a\0b'),
    lines('MIME-Version: 1.0', 'Content-Type: text/plain', 'Content-Transfer-Encoding: base64', '', 'YQBi', ''),
  );
  check(
    lines('MIME-Version: 1.0', 'Content-Type: text/plain', 'Content-Transfer-Encoding: 8bit (é)', '', 'é'),
    lines(
      'MIME-Version: 1.0',
      'Content-Type: text/plain',
      'Content-Transfer-Encoding: quoted-printable',
      '',
      '=C3=A9',
      '',
    ),
  );
  check(lines('Content-Transfer-Encoding: x-uuencode', '', 'é'), 'Unknown encoding: x-uuencode');
});

test('only what is unfit is changed', () => {
  check(
    lines(
      ...['Subject: ascii', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed;', '\tboundary=b', '', 'préambule'],
      ...['--b', '', 'plain  text', '--b', 'Content-Type: application/pdf', '', 'é', '--b'],
      ...['Content-Type: message/rfc822', '', 'Subject: à', '', 'ü', '--b--', ''],
    ),
    lines(
      ...['Subject: ascii', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed;', '\tboundary=b', '', ''],
      ...['--b', '', 'plain  text'],
      ...['--b', 'Content-Type: application/pdf', 'Content-Transfer-Encoding: base64', '', 'w6k='],
      ...['--b', 'Content-Type: message/rfc822', '', 'Subject: =?UTF-8?B?w6A=?=', 'MIME-Version: 1.0'],
      ...['Content-Type: text/plain; charset=UTF-8', 'Content-Transfer-Encoding: quoted-printable', '', '=C3=BC'],
      ...['--b--', ''],
    ),
  );
});

test('fields', () => {
  const field = (input: string | Buffer, expected: string) =>
    check(Buffer.concat([Buffer.from(input as string), Buffer.from('\r\n\r\nx')]), `${expected}\r\n\r\nx`);
  field('Subject: Grüße', 'Subject: =?UTF-8?B?R3LDvMOfZQ==?=');
  field('Subject: é =?UTF-8?Q?=C3=A9?=', 'Subject: =?UTF-8?B?w6kgw6k=?=');
  field('From: Jürgen <a@b.c>, x@y.z', 'From: =?UTF-8?Q?J=C3=BCrgen?= <a@b.c>, x@y.z');
  field(
    'Content-Disposition: attachment; filename="é.pdf"',
    "Content-Disposition: attachment; filename*=UTF-8''%C3%A9.pdf",
  );
  field(`X: ${'word '.repeat(300)}end`, `X:${' word'.repeat(15)}\r\n${`${' word'.repeat(15)}\r\n`.repeat(19)} end`);
  const refused = (input: string | Buffer, expected: string) =>
    assert.equal(convert(Buffer.from(input as string)), expected);
  refused('From: jürgen@b.c\r\n\r\n', 'Local address contains illegal character');
  refused('From: a@bücher.de\r\n\r\n', 'Domain contains illegal character');
  refused(
    Buffer.from('Subject: \xe9\r\n\r\n', 'latin1'),
    "Header 'Subject' contains non-ASCII characters that are not UTF-8.",
  );
  refused('X: a\0\r\n\r\n', "Header 'X' contains control or non-ASCII characters.");
  refused(`X: ${'x'.repeat(1_000)}\r\n\r\n`, "Header 'X' cannot be folded to lines of 998 characters.");
});

test('the content of every part survives, and converting twice changes nothing', async () => {
  const content = fc.uint8Array({ minLength: 1, maxLength: 300 });
  const type = fc.constantFrom('image/png', 'application/octet-stream');
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(type, content), { minLength: 1, maxLength: 4 }), async (parts) => {
      const message = Buffer.concat([
        Buffer.from('From: a@b.c\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=_x"\r\n\r\n'),
        ...parts.flatMap(([name, octets]) => [
          Buffer.from(`--=_x\r\nContent-Type: ${name}\r\n\r\n`),
          octets,
          Buffer.from('\r\n'),
        ]),
        Buffer.from('--=_x--\r\n'),
      ]);
      const once = convert(message) as Buffer;
      assert.ok(isSevenBit(once));
      assert.equal(convert(once), once);
      const { attachments } = await PostalMime.parse(once, { attachmentEncoding: 'arraybuffer' });
      const changed = parts.filter(([, octets]) => !isSevenBit(Buffer.from(octets)));
      for (const [, octets] of changed) {
        assert.ok(attachments.some((found) => Buffer.from(found.content as ArrayBuffer).equals(Buffer.from(octets))));
      }
    }),
  );
});

test('whatever comes in, what comes out is seven-bit', () => {
  const unit = fc.constantFrom(
    ...['\r\n', '\r\n\r\n', 'é', 'x', ' ', '\0', ':', '--b', '--', 'Content-Type: multipart/mixed; boundary=b\r\n'],
    ...['Content-Type: message/rfc822\r\n', 'Subject: é\r\n', 'Content-Transfer-Encoding: base64\r\n', '\r\n--b\r\n'],
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 40 }), (text) => {
      const result = convert(Buffer.from(text));
      if (typeof result !== 'string') assert.ok(isSevenBit(result), JSON.stringify(result.toString()));
    }),
    { numRuns: 2_000 },
  );
});
