import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { pages, root } from '../../../scripts/generate.ts';

it('generated pages are fresh', () => {
  for (const { path, render } of pages) {
    assert.ok(readFileSync(join(root, path), 'utf8') === render(), `${path} is stale: npm run generate`);
  }
});
