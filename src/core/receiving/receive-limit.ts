import type { Clock } from '../../base/clock.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { type Added, SlidingDays } from '../../storage/sliding-days.ts';

/** Recipients that were accepted, by minute. */
const RECEIVED = 'received';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  /** Recipients in any 24 hours of an account and region; nothing where the sandbox does not limit them. */
  readonly perDay: number | undefined;
  readonly inSandbox: (scope: Scope) => Promise<boolean>;
}

/** How much mail an account may receive while it is in the sandbox. */
export class ReceiveLimit {
  readonly #needs: Needs;
  readonly #days: SlidingDays;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#days = new SlidingDays({ ...needs, counter: RECEIVED });
  }

  /** Whether one recipient more fits behind those that are counted and `under way`. */
  async hasRoom(scope: Scope, underWay: number): Promise<boolean> {
    const { perDay, inSandbox } = this.#needs;
    if (perDay === undefined || !(await inSandbox(scope))) return true;
    return (await this.#days.of(scope)).total + underWay < perDay;
  }

  /** Counts what is accepted, in the sandbox or not: who comes into it has received what it has received. */
  async take(scope: Scope, recipients: number): Promise<Added> {
    return (await this.#days.of(scope)).add(recipients);
  }

  /** After the state beneath was erased. */
  forget(): void {
    this.#days.forget();
  }
}
