import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { letters } from '../contract/letters.ts';
import { newFolder, openTestStore } from './ground.ts';

test('the log stays bounded under load, and no writer notices', async (t) => {
  const folder = newFolder(t);
  const hard = 1024 * 1024;
  const store = await openTestStore(folder, { logBounds: { soft: hard / 4, hard } });
  const picture = Buffer.alloc(4_000, 'x');
  let longest = 0;
  const writeSome = async (writer: number) => {
    for (let n = 0; n < 100; n++) {
      const outcome = await store.rows.write([letters.write({ id: `${writer}-${n}`, picture })], 'durable');
      assert.equal(outcome.applied, true);
      assert.equal((await store.rows.all(letters.of({ id: `${writer}-${n}` }))).length, 1);
      longest = Math.max(longest, statSync(join(folder, 'sesame.db-wal')).size);
    }
  };
  await Promise.all(Array.from({ length: 40 }, (_, writer) => writeSome(writer)));
  assert.equal((await store.rows.all(letters.all({}))).length, 4_000);
  // One transaction may begin just below the bound.
  assert.ok(longest < 2 * hard, `${longest} octets`);
  await store.close();
});

test('a reader of another program lets the log grow, and stops nobody', async (t) => {
  const folder = newFolder(t);
  const bound = 128 * 1024;
  const store = await openTestStore(folder, { logBounds: { soft: bound, hard: bound } });
  const picture = Buffer.alloc(4_000, 'x');
  await store.rows.write([letters.write({ id: 'a' })], 'durable');
  const reader = new Database(join(folder, 'sesame.db'), { readonly: true });
  reader.exec('begin');
  assert.deepEqual(reader.prepare('select count(*) as n from letters').get(), { n: 1 });
  const writeSome = () => {
    const writes = Array.from({ length: 200 }, () =>
      store.rows.write([letters.write({ id: 'b', picture })], 'durable'),
    );
    return Promise.all(writes);
  };
  await writeSome();
  assert.ok(statSync(join(folder, 'sesame.db-wal')).size > bound);
  assert.deepEqual(reader.prepare('select count(*) as n from letters').get(), { n: 1 });
  reader.exec('commit');
  await writeSome();
  reader.close();
  assert.equal((await store.rows.all(letters.of({ id: 'b' }))).length, 400);
  await store.close();
});
