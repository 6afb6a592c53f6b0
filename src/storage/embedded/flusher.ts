/** Milliseconds that a commit for which nobody waits may stay unflushed. */
const LINGER = 10;

/**
 * One flush for all that was committed before it began; what is committed while it runs waits for the next.
 *
 * After a failed flush nobody knows what is on disk (the kernel forgets the pages it could not write), so it is the last:
 * who waited is told, and the process has to stop and recover from what the disk really holds.
 */
export class Flusher {
  readonly #flush: () => Promise<void>;
  readonly #failed: (error: Error) => void;
  #current: PromiseWithResolvers<void> | undefined;
  #next: PromiseWithResolvers<void> | undefined;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #error: Error | undefined;

  constructor(flush: () => Promise<void>, failed: (error: Error) => void) {
    this.#flush = flush;
    this.#failed = failed;
  }

  /** Resolves once everything committed before the call is on disk. */
  durable(): Promise<void> {
    if (this.#error) return Promise.reject(this.#error);
    this.#next ??= Promise.withResolvers();
    const { promise } = this.#next;
    this.#running ??= this.#run();
    return promise;
  }

  /** Resolves when the flush that is under way has ended, well or not. */
  get underway(): Promise<void> | undefined {
    return this.#current?.promise.catch(() => {});
  }

  /** Nobody waits: with the next flush, or a little later. */
  soon(): void {
    this.#timer ??= setTimeout(() => this.durable().catch(() => {}), LINGER);
  }

  async #run(): Promise<void> {
    for (let round = this.#begin(); round; round = this.#begin()) {
      this.#current = round;
      try {
        await this.#flush();
        round.resolve();
      } catch (cause) {
        this.#fail(round, cause);
      }
      this.#current = undefined;
    }
    this.#running = undefined;
  }

  /** From here on, who comes waits for the next round. */
  #begin(): PromiseWithResolvers<void> | undefined {
    const round = this.#next;
    this.#next = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return round;
  }

  #fail(round: PromiseWithResolvers<void>, cause: unknown): void {
    const error = new Error('The log could not be flushed to disk', { cause });
    this.#error = error;
    round.reject(error);
    this.#begin()?.reject(error);
    this.#failed(error);
  }
}
