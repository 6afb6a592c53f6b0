import { SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';

/** SES: "API send methods" have a rate of their own, that of the account; the quota of all others is one call a second. */
const sends = new Set(['SendEmail', 'SendRawEmail', 'SendTemplatedEmail', 'SendBulkTemplatedEmail', 'SendBulkEmail']);
/** SES: one a second, whoever calls. */
const VERIFICATION = 'SendCustomVerificationEmail';

export interface ApiRateOptions {
  /** `all`: every operation that sends no mail; `verification`: verification mails only; `off`: none. */
  readonly limited: 'all' | 'verification' | 'off';
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * One call a second of each operation, in each account and region. The bucket holds one token and is full again a second
 * later, so the time of the last call is all there is to keep, and only for a second.
 */
export class ApiRate {
  readonly #options: ApiRateOptions;
  /** The longest ago first. */
  readonly #last = new Map<string, number>();

  constructor(options: ApiRateOptions) {
    this.#options = options;
  }

  /** @throws Refusal `rate-exceeded`; who is refused loses nothing by having asked. */
  take(service: string, operation: string, { account, region }: Scope): void {
    if (!this.#isLimited(service, operation)) return;
    const now = this.#options.now();
    for (const [key, at] of this.#last) {
      if (now - at < SECOND) break;
      this.#last.delete(key);
    }
    // Both versions share the rate of an operation that both have.
    const key = `${account} ${region} ${operation}`;
    if (this.#last.has(key)) throw new Refusal('rate-exceeded', 'Rate exceeded');
    this.#last.set(key, now);
  }

  #isLimited(service: string, operation: string): boolean {
    const { limited } = this.#options;
    if (limited === 'off' || !service.startsWith('ses-') || sends.has(operation)) return false;
    return limited === 'all' || operation === VERIFICATION;
  }
}
