import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groundsOf } from './consequences.ts';
import { outcomeOf, simulatedOutcome, withheldOutcome } from './outcome.ts';

const judged = { recipient: 'a@b.example', accepted: 0, expires: 840 * 60_000, now: 500, feedbackId: 'f' };
const grounds = ({ happenings }: ReturnType<typeof outcomeOf>) =>
  happenings.flatMap((one) => {
    const found = groundsOf(one);
    return found ? [`${found.reason} ${found.feedbackId} ${found.addresses}`] : [];
  });
const answered = (code: number, text: string) => outcomeOf(judged, { kind: 'answered', peer: 'mx', code, text });

test('who complains, and who is not there, is not written to again', () => {
  assert.deepEqual(grounds(simulatedOutcome(judged, 'complaint')), ['complaint f a@b.example']);
  assert.deepEqual(grounds(answered(550, '5.1.1 user unknown')), ['bounce f a@b.example']);
});

test('nothing else costs a place on the list, an earlier place neither', () => {
  assert.deepEqual(grounds(answered(250, 'Ok')), []);
  assert.deepEqual(grounds(answered(450, '4.2.2 full')), []);
  assert.deepEqual(grounds(withheldOutcome(judged, 'suppressed')), []);
  assert.deepEqual(grounds(withheldOutcome(judged, 'opted-out')), []);
  const earlier = {
    type: 'complaint',
    feedbackId: 'f',
    recipients: ['a@b.example'],
    subType: 'OnAccountSuppressionList',
  };
  assert.equal(groundsOf(earlier as Parameters<typeof groundsOf>[0]), undefined);
});
