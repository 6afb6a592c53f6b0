import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MovableClock } from './clock.ts';
import { silentLog } from './log.ts';
import { Timeline } from './timeline.ts';
import { type Pass, WorkLoop } from './work-loop.ts';

/** Rows with a due time; work on one may defer it. */
class Rows {
  readonly done: string[] = [];
  readonly due = new Map<string, number>();
  readonly #clock: MovableClock;
  inFlight = 0;
  mostInFlight = 0;

  constructor(clock: MovableClock) {
    this.#clock = clock;
  }

  look = async (room: number, work: (name: string) => Promise<number | undefined>): Promise<Pass> => {
    const now = this.#clock.civil();
    const found = [...this.due].filter(([, due]) => due <= now).slice(0, room);
    for (const [name] of found) this.due.delete(name);
    const tasks = found.map(([name]) => async () => {
      this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
      const again = await work(name);
      this.inFlight--;
      if (again === undefined) this.done.push(name);
      else this.due.set(name, again);
    });
    const left = [...this.due.values()];
    return { tasks, nextDue: left.length > 0 ? Math.min(...left) : undefined };
  };
}

function loopOver(rows: Rows, clock: MovableClock, work: (name: string) => Promise<number | undefined>, limit = 3) {
  return new WorkLoop({ name: 'test', clock, log: silentLog, limit, look: (room) => rows.look(room, work) });
}

test('all that is due is done, no more at a time than the limit', async () => {
  const clock = new MovableClock();
  const rows = new Rows(clock);
  const loop = loopOver(rows, clock, async () => undefined);
  for (let i = 0; i < 20; i++) rows.due.set(`${i}`, 0);
  loop.start();
  assert.equal(await loop.settled(), undefined);
  assert.equal(rows.done.length, 20);
  assert.ok(rows.mostInFlight <= 3);
  await loop.stop();
});

test('hints may be repeated and needless', async () => {
  const clock = new MovableClock();
  const rows = new Rows(clock);
  const loop = loopOver(rows, clock, async () => undefined);
  loop.start();
  for (let i = 0; i < 100; i++) loop.wake();
  await loop.settled();
  rows.due.set('late', 0);
  loop.wake();
  loop.wake();
  await loop.settled();
  assert.deepEqual(rows.done, ['late']);
  await loop.stop();
});

test('a look and a task that fail are logged and nothing stops', async () => {
  const clock = new MovableClock();
  const rows = new Rows(clock);
  const loop = loopOver(rows, clock, async (name) => {
    if (name === 'bad') throw new Error('bad');
    return undefined;
  });
  rows.due.set('bad', 0).set('good', 0);
  loop.start();
  await loop.settled();
  assert.deepEqual(rows.done, ['good']);
  await loop.stop();
});

test('time moves from due time to due time, over several loops that cause each other work', async (t) => {
  const clock = new MovableClock();
  const start = clock.civil();
  const [first, second] = [new Rows(clock), new Rows(clock)];
  const seen: number[] = [];
  let tries = 0;
  const told = loopOver(second, clock, async () => undefined);
  const retried = loopOver(first, clock, async () => {
    seen.push(Math.round((clock.civil() - start) / 1_000));
    if (++tries < 4) return clock.civil() + 60_000 * 2 ** tries;
    second.due.set('told', clock.civil() + 10_000);
    told.wake();
    return undefined;
  });
  first.due.set('retried', clock.civil() + 60_000);
  for (const loop of [told, retried]) {
    loop.start();
    t.after(() => loop.stop());
  }
  await new Timeline(clock, [told, retried]).advance(3_600_000);
  assert.deepEqual(seen, [60, 180, 420, 900]);
  assert.deepEqual([first.done, second.done], [['retried'], ['told']]);
  assert.ok(clock.civil() - start >= 3_600_000);
});
