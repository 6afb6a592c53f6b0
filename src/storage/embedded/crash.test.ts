import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { letters } from '../contract/letters.ts';
import type { Segment, Store } from '../ports.ts';
import { newFolder, openTestStore, seeded } from './ground.ts';

const rounds = Number(process.env['SESAME_CRASH_ROUNDS'] ?? 4);
const seed = Number(process.env['SESAME_CRASH_SEED'] ?? Date.now() % 1_000_000);
const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/** Kills the writing child after so many acknowledgements; answers every id that it acknowledged. */
async function killAfter(acknowledgements: number, folder: string, round: number): Promise<string[]> {
  const { stdout, kill } = spawnChild(folder, round);
  let text = '';
  for await (const chunk of stdout.setEncoding('utf8')) {
    text += chunk;
    if (text.split('\n').length > acknowledgements) kill();
  }
  return text.slice(0, text.lastIndexOf('\n')).split('\n');
}

function spawnChild(folder: string, round: number) {
  const started = spawn(process.execPath, [child, folder, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return { stdout: started.stdout, kill: () => started.kill('SIGKILL'), exit: once(started, 'exit') };
}

async function check(store: Store, acknowledged: readonly string[]): Promise<void> {
  const found = new Map<string, string[]>();
  for (const { id, state } of await store.rows.all(letters.all({}))) found.set(id, [...(found.get(id) ?? []), state]);
  for (const id of acknowledged) assert.ok(found.has(id), `${id} was acknowledged and is lost`);
  for (const [id, states] of found) {
    assert.equal(states.length, 2, `${id} is torn`);
    const second = (await store.rows.all(letters.of({ id })))[1]!;
    if (second.state === 'given up') continue;
    const segments = JSON.parse(second.segments) as Segment[];
    assert.equal((await store.bytes.read(segments)).length, segments[0]!.size);
  }
}

test(`kill -9 under load loses nothing that was acknowledged (seed ${seed}, ${rounds} rounds)`, async (t) => {
  const folder = newFolder(t);
  const random = seeded(seed);
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    acknowledged.push(...(await killAfter(1 + random() * 1_500, folder, round)));
    // Every other time the next process to be killed meets the log as this one left it.
    if (round % 2 === 0 && round < rounds - 1) continue;
    const store = await openTestStore(folder);
    await check(store, acknowledged);
    await store.erase();
    acknowledged.length = 0;
    await store.close();
  }
});
