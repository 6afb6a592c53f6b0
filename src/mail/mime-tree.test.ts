import assert from 'node:assert/strict';
import test from 'node:test';
import { readMime } from './mime-tree.ts';

const lines = (...text: string[]) => Buffer.from(text.join('\r\n'), 'latin1');

/** Every entity as `type: body`, gaps as `gap: text`. */
function outline(message: Buffer): string[] | string {
  const tree = readMime(message);
  if (!tree.ok) return tree.fault;
  const text = (span: { start: number; end: number }) => message.toString('latin1', span.start, span.end);
  return [
    ...tree.entities.map(({ type, body }) => (body ? `${type}: ${text(body)}` : type)),
    ...tree.gaps.map((gap) => `gap: ${text(gap)}`),
  ];
}

const check = (message: Buffer, expected: string[] | string) => assert.deepEqual(outline(message), expected);

test('entities', () => {
  check(lines('hello'), ['text/plain: hello']);
  check(lines('Content-Type: text/html', '', '<p>'), ['text/html: <p>']);
  check(
    lines('Content-Type: multipart/mixed; boundary=b', '', 'pre', '--b', '', 'one', '--b  ', '', '', '--b--', 'post'),
    ['multipart/mixed', 'text/plain: one', 'text/plain: ', 'gap: pre', 'gap: post'],
  );
  // A boundary that begins as another does; the inner one is never closed.
  check(
    lines(
      ...['Content-Type: multipart/mixed; boundary=b', '', '--b', 'Content-Type: multipart/alternative; boundary=bb'],
      ...['', '--bb', '', 'one', '--bb', '', 'two', '--b', '', 'three', '--b--', ''],
    ),
    ['multipart/mixed', 'multipart/alternative', 'text/plain: one', 'text/plain: two', 'text/plain: three'],
  );
  check(
    lines(
      ...['Content-Type: multipart/digest; boundary=d', '', '--d', '', 'Subject: inner', '', 'text', '--d'],
      ...['Content-Type: application/pdf; name=a.pdf', '', 'x', '--d--'],
    ),
    ['multipart/digest', 'message/rfc822', 'text/plain: text', 'application/pdf: x'],
  );
  check(lines('Content-Type: message/rfc822', 'Content-Transfer-Encoding: base64', '', 'eA=='), [
    'message/rfc822: eA==',
  ]);
  // A part cut off within its header, with a boundary that looks like a field.
  check(lines('Content-Type: multipart/mixed; boundary="b:c"', '', '--b:c', 'X: 1', '--b:c', '', 'two', '--b:c--'), [
    'multipart/mixed',
    'text/plain: ',
    'text/plain: two',
  ]);
  check(lines('Content-Type: multipart/mixed; boundary=b', '', '--b', '', 'never closed'), [
    'multipart/mixed',
    'text/plain: never closed',
  ]);
});

test('faults', () => {
  const missing = 'Missing start boundary';
  check(lines('Content-Type: multipart/mixed', '', 'x'), missing);
  check(lines('Content-Type: multipart/mixed; boundary=b', '', 'x'), missing);
  check(lines('Content-Type: multipart/mixed; boundary=b', '', ''), missing);
  check(lines('Content-Type: multipart/mixed; boundary=b', '', '--b--'), missing);
  check(lines('Content-Type: multipart/mixed; boundary=b', '', '--bx'), missing);
  check(lines('Content-Type: text', '', 'x'), "Expected '/', got null");
  check(lines('Content-Disposition: ; filename=x', '', 'x'), 'Expected disposition, got ;');
});

test('limits', () => {
  const parts = (count: number) =>
    lines('Content-Type: multipart/mixed; boundary=b', '', ...Array(count).fill('--b\r\n\r\nx'), '--b--');
  assert.equal(readMime(parts(500)).ok, true);
  check(parts(501), 'Message contains more than 500 MIME parts.');
  check(parts(10_000), 'Message contains more than 500 MIME parts.');
  const nested = (depth: number) =>
    lines(
      ...Array.from(
        { length: depth },
        (_, i) => `${i > 0 ? `--b${i - 1}\r\n` : ''}Content-Type: multipart/mixed; boundary=b${i}\r\n`,
      ),
      `--b${depth - 1}\r\n\r\nx`,
    );
  assert.equal(readMime(nested(64)).ok, true);
  check(nested(1_000), 'Message contains MIME parts nested deeper than 64 levels.');
  check(
    lines(...Array(1_000).fill('Content-Type: message/rfc822\r\n')),
    'Message contains MIME parts nested deeper than 64 levels.',
  );
});

// A reader whose steps grow as the square would need 10^10 of them: the run would not end.
test('hostile bodies are read in linear time', () => {
  for (const unit of ['--b:c\r\n', '--\r\n', '\r\n', '--b:cx\r\n', '-', '--b:c: x\r\n']) {
    readMime(lines('Content-Type: multipart/mixed; boundary="b:c"', '', unit.repeat(300_000)));
  }
});
