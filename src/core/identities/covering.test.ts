import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coveringNames } from './covering.ts';

const check = (address: string, names: string[]) => assert.deepEqual(coveringNames(address), names);

test('an address is covered by itself, its base, its domain and the parents', () => {
  check('a@example.com', ['a@example.com', 'example.com']);
  check('A+x+y@Mail.Example.com', ['A+x+y@mail.example.com', 'A@mail.example.com', 'mail.example.com', 'example.com']);
  check('a@localhost', ['a@localhost', 'localhost']);
  check('+x@b.c', ['+x@b.c', 'b.c']);
});
