import { MINUTE } from '../../base/clock.ts';
import type { PublishedHappening } from '../publishing/publishing.ts';
import { classify, expired } from './classify.ts';
import type { Result } from './route.ts';
import { LIFETIME } from './schedule.ts';
import { SIMULATOR, type Simulated } from './simulator.ts';

/** What is known of a delivery when it is judged. */
export interface Judged {
  readonly recipient: string;
  /** Civil milliseconds. */
  readonly accepted: number;
  readonly expires: number;
  readonly now: number;
  /** For a bounce or complaint, should it be one. */
  readonly feedbackId: string;
}

export interface Outcome {
  readonly state: 'deferred' | 'captured' | 'delivered' | 'bounced';
  /** The last answer, code first. */
  readonly reply: string;
  /** In the order of happening. */
  readonly happenings: readonly PublishedHappening[];
}

/** Pure: what an answer comes to for one recipient. */
export function outcomeOf(judged: Judged, result: Result): Outcome {
  const { recipient, now, expires } = judged;
  const verdict = result.kind === 'captured' ? ({ kind: 'delivered' } as const) : classify(result);
  const reply = result.code === undefined ? result.text : `${result.code} ${result.text}`;
  const { peer, outgoingIp, peerAddress } = result;
  switch (verdict.kind) {
    case 'delivered': {
      const state = result.kind === 'captured' ? 'captured' : 'delivered';
      const processingTime = now - judged.accepted;
      const met = { peer, outgoingIp, peerAddress };
      const happening = { type: 'delivery', recipients: [recipient], reply, processingTime, ...met } as const;
      return { state, reply, happenings: [happening] };
    }
    case 'deferred': {
      if (now >= expires) return givenUp(judged, result);
      const recipients = [{ recipient, reply, status: verdict.status }];
      const happening = { type: 'delivery-delay', recipients, peer, expires, outgoingIp } as const;
      return { state: 'deferred', reply, happenings: [happening] };
    }
    case 'bounced':
      return bounced(judged, { ...verdict, reply, peer, outgoingIp, peerAddress });
  }
}

/** The last try was not the answer: SES's words, with the peer's between angle brackets. */
function givenUp(judged: Judged, result: Result): Outcome {
  const lifetime = judged.expires - judged.accepted;
  const last = expired(result, Math.round(lifetime / MINUTE));
  // SES: MaxDeliverySeconds of a configuration set.
  const bounce = lifetime < LIFETIME ? ({ type: 'Transient', subType: 'CustomTimeoutExceeded' } as const) : last.bounce;
  const { peer, outgoingIp, peerAddress } = result;
  const reply = `${last.code} ${last.text}`;
  return bounced(judged, { bounce, status: last.status, reply, peer, outgoingIp, peerAddress });
}

type BounceHappening = Extract<PublishedHappening, { type: 'bounce' }>;
type Reason = Pick<BounceHappening, 'bounce' | 'peer' | 'outgoingIp' | 'peerAddress'> & {
  status: string;
  reply: string;
};

function bounced({ recipient, feedbackId }: Judged, { bounce, status, reply, ...met }: Reason): Outcome {
  const recipients = [{ recipient, reply, status }];
  const happening = { type: 'bounce', feedbackId, bounce, recipients, ...met } as const;
  return { state: 'bounced', reply, happenings: [happening] };
}

const LISTED =
  'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html';

const OPTED_OUT =
  'Amazon SES did not send the message to this address because its owner has unsubscribed from the list.';

/** Why a recipient is not sent to. */
export type Withheld = 'suppressed' | 'opted-out';

const withheldBounces = {
  /** On the account's list (SES: account-level suppression). */
  suppressed: { subType: 'OnAccountSuppressionList', reply: LISTED },
  /** SES: subscription management. */
  'opted-out': { subType: 'UnsubscribedRecipient', reply: OPTED_OUT },
} as const;

export function withheldOutcome(judged: Judged, withheld: Withheld): Outcome {
  const { subType, reply } = withheldBounces[withheld];
  return bounced(judged, { bounce: { type: 'Permanent', subType }, status: '5.1.1', reply, peer: 'amazonses.com' });
}

const answers: Readonly<Record<Exclude<Simulated, 'ooto'>, Pick<Result, 'code' | 'text'>>> = {
  success: { code: 250, text: '2.6.0 Message received' },
  complaint: { code: 250, text: '2.6.0 Message received' },
  bounce: { code: 550, text: '5.1.1 user unknown' },
  suppressionlist: { code: 550, text: '5.1.1 The address is on the suppression list (mailbox simulator)' },
};

/** What the mailbox simulator would have answered, judged as a peer's answer is. */
export function simulatedOutcome(judged: Judged, simulated: Exclude<Simulated, 'ooto'>): Outcome {
  const outcome = outcomeOf(judged, { kind: 'answered', peer: SIMULATOR, ...answers[simulated] });
  if (simulated !== 'complaint') return outcome;
  const { recipient, feedbackId, now } = judged;
  const complaint = {
    type: 'complaint',
    feedbackId,
    recipients: [recipient],
    userAgent: 'Amazon SES Mailbox Simulator',
    feedbackType: 'abuse',
    arrived: now,
  } as const;
  return { ...outcome, happenings: [...outcome.happenings, complaint] };
}
