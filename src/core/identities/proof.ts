import { HOUR, MINUTE } from '../../base/clock.ts';

/** What DNS showed of something that a domain must publish. */
export type Finding =
  | { readonly kind: 'found' }
  /** Certainly not there. */
  | { readonly kind: 'absent'; readonly error: ProofError }
  /** Nobody could say. */
  | { readonly kind: 'unknown'; readonly error: ProofError };

/** SES: VerificationInfo.ErrorType. */
export type ProofError = 'host-not-found' | 'type-not-found' | 'invalid-value' | 'dns-server-error';

export type ProofStatus = 'pending' | 'success' | 'failed' | 'temporary-failure';

/**
 * What DNS has shown over time of a domain's ownership, its DKIM records or its MAIL FROM. Times are civil milliseconds.
 *
 * `pending` → `success`, or `failed` after 72 h. `success` → `temporary-failure` when it is not shown any more; back within
 * 72 h, else `failed`. An answer that a server owes us makes a `temporary-failure` too, and what held before is never lost
 * to silence alone. `failed` stays until it is begun anew (SES: verification of domains).
 */
export interface Proof {
  readonly status: ProofStatus;
  /** Begin of this status; of the search, where it was never shown. */
  readonly since: number;
  /** Nothing where DNS was not asked yet. */
  readonly checked?: number | undefined;
  /** Last time that it was shown. */
  readonly succeeded?: number | undefined;
  readonly error?: ProofError | undefined;
}

/** How long SES searches, and how long it bears with what is gone. */
const PATIENCE = 72 * HOUR;
/** Between two looks: a tenth of the time that it has been missing, within these. */
const SHORTEST_PAUSE = MINUTE;
const LONGEST_PAUSE = HOUR;

export const begun = (now: number): Proof => ({ status: 'pending', since: now });

/** Taken as shown without a look, and never looked at (automatic verification). */
export const assumed = (now: number): Proof => ({ status: 'success', since: now, succeeded: now });

/** Whether mail may rely on it: what was shown once still counts while it is missed for a short time. */
export function holds({ status, succeeded }: Proof): boolean {
  return status === 'success' || (status === 'temporary-failure' && succeeded !== undefined);
}

/** Somebody asks for it (again): a search that ended begins anew, one that goes on has its next look now. */
export function restarted(proof: Proof, now: number): Proof {
  if (proof.status === 'success') return proof;
  return holds(proof) ? { ...proof, checked: undefined } : begun(now);
}

export function judged(proof: Proof, finding: Finding, now: number): Proof {
  const { status, succeeded } = proof;
  if (status === 'failed') return proof;
  if (finding.kind === 'found') {
    return { status: 'success', since: status === 'success' ? proof.since : now, checked: now, succeeded: now };
  }
  const since = status === 'success' ? now : proof.since;
  const seen = { since, checked: now, succeeded, error: finding.error };
  const isOver = now - since >= PATIENCE && (finding.kind === 'absent' || succeeded === undefined);
  if (isOver) return { ...seen, status: 'failed', since: now };
  const isTemporary = finding.kind === 'unknown' || succeeded !== undefined;
  return { ...seen, status: isTemporary ? 'temporary-failure' : 'pending' };
}

/**
 * What its owner has to hear of a change: that it holds, that it is missed and until when it is borne with, that it does
 * not hold any more. A server that is silent while it was never shown changes nothing for him.
 */
export function toldOf(before: Proof, after: Proof): 'success' | 'lost' | 'failed' | undefined {
  if (before.status === after.status) return undefined;
  if (after.status === 'success') return 'success';
  if (after.status === 'failed') return 'failed';
  return before.status === 'success' ? 'lost' : undefined;
}

/** Civil time of the next look; nothing where there is none to come. */
export function nextLook({ status, since, checked }: Proof): number | undefined {
  if (status === 'failed') return undefined;
  if (status === 'success') return checked === undefined ? undefined : checked + LONGEST_PAUSE;
  if (checked === undefined) return since;
  const pause = Math.min(Math.max((checked - since) / 10, SHORTEST_PAUSE), LONGEST_PAUSE);
  const end = since + PATIENCE;
  return Math.round(checked < end ? Math.min(checked + pause, end) : checked + pause);
}

/** All of them are wanted. */
export function all(findings: readonly Finding[]): Finding {
  return (
    findings.find(({ kind }) => kind === 'absent') ??
    findings.find(({ kind }) => kind === 'unknown') ?? { kind: 'found' }
  );
}

/** One of them is enough. */
export function any(findings: readonly [Finding, ...Finding[]]): Finding {
  return (
    findings.find(({ kind }) => kind === 'found') ?? findings.find(({ kind }) => kind === 'unknown') ?? findings[0]
  );
}
