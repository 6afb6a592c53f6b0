import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MovableClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { systemRandom } from '../../base/random.ts';
import { lettersMigrations } from '../contract/letters.ts';
import type { Store } from '../ports.ts';
import { type EmbeddedOptions, openEmbedded, type Seams } from './embedded.ts';

/** For tests: a folder of its own that goes when the test is over. */
export function newFolder(t: { after(work: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'sesame-store-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For tests: a store with the table of letters. */
export function openTestStore(
  folder: string,
  seams: Seams = {},
  options: Partial<EmbeddedOptions> = {},
): Promise<Store> {
  return openEmbedded({
    folder,
    clock: new MovableClock(),
    random: systemRandom,
    log: silentLog,
    diskReserve: 0,
    onFatal(error) {
      throw error;
    },
    ...options,
    seams: { migrations: lettersMigrations('sqlite'), ...seams },
  });
}

/** Chance that can be had again: numbers from 0 to 1 (mulberry32). */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
