import assert from 'node:assert/strict';
import { copyFileSync, fdatasync, fstatSync, mkdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { letters } from '../contract/letters.ts';
import type { Store } from '../ports.ts';
import { newFolder, openTestStore, seeded } from './ground.ts';

const seed = Number(process.env['SESAME_CRASH_SEED'] ?? Date.now() % 1_000_000);
const WRITERS = 8;
const BATCHES = 60;
const CUTS = 12;

/** What a power cut leaves for certain: the log as long as it was when a flush began that finished. */
interface Cut {
  readonly length: number;
  readonly acknowledged: number;
}

async function writeLetters(store: Store, acknowledged: string[]): Promise<void> {
  const writeSome = async (writer: number) => {
    for (let n = 0; n < BATCHES; n++) {
      const id = `${writer}-${n}`;
      await store.rows.write(
        [letters.write({ id, state: 'first' }), letters.write({ id, state: 'x'.repeat(n * 50) })],
        'durable',
      );
      acknowledged.push(id);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeSome(writer)));
}

test(`a power cut after any flush loses nothing that was acknowledged (seed ${seed})`, async (t) => {
  const random = seeded(seed);
  const folder = newFolder(t);
  const acknowledged: string[] = [];
  const cuts: Cut[] = [];
  let flushed = 0;
  const store = await openTestStore(folder, {
    async flush(fd) {
      const length = fstatSync(fd).size;
      await promisify(fdatasync)(fd);
      // What was acknowledged until here rests on the flushes before this one.
      cuts.push({ length: flushed, acknowledged: acknowledged.length });
      flushed = length;
    },
  });
  await writeLetters(store, acknowledged);
  const files = ['sesame.db', 'sesame.db-wal'].map((name) => join(folder, name)) as [string, string];
  const copy = newFolder(t);
  const [database, log] = [join(copy, 'database'), join(copy, 'log')];
  copyFileSync(files[0], database);
  copyFileSync(files[1], log);
  await store.close();

  for (let n = 0; n < CUTS; n++) {
    const cut = cuts[Math.floor(random() * cuts.length)]!;
    const cutFolder = join(copy, String(n));
    mkdirSync(cutFolder);
    copyFileSync(database, join(cutFolder, 'sesame.db'));
    copyFileSync(log, join(cutFolder, 'sesame.db-wal'));
    // Whatever of the next flush had reached the disk as well.
    truncateSync(join(cutFolder, 'sesame.db-wal'), cut.length + Math.floor(random() * 10_000));
    const left = await openTestStore(cutFolder);
    const found = new Map<string, number>();
    for (const { id } of await left.rows.all(letters.all({}))) found.set(id, (found.get(id) ?? 0) + 1);
    for (const id of acknowledged.slice(0, cut.acknowledged)) assert.ok(found.has(id), `${id} is lost`);
    for (const [id, count] of found) assert.equal(count, 2, `${id} is torn`);
    await left.close();
  }
  assert.ok(cuts.length > BATCHES / 2, 'many flushes were cut');
});
