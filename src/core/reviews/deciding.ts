import { Refusal } from '../../base/refusal.ts';
import type { SendingLimits } from '../accounts/accounts.ts';
import type { Decision, Status, Wanted } from './review.ts';

/** SES: a common first grant. */
const FIRST_GRANT = { perDay: 50_000, perSecond: 14 };
/** Service Quotas: the largest value of a quota. */
const LARGEST = 10_000_000_000;
/** Characters of a reason or a question. */
const LONGEST_REASON = 5_000;

/**
 * What an account may send after a grant: what the reviewer says, else what was asked for, else what it has; one that
 * leaves the sandbox gets at least a common first grant. Whoever is granted anything is out of the sandbox.
 */
export function grantedLimits(present: SendingLimits, wanted: Wanted, given: Wanted = {}): SendingLimits {
  const has = present.sandbox ? FIRST_GRANT : present;
  return {
    sandbox: false,
    perDay: given.perDay ?? wanted.perDay ?? has.perDay,
    perSecond: given.perSecond ?? wanted.perSecond ?? has.perSecond,
  };
}

/** @throws Refusal `invalid-parameter` for a decision without what it needs, `conflict` where there is nothing to decide. */
export function checkDecision(decision: Decision, status: Status): void {
  if (status !== 'pending' && status !== 'asked') throw new Refusal('conflict', `The case is closed: ${status}.`);
  const { reason } = decision;
  if (decision.kind !== 'grant' && !reason?.trim()) {
    throw new Refusal('invalid-parameter', `reason: who is to ${decision.kind} must say why.`);
  }
  if (reason !== undefined && reason.length > LONGEST_REASON) {
    throw new Refusal('invalid-parameter', `reason must not be longer than ${LONGEST_REASON} characters.`);
  }
  if (decision.kind === 'grant') checkLimits(decision);
}

function checkLimits({ perDay, perSecond }: Wanted): void {
  const whole = perDay === undefined || perDay === -1 || (Number.isInteger(perDay) && perDay >= 1 && perDay <= LARGEST);
  if (!whole) {
    throw new Refusal('invalid-parameter', `max24HourSend must be a number from 1 to ${LARGEST}, or -1 for no limit.`);
  }
  if (perSecond !== undefined && !(perSecond >= 1 && perSecond <= LARGEST)) {
    throw new Refusal('invalid-parameter', `maxSendRate must be a number from 1 to ${LARGEST}.`);
  }
}

/**
 * SES: a site must be a URL that the world could open. Its own check is not published; it refuses what is no URL, and
 * placeholders whose host has no domain.
 */
export function checkWebsite(url: string): void {
  const parsed = URL.parse(url);
  const isSite = parsed !== null && /^https?:$/.test(parsed.protocol) && /\.[^.]|^\[/.test(parsed.hostname);
  if (!isSite) throw new Refusal('invalid-parameter', 'Url contains invalid format');
}
