import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DAY, MINUTE, MovableClock } from '../../base/clock.ts';
import { TimeOrderedIds } from '../../base/ids.ts';
import { silentLog } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { Timeline } from '../../base/timeline.ts';
import { openEmbedded } from '../../storage/embedded/embedded.ts';
import { facts } from '../../storage/facts.ts';
import type { Command } from '../../storage/ports.ts';
import { type Notice, Notices } from './notices.ts';

const notice: Notice = {
  account: '000000000000',
  region: 'us-east-1',
  kind: 'production-access',
  to: 'jane@example.com',
  letter: { subject: 'Your case', text: 'It is decided.\n', html: '<p>It is decided.' },
};

/** Notices over a store of their own; `batches` says what each try to make a message ends in. */
async function notices(t: TestContext, accept: (notice: Notice, attempt: number) => Command[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sesame-notices-'));
  const clock = new MovableClock();
  const store = await openEmbedded({
    folder,
    clock,
    random: systemRandom,
    log: silentLog,
    diskReserve: 0,
    onFatal(error) {
      throw error;
    },
  });
  const tries: Notice[] = [];
  const announced: Notice[] = [];
  const open = () =>
    new Notices({
      rows: store.rows,
      ids: new TimeOrderedIds(clock, systemRandom),
      accept: async (one) => {
        tries.push(one);
        return { batch: accept(one, tries.length), announce: () => void announced.push(one) };
      },
      clock,
      random: systemRandom,
      log: silentLog,
    });
  const room = open();
  const timeline = new Timeline(clock, [room.loop]);
  await room.start();
  t.after(async () => {
    await room.stop();
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const owe = (cause: Command[] = []) => store.rows.write([...cause, room.owe(notice)], 'durable');
  return { room, timeline, store, tries, announced, owe };
}

test('a notice becomes one message, in the transaction in which it goes', async (t) => {
  const { room, timeline, store, tries, announced, owe } = await notices(t, () => [facts.set('message', 'accepted')]);
  await owe();
  room.announce();
  await timeline.advance(0);
  assert.deepEqual(tries, [notice]);
  assert.deepEqual(announced, [notice]);
  assert.equal(await facts.get(store.rows, 'message'), 'accepted');
  await timeline.advance(2 * DAY);
  assert.equal(tries.length, 1);
});

test('what is undone owes nothing', async (t) => {
  const { timeline, tries, owe } = await notices(t, () => []);
  const impossible: Command = { ...facts.set('cause', 'true'), expect: 2 };
  assert.equal((await owe([impossible])).applied, false);
  await timeline.advance(DAY);
  assert.deepEqual(tries, []);
});

test('what cannot become a message is tried again with growing waits', async (t) => {
  const { timeline, announced, tries, owe } = await notices(t, (_, attempt) => {
    if (attempt < 4) throw new Error('busy');
    return [];
  });
  await owe();
  await timeline.advance(0);
  assert.equal(tries.length, 1);
  await timeline.advance(MINUTE);
  assert.equal(tries.length, 4);
  assert.equal(announced.length, 1);
});

test('for a day; then it is given up', async (t) => {
  const { timeline, announced, tries, owe } = await notices(t, () => {
    throw new Error('no room');
  });
  await owe();
  await timeline.advance(2 * DAY);
  const all = tries.length;
  assert.ok(all > 70 && all < 90, `${all} tries`);
  await timeline.advance(30 * DAY);
  assert.equal(tries.length, all);
  assert.deepEqual(announced, []);
});
