import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { Clock } from '../../base/clock.ts';
import { TimeOrderedIds } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Migrations, migrations } from '../migrations/migrations.ts';
import type { Call, Rows, Scope, Store } from '../ports.ts';
import { SharedBytes } from './bytes.ts';
import { Checkpoints, type LogBounds, logBounds } from './checkpoints.ts';
import { migrate, openDatabase } from './database.ts';
import { DiskSpace } from './disk-space.ts';
import { erasing } from './erase.ts';
import { Flusher } from './flusher.ts';
import { KnownGenerations } from './known-generations.ts';
import { lockFolder } from './lock.ts';
import { LogFile } from './log-file.ts';
import { PreparedStatements } from './prepared.ts';
import { SegmentFiles, syncFolder } from './segment-files.ts';
import { Snapshot } from './snapshot.ts';
import { Writer } from './writer.ts';

export interface EmbeddedOptions {
  /** Made if missing; holds everything: `sesame.db`, its log, `segments/`, `lock`. */
  readonly folder: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Octets that stay free on the disk, see `Store.isFull`. */
  readonly diskReserve: number;
  /**
   * Called once when the disk failed. Nothing that waits is acknowledged, no later write is accepted. The process has to
   * die without closing anything (SIGKILL): an orderly end would copy from a log of which nobody knows what is on disk.
   */
  readonly onFatal: (error: Error) => void;
  readonly seams?: Seams;
}

/** What tests put in place of the machine. */
export interface Seams {
  readonly flush?: (fd: number) => Promise<void>;
  readonly freeBytes?: (folder: string) => Promise<number>;
  readonly logBounds?: LogBounds;
  /** Pages that the database may have: a disk that is full early. */
  readonly pageLimit?: number;
  /** With the tables of a test. */
  readonly migrations?: Migrations;
}

/**
 * The embedded home: SQLite in the data folder, one process, one connection for reads and writes on the main thread.
 * Reads see what is committed. Fails with a sentence if another process has the folder or a newer version wrote it.
 */
export async function openEmbedded(options: EmbeddedOptions): Promise<Store> {
  const folder = resolve(options.folder);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  const unlock = lockFolder(folder);
  try {
    const db = openDatabase(join(folder, 'sesame.db'), options.seams?.pageLimit);
    try {
      await migrate(db, options.seams?.migrations ?? migrations('sqlite'));
      const files = await SegmentFiles.open(join(folder, 'segments'));
      await syncFolders(folder, made);
      const space = await DiskSpace.watch({
        folder,
        reserve: options.diskReserve,
        log: options.log,
        freeBytes: options.seams?.freeBytes,
      });
      return new EmbeddedStore({ db, files, space, unlock, options });
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    unlock();
    throw error;
  }
}

/** The names of the database and its log, and of folders just made, must be on disk before what is in them counts. */
async function syncFolders(folder: string, made: string | undefined): Promise<void> {
  await syncFolder(folder);
  if (made && folder !== dirname(made)) await syncFolders(dirname(folder), made);
}

interface Parts {
  readonly db: Database.Database;
  readonly files: SegmentFiles;
  readonly space: DiskSpace;
  readonly unlock: () => void;
  readonly options: EmbeddedOptions;
}

class EmbeddedStore implements Store {
  readonly rows: Rows;
  readonly bytes: SharedBytes;
  readonly #parts: Parts;
  readonly #writer: Writer;
  readonly #flusher: Flusher;
  readonly #checkpoints: Checkpoints;
  readonly #logFile: LogFile;
  readonly #sweep: Promise<void>;
  #fatal: Error | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: Parts) {
    const { db, files, options } = parts;
    const { clock, random, log, seams = {} } = options;
    this.#parts = parts;
    this.#logFile = new LogFile(`${db.name}-wal`, seams.flush);
    const failed = (error: Error) => this.#fail(error);
    const prepared = new PreparedStatements(db);
    const snapshot = new Snapshot(db);
    const known = new KnownGenerations(prepared);
    this.#flusher = new Flusher(() => this.#logFile.flush(), failed);
    const ids = new TimeOrderedIds(clock, random);
    const warn = (error: Error) => log.warn(error, 'A file of a segment could not be removed');
    const durable = () => this.#flusher.durable();
    this.bytes = new SharedBytes({ prepared, snapshot, files, nextId: () => ids.next(), durable, failed: warn });
    this.#writer = new Writer({
      db,
      prepared,
      snapshot,
      flusher: this.#flusher,
      applied: (batch, rows) => {
        known.applied(batch);
        this.bytes.applied(batch, rows);
      },
      committed: () => this.#checkpoints.look(),
    });
    const bounds = seams.logBounds ?? logBounds;
    this.#checkpoints = new Checkpoints({ db, snapshot, bounds, writer: this.#writer, log, failed });
    this.rows = {
      first: async <Row>(call: Call<Row>) => {
        snapshot.open();
        return prepared.first(call) as Row | undefined;
      },
      all: async <Row>(call: Call<Row>) => {
        snapshot.open();
        return prepared.all(call) as Row[];
      },
      generation: async (scope) => known.of(scope),
      write: (batch, until) => this.#writer.write(batch, until),
    };
    this.#sweep = this.bytes.sweep().catch(warn);
  }

  isFull(): boolean {
    return this.#parts.space.full;
  }

  async erase(scope?: Scope): Promise<void> {
    const outcome = await this.rows.write(erasing(this.#parts.db, scope), 'durable');
    if (outcome.applied) this.bytes.dropped((outcome.rows.at(-1) as { id: string }[]).map(({ id }) => id));
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #fail(error: Error): void {
    if (this.#fatal) return;
    this.#fatal = error;
    this.#writer.stop(error);
    this.#checkpoints.stop();
    this.#parts.options.onFatal(error);
  }

  async #close(): Promise<void> {
    const { db, space, unlock } = this.#parts;
    space.close();
    await this.#writer.close();
    await this.bytes.close();
    await this.#sweep;
    await this.#flusher.durable().catch(() => {});
    await this.#checkpoints.close();
    await this.#logFile.close();
    // A second connection keeps SQLite from the checkpoint that closing the last one implies.
    const guard = this.#fatal && new Database(db.name, { readonly: true });
    guard?.pragma('user_version');
    db.close();
    guard?.close();
    unlock();
  }
}
