import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AddressSet, parseCidr } from './cidr.ts';

test('an address alone or a block, of either family', () => {
  const read: [string, ReturnType<typeof parseCidr>][] = [
    ['10.0.0.1', { family: 'ipv4', address: '10.0.0.1', prefix: 32 }],
    ['10.0.0.1/24', { family: 'ipv4', address: '10.0.0.1', prefix: 24 }],
    ['0.0.0.0/0', { family: 'ipv4', address: '0.0.0.0', prefix: 0 }],
    ['2001:DB8::1', { family: 'ipv6', address: '2001:DB8::1', prefix: 128 }],
    ['::/0', { family: 'ipv6', address: '::', prefix: 0 }],
  ];
  for (const [text, cidr] of read) assert.deepEqual(parseCidr(text), cidr, text);
});

test('what is no block', () => {
  const none = [
    '',
    '/',
    '10.0.0',
    '10.0.0.256',
    '10.0.0.1/',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/08',
    '10.0.0.1/8/8',
  ];
  const noneEither = [
    'example.com',
    ' 10.0.0.1',
    '10.0.0.1\n',
    '::1/129',
    'fe80::1%eth0',
    '::ffff:10.0.0.1',
    '0:0:0:0:0:FFFF:a00:1',
  ];
  for (const text of [...none, ...noneEither]) assert.equal(parseCidr(text), undefined, text);
});

test('an address is in a set if one of its blocks covers it', () => {
  const holds = (blocks: string[], address: string) =>
    new AddressSet(blocks.map((each) => parseCidr(each)!)).has(address);
  const cases: [string[], string, boolean][] = [
    [[], '10.0.0.1', false],
    [['10.0.0.1'], '10.0.0.1', true],
    [['10.0.0.1'], '10.0.0.2', false],
    [['10.0.0.1/24'], '10.0.0.255', true],
    [['10.0.0.1/24'], '10.0.1.0', false],
    [['192.0.2.0/25', '10.0.0.0/8'], '192.0.2.127', true],
    [['192.0.2.0/25', '10.0.0.0/8'], '192.0.2.128', false],
    [['0.0.0.0/0'], '255.255.255.255', true],
    [['0.0.0.0/0'], '2001:db8::1', false],
    [['::/0'], '2001:db8::1', true],
    [['::/0'], '10.0.0.1', false],
    [['2001:db8::/33'], '2001:db8:7fff::1', true],
    [['2001:db8::/33'], '2001:db8:8000::1', false],
    [['fe80::/10'], 'fe80::1%eth0', true],
    [['::/0', '0.0.0.0/0'], 'localhost', false],
  ];
  for (const [blocks, address, expected] of cases)
    assert.equal(holds(blocks, address), expected, `${blocks} ${address}`);
});
