import type Database from 'better-sqlite3';
import { Refusal } from '../../base/refusal.ts';
import type { Command, Until, WriteOutcome } from '../ports.ts';
import type { Flusher } from './flusher.ts';
import type { PreparedStatements } from './prepared.ts';
import type { Snapshot } from './snapshot.ts';

/** A transaction takes no more batches after this many, or after this many milliseconds: the event loop is held no longer. */
const BATCHES = 256;
const TIME = 5;
/** Batches that may wait while the writer is paused or behind; more are refused as busy. */
const WAITING = 20_000;

interface Waiting {
  readonly batch: readonly Command[];
  readonly until: Until;
  resolve(outcome: WriteOutcome): void;
  reject(error: Error): void;
}
type Answer = { readonly outcome: WriteOutcome } | { readonly error: Error };

interface Options {
  readonly db: Database.Database;
  readonly prepared: PreparedStatements;
  readonly snapshot: Snapshot;
  readonly flusher: Flusher;
  /** At once after a commit: each batch that was applied, then the commit as a whole. */
  readonly applied: (batch: readonly Command[], rows: readonly (readonly unknown[])[]) => void;
  readonly committed: () => void;
}

/**
 * The one writer. Batches that are asked for in the same turn of the event loop share a transaction, and with the other
 * transactions of the moment a flush.
 */
export class Writer {
  readonly #options: Options;
  readonly #sql: Readonly<
    Record<'begin' | 'commit' | 'rollback' | 'savepoint' | 'undo' | 'release', Database.Statement>
  >;

  #waiting: Waiting[] = [];
  #scheduled = false;
  #paused = false;
  #stopped: Error | undefined;
  #drained: (() => void) | undefined;

  constructor(options: Options) {
    this.#options = options;
    const { db } = options;
    this.#sql = {
      begin: db.prepare('begin immediate'),
      commit: db.prepare('commit'),
      rollback: db.prepare('rollback'),
      savepoint: db.prepare('savepoint batch'),
      undo: db.prepare('rollback to batch'),
      release: db.prepare('release batch'),
    };
  }

  write(batch: readonly Command[], until: Until): Promise<WriteOutcome> {
    if (this.#stopped) return Promise.reject(this.#stopped);
    if (this.#waiting.length >= WAITING) return Promise.reject(new Refusal('busy', 'Too many writes are waiting'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ batch, until, resolve, reject });
      this.#schedule();
    });
  }

  /** No transaction from now on; writes wait. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** Whatever waits or comes later is rejected with this. */
  stop(error: Error): void {
    this.#stopped ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#stopped);
    this.#drained?.();
  }

  /** Takes no more, and resolves when what waits is committed. */
  async close(): Promise<void> {
    this.#stopped ??= new Error('The store is closed');
    if (this.#waiting.length > 0) await new Promise<void>((drained) => (this.#drained = drained));
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused) return;
    this.#scheduled = true;
    // After the sockets of this turn have been read, so that what they brought is one group. What comes while a flush is
    // under way would have to wait for the next one in any case: it becomes one transaction.
    setImmediate(async () => {
      await this.#options.flusher.underway;
      this.#scheduled = false;
      if (!this.#paused && this.#waiting.length > 0) this.#transact();
    });
  }

  #transact(): void {
    this.#options.snapshot.end();
    const group = this.#waiting.slice(0, BATCHES);
    const answers = this.#together(group) ?? this.#apart(group);
    this.#waiting.splice(0, answers.length);
    this.#answer(group, answers);
    if (this.#waiting.length > 0) this.#schedule();
    else this.#drained?.();
  }

  #answer(group: readonly Waiting[], answers: readonly Answer[]): void {
    const { flusher, applied, committed } = this.#options;
    const unflushed: [Waiting, WriteOutcome][] = [];
    for (const [n, answer] of answers.entries()) {
      const one = group[n]!;
      if ('error' in answer) {
        one.reject(refine(answer.error));
        continue;
      }
      const { outcome } = answer;
      if (outcome.applied) applied(one.batch, outcome.rows);
      if (one.until === 'durable') unflushed.push([one, outcome]);
      else one.resolve(outcome);
    }
    if (unflushed.length === 0) flusher.soon();
    else {
      flusher.durable().then(
        () => {
          for (const [one, outcome] of unflushed) one.resolve(outcome);
        },
        (error) => {
          for (const [one] of unflushed) one.reject(error);
        },
      );
    }
    committed();
  }

  /**
   * The usual case, without savepoints: nearly always every batch applies, so the few transactions in which one does not
   * are better run again than all of them run guarded.
   */
  #together(group: readonly Waiting[]): Answer[] | undefined {
    const answers: Answer[] = [];
    try {
      this.#sql.begin.run();
      const end = performance.now() + TIME;
      for (const { batch } of group) {
        const outcome = this.#apply(batch);
        if (!outcome.applied) return this.#rollback();
        answers.push({ outcome });
        if (performance.now() > end) break;
      }
      this.#sql.commit.run();
      return answers;
    } catch {
      // Whichever batch it was, the guarded run meets the fault again and tells it to the one who asked.
      return this.#rollback();
    }
  }

  /** Each batch in its own savepoint, undone alone. */
  #apart(group: readonly Waiting[]): Answer[] {
    const answers: Answer[] = [];
    let tried = 1;
    try {
      this.#sql.begin.run();
      const end = performance.now() + TIME;
      for (const { batch } of group) {
        tried = answers.length + 1;
        answers.push(this.#guarded(batch));
        if (performance.now() > end) break;
      }
      this.#sql.commit.run();
      return answers;
    } catch (error) {
      // The transaction as a whole is lost (a full disk, a failed write): nothing of it happened.
      this.#rollback();
      return group.slice(0, tried).map(() => ({ error: error as Error }));
    }
  }

  #guarded(batch: readonly Command[]): Answer {
    this.#sql.savepoint.run();
    let answer: Answer;
    try {
      const outcome = this.#apply(batch);
      answer = { outcome };
      if (!outcome.applied) this.#sql.undo.run();
    } catch (error) {
      // SQLite ends the transaction by itself after some faults; then there is nothing to go back to.
      if (!this.#options.db.inTransaction) throw error;
      answer = { error: error as Error };
      this.#sql.undo.run();
    }
    this.#sql.release.run();
    return answer;
  }

  #apply(batch: readonly Command[]): WriteOutcome {
    const results: (readonly unknown[])[] = [];
    for (const command of batch) {
      const { touched, rows } = this.#options.prepared.run(command);
      if (command.expect !== undefined && touched !== command.expect) {
        return { applied: false, failed: command.statement.name };
      }
      results.push(rows);
    }
    return { applied: true, rows: results };
  }

  #rollback(): undefined {
    if (this.#options.db.inTransaction) this.#sql.rollback.run();
  }
}

/** A full disk, or a tool of the operator that holds the database: an expected no, the rest are faults. */
function refine(error: Error): Error {
  const code = (error as { code?: string }).code;
  if (code === 'SQLITE_FULL') return new Refusal('busy', 'The disk is full');
  if (code?.startsWith('SQLITE_BUSY')) return new Refusal('busy', 'Another program is writing to the database');
  return error;
}
