import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: an account in the sandbox may receive five recipients a day in each region.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on', SESAME_SANDBOX_RECEIVE: '5' });
  await receive('us-east-1', 'here.example');
  await receive('eu-west-1', 'there.example');
});
after(() => sesame?.stop());

async function receive(region: string, Domain: string): Promise<void> {
  const ses = new SESClient({ ...sesame.client, region });
  await ses.send(new VerifyDomainIdentityCommand({ Domain }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: { Name: 'all', Enabled: true } }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  ses.destroy();
}

async function arrive(...to: string[]) {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) throw new Error(client.text);
  const answers = await client.deliver({ from: 'bob@world.example', to, content: Buffer.from('Subject: x\r\n\r\n') });
  client.close();
  return answers.map(({ stage, code, enhanced }) => (code === 250 ? 'taken' : `${stage} ${code} ${enhanced}`));
}
const FULL = 'rcpt 452 4.3.2';
const here = (count: number) => Array.from({ length: count }, (_, n) => `r${n}@here.example`);

test('recipients over the limit are put off, within one transaction too', async () => {
  assert.deepEqual(await arrive(...here(3)), ['taken', 'taken', 'taken']);
  assert.deepEqual(await arrive(...here(3)), ['taken', 'taken', FULL]);
  assert.deepEqual(await arrive(...here(1)), [FULL]);
  assert.deepEqual(await arrive('nobody@elsewhere.example'), ['rcpt 550 5.1.1']);
});

test('another region has a limit of its own', async () => {
  assert.deepEqual(await arrive('ann@there.example'), ['taken']);
});

test('the count outlives a restart, and slides', async () => {
  await sesame.restart();
  assert.deepEqual(await arrive(...here(1)), [FULL]);
  await sesame.advance('23h');
  assert.deepEqual(await arrive(...here(1)), [FULL]);
  await sesame.advance('61m');
  assert.deepEqual(await arrive(...here(1)), ['taken']);
});

test('off lifts it', async () => {
  await sesame.stop();
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on', SESAME_SANDBOX_RECEIVE: 'off' });
  await receive('us-east-1', 'here.example');
  assert.deepEqual(await arrive(...here(9)), Array(9).fill('taken'));
});
