import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameProcess } from '../world/process.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: there is less free disk than the reserve. Nothing is accepted, everybody is told to come again later.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_DISK_RESERVE: '1000000TiB' });
});
after(() => sesame?.stop());

test('the API answers 503, SMTP 452, readiness says why', async () => {
  const ses = new SESv2Client(sesame.client);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'a@sender.example' }));
  const send = ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'a@sender.example',
      Destination: { ToAddresses: ['b@world.example'] },
      Content: { Simple: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  await assert.rejects(
    send,
    (error: { $metadata?: { httpStatusCode?: number } }) => error.$metadata?.httpStatusCode === 503,
  );
  ses.destroy();

  const port = sesame.port('submission');
  const client = await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' });
  assert.ok(client instanceof SmtpClient);
  const content = Buffer.from('From: a@sender.example\r\n\r\nx\r\n');
  const [answer] = await client.deliver({ from: 'a@sender.example', to: ['b@world.example'], content });
  client.close();
  assert.deepEqual([answer?.accepted, answer?.code], [false, 452]);

  const { status, json } = await sesame.call('GET', '/readyz');
  assert.deepEqual([status, json.reason], [503, 'The disk is full.']);
  assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 0);
});

test('a second process on the data folder refuses to start and says so', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sesame-second-'));
  const first = new SesameProcess(folder);
  await first.start();
  const second = new SesameProcess(folder);
  await assert.rejects(second.start(), /Sesame ended with 1: .*(another|in use|already)/is);
  assert.equal((await fetch(`${first.url}/readyz`)).status, 200);
  await first.stop();
  await rm(folder, { recursive: true });
});
