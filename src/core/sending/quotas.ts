import { type Clock, DAY, MINUTE, SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { counters } from '../../storage/counters.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { SendingLimits } from '../accounts/accounts.ts';

/** Recipients that were accepted, by minute. */
const SENT = 'sent';
const MINUTES_A_DAY = DAY / MINUTE;

/** The sliding day of one scope, in memory: recipients by minute, and their sum. */
interface Window {
  readonly byMinute: Map<number, number>;
  total: number;
}

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

/**
 * How much of its quota and its rate an account has used. What was accepted is counted in the storage with the message
 * itself; the sum is read once and then kept here, so that a hundred senders at a time are judged one after the other
 * and no send asks the storage.
 */
export class Quotas {
  readonly #needs: Needs;
  readonly #windows = new Map<string, Promise<Window>>();
  readonly #rates = new Map<string, Rate>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Takes `recipients` from rate and quota at once, or refuses. As SES counts: a message is let in while any is left, even
   * if it overshoots. The rate counts everybody, the quota leaves out the mailbox simulator (`counted`).
   */
  async take(scope: Scope, limits: SendingLimits, { recipients, counted }: { recipients: number; counted: number }) {
    const window = await this.#window(scope);
    this.#slide(window);
    if (limits.perDay >= 0 && counted > 0 && window.total >= limits.perDay) {
      throw new Refusal('daily-quota-exceeded', 'Daily message quota exceeded.');
    }
    this.#takeRate(scope, limits.perSecond, recipients);
    const minute = this.#minute();
    window.byMinute.set(minute, (window.byMinute.get(minute) ?? 0) + counted);
    window.total += counted;
    return {
      /** Goes into the accept batch. */
      count: counted > 0 ? [this.#count(scope, counted)] : [],
      /** What was taken for a message that was not accepted after all. */
      giveBack: () => {
        window.byMinute.set(minute, (window.byMinute.get(minute) ?? 0) - counted);
        window.total -= counted;
      },
    };
  }

  /** Recipients accepted in the last 24 hours (SES: SentLast24Hours). */
  async sentLastDay(scope: Scope): Promise<number> {
    const window = await this.#window(scope);
    this.#slide(window);
    return window.total;
  }

  /** After the state beneath was erased. */
  forget(): void {
    this.#windows.clear();
    this.#rates.clear();
  }

  #count({ account, region }: Scope, recipients: number): Command {
    return counters.add({ account, region }, SENT, this.#needs.clock.civil(), recipients);
  }

  #minute(): number {
    return Math.floor(this.#needs.clock.civil() / MINUTE);
  }

  #window(scope: Scope): Promise<Window> {
    const key = `${scope.account} ${scope.region}`;
    const known = this.#windows.get(key);
    if (known) return known;
    const read = this.#read(scope);
    this.#windows.set(key, read);
    read.catch(() => this.#windows.delete(key));
    return read;
  }

  async #read(scope: Scope): Promise<Window> {
    const now = this.#needs.clock.civil();
    const byMinute = await counters.byMinute(this.#needs.rows, scope, {
      counter: SENT,
      from: now - DAY,
      to: now + MINUTE,
    });
    return { byMinute, total: [...byMinute.values()].reduce((sum, amount) => sum + amount, 0) };
  }

  /** Drops the minutes that are a day old. */
  #slide(window: Window): void {
    const oldest = this.#minute() - MINUTES_A_DAY;
    for (const [minute, amount] of window.byMinute) {
      // In the order of their making, so the first that is young enough ends it.
      if (minute > oldest) break;
      window.byMinute.delete(minute);
      window.total -= amount;
    }
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
