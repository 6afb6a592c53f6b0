import { verdictFields } from '../../mail/received.ts';
import type { Authentication, Sender } from './authentication.ts';

/** SES: PASS, FAIL, GRAY (checked, and undecided), PROCESSING_FAILED (could not be checked), DISABLED (not wanted). */
export type Verdict = 'PASS' | 'FAIL' | 'GRAY' | 'PROCESSING_FAILED' | 'DISABLED';

/** What the checks found out about a message, as its receipt keeps it. A check that nobody wanted is not there. */
export interface Judgement {
  readonly authentication?: Authentication | 'failed' | undefined;
  readonly spam?: Verdict | undefined;
  readonly virus?: Verdict | undefined;
}

/** What a rule's actions hear of it. */
export interface Verdicts {
  readonly spam: Verdict;
  readonly virus: Verdict;
  readonly spf: Verdict;
  readonly dkim: Verdict;
  readonly dmarc: Verdict;
  /** Of the author's domain; only where DMARC failed (SES). */
  readonly dmarcPolicy?: string | undefined;
}

export const notJudged: Verdicts = {
  spam: 'DISABLED',
  virus: 'DISABLED',
  spf: 'DISABLED',
  dkim: 'DISABLED',
  dmarc: 'DISABLED',
};

/** Pure. `scan`: whether the rule wants to hear of spam and viruses (SES: ScanEnabled). */
export function verdictsOf({ authentication, spam, virus }: Judgement, scan: boolean): Verdicts {
  const scanned = { spam: (scan && spam) || 'DISABLED', virus: (scan && virus) || 'DISABLED' } as const;
  if (authentication === undefined) return { ...notJudged, ...scanned };
  if (authentication === 'failed') {
    const failed = 'PROCESSING_FAILED';
    return { ...scanned, spf: failed, dkim: failed, dmarc: failed };
  }
  const { spf, dkim, dmarc } = authentication;
  const verdict = verdictOf(dmarc.result);
  return {
    ...scanned,
    spf: verdictOf(spf.result),
    dkim: best(dkim.map(({ result }) => verdictOf(result))),
    dmarc: verdict,
    ...(verdict === 'FAIL' && { dmarcPolicy: dmarc.policy }),
  };
}

/** Softfail and neutral, no record and one that nobody can read decide nothing. */
function verdictOf(result: string): Verdict {
  if (result === 'pass') return 'PASS';
  if (result === 'fail') return 'FAIL';
  return result === 'temperror' ? 'PROCESSING_FAILED' : 'GRAY';
}

/** One signature that holds is enough (RFC 6376 §4.2). */
function best(verdicts: readonly Verdict[]): Verdict {
  return (['PASS', 'FAIL', 'PROCESSING_FAILED'] as const).find((one) => verdicts.includes(one)) ?? 'GRAY';
}

/** The header fields that tell of it, between our trace fields and the message (SES). Nothing that was not found out. */
export function fieldsOf(
  judgement: Judgement,
  scan: boolean,
  { authority, ...sender }: Sender & { authority: string },
) {
  const { authentication } = judgement;
  const { spam, virus } = verdictsOf(judgement, scan);
  const shown = (verdict: Verdict) => (verdict === 'DISABLED' ? undefined : verdict);
  const { peerAddress: peerIp, helo, envelopeFrom } = sender;
  const found =
    authentication === undefined || authentication === 'failed'
      ? undefined
      : { ...authentication, spf: { ...authentication.spf, peerIp, envelopeFrom, helo } };
  return verdictFields({ spam: shown(spam), virus: shown(virus), found, authority });
}
