import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, classify, expired } from './classify.ts';

const check = (answer: Answer, expected: string) => {
  const verdict = classify(answer);
  const bounce = verdict.kind === 'bounced' ? ` ${verdict.bounce.type}/${verdict.bounce.subType}` : '';
  assert.equal(`${verdict.kind} ${verdict.status}${bounce}`, expected);
};

test('a reply is judged by its code, its enhanced code and nothing else', () => {
  check({ code: 250, text: '2.6.0 Message received' }, 'delivered 2.6.0');
  check({ code: 250, text: 'Ok: queued as 123' }, 'delivered 2.0.0');
  check({ code: 421, text: '4.7.0 try later' }, 'deferred 4.7.0');
  check({ code: 450, text: 'greylisted' }, 'deferred 4.0.0');
  check({ text: 'connect ECONNREFUSED' }, 'deferred 4.0.0');
  check({ code: 550, text: '5.1.1 user unknown' }, 'bounced 5.1.1 Permanent/General');
  check({ code: 550, text: 'no such user' }, 'bounced 5.0.0 Permanent/General');
  check({ code: 552, text: '5.2.2 mailbox full' }, 'bounced 5.2.2 Transient/MailboxFull');
  check({ code: 552, text: '5.3.4 too big' }, 'bounced 5.3.4 Transient/MessageTooLarge');
  check({ code: 554, text: '5.7.1 spam' }, 'bounced 5.7.1 Transient/ContentRejected');
  check({ code: 554, text: '5.1.10 null MX' }, 'bounced 5.1.10 Permanent/General');
});

test('what expires keeps the last answer', () => {
  assert.equal(
    expired({ code: 421, text: '4.4.0 Unable to lookup DNS for example.invalid' }, 840).text,
    '4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 Unable to lookup DNS for example.invalid>',
  );
});
