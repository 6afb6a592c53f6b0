import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer, MailExchanger } from '../../wire/dns/dns.ts';
import { exchangersOf } from './exchangers.ts';

const check = (records: Answer<MailExchanger[]>, expected: string) => {
  const lots = [0.9, 0.1, 0.5];
  const found = exchangersOf('example.com', records, () => lots.shift()!);
  assert.equal(found.kind === 'hosts' ? found.hosts.join(' ') : `${found.answer.code} ${found.answer.text}`, expected);
};
const mx = (preference: number, host: string) => ({ preference, host });

test('exchangers by preference, equals by lot', () => {
  check({ kind: 'found', value: [mx(20, 'c'), mx(10, 'b'), mx(10, 'a')] }, 'b a c');
  check({ kind: 'none' }, 'example.com');
  check({ kind: 'found', value: [mx(0, '')] }, '556 5.1.10 example.com does not accept mail (null MX)');
  check({ kind: 'failed', reason: 'ETIMEOUT' }, '421 4.4.0 Unable to lookup DNS for example.com');
});
