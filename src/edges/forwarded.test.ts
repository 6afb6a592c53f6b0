import assert from 'node:assert/strict';
import { test } from 'node:test';
import { originOf } from './forwarded.ts';

const isTrusted = (address: string) => address.startsWith('10.');

function check(peer: string, headers: Record<string, string>, expected: string) {
  const { remoteAddress, secure } = originOf({ remoteAddress: peer, secure: false }, headers, isTrusted);
  assert.equal(`${remoteAddress}${secure ? ' TLS' : ''}`, expected);
}
const from = (value: string) => ({ 'x-forwarded-for': value });

test('a proxy that is trusted tells who the client is', () => {
  check('10.0.0.1', from('192.0.2.1'), '192.0.2.1');
  check('10.0.0.1', from('2001:db8::1'), '2001:db8::1');
  check('10.0.0.1', {}, '10.0.0.1');
  check('10.0.0.1', { ...from('192.0.2.1'), 'x-forwarded-proto': 'https' }, '192.0.2.1 TLS');
  check('10.0.0.1', { 'x-forwarded-proto': 'https,http' }, '10.0.0.1');
});

test('nobody else does', () => {
  check('192.0.2.9', { ...from('192.0.2.1'), 'x-forwarded-proto': 'https' }, '192.0.2.9');
});

test('of a chain, what the client wrote himself does not count', () => {
  check('10.0.0.1', from('198.51.100.1, 192.0.2.1, 10.0.0.2'), '192.0.2.1');
  check('10.0.0.1', from('198.51.100.1,10.0.0.3,192.0.2.1'), '192.0.2.1');
  check('10.0.0.1', from('192.0.2.1, unknown'), '10.0.0.1');
  check('10.0.0.1', from('10.0.0.5'), '10.0.0.5');
});
