import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Refusal } from '../../base/refusal.ts';
import { letters } from '../contract/letters.ts';
import { newFolder, openTestStore } from './ground.ts';

/** A disk whose flushes the test finishes by hand. */
function handFlushed() {
  const begun: PromiseWithResolvers<void>[] = [];
  let told = Promise.withResolvers<void>();
  return {
    begun,
    flush(): Promise<void> {
      begun.push(Promise.withResolvers());
      told.resolve();
      told = Promise.withResolvers();
      return begun.at(-1)!.promise;
    },
    next: () => told.promise,
  };
}

test('a flush acknowledges what was committed before it began, and only that', async (t) => {
  const disk = handFlushed();
  const store = await openTestStore(newFolder(t), { flush: disk.flush });
  const acknowledged: string[] = [];
  const write = async (id: string) => {
    await store.rows.write([letters.write({ id })], 'durable');
    acknowledged.push(id);
  };
  let begun = disk.next();
  const first = write('first');
  await begun;
  const late = [write('late'), write('later')];
  assert.deepEqual(acknowledged, []);
  begun = disk.next();
  disk.begun[0]!.resolve();
  await Promise.all([first, begun]);
  // What came meanwhile is one transaction, committed and not yet on disk.
  assert.equal((await store.rows.all(letters.of({ id: 'later' }))).length, 1);
  assert.deepEqual(acknowledged, ['first']);
  disk.begun[1]!.resolve();
  await Promise.all(late);
  assert.deepEqual(acknowledged, ['first', 'late', 'later']);
  const closing = store.close();
  await disk.next();
  disk.begun[2]!.resolve();
  await closing;
});

test('what is only committed is flushed soon, though nobody waits', async (t) => {
  const disk = handFlushed();
  const store = await openTestStore(newFolder(t), { flush: disk.flush });
  const begun = disk.next();
  assert.equal((await store.rows.write([letters.write({ id: 'a' })], 'committed')).applied, true);
  await begun;
  disk.begun[0]!.resolve();
  const closing = store.close();
  await disk.next();
  disk.begun[1]!.resolve();
  await closing;
});

test('a failed flush acknowledges nothing, takes nothing more and loses nothing', async (t) => {
  const folder = newFolder(t);
  const fatal: Error[] = [];
  let flushes = 0;
  const store = await openTestStore(
    folder,
    {
      async flush() {
        flushes += 1;
        if (flushes > 1) throw new Error('EIO');
      },
    },
    { onFatal: (error) => fatal.push(error) },
  );
  const write = (id: string) => store.rows.write([letters.write({ id })], 'durable');
  await write('before');
  const caught = await Promise.allSettled([write('a'), write('b')]);
  assert.deepEqual(
    caught.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  await assert.rejects(write('later'), /could not be flushed/);
  await assert.rejects(store.rows.write([], 'committed'), /could not be flushed/);
  assert.equal(fatal.length, 1);
  assert.equal(flushes, 2);
  await store.close();
  const again = await openTestStore(folder);
  assert.equal((await again.rows.all(letters.of({ id: 'before' }))).length, 1);
  await again.close();
});

test('a full disk refuses writes as busy, loses nothing, and is usable once there is room', async (t) => {
  const store = await openTestStore(newFolder(t), { pageLimit: 200 });
  const content = Buffer.alloc(10_000);
  const kept: { id: string; segment: { id: string; size: number } }[] = [];
  const refusals: unknown[] = [];
  const write = async (id: string) => {
    const { segment, commands } = await store.bytes.stage(content);
    try {
      await store.rows.write([...commands, letters.write({ id })], 'durable');
      kept.push({ id, segment });
    } catch (error) {
      refusals.push(error);
    }
  };
  for (let n = 0; refusals.length === 0; n += 10) {
    await Promise.all(Array.from({ length: 10 }, (_, k) => write(String(n + k))));
  }
  for (const refusal of refusals) assert.ok(refusal instanceof Refusal && refusal.code === 'busy');
  assert.deepEqual(
    new Set((await store.rows.all(letters.all({}))).map(({ id }) => id)),
    new Set(kept.map(({ id }) => id)),
  );
  assert.ok(kept.length > 20);
  await store.rows.write(store.bytes.release(kept.slice(0, 10).map(({ segment }) => segment)), 'durable');
  refusals.length = 0;
  await write('again');
  assert.deepEqual(refusals, []);
  await store.close();
});

test('below the reserve the home is full, and above it no more', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let free = 100;
  let told = Promise.withResolvers<void>();
  const store = await openTestStore(
    newFolder(t),
    {
      async freeBytes() {
        queueMicrotask(() => setImmediate(told.resolve));
        return free;
      },
    },
    { diskReserve: 50 },
  );
  assert.equal(store.isFull(), false);
  for (const [now, full] of [
    [49, true],
    [50, false],
  ] as const) {
    free = now;
    told = Promise.withResolvers();
    t.mock.timers.tick(1_000);
    await told.promise;
    assert.equal(store.isFull(), full);
  }
  await store.close();
});
