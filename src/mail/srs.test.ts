import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Srs } from './srs.ts';

const DAY = 86_400_000;
const now = Date.UTC(2026, 8, 1, 10);
const srs = new Srs(Buffer.alloc(32, 'key'));
const other = new Srs(Buffer.alloc(32, 'other'));

test('a sender is written as ours, and found again', () => {
  const local = srs.forward('bob@world.example', now)!;
  assert.match(local, /^SRS0=[a-z2-7]{8}=[a-z2-7]{2}=world\.example=bob$/);
  assert.equal(srs.reverse(local, now), 'bob@world.example');
  assert.equal(srs.reverse(local.toLowerCase(), now), 'bob@world.example');
  const strange = srs.forward('b=o=b+x@world.example', now)!;
  assert.equal(srs.reverse(strange, now), 'b=o=b+x@world.example');
});

test('an address of another forwarder leads back to that forwarder', () => {
  const first = other.forward('bob@world.example', now)!;
  const second = srs.forward(`${first}@first.example`, now)!;
  assert.match(second, /^SRS1=[a-z2-7]{8}=first\.example==[a-z2-7]{8}=..=world\.example=bob$/);
  assert.equal(srs.reverse(second, now), `${first}@first.example`);
  const third = other.forward(`${second}@second.example`, now)!;
  assert.equal(other.reverse(third, now), `${first}@first.example`);
});

test('forged, changed and old addresses lead nowhere', () => {
  const local = srs.forward('bob@world.example', now)!;
  assert.equal(other.reverse(local, now), undefined);
  assert.equal(srs.reverse(local.replace('=bob', '=eve'), now), undefined);
  assert.equal(srs.reverse('bob', now), undefined);
  assert.equal(srs.reverse('SRS0=aaaaaaaa=aa=world.example=bob', now), undefined);
  assert.equal(srs.reverse('SRS0==', now), undefined);
  assert.equal(srs.reverse(local, now + 21 * DAY), 'bob@world.example');
  assert.equal(srs.reverse(local, now + 22 * DAY), undefined);
});

test('what is too long for a local part is not written', () => {
  assert.equal(srs.forward(`${'x'.repeat(50)}@world.example`, now), undefined);
});
