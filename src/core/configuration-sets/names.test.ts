import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSetName } from './names.ts';

test('names of sets', () => {
  const check = (name: string, expected?: string) => {
    if (expected === undefined) checkSetName(name);
    else assert.throws(() => checkSetName(name), { message: expected });
  };
  check('Set_1-a');
  check('a'.repeat(64));
  check('', 'The configuration set name must be specified.');
  check('a'.repeat(65), 'Configuration set name cannot exceed 64 characters.');
  check('a b', "Invalid configuration set name <a b>: only alphanumeric ASCII characters, '_', and '-' are allowed.");
});
