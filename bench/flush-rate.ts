/** A raw limit: how often a second this disk keeps 4 KB more, one after the other. */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bench } from './peers.ts';
import { alternate, type Figure } from './rounds.ts';

const OCTETS = 4_096;

export async function flushRate({ effort }: Bench): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sesame-bench-flush-'));
  const run = async () => appendAndFlush(join(folder, 'log'), Math.min(effort.seconds, 2));
  try {
    return await alternate(
      { scenario: 'fdatasync of 4 KB appends', unit: '/s' },
      [{ peer: 'disk', run }],
      effort.rounds,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function appendAndFlush(path: string, seconds: number): number {
  const file = openSync(path, 'a');
  const record = Buffer.alloc(OCTETS, 'x');
  const from = performance.now();
  let flushes = 0;
  while (performance.now() - from < seconds * 1_000) {
    writeSync(file, record);
    fdatasyncSync(file);
    flushes++;
  }
  closeSync(file);
  return flushes / ((performance.now() - from) / 1_000);
}
