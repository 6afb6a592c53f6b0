import type Database from 'better-sqlite3';

/**
 * The reads of one turn of the event loop share a snapshot, for SQLite takes and gives back its locks once for all of
 * them: that costs more than most of our reads do. It ends before the writer begins, so a read sees all that is committed,
 * and with the turn, so a checkpoint waits for no reader.
 */
export class Snapshot {
  readonly #db: Database.Database;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#begin = db.prepare('begin');
    this.#commit = db.prepare('commit');
  }

  /** To be called before a read, never while the writer is at work. */
  open(): void {
    if (this.#db.inTransaction) return;
    this.#begin.run();
    setImmediate(() => this.end());
  }

  end(): void {
    if (this.#db.open && this.#db.inTransaction) this.#commit.run();
  }
}
