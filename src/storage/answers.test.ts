import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answers } from './answers.ts';
import type { Rows } from './ports.ts';

/** Storage of which only the generation is asked. */
const rows = { generation: async () => 0 } as unknown as Rows;

test('what is kept has a limit, however many regions somebody names', async () => {
  const answers = new Answers<number>(rows);
  let found = 0;
  const ask = (region: string) => answers.of({ account: '000000000000', region }, 'question', async () => ++found);
  const first = await ask('first');
  assert.equal(await ask('first'), first);
  for (let n = 1; n < 10_000; n++) await ask(`region-${n}`);
  assert.equal(await ask('first'), first);
  await ask('one-more');
  assert.notEqual(await ask('first'), first);
});
