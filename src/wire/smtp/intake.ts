import type { Budget } from '../../base/budget.ts';
import { ContentReader } from './content.ts';
import type { Spool } from './door.ts';

interface IntakeOptions {
  readonly limits: { readonly messageOctets: number; readonly lineOctets: number };
  readonly budget: Budget;
  /** Milliseconds that octets may wait for room. */
  readonly roomWait: number;
  /** Asked when the content turns out to be large. */
  readonly spool: () => Spool | undefined;
  /** The spool could not take what it was given. */
  readonly failed: (error: unknown) => void;
}

/** Octets in memory from which content goes on into a spool, where the door has one. */
const SPOOLED_FROM = 256 * 1_024;

/** The content of one message on its way in, counted against the budget from the first octet to `release`. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #reader: ContentReader;
  #taken = 0;
  /** Octets read but not yet taken from the budget. */
  #owed = 0;
  #released = false;
  /** Nothing until it is wanted, null where the door has none. */
  #spool: Spool | undefined | null;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#reader = new ContentReader(options.limits);
  }

  /** There once the end was read; empty where there is a problem. */
  get content(): Buffer | undefined {
    return this.#reader.content;
  }

  get problem() {
    return this.#reader.problem;
  }

  /** Refused content has to be read before it can be answered, but not for ever. */
  get endless(): boolean {
    return this.#reader.octets > 2 * this.#options.limits.messageOctets;
  }

  /** Where the content is, if it is not in memory. */
  get spool(): Spool | undefined {
    return this.#spool ?? undefined;
  }

  /** As `ContentReader.read`; each call is followed by `settle`. */
  read(chunk: Buffer, at: number): number {
    const end = this.#reader.read(chunk, at);
    this.#owed = end - at;
    if (this.#reader.problem) this.#giveBack();
    return end;
  }

  /**
   * Nothing if what was read is in its place. Else nothing may be read until the promise is kept: there is room for it, it
   * is in the spool, or there is a problem.
   */
  settle(): Promise<void> | undefined {
    if (this.#reader.problem) return undefined;
    if (!this.#options.budget.tryTake(this.#owed)) return this.#awaitRoom(this.#owed).then(() => this.#toSpool());
    this.#taken += this.#owed;
    return this.#toSpool();
  }

  /** The octets are stored or dropped. */
  release(): void {
    this.#released = true;
    this.#giveBack();
    this.#spool?.drop().catch(this.#options.failed);
  }

  /** Moves on what is in memory, once it is much; from then on all of it, so that memory holds a chunk a sender. */
  #toSpool(): Promise<void> | undefined {
    if (this.#reader.problem || this.#released) return undefined;
    if (this.#spool === undefined && this.#reader.kept > SPOOLED_FROM) this.#spool = this.#options.spool() ?? null;
    if (!this.#spool) return undefined;
    const taken = this.#taken;
    return this.#spool.write(this.#reader.take()).then(
      () => {
        if (this.#released || this.#reader.problem) return;
        this.#taken -= taken;
        this.#options.budget.give(taken);
      },
      (error: unknown) => {
        this.#options.failed(error);
        this.#reader.drop('no-room');
        this.#giveBack();
      },
    );
  }

  /**
   * Senders that all have half a message in could wait for each other for ever. So the wait has an end, where this
   * message lets go.
   */
  #awaitRoom(octets: number): Promise<void> {
    const { budget, roomWait } = this.#options;
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.#reader.drop('no-room');
        this.#giveBack();
        resolve();
      };
      const timer = setTimeout(giveUp, roomWait).unref();
      budget.take(octets).then(() => {
        clearTimeout(timer);
        if (this.#released || this.#reader.problem) budget.give(octets);
        else this.#taken += octets;
        resolve();
      }, giveUp);
    });
  }

  #giveBack(): void {
    this.#options.budget.give(this.#taken);
    this.#taken = 0;
  }
}
