import type { Budget } from '../../base/budget.ts';
import { ContentReader } from './content.ts';

interface IntakeOptions {
  readonly limits: { readonly messageOctets: number; readonly lineOctets: number };
  readonly budget: Budget;
  /** Milliseconds that octets may wait for room. */
  readonly roomWait: number;
}

/** The content of one message on its way in, counted against the budget from the first octet to `release`. */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #reader: ContentReader;
  #taken = 0;
  /** Octets read but not yet taken from the budget. */
  #owed = 0;
  #released = false;

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

  /** As `ContentReader.read`; each call is followed by `takeRoom`. */
  read(chunk: Buffer, at: number): number {
    const end = this.#reader.read(chunk, at);
    this.#owed = end - at;
    if (this.#reader.problem) this.#giveBack();
    return end;
  }

  /** Nothing if there was room. Else nothing may be read until the promise is kept: there is room, or it was too long. */
  takeRoom(): Promise<void> | undefined {
    if (this.#reader.problem) return undefined;
    if (!this.#options.budget.tryTake(this.#owed)) return this.#awaitRoom(this.#owed);
    this.#taken += this.#owed;
    return undefined;
  }

  /** The octets are stored or dropped. */
  release(): void {
    this.#released = true;
    this.#giveBack();
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
