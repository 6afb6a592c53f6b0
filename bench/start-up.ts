/** From the start of node to the first 200 of `GET /readyz`, on a data folder that exists (the second start on). */
import { rm } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { compileCache, nodeEnvironment, nodeFlags } from '../scripts/node-flags.mjs';
import { finished, freePort, pause, start, stop, temporaryFolder } from './children.ts';
import type { Bench } from './peers.ts';
import { alternate, type Contender, type Figure } from './rounds.ts';
import { startAwsSesV2Local } from './send-email.ts';
import { cleanEnvironment, sesameEnvironment } from './sesame.ts';

const MAIN = join(import.meta.dirname, '../src/main.ts');
const LOOK = 2;
const LIMIT = 30_000;

export async function startUp({ effort, places }: Bench): Promise<Figure[]> {
  const folder = await temporaryFolder('start');
  const local = await startAwsSesV2Local(places);
  if (local) await stop(local.child);
  const contenders: Contender[] = [
    { peer: 'sesame', run: () => sesame(folder) },
    ...(local ? [{ peer: 'aws-ses-v2-local', run: () => awsSesV2Local(places) }] : []),
    { peer: 'node alone', run: async () => 1_000 * (await finished(start(process.execPath, ['-e', '0']))) },
  ];
  try {
    await sesame(folder);
    return await alternate({ scenario: 'Start-up', unit: 'ms' }, contenders, Math.max(effort.rounds, 3));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sesame(folder: string): Promise<number> {
  const port = await freePort();
  const from = performance.now();
  const own = { ...sesameEnvironment(folder), SESAME_HTTP: `127.0.0.1:${port}` };
  const environment = { ...cleanEnvironment(), ...nodeEnvironment, ...compileCache, ...own };
  const child = start(process.execPath, [...nodeFlags, MAIN, 'up'], { env: environment });
  const milliseconds = await ready(`http://127.0.0.1:${port}/readyz`, from);
  await stop(child);
  return milliseconds;
}

async function awsSesV2Local(places: Bench['places']): Promise<number> {
  const from = performance.now();
  const { child, port } = (await startAwsSesV2Local(places, false))!;
  const milliseconds = await ready(`http://127.0.0.1:${port}/health-check`, from);
  await stop(child);
  return milliseconds;
}

async function ready(url: string, from: number): Promise<number> {
  for (;;) {
    if (await isOk(url)) return performance.now() - from;
    if (performance.now() - from > LIMIT) throw new Error(`${url} is not ready`);
    await pause(LOOK);
  }
}

function isOk(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    request.once('error', () => resolve(false));
  });
}
