/**
 * Two clocks.
 *
 * *civil* is what is stored and compared across restarts: due times, quotas, expiry, the Date header, message ids.
 * It can be moved forward (`POST /_sesame/clock`), so that fourteen hours of retries pass in a moment.
 * *monotonic* is real and never moves: socket time-outs, pacing, measuring.
 */
export interface Clock {
  /** Milliseconds since 1970, UTC, movable. */
  civil(): number;
  /** Milliseconds since the process began, never moved. */
  monotonic(): number;
}

/** Milliseconds. */
export const SECOND = 1_000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export class MovableClock implements Clock {
  #offset: number;

  constructor(offset = 0) {
    this.#offset = offset;
  }

  civil(): number {
    return Date.now() + this.#offset;
  }

  monotonic(): number {
    return performance.now();
  }

  /** How far civil time is ahead of the machine's, in milliseconds. */
  get offset(): number {
    return this.#offset;
  }

  set offset(milliseconds: number) {
    this.#offset = milliseconds;
  }
}
