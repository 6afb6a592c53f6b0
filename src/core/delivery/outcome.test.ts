import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Outcome, outcomeOf, simulatedOutcome, withheldOutcome } from './outcome.ts';
import type { Result } from './route.ts';
import type { Simulated } from './simulator.ts';

const judged = { recipient: 'a@b.example', accepted: 0, expires: 840 * 60_000, now: 500, feedbackId: 'f' };
const told = ({ state, happenings }: Outcome) =>
  [
    state,
    ...happenings.map((one) =>
      one.type === 'bounce' ? `${one.type} ${one.bounce.type}/${one.bounce.subType}` : one.type,
    ),
  ].join(', ');
const check = (result: Partial<Result>, expected: string, at = judged) =>
  assert.equal(told(outcomeOf(at, { kind: 'answered', text: '', peer: 'mx', ...result })), expected);

test('an answer comes to a state and what happened', () => {
  check({ kind: 'captured', code: 250 }, 'captured, delivery');
  check({ code: 250 }, 'delivered, delivery');
  check({ code: 451 }, 'deferred, delivery-delay');
  check({}, 'deferred, delivery-delay');
  check({ code: 550 }, 'bounced, bounce Permanent/General');
  check({ code: 451 }, 'bounced, bounce Transient/General', { ...judged, now: judged.expires });
  check({ code: 451 }, 'bounced, bounce Transient/CustomTimeoutExceeded', {
    ...judged,
    expires: 300_000,
    now: 300_000,
  });
});

test('the simulator is judged as a peer is', () => {
  const simulate = (simulated: Exclude<Simulated, 'ooto'>, expected: string) =>
    assert.equal(told(simulatedOutcome(judged, simulated)), expected);
  simulate('success', 'delivered, delivery');
  simulate('complaint', 'delivered, delivery, complaint');
  simulate('bounce', 'bounced, bounce Permanent/General');
  simulate('suppressionlist', 'bounced, bounce Permanent/General');
});

test('who is on the list is not sent to', () => {
  assert.equal(told(withheldOutcome(judged, 'suppressed')), 'bounced, bounce Permanent/OnAccountSuppressionList');
  assert.equal(told(withheldOutcome(judged, 'opted-out')), 'bounced, bounce Permanent/UnsubscribedRecipient');
});
