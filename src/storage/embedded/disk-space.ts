import { statfs } from 'node:fs/promises';
import type { Log } from '../../base/log.ts';

/** Milliseconds, of real time, between two looks. */
const INTERVAL = 1_000;

interface Options {
  readonly folder: string;
  /** Octets that stay free. */
  readonly reserve: number;
  readonly log: Log;
  readonly freeBytes?: (folder: string) => Promise<number>;
}

/** Whether free disk is below the reserve, known without asking the disk each time. */
export class DiskSpace {
  readonly #options: Options;
  readonly #timer: NodeJS.Timeout;
  #full = false;

  private constructor(options: Options) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), INTERVAL);
    this.#timer.unref();
  }

  static async watch(options: Options): Promise<DiskSpace> {
    const space = new DiskSpace(options);
    await space.#look();
    return space;
  }

  get full(): boolean {
    return this.#full;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const { folder, reserve, log, freeBytes = availableBytes } = this.#options;
    try {
      const full = (await freeBytes(folder)) < reserve;
      if (full !== this.#full) {
        if (full) log.warn({ folder, reserve }, 'Free disk is below the reserve: nothing is accepted');
        else log.info({ folder }, 'Free disk is above the reserve again');
      }
      this.#full = full;
    } catch (error) {
      log.error(error, 'Free disk is unknown');
    }
  }
}

async function availableBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
