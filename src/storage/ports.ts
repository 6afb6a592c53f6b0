/**
 * What the house asks of a storage, and nothing of how it is done. Two homes answer it (`embedded/` now, a clustered one
 * later) and one contract suite (`contract/`) runs on each.
 *
 * Writes are values: a batch of named commands, applied wholly or not at all. No transaction is ever open across an
 * await outside this folder.
 */

/** What both homes can hold: documents travel as JSON text, truth as 0 or 1, times as civil milliseconds. */
export type Value = string | number | Buffer | null;

export type Dialect = 'sqlite' | 'postgres';

/** SQL of one home, with the names of the parameters in the order of its placeholders. */
export interface CompiledStatement {
  readonly sql: string;
  readonly parameters: readonly (string | { readonly constant: Value })[];
}

/** A named statement, compiled once for each home that runs it. */
export interface Statement {
  readonly name: string;
  compile(dialect: Dialect): CompiledStatement;
}

/** A statement with its parameters: plain data that can be kept in a list, put in a batch and run later. */
export interface Call<Row = unknown> {
  readonly statement: Statement;
  readonly parameters: Readonly<Record<string, Value>>;
  /** Only for the compiler: what a row of the answer looks like. */
  readonly row?: Row;
}

/** One element of a write. */
export interface Command<Row = unknown> extends Call<Row> {
  /** How many rows it must touch (return, if it returns any); otherwise the whole batch is undone. */
  readonly expect?: number;
}

export type WriteOutcome =
  | {
      readonly applied: true;
      /** The rows that each command returned, in the order of the batch; empty for one that returns none. */
      readonly rows: readonly (readonly unknown[])[];
    }
  /** Nothing was written: the named command did not touch as many rows as it had to. */
  | { readonly applied: false; readonly failed: string };

/**
 * `durable`: on disk, would survive a power cut. `committed`: seen by every reader and safe from a crash of this process;
 * it rides the next flush. An answer to a client waits for `durable`; the finish of a delivery does not (after a power cut
 * a mail may go twice, never be lost).
 */
export type Until = 'durable' | 'committed';

export interface Rows {
  first<Row>(call: Call<Row>): Promise<Row | undefined>;
  all<Row>(call: Call<Row>): Promise<Row[]>;
  /** The number that every control write of the scope raises (`raiseGeneration`); 0 for one that was never written. */
  generation(scope: Scope): Promise<number>;
  /**
   * Batches are applied in the order of asking. Rejects with `Refusal('busy')` if the disk is full or too many writes
   * wait, with a fault if a command is broken; nothing of the batch was written then. An empty batch is a barrier: it is
   * durable when all that was asked for before it is.
   */
  write(batch: readonly Command[], until: Until): Promise<WriteOutcome>;
}

/** A piece of content that can be shared: a message is an ordered list of these. */
export interface Segment {
  readonly id: string;
  /** Octets. */
  readonly size: number;
}

/**
 * Content on its way in: what to refer to, and the commands that keep it, to go into the same batch as the reference.
 * They are written as they are (not copied), and once: a batch that was undone may be tried again, an applied one not.
 * Whoever drops them unwritten drops the content with them.
 */
export interface Staged {
  readonly segment: Segment;
  readonly commands: readonly Command[];
}

/** Large content that comes piece by piece and goes to the disk while it comes. Ends in `end` or in `drop`. */
export interface Incoming {
  /** Resolves when the octets have left memory; one call at a time. Rejects with `Refusal('busy')` if the disk is full. */
  write(chunk: Buffer): Promise<void>;
  /** All is there: as `Bytes.stage` of the whole. */
  end(): Promise<Staged>;
  /** Nothing of it is wanted any more; does nothing after `end`. */
  drop(): Promise<void>;
}

export interface Bytes {
  /**
   * Small content (up to 64 KiB) becomes a row of the batch; larger content is a file, on disk and flushed before this
   * resolves, named by its SHA-256, so that equal content is kept once.
   */
  stage(content: Buffer): Promise<Staged>;
  /** The same for content that is never in memory as a whole. */
  incoming(): Incoming;
  /** One more owner of existing segments. */
  share(segments: readonly Segment[]): readonly Command[];
  /** One owner less; the last one frees the row, and a file soon after. */
  release(segments: readonly Segment[]): readonly Command[];
  read(segments: readonly Segment[]): Promise<Buffer>;
  /** The same octets in pieces, for content that must not be in memory as a whole. */
  stream(segments: readonly Segment[]): AsyncIterable<Buffer>;
}

/** State is apart per account and region; nothing of one scope can be seen from another. */
export interface Scope {
  readonly account: string;
  readonly region: string;
}

export interface Store {
  readonly rows: Rows;
  readonly bytes: Bytes;
  /** True while free disk is below the reserve: doors answer 452 or 503 instead of accepting. */
  isFull(): boolean;
  /**
   * Forgets everything but the facts of the folder, or one scope (what belongs to an account as a whole stays), as
   * `POST /_sesame/reset` asks. Content goes with its owners, generations rise, the schema stays.
   */
  erase(scope?: Scope): Promise<void>;
  /** Waits for what is under way, flushes and lets go of the data folder. */
  close(): Promise<void>;
}
