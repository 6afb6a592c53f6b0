import { HOUR, MINUTE } from '../../base/clock.ts';

/** SES gives up on a soft bounce after 840 minutes (ses: SetMaxDeliverySeconds default, 50,400 s). */
export const LIFETIME = 840 * MINUTE;

const FIRST_WAIT = MINUTE;
const LONGEST_WAIT = HOUR;
/** The wait is drawn from this part of itself upward, so that what failed together is not tried together. */
const JITTER = 0.2;

/** When to try again after so many attempts (1 or more): one minute, doubling, an hour at most. */
export function nextAttempt({ now, attempts, chance }: { now: number; attempts: number; chance: number }): number {
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempts - 1));
  return Math.round(now + wait * (1 - JITTER * chance));
}
