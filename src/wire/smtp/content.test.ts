import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ContentReader } from './content.ts';

const limits = { messageOctets: 10_000, lineOctets: 1_000 };

interface Reading {
  readonly content: string | undefined;
  readonly problem: string | undefined;
  /** What came after the end. */
  readonly rest: string;
}

/** Reads octets that come in pieces cut at the given places. */
function read(octets: string, cuts: number[] = []): Reading {
  const reader = new ContentReader(limits);
  const input = Buffer.from(octets, 'latin1');
  let end = 0;
  for (const [from, to] of pieces(input.length, cuts)) {
    end = from + reader.read(input.subarray(from, to), 0);
    if (reader.content) break;
  }
  return { content: reader.content?.toString('latin1'), problem: reader.problem, rest: octets.slice(end) };
}

function pieces(length: number, cuts: number[]): [number, number][] {
  const edges = [0, ...cuts.filter((cut) => cut > 0 && cut < length).sort((a, b) => a - b), length];
  return edges.slice(1).map((to, index) => [edges[index]!, to]);
}

test('content without dot-stuffing', () => {
  const check = (octets: string, content: string, rest = '') =>
    assert.deepEqual(read(octets), { content, problem: undefined, rest }, JSON.stringify(octets));
  check('.\r\n', '');
  check('\r\n.\r\n', '\r\n');
  check('a\r\n.\r\n', 'a\r\n');
  check('a\r\n.\r\nQUIT\r\n', 'a\r\n', 'QUIT\r\n');
  check('..\r\n.\r\n', '.\r\n');
  check('...\r\n.\r\n', '..\r\n');
  check('.a\r\n.\r\n', 'a\r\n');
  check('a.\r\n..b\r\nc..\r\n.\r\n', 'a.\r\n.b\r\nc..\r\n');
  check('\xff\0\r\n.\r\n', '\xff\0\r\n');
  check(`${'x'.repeat(998)}\r\n.\r\n`, `${'x'.repeat(998)}\r\n`);
  check(`..${'x'.repeat(997)}\r\n.\r\n`, `.${'x'.repeat(997)}\r\n`);
});

test('only CRLF.CRLF ends content; bare CR and LF are found (SMTP smuggling)', () => {
  const check = (octets: string, problem: string) =>
    assert.deepEqual(read(octets), { content: '', problem, rest: '' }, JSON.stringify(octets));
  check('a\n.\n\r\n.\r\n', 'bare-line-feed');
  check('a\n.\r\nMAIL FROM:<x@y.example>\r\n.\r\n', 'bare-line-feed');
  check('a\r\n.\nMAIL FROM:<x@y.example>\r\n.\r\n', 'bare-line-feed');
  check('a\r.\r\n.\r\n', 'bare-carriage-return');
  check('a\r\n.\rMAIL\r\n.\r\n', 'bare-carriage-return');
  check('a\r\r\n.\r\n', 'bare-carriage-return');
  check('a\r\n.\r\r\n.\r\n', 'bare-carriage-return');
  check('\n\r\n.\r\n', 'bare-line-feed');
  check('.\n\r\n.\r\n', 'bare-line-feed');
  assert.equal(read('a\n.\n').content, undefined);
  assert.equal(read('a\r.\r').content, undefined);
  assert.equal(read('a\r\n.\r').content, undefined);
});

test('limits', () => {
  const check = (octets: string, problem: string) =>
    assert.deepEqual(read(octets), { content: '', problem, rest: '' }, octets.slice(0, 20));
  check(`${'x'.repeat(999)}\r\n.\r\n`, 'long-line');
  check(`..${'x'.repeat(998)}\r\n.\r\n`, 'long-line');
  check(`${`${'x'.repeat(98)}\r\n`.repeat(101)}.\r\n`, 'too-large');
  assert.equal(read(`${`${'x'.repeat(98)}\r\n`.repeat(100)}.\r\n`).problem, undefined);
  assert.equal(read('x'.repeat(1_001)).problem, 'long-line');
});

test('the pieces that octets come in make no difference', () => {
  const alphabet = fc.constantFrom('\r\n', '\r\n.', '\r\n..', '.', '\r', '\n', 'a', 'x'.repeat(1_200), '\r\n.\r\n');
  const octets = fc.array(alphabet, { maxLength: 40 }).map((parts) => `${parts.join('')}\r\n.\r\n`);
  fc.assert(
    fc.property(octets, fc.array(fc.nat(3_000), { maxLength: 30 }), (text, cuts) => {
      const whole = read(text);
      const cut = read(text, cuts);
      // Which of two faults is seen first may differ, that there is one may not.
      assert.deepEqual({ ...cut, problem: !!cut.problem }, { ...whole, problem: !!whole.problem });
    }),
  );
  const message = `Subject: x\r\n\r\n..\r\n.dot\r\n${'y'.repeat(900)}\r\n...\r\n.\r\n`;
  const each = Array.from({ length: message.length }, (_, index) => index);
  for (const cut of each) assert.deepEqual(read(message, [cut]), read(message));
  assert.deepEqual(read(message, each), read(message));
});

test('what a client stuffs comes out as it went in', () => {
  const lines = fc.array(
    fc.string({ maxLength: 60 }).map((text) => text.replace(/[\r\n]/g, '.')),
    { maxLength: 50 },
  );
  fc.assert(
    fc.property(lines, fc.array(fc.nat(2_000), { maxLength: 10 }), (text, cuts) => {
      const latin = text.map((line) => Buffer.from(line, 'utf8').toString('latin1'));
      const content = latin.map((line) => `${line}\r\n`).join('');
      const stuffed = latin.map((line) => `${line.startsWith('.') ? '.' : ''}${line}\r\n`).join('');
      assert.deepEqual(read(`${stuffed}.\r\n`, cuts), { content, problem: undefined, rest: '' });
    }),
  );
});
