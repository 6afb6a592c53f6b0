import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { Authenticators } from './authentication.ts';

const sender = { peerAddress: '192.0.2.1', helo: 'mail.world.example', envelopeFrom: 'bob@world.example' };

async function* mail() {
  yield Buffer.from('From: bob@world.example\r\n');
  yield Buffer.from('Subject: Hi\r\n\r\nbody\r\n');
}

test('a message that takes too long has no result, and costs its thread only', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const servers = [`127.0.0.1:${silent.address().port}`];
  const impatient = new Authenticators({ servers, patience: 1 });
  await assert.rejects(impatient.check('', sender, mail()));
  await assert.rejects(impatient.check('', sender, mail()));
  await impatient.stop();
  silent.close();
});

test('a stop waits for nobody: what is under way and what waits has no result', async (t) => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => silent.close());
  await once(silent, 'listening');
  const checks = new Authenticators({ servers: [`127.0.0.1:${silent.address().port}`] });
  const asked = Array.from({ length: 6 }, () => checks.check('', sender, mail()));
  const ends = Promise.allSettled(asked);
  await once(silent, 'message');
  await checks.stop();
  assert.deepEqual([...new Set((await ends).map(({ status }) => status))], ['rejected']);
});

test('more messages than threads take their turns; content that breaks off fails its own message only', async () => {
  // Nobody is there to ask: every question fails at once.
  const checks = new Authenticators({ servers: ['127.0.0.1:1'] });
  async function* broken() {
    yield Buffer.from('From: bob@world.example\r\n');
    throw new Error('the disk');
  }
  const [refused, ...found] = await Promise.allSettled([
    checks.check('', sender, broken()),
    ...Array.from({ length: 6 }, () => checks.check('', sender, mail())),
  ]);
  assert.equal(refused.status, 'rejected');
  for (const one of found) {
    assert.ok(one.status === 'fulfilled');
    assert.deepEqual([one.value.spf.result, one.value.dkim, one.value.arc], ['temperror', [], 'none']);
  }
  await checks.stop();
});
