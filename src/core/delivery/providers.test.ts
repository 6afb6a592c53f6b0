import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MOST_UNDER_WAY, Providers, providerOf } from './providers.ts';

test('who runs an exchanger', () => {
  const check = (host: string, expected: string) => assert.equal(providerOf(host), expected);
  check('ASPMX.L.Google.com', 'google.com');
  check('alt1.aspmx.l.google.com.', 'google.com');
  check('example-org.mail.protection.outlook.com', 'outlook.com');
  check('mx.example.co.uk', 'example.co.uk');
  check('mx1.example.de', 'example.de');
  check('example.de', 'example.de');
  check('localhost', 'localhost');
  check('127.0.0.1', '127.0.0.1');
  check('2001:db8::1', '2001:db8::1');
});

test('a provider is given more while it answers, and one at a time once it does not', () => {
  const providers = new Providers();
  assert.equal(providers.room('a.example', 200), 10);
  for (let n = 0; n < 5; n++) providers.begin('a.example').end('reached');
  assert.equal(providers.room('a.example', 200), 15);
  for (let n = 0; n < 100; n++) providers.begin('a.example').end('reached');
  assert.equal(providers.room('a.example', 200), MOST_UNDER_WAY);
  providers.begin('a.example').end('unreached');
  assert.equal(providers.room('a.example', 200), 1);
  providers.begin('a.example').end('reached');
  assert.equal(providers.room('a.example', 200), 2);
});

test('nobody gets more than half of what is left', () => {
  const providers = new Providers();
  assert.equal(providers.room('a.example', 9), 5);
  assert.equal(providers.room('a.example', 1), 1);
});

test('a place moves to where the way leads, if there is room', () => {
  const providers = new Providers();
  const places = Array.from({ length: 10 }, () => providers.begin('big.example'));
  assert.deepEqual(providers.full(), ['big.example']);
  const place = providers.begin('small.example');
  assert.equal(place.move('big.example'), false);
  places.pop()!.end();
  assert.deepEqual(providers.full(), []);
  assert.equal(place.move('big.example'), true);
  assert.deepEqual(providers.full(), ['big.example']);
  place.end('reached');
  assert.equal(providers.room('big.example', 200), 2);
  for (const one of places) one.end();
  assert.equal(providers.room('big.example', 200), 11);
  assert.deepEqual(providers.full(), []);
});
