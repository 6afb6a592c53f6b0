import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import { Thread, type Work } from '../../base/thread.ts';

/** A store that lives no longer than this many flushes does without a thread. */
const FLUSHES_IN_POOL = 100;

const flushInPool = promisify(fdatasync);

/** Runs in the thread. */
function flushing(_: null, require: NodeJS.Require): Work<number, null> {
  const { fdatasyncSync } = require('node:fs') as typeof import('node:fs');
  return {
    answer(fd) {
      fdatasyncSync(fd);
      return null;
    },
  };
}

/**
 * SQLite's log, opened once more to be flushed. That is safe (SQLite's locks are on the database and its index); opening
 * and closing the database file by hand would not be.
 *
 * A busy store flushes in a thread of its own: in the thread pool it would stand in line behind signatures and name
 * look-ups (with 50 signatures under way, accepting fell to a fifth).
 */
export class LogFile {
  readonly #fd: number;
  readonly #flushed: ((fd: number) => Promise<void>) | undefined;
  #thread: Thread<null, number, null> | undefined;
  #count = 0;

  /** `flush` takes the place of the disk in tests. */
  constructor(path: string, flush?: (fd: number) => Promise<void>) {
    this.#fd = openSync(path, 'r+');
    this.#flushed = flush;
  }

  /** What has been written is on disk; one call at a time. */
  async flush(): Promise<void> {
    if (this.#flushed) return this.#flushed(this.#fd);
    this.#count += 1;
    if (this.#count === FLUSHES_IN_POOL) this.#thread = new Thread(flushing, null);
    if (this.#thread?.online) await this.#thread.ask(this.#fd);
    else await flushInPool(this.#fd);
  }

  async close(): Promise<void> {
    await this.#thread?.close();
    closeSync(this.#fd);
  }
}
