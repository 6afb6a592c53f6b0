import type { MovableClock } from './clock.ts';
import type { WorkLoop } from './work-loop.ts';

/** Rounds of one advance; beyond it some work falls due again and again without time passing. */
const MOST_ROUNDS = 100_000;

/**
 * Moves civil time forward the way it would have passed: from due time to due time, running what falls due at each, until
 * nothing that is due is left. One kind of work may cause another (a delivery owes a notification), so every loop is asked
 * again until all of them are quiet at once.
 */
export class Timeline {
  readonly #clock: MovableClock;
  readonly #loops: readonly WorkLoop[];

  constructor(clock: MovableClock, loops: readonly WorkLoop[]) {
    this.#clock = clock;
    this.#loops = loops;
  }

  /** `milliseconds` of civil time, 0 to only run what is due now. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#clock.civil() + milliseconds;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const next = await this.#settle();
      if (next === undefined || next > target) break;
      this.#moveTo(next);
    }
    this.#moveTo(target);
    await this.#settle();
  }

  /** Runs all that is due; answers the earliest due time that is left. */
  async #settle(): Promise<number | undefined> {
    for (;;) {
      const dues = await Promise.all(this.#loops.map((loop) => loop.settled()));
      const next = dues.filter((due) => due !== undefined).sort((a, b) => a - b)[0];
      if (this.#loops.every((loop) => loop.quiet) && (next === undefined || next > this.#clock.civil())) return next;
    }
  }

  #moveTo(time: number): void {
    const ahead = time - this.#clock.civil();
    if (ahead > 0) this.#clock.offset += ahead;
  }
}
