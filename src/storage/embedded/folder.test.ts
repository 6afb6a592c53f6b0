import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { letters } from '../contract/letters.ts';
import { migrations } from '../migrations/migrations.ts';
import { newFolder, openTestStore } from './ground.ts';

test('one process has the folder, a second one is refused with a sentence', async (t) => {
  const folder = join(newFolder(t), 'made', 'on the way');
  const store = await openTestStore(folder);
  await assert.rejects(openTestStore(folder), /in use by another Sesame/);
  const script = `
    const { openTestStore } = await import(${JSON.stringify(import.meta.resolve('./ground.ts'))});
    await openTestStore(${JSON.stringify(folder)}).catch((error) => console.log(error.message));`;
  const second = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  assert.match(second.stdout, /in use by another Sesame; stop that one, or set another SESAME_DATA/);
  await store.rows.write([letters.write({ id: 'still mine' })], 'durable');
  await store.close();
  await (await openTestStore(folder)).close();
});

test('closing leaves one whole file and no log', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  await store.rows.write([letters.write({ id: 'a' })], 'durable');
  await Promise.all([store.close(), store.close()]);
  assert.equal(existsSync(join(folder, 'sesame.db-wal')), false);
});

test('closing waits for no reader, and leaves no log behind one either', async (t) => {
  const folder = newFolder(t);
  const store = await openTestStore(folder);
  await store.rows.write([letters.write({ id: 'a' })], 'durable');
  // In every turn until there is nothing to read any more.
  const reads = (async () => {
    for (;;) {
      assert.equal((await store.rows.all(letters.all({}))).length, 1);
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const [end] = await Promise.allSettled([reads, store.close()]);
  assert.match(String(end.status === 'rejected' && end.reason), /connection is not open/);
  assert.equal(existsSync(join(folder, 'sesame.db-wal')), false);
});

test('a folder of a newer version is refused and left alone', async (t) => {
  const folder = newFolder(t);
  await (await openTestStore(folder)).close();
  await assert.rejects(openTestStore(folder, { migrations: migrations('sqlite') }), /written by a newer Sesame/);
  await (await openTestStore(folder)).close();
});

test('a migration that fails leaves nothing behind', async (t) => {
  const folder = newFolder(t);
  const failing = {
    ...migrations('sqlite'),
    '0002-broken': {
      async up() {
        throw new Error('no');
      },
    },
  };
  await assert.rejects(openTestStore(folder, { migrations: failing }), /could not be brought to this version/);
  const db = new Database(join(folder, 'sesame.db'), { readonly: true });
  assert.deepEqual(db.prepare('select name from sqlite_schema').all(), []);
  db.close();
  await (await openTestStore(folder)).close();
});
