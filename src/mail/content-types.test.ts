import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentTypeOf, extensionOf } from './content-types.ts';

test('by the extension, whatever its case and what stands before it', () => {
  const check = (fileName: string, expected: string) => assert.equal(contentTypeOf(fileName), expected);
  check('a.pdf', 'application/pdf');
  check('Übersicht 2026.final.XLSX', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet');
  check('.png', 'image/png');
  check('pdf', 'application/octet-stream');
  check('a.', 'application/octet-stream');
  check('a.constructor', 'application/octet-stream');
});

test('what readers ignore at the end of a name hides nothing', () => {
  const check = (fileName: string, expected: string) => assert.equal(extensionOf(fileName), expected);
  check('setup.exe', 'exe');
  check('setup.EXE. . ', 'exe');
  check('setup.exe\t', 'exe');
  check('a', '');
  check('...', '');
});
