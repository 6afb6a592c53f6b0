import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPlain } from './plain.ts';

function check(text: string, variables: number | undefined): void {
  assert.equal(readPlain(text)?.variables, variables, text);
}

test('simple substitutions are told from anything else', () => {
  check('', 0);
  check('no braces { } at all', 0);
  check('{{a}} {{ b.c }}{{{d}}}', 3);
  check('{{a-b}}{{ses:openTracker}}{{ü.b}}', 3);
  check('}} {{a}}', 1);
  check('{{a}', undefined);
  check('{{', undefined);
  check('{{a}}}', undefined);
  check('{{{a}}}}', undefined);
  check('{{{{a}}}}', undefined);
  check('\\{{a}}', undefined);
  for (const inside of [
    '',
    '#if a',
    '/if',
    '^',
    'else',
    'this',
    'this.a',
    'a.this',
    '../a',
    './a',
    '.',
    '@index',
    '12',
    '-1',
    'a.1',
  ]) {
    check(`{{${inside}}}`, undefined);
  }
  for (const inside of [
    'a b',
    '!c',
    '> a',
    '~a',
    'a~',
    '&a',
    '"a"',
    '[a b]',
    '(a)',
    'a..b',
    'a.',
    'a=b',
    '* a',
    'a/b',
  ]) {
    check(`{{${inside}}}`, undefined);
  }
  check(`{{${'a.'.repeat(9)}a}}`, 1);
  check(`{{${'a.'.repeat(10)}a}}`, undefined);
});
