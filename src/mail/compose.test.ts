import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { composeApart, composeMail, type Letter } from './compose.ts';
import { Enclosure } from './enclosure.ts';
import { readMime } from './mime-tree.ts';
import { decodeTransfer, isSevenBit } from './transfer-encodings.ts';

const letter: Letter = {
  from: [{ display: 'Sender', address: 'a@b.c' }],
  to: [{ address: 'to@x.y' }],
  subject: { text: 'Hello' },
  text: { text: 'hi\n' },
  unique: '1.2',
};

function check(changes: Partial<Letter>, ...expected: string[]) {
  assert.equal(composeMail({ ...letter, ...changes }).toString('latin1'), expected.join('\r\n'));
}

test('one body', () => {
  check(
    {},
    ...['From: Sender <a@b.c>', 'To: to@x.y', 'Subject: Hello', 'MIME-Version: 1.0'],
    ...['Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: 7bit', '', 'hi', ''],
  );
  check(
    {
      text: undefined,
      html: { text: '<p>un café au lait</p>', charset: 'ISO-8859-1' },
      subject: { text: 'café', charset: 'ISO-8859-1' },
      replyTo: [{ address: 'r@x.y' }],
      cc: [{ display: 'Müller', displayAsGiven: '=?UTF-8?Q?M=C3=BCller?=', address: 'c@x.y' }],
      fields: [['X-Own', 'value']],
    },
    ...['From: Sender <a@b.c>', 'Reply-To: r@x.y', 'To: to@x.y', 'Cc: =?UTF-8?Q?M=C3=BCller?= <c@x.y>'],
    ...['Subject: =?ISO-8859-1?Q?caf=E9?=', 'MIME-Version: 1.0', 'Content-Type: text/html; charset=ISO-8859-1'],
    ...['Content-Transfer-Encoding: quoted-printable', 'X-Own: value', '', '<p>un caf=E9 au lait</p>'],
  );
});

test('charsets that cannot hold the text give way to UTF-8', () => {
  const type = (charset: string | undefined, text: string) =>
    /charset=(\S+)/.exec(composeMail({ ...letter, text: { text, charset } }).toString('latin1'))?.[1];
  assert.equal(type(undefined, 'é'), 'UTF-8');
  assert.equal(type('ISO-8859-1', '€'), 'UTF-8');
  assert.equal(type('Shift_JIS', '日本'), 'Shift_JIS');
  assert.equal(type('ISO-2022-JP', '日本'), 'ISO-2022-JP');
  assert.equal(type('x\r\nBcc:', 'a'), 'UTF-8');
});

test('two bodies', () => {
  check(
    { html: { text: '<p>', charset: 'UTF-8' } },
    ...['From: Sender <a@b.c>', 'To: to@x.y', 'Subject: Hello', 'MIME-Version: 1.0'],
    ...['Content-Type: multipart/alternative; boundary="----=_Part_0_1.2"', ''],
    ...['------=_Part_0_1.2', 'Content-Type: text/plain; charset=us-ascii', 'Content-Transfer-Encoding: 7bit', ''],
    ...['hi', '', '------=_Part_0_1.2', 'Content-Type: text/html; charset=UTF-8', 'Content-Transfer-Encoding: 7bit'],
    ...['', '<p>', '------=_Part_0_1.2--', ''],
  );
});

test('a subject of any length is folded', () => {
  for (const text of ['x'.repeat(5_000), `a${' '.repeat(2_000)}b`, 'é'.repeat(5_000)]) {
    assert.ok(isSevenBit(composeMail({ ...letter, subject: { text } })));
  }
});

test('a subject cannot end its field', () => {
  assert.match(
    composeMail({ ...letter, subject: { text: 'a\r\nBcc: x@y.z' } }).toString(),
    /^Subject: a Bcc: x@y\.z\r$/m,
  );
});

test('letters with one enclosure share all from the first attachment on', () => {
  const pdf = { fileName: 'a.pdf', contentType: 'application/pdf', content: Buffer.alloc(100) };
  const picture = { fileName: 'b.png', contentType: 'image/png', content: Buffer.alloc(100), contentId: 'b' };
  const enclosure = new Enclosure(
    [
      { ...pdf, disposition: 'attachment' },
      { ...picture, disposition: 'inline' },
    ],
    letter.unique,
  );
  const one = composeApart({ ...letter, html: { text: '<b>one</b>' }, enclosure });
  const other = composeApart({ ...letter, html: { text: '<b>two</b>' }, enclosure });
  assert.equal(one.rest, other.rest);
  const whole = Buffer.concat([one.content, ...one.rest!]);
  assert.deepEqual(whole, composeMail({ ...letter, html: { text: '<b>one</b>' }, enclosure }));
  assert.ok(one.content.toString('latin1').endsWith('\r\n------=_Part_1_1.2\r\n'));
  const tree = readMime(whole);
  assert.ok(tree.ok);
  assert.deepEqual(
    tree.entities.map(({ type, depth }) => [type, depth]),
    [
      ['multipart/mixed', 0],
      ['multipart/related', 1],
      ['multipart/alternative', 2],
      ['text/plain', 3],
      ['text/html', 3],
      ['image/png', 2],
      ['application/pdf', 1],
    ],
  );
});

test('bodies and attachments read back', async () => {
  const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 }).map((value) => value.replace(/\s+/g, ' '));
  const attachment = fc.record({
    fileName: fc
      .string({ minLength: 1, maxLength: 100, unit: 'grapheme' })
      .map((name) => `f${name.replace(/\s/g, '')}`),
    contentType: fc.constant('application/pdf'),
    content: fc.uint8Array().map((octets) => Buffer.from(octets)),
    disposition: fc.constantFrom('attachment' as const, 'inline' as const),
    contentId: fc.constantFrom('id@x', undefined),
    encoding: fc.constantFrom('7bit' as const, 'quoted-printable' as const, 'base64' as const, undefined),
  });
  await fc.assert(
    fc.asyncProperty(
      text,
      text,
      fc.uniqueArray(attachment, { maxLength: 3, selector: ({ fileName }) => fileName }),
      async (plain, html, attachments) => {
        const charset = 'UTF-8';
        const message = composeMail({
          ...letter,
          subject: { text: plain, charset },
          text: { text: plain, charset },
          html: { text: html, charset },
          enclosure: attachments.length > 0 ? new Enclosure(attachments, letter.unique) : undefined,
        });
        assert.ok(isSevenBit(message));
        const tree = readMime(message);
        assert.ok(tree.ok);
        const parsed = await PostalMime.parse(message, { attachmentEncoding: 'arraybuffer' });
        assert.equal((parsed.subject ?? '').trim(), plain.trim());
        assert.equal((parsed.text ?? '').trimEnd(), plain.trimEnd());
        assert.equal((parsed.html ?? '').trimEnd(), html.trimEnd());
        assert.equal(parsed.attachments.length, attachments.length);
        for (const { fileName, content, disposition } of attachments) {
          const part = tree.entities.find(
            (entity) => entity.fileName === fileName && entity.disposition === disposition,
          );
          assert.ok(part?.body, fileName);
          const read = decodeTransfer(message.subarray(part.body.start, part.body.end), part.encoding);
          assert.deepEqual(read, content);
        }
      },
    ),
  );
});
