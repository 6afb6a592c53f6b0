import { type Clock, SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { type Added, SlidingDays } from '../../storage/sliding-days.ts';
import type { SendingLimits } from '../accounts/accounts.ts';

/** Recipients that were accepted, by minute. */
const SENT = 'sent';

/** A bucket that a message may overdraw: the next ones wait until it is full enough again. */
interface Rate {
  tokens: number;
  /** Monotonic milliseconds. */
  at: number;
}

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
}

/** How much of its quota and its rate an account has used. What was accepted is counted with the message itself. */
export class Quotas {
  readonly #needs: Needs;
  readonly #days: SlidingDays;
  readonly #rates = new Map<string, Rate>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#days = new SlidingDays({ ...needs, counter: SENT });
  }

  /**
   * Takes `recipients` from rate and quota at once, or refuses. As SES counts: a message is let in while any is left, even
   * if it overshoots. The rate counts everybody, the quota leaves out the mailbox simulator (`counted`).
   */
  async take(
    scope: Scope,
    limits: SendingLimits,
    { recipients, counted }: { recipients: number; counted: number },
  ): Promise<Added> {
    const day = await this.#days.of(scope);
    if (limits.perDay >= 0 && counted > 0 && day.total >= limits.perDay) {
      throw new Refusal('daily-quota-exceeded', 'Daily message quota exceeded.');
    }
    this.#takeRate(scope, limits.perSecond, recipients);
    return day.add(counted);
  }

  /** Recipients accepted in the last 24 hours (SES: SentLast24Hours). */
  async sentLastDay(scope: Scope): Promise<number> {
    return (await this.#days.of(scope)).total;
  }

  /** After the state beneath was erased. */
  forget(): void {
    this.#days.forget();
    this.#rates.clear();
  }

  #takeRate(scope: Scope, perSecond: number, recipients: number): void {
    const key = `${scope.account} ${scope.region}`;
    const now = this.#needs.clock.monotonic();
    const rate = this.#rates.get(key) ?? { tokens: perSecond, at: now };
    rate.tokens = Math.min(perSecond, rate.tokens + ((now - rate.at) * perSecond) / SECOND);
    rate.at = now;
    this.#rates.set(key, rate);
    if (rate.tokens < 1) throw new Refusal('rate-exceeded', 'Maximum sending rate exceeded.');
    rate.tokens -= recipients;
  }
}
