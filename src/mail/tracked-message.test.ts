import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import PostalMime from 'postal-mime';
import { composeMail } from './compose.ts';
import { Enclosure } from './enclosure.ts';
import { trackMessage } from './tracked-message.ts';
import { decodeTransfer, isSevenBit } from './transfer-encodings.ts';

const IMG = '<img alt="" src="http://p/" style="display: none; width: 1px; height: 1px;">';
const tracking = { link: (url: string, n: number) => `http://t/${n}/${url}`, pixel: 'http://p/' };

const lines = (...text: string[]) => text.join('\r\n');
const track = (message: Buffer | string) => trackMessage(Buffer.from(message as string, 'latin1'), tracking);
const check = (message: string, expected: string) => assert.equal(track(message).toString('latin1'), expected);
const page = (html: string, ...fields: string[]) => lines('MIME-Version: 1.0', ...fields, '', html);
const html = 'Content-Type: text/html';

function stays(message: Buffer | string): void {
  const given = Buffer.from(message as string, 'latin1');
  assert.equal(trackMessage(given, tracking), given);
}

describe('parts', () => {
  test('a page', () => {
    check(page('<a href="http://x">y</a>\r\n', html), page(`<a href="http://t/1/http://x">y</a>${IMG}\r\n`, html));
  });

  test('a page among others; links are counted over all, and the pixel is one', () => {
    const message = (one: string, two: string) =>
      lines(
        ...['From: a@b', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=m', '', 'preamble', '--m'],
        ...['Content-Type: multipart/alternative; boundary=a', '', '--a', '', 'http://x <a href="http://x">', '--a'],
        ...[
          html,
          '',
          one,
          '--a--',
          '--m',
          'Content-Type: text/HTML; charset="utf-8"',
          'X:  kept',
          '',
          two,
          '--m--',
          'end',
        ],
      );
    check(
      message('<a href="http://x">', '<a href="http://y">'),
      message(`<a href="http://t/1/http://x">${IMG}`, '<a href="http://t/2/http://y">'),
    );
    check(message('a', 'b{{ses:openTracker}}c'), message('a', `b${IMG}c`));
    check(message('a{{ses:openTracker}}', 'b{{ses:openTracker}}c'), message(`a${IMG}`, 'bc'));
  });

  test('without a page the message itself is returned', () => {
    stays('');
    stays(page('<a href="http://x">'));
    stays(page('<a href="http://x">', 'Content-Type: text/plain'));
    stays(lines('Content-Type: multipart/mixed', '', 'no boundary'));
    stays(lines('Content-Type: multipart/mixed; boundary=m', '', '--m', '', '<a href="http://x">', '--m--', ''));
  });

  test('with nothing to do in it the message itself is returned', () => {
    const message = Buffer.from(page('<a href="/x">', html));
    assert.equal(trackMessage(message, { link: () => 'x' }), message);
    assert.equal(
      trackMessage(Buffer.from(page('<a href="http://x">', html)), {}).toString(),
      page('<a href="http://x">', html),
    );
  });

  test("what is somebody's own octets stays", () => {
    const around = (...part: string[]) =>
      lines('Content-Type: multipart/mixed; boundary=m', '', '--m', ...part, '--m--', '');
    const link = '<a href="http://x">';
    stays(page(link, html, 'Content-Disposition: attachment; filename=a.html'));
    stays(around(html, 'Content-Disposition: ATTACHMENT', '', link));
    stays(around('Content-Type: message/rfc822', '', 'Subject: a', html, '', link));
    stays(
      around(
        'Content-Type: message/rfc822',
        '',
        'Content-Type: multipart/mixed; boundary=n',
        '',
        '--n',
        html,
        '',
        link,
        '--n--',
      ),
    );
    stays(
      around('Content-Type: multipart/signed; boundary=n', '', '--n', html, '', link, '--n', '', 'signature', '--n--'),
    );
    stays(
      around(
        'Content-Type: multipart/mixed; boundary=n',
        'Content-Disposition: attachment',
        '',
        '--n',
        html,
        '',
        link,
        '--n--',
      ),
    );
    check(
      around('Content-Type: message/rfc822', '', html, '', link, '--m', html, 'Content-Disposition: inline', '', link),
      around(
        'Content-Type: message/rfc822',
        '',
        html,
        '',
        link,
        '--m',
        html,
        'Content-Disposition: inline',
        '',
        `<a href="http://t/1/http://x">${IMG}`,
      ),
    );
  });
});

describe('encodings', () => {
  const link = '<a href="http://x/?a=b">';
  const linked = `<a href="http://t/1/http://x/?a=b">`;
  const base64 = (text: string | Buffer) => Buffer.from(text as string, 'latin1').toString('base64');

  test('are the shortest that carry the page', () => {
    const encoded = (encoding: string) => [html, `Content-Transfer-Encoding: ${encoding}`];
    check(page(base64(link), ...encoded('base64')), `${page(linked + IMG, ...encoded('7bit'))}\r\n`);
    check(
      page('<a href=3D"http://x/?a=3Db">=\r\n', ...encoded('quoted-printable')),
      `${page(linked + IMG, ...encoded('7bit'))}\r\n`,
    );
    check(
      page(`${link}\xe9\r\n`, ...encoded('8bit')),
      page(
        lines(
          '<a href=3D"http://t/1/http://x/?a=3Db">=E9<img alt=3D"" src=3D"http://p/" s=',
          'tyle=3D"display: none; width: 1px; height: 1px;">',
          '',
        ),
        ...encoded('quoted-printable'),
      ),
    );
    stays(page(link, ...encoded('x-uuencode')));
  });

  test('and named where they were not', () => {
    check(page(`${link}\xe9`, html), track(page(`${link}\xe9`, html)).toString('latin1'));
    const text = track(page(`${link}${'a'.repeat(1_000)}\r\n`, html)).toString('latin1');
    assert.ok(
      text.startsWith(
        lines('MIME-Version: 1.0', html, 'Content-Transfer-Encoding: quoted-printable', '', '<a href=3D"http://t/1'),
      ),
    );
    assert.ok(isSevenBit(Buffer.from(text)));
  });

  test('keep a bare line end', async () => {
    const bare = `a\nb\rc${link}\n`;
    for (const [encoding, body] of [
      ['base64', base64(bare)],
      ['quoted-printable', bare.replaceAll('=', '=3D').replace('\n', '=0A').replace('\r', '=0D').replace('\n', '=0A')],
    ] as const) {
      const message = track(page(body, html, `Content-Transfer-Encoding: ${encoding}`));
      assert.ok(message.includes(`Content-Transfer-Encoding: ${encoding}\r\n`));
      assert.doesNotMatch(message.toString('latin1'), /(?<!\r)\n|\r(?!\n)/);
    }
  });
});

describe('charsets', () => {
  const link = '<a href="http://x">';
  const linked = `<a href="http://t/1/http://x">`;

  /** Octets before and after the link come back as they were. */
  function checkOctets(charset: string, before: Buffer, after: Buffer): void {
    const fields = [
      'MIME-Version: 1.0',
      `Content-Type: text/html; charset=${charset}`,
      'Content-Transfer-Encoding: base64',
      '',
      '',
    ];
    const content = Buffer.concat([before, Buffer.from(link), after, Buffer.from('</body>')]);
    const result = track(Buffer.from(lines(...fields) + content.toString('base64')).toString('latin1')).toString(
      'latin1',
    );
    const [header = '', body = ''] = result.split('\r\n\r\n');
    const encoding = /Encoding: (.*)/.exec(header)?.[1];
    const decoded = decodeTransfer(Buffer.from(body.replace(/\r\n$/, ''), 'latin1'), encoding ?? '');
    assert.deepEqual(decoded, Buffer.concat([before, Buffer.from(linked), after, Buffer.from(`${IMG}</body>`)]));
  }
  const octets = (...values: number[]) => Buffer.from(values);

  test('are kept, malformed octets too', () => {
    checkOctets('utf-8', Buffer.from('grüß €😀'), octets(0xff, 0xc3));
    checkOctets('iso-8859-1', octets(0xe9, 0x80), octets(0x9f));
    checkOctets('windows-1252', octets(0x80, 0x81), octets(0xff));
    checkOctets('koi8-r', octets(0xc1, 0xc2), octets(0xe1));
    checkOctets('Shift_JIS', octets(0x83, 0x5c, 0x83, 0x7c), octets(0x95, 0x5c));
    checkOctets('gb18030', octets(0x81, 0x30, 0x81, 0x30), octets(0xd6, 0xd0));
    checkOctets('big5', octets(0xa4, 0xa4, 0xa5, 0x5c), octets(0xa4));
    checkOctets('us-ascii', octets(0xe9), octets());
    checkOctets('iso-2022-jp', Buffer.from('\x1b$B$"<"\x1b(B'), Buffer.from('\x1b$B<a\x1b(B'));
  });

  test('that are not known or cannot be written stay', () => {
    for (const charset of ['x-unknown', 'utf-7', 'utf-16', 'utf-16le', 'iso-2022-kr', 'hz-gb-2312']) {
      stays(page(link, `Content-Type: text/html; charset=${charset}`));
    }
    // What would not come back as it was.
    stays(page(`${link}\x1b$B\xff`, 'Content-Type: text/html; charset=iso-2022-jp'));
  });
});

test('a composed letter reads as before, but for its links', async () => {
  const letter = composeMail({
    from: [{ address: 'a@example.com' }],
    to: [{ address: 'b@example.com' }],
    subject: { text: 'Grüße' },
    text: { text: 'plain http://x', charset: 'utf-8' },
    html: { text: '<p>Grüße <a href="http://x/">x</a></p>', charset: 'utf-8' },
    enclosure: new Enclosure(
      [
        {
          fileName: 'a.html',
          contentType: 'text/html',
          content: Buffer.from('<a href="http://x/">'),
          disposition: 'attachment',
        },
      ],
      'u',
    ),
    unique: 'u',
  });
  const before = await PostalMime.parse(letter);
  const after = await PostalMime.parse(trackMessage(letter, tracking));
  assert.equal(after.html?.trim(), `<p>Grüße <a href="http://t/1/http://x/">x</a></p>${IMG}`);
  assert.deepEqual({ ...after, html: '' }, { ...before, html: '' });
});

test('a large page is left alone', () => {
  stays(page(`${'<a href="http://x">'}${'a'.repeat(4 * 2 ** 20)}`, html));
});
