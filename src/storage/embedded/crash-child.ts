import { letters } from '../contract/letters.ts';
import { openTestStore } from './ground.ts';

/**
 * Run by `crash.test.ts` to be killed: writes as fast as it can and prints each id once it is acknowledged as durable.
 * A batch is two letters that belong together, now and then with content that is a file, and letters that are given up.
 */
const [folder = '', round = ''] = process.argv.slice(2);
const WRITERS = 20;
// Small bounds, so that the kill also meets checkpoints and logs that begin again.
const store = await openTestStore(folder, { logBounds: { soft: 256 * 1024, hard: 1024 * 1024 } });
let count = 0;

async function writeOn(): Promise<never> {
  for (;;) {
    const id = `${round}-${count++}`;
    // Few different contents, so that the last owner often goes while the next one comes.
    const content = Buffer.alloc(count % 20 === 0 ? 70_000 : 1_000, String(count % 3));
    const { segment, commands } = await store.bytes.stage(content);
    const segments = JSON.stringify([segment]);
    await store.rows.write(
      [letters.write({ id, state: 'first' }), ...commands, letters.write({ id, state: 'second', segments })],
      'durable',
    );
    process.stdout.write(`${id}\n`);
    if (count % 2) continue;
    await store.rows.write(
      [letters.move({ id, from: 'second', to: 'given up' }), ...store.bytes.release([segment])],
      'committed',
    );
  }
}
await Promise.all(Array.from({ length: WRITERS }, writeOn));
