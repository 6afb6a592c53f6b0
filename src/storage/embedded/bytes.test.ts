import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { newFolder, openTestStore } from './ground.ts';

const large = Buffer.alloc(100_000, 'large');
const filesIn = (folder: string) =>
  readdirSync(join(folder, 'segments'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

test('a file is there before its row, and goes after its last owner', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  const { segment, commands } = await store.bytes.stage(large);
  assert.deepEqual(filesIn(folder), [segment.id]);
  await store.rows.write(commands, 'durable');
  await store.rows.write(store.bytes.release([segment]), 'committed');
  await store.close();
  assert.deepEqual(filesIn(folder), []);
});

test('content that comes in pieces leaves one file, and none where it is dropped', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  const [kept, again, dropped] = [store.bytes.incoming(), store.bytes.incoming(), store.bytes.incoming()];
  for (const one of [kept, again, dropped]) await one.write(large);
  await dropped.drop();
  const [{ segment, commands }, second] = await Promise.all([kept.end(), again.end()]);
  assert.deepEqual(second.segment, segment);
  assert.deepEqual(filesIn(folder), [segment.id]);
  await store.rows.write([...commands, ...second.commands], 'durable');
  await store.close();
  assert.deepEqual(filesIn(folder), [segment.id]);
});

test('erasing everything removes the files', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  const { commands } = await store.bytes.stage(large);
  await store.rows.write(commands, 'durable');
  await store.erase();
  await store.close();
  assert.deepEqual(filesIn(folder), []);
});

test('a staged file outlives the last owner of equal content, until it is written or forgotten', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  const owned = await store.bytes.stage(large);
  await store.rows.write(owned.commands, 'durable');
  let staged: Awaited<ReturnType<typeof store.bytes.stage>> | undefined = await store.bytes.stage(large);
  await store.rows.write(store.bytes.release([owned.segment]), 'durable');
  // Time enough for a removal, if there were one.
  for (let n = 0; n < 20; n++) await store.rows.write([], 'durable');
  assert.equal((await store.rows.write(staged.commands, 'durable')).applied, true);
  assert.deepEqual(await store.bytes.read([owned.segment]), large);

  // A batch that nobody can write any more lets go of its file.
  staged = await store.bytes.stage(Buffer.alloc(100_000, 'never written'));
  const { id } = staged.segment;
  staged = undefined;
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let n = 0; n < 1_000 && filesIn(folder).includes(id); n++) {
    collect();
    await setImmediate();
  }
  assert.deepEqual(filesIn(folder), [owned.segment.id]);
  await store.close();
});

test('what a crash left without a row is swept at the next start, the rest is kept', async (t) => {
  const folder = newFolder(t);
  let store = await openTestStore(folder);
  const kept = await store.bytes.stage(large);
  await store.rows.write(kept.commands, 'durable');
  await store.close();
  const orphan = 'ab'.repeat(32);
  mkdirSync(join(folder, 'segments', 'ab'), { recursive: true });
  writeFileSync(join(folder, 'segments', 'ab', orphan), 'orphan');
  writeFileSync(join(folder, 'segments', 'incoming', '7'), 'half');
  store = await openTestStore(folder);
  for (let n = 0; n < 10_000 && existsSync(join(folder, 'segments', 'ab', orphan)); n++) await setImmediate();
  assert.deepEqual(filesIn(folder), [kept.segment.id]);
  assert.deepEqual(await store.bytes.read([kept.segment]), large);
  await store.close();
});
