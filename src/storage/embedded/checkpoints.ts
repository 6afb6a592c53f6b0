import type Database from 'better-sqlite3';
import type { Log } from '../../base/log.ts';
import { Thread, type Work } from '../../base/thread.ts';
import { PAGE } from './database.ts';
import type { Snapshot } from './snapshot.ts';

/** Octets of a frame of the log: a page and its header. */
const FRAME = PAGE + 24;
/** Milliseconds that the thread, and so the writer, waits for readers of other programs. */
const PATIENCE = 50;

/** In octets: from where on the log is worked off beside the writer, and the length at which the writer waits for that. */
export interface LogBounds {
  readonly soft: number;
  readonly hard: number;
}
/** The writer's pause grows with the first (30 ms for 16 MiB, 100 ms for 64 MiB); the throughput does not change. */
export const logBounds: LogBounds = { soft: 16 * 1024 * 1024, hard: 64 * 1024 * 1024 };

interface Options {
  readonly db: Database.Database;
  readonly snapshot: Snapshot;
  readonly bounds: LogBounds;
  readonly writer: { pause(): void; resume(): void };
  readonly log: Log;
  /** The disk failed: what the database file holds is unknown. */
  readonly failed: (error: Error) => void;
}

type Mode = 'passive' | 'restart';
interface Done {
  readonly busy: number;
}
interface Connection {
  readonly file: string;
  readonly timeout: number;
}

/** Runs in the thread, on a connection of its own. */
function checkpointing({ file, timeout }: Connection, require: NodeJS.Require): Work<Mode, Done> {
  const Sqlite = require('better-sqlite3') as typeof Database;
  const db = new Sqlite(file, { timeout });
  db.pragma('synchronous = normal');
  return {
    answer: (mode) => (db.pragma(`wal_checkpoint(${mode})`) as [Done])[0],
    end: () => db.close(),
  };
}

/**
 * Keeps the log bounded. The long part (copying pages, flushing both files) runs beside the writer; for the short rest
 * the writer pauses, so that the log starts again at its beginning. It is not cut: writing over it costs a flush half of
 * what growing it costs.
 */
export class Checkpoints {
  readonly #options: Options;
  readonly #length: Database.Statement<[], { log: number; checkpointed: number }>;
  #thread: Thread<Connection, Mode, Done> | undefined;
  #underway: Promise<void> | undefined;
  #threshold: number;
  #stopped = false;

  constructor(options: Options) {
    this.#options = options;
    this.#threshold = options.bounds.soft;
    this.#length = options.db.prepare('pragma wal_checkpoint(noop)');
  }

  /** To be called after each commit. */
  look(): void {
    if (this.#stopped) return;
    const { log, checkpointed } = this.#measure();
    if ((log - checkpointed) * FRAME >= this.#threshold) this.#underway ??= this.#run();
    if (this.#underway && log * FRAME >= this.#options.bounds.hard) this.#options.writer.pause();
  }

  /** Begins nothing new: the log is not to be trusted. */
  stop(): void {
    this.#stopped = true;
  }

  /** Waits for the one under way and ends the thread. */
  async close(): Promise<void> {
    this.stop();
    await this.#underway;
    await this.#thread?.close();
  }

  async #run(): Promise<void> {
    const { writer, snapshot, bounds, log, failed } = this.#options;
    try {
      await this.#ask('passive');
      if (this.#stopped) return;
      writer.pause();
      snapshot.suspend();
      const { busy } = await this.#ask('restart');
      if (busy) log.warn('Another program reads the database for long; the log grows until it is done');
    } catch (error) {
      if ((error as { code?: string }).code?.startsWith('SQLITE_IOERR')) failed(error as Error);
      else log.warn(error, 'The log could not be worked off; it grows until it can');
    } finally {
      snapshot.resume();
      const { log: frames, checkpointed } = this.#measure();
      this.#threshold = (frames - checkpointed) * FRAME + bounds.soft;
      this.#underway = undefined;
      writer.resume();
    }
  }

  /** In frames; not to be asked within a transaction. */
  #measure() {
    this.#options.snapshot.end();
    return this.#length.get()!;
  }

  async #ask(mode: Mode): Promise<Done> {
    // One that broke is replaced.
    if (!this.#thread || this.#thread.ended) {
      this.#thread = new Thread(checkpointing, { file: this.#options.db.name, timeout: PATIENCE });
    }
    return this.#thread.ask(mode);
  }
}
