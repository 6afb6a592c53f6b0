import { type Clock, DAY, MINUTE } from '../base/clock.ts';
import { counters } from './counters.ts';
import type { Command, Rows, Scope } from './ports.ts';

const MINUTES_A_DAY = DAY / MINUTE;

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  /** Name of the counter. */
  readonly counter: string;
}

/**
 * How much of something each scope has had in the last 24 hours. What happens is counted in the storage, with its cause;
 * the sum is read once and then kept here, so that who comes at the same time is judged one after the other and nobody
 * asks the storage.
 */
export class SlidingDays {
  readonly #needs: Needs;
  readonly #days = new Map<string, Promise<SlidingDay>>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  of({ account, region }: Scope): Promise<SlidingDay> {
    const key = `${account} ${region}`;
    const known = this.#days.get(key);
    if (known) return known;
    const read = this.#read({ account, region });
    this.#days.set(key, read);
    read.catch(() => this.#days.delete(key));
    return read;
  }

  /** After the state beneath was erased. */
  forget(): void {
    this.#days.clear();
  }

  async #read(scope: Scope): Promise<SlidingDay> {
    const { rows, clock, counter } = this.#needs;
    const now = clock.civil();
    const byMinute = await counters.byMinute(rows, scope, { counter, from: now - DAY, to: now + MINUTE });
    return new SlidingDay({ scope, byMinute, clock, counter });
  }
}

interface Counted {
  readonly scope: Scope;
  readonly byMinute: Map<number, number>;
  readonly clock: Clock;
  readonly counter: string;
}

/** The last 24 hours of one scope, by minute. */
export class SlidingDay {
  readonly #counted: Counted;
  #total: number;

  constructor(counted: Counted) {
    this.#counted = counted;
    this.#total = [...counted.byMinute.values()].reduce((sum, amount) => sum + amount, 0);
  }

  get total(): number {
    this.#slide();
    return this.#total;
  }

  /** Counts at once. */
  add(amount: number): Added {
    const { scope, byMinute, clock, counter } = this.#counted;
    const now = clock.civil();
    const minute = Math.floor(now / MINUTE);
    const book = (change: number) => {
      byMinute.set(minute, (byMinute.get(minute) ?? 0) + change);
      this.#total += change;
    };
    book(amount);
    return {
      count: amount > 0 ? [counters.add(scope, counter, now, amount)] : [],
      giveBack: () => book(-amount),
    };
  }

  /** Drops the minutes that are a day old. */
  #slide(): void {
    const { byMinute, clock } = this.#counted;
    const oldest = Math.floor(clock.civil() / MINUTE) - MINUTES_A_DAY;
    for (const [minute, amount] of byMinute) {
      // In the order of their making, so the first that is young enough ends it.
      if (minute > oldest) break;
      byMinute.delete(minute);
      this.#total -= amount;
    }
  }
}

export interface Added {
  /** Goes into the batch of what is counted. */
  readonly count: readonly Command[];
  /** For what did not come about after all. */
  readonly giveBack: () => void;
}
