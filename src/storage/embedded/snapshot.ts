import type Database from 'better-sqlite3';

/**
 * The reads of one turn of the event loop share a snapshot, for SQLite takes and gives back its locks once for all of
 * them: that costs more than most of our reads do. It ends before the writer begins, so a read sees all that is committed,
 * and with the turn. While the log is to start again, which no reader may hold up, each read is for itself.
 */
export class Snapshot {
  readonly #db: Database.Database;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  #suspended = false;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#begin = db.prepare('begin');
    this.#commit = db.prepare('commit');
  }

  /** To be called before a read, never while the writer is at work. */
  open(): void {
    if (this.#suspended || this.#db.inTransaction) return;
    this.#begin.run();
    setImmediate(() => this.end());
  }

  end(): void {
    if (this.#db.open && this.#db.inTransaction) this.#commit.run();
  }

  /** Ends it, and no other is opened until `resume`: a turn may be longer than the log is waited for. */
  suspend(): void {
    this.end();
    this.#suspended = true;
  }

  resume(): void {
    this.#suspended = false;
  }
}
