import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ownNames } from '../../base/own-names.ts';
import type { Identity } from './identity.ts';
import { assumed, begun } from './proof.ts';
import type { Placed } from './records.ts';
import { delegatedDomain, ownZones, spokenFor, verdictOf } from './zone.ts';

const names = ownNames('sesame.example');
const speaker = { server: 'ns.sesame.example', mailbox: 'hostmaster.sesame.example', serial: 1 };
const own = ownZones({
  names,
  regions: ['us-east-1', 'eu-west-1'],
  addresses: ['192.0.2.1', '2001:db8::1'],
  hostname: 'mail.sesame.example',
  region: 'eu-west-1',
  key: { name: 's._domainkey.sesame.example', type: 'TXT', data: 'v=DKIM1; k=rsa; p=x' },
});
const shop = {
  apex: '_domainkey.shop.example',
  records: [{ name: 't._domainkey.shop.example', type: 'CNAME', data: 't.dkim.sesame.example' }],
} as const;

/** Data of the answers; a word where there are none. */
function says(name: string, type: string): unknown {
  const verdict = verdictOf({ name, type }, [...own, shop], speaker);
  if (verdict.kind === 'refused') return 'refused';
  if (verdict.answers.length === 0) return verdict.exists ? 'no such type' : 'no such name';
  return verdict.answers.map(
    ({ type: kind, data }) => `${kind} ${typeof data === 'string' ? data : JSON.stringify(data)}`,
  );
}

describe('a question and what our zones say', () => {
  const check = (name: string, type: string, wanted: unknown) =>
    test(`${type} of ${name}`, () => assert.deepEqual(says(name, type), wanted));
  check('inbound-smtp.eu-west-1.sesame.example', 'A', ['A 192.0.2.1']);
  check('inbound-smtp.eu-west-1.sesame.example', 'AAAA', ['AAAA 2001:db8::1']);
  check('inbound-smtp.eu-west-1.sesame.example', 'MX', 'no such type');
  check('inbound-smtp.mars-1.sesame.example', 'A', 'no such name');
  check('sesame.example', 'NS', ['NS ns.sesame.example']);
  check('sesame.example', 'MX', ['MX {"preference":10,"host":"inbound-smtp.eu-west-1.sesame.example"}']);
  check('s._domainkey.sesame.example', 'TXT', ['TXT v=DKIM1; k=rsa; p=x']);
  check('_domainkey.sesame.example', 'TXT', 'no such type');
  check('dkim.sesame.example', 'TXT', 'no such type');
  check('eu-west-1.sesame.example', 'ANY', ['MX {"preference":10,"host":"feedback-smtp.eu-west-1.sesame.example"}']);
  check('t._domainkey.shop.example', 'CNAME', ['CNAME t.dkim.sesame.example']);
  check('t._domainkey.shop.example', 'TXT', ['CNAME t.dkim.sesame.example']);
  check('_domainkey.shop.example', 'NS', ['NS ns.sesame.example']);
  check('u._domainkey.shop.example', 'TXT', 'no such name');
  check('shop.example', 'TXT', 'refused');
  check('notsesame.example', 'A', 'refused');
});

test('what a name under a delegated label belongs to', () => {
  assert.deepEqual(delegatedDomain('t._domainkey.shop.example'), {
    apex: '_domainkey.shop.example',
    domain: 'shop.example',
  });
  assert.deepEqual(delegatedDomain('_amazonses.shop.example'), {
    apex: '_amazonses.shop.example',
    domain: 'shop.example',
  });
  assert.equal(delegatedDomain('shop.example'), undefined);
  assert.equal(delegatedDomain('_domainkey.example'), undefined);
});

describe('for whom we speak in a domain that is claimed', () => {
  const claim = (account: string, proof: Identity['proof']): Placed => ({
    account,
    region: 'us-east-1',
    identity: { name: 'shop.example', type: 'domain', status: proof!.status, created: 0, tags: [], proof },
  });
  const check = (name: string, claims: Placed[], wanted: string[]) =>
    test(name, () =>
      assert.deepEqual(
        spokenFor(claims).map(({ account }) => account),
        wanted,
      ),
    );
  check('nobody', [], []);
  check('the only one', [claim('1', begun(0))], ['1']);
  check('nobody while two claim it', [claim('1', begun(0)), claim('2', begun(0))], []);
  check('the one who proved it', [claim('1', begun(0)), claim('2', assumed(0))], ['2']);
  check(
    'all who proved it, in all their regions',
    [claim('1', assumed(0)), claim('2', assumed(0)), claim('2', begun(0))],
    ['1', '2', '2'],
  );
});
