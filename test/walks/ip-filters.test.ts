import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptFilterCommand,
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DeleteReceiptFilterCommand,
  type ReceiptFilterPolicy,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: an account receives, learns to block a peer, to make an exception, and receives in a second region too.
let sesame: SesameUnderTest;
let here: SESClient;
let there: SESClient;

const PEER = '127.0.0.1';
const TO = 'inbox@here.example';

before(async () => {
  sesame = await SesameUnderTest.start();
  here = new SESClient(sesame.client);
  there = new SESClient({ ...sesame.client, region: 'eu-west-1' });
  await receive(here, 'mails-here');
});
after(async () => {
  for (const client of [here, there]) client?.destroy();
  await sesame?.stop();
});

/** All mail for the domain goes to a bucket of the client's region. */
async function receive(ses: SESClient, bucket: string): Promise<void> {
  const s3 = new S3Client({ ...sesame.client, region: await ses.config.region(), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  s3.destroy();
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const Rule = { Name: 'store', Enabled: true, Actions: [{ S3Action: { BucketName: bucket } }] };
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
}

const filter = (ses: SESClient, Name: string, Policy: ReceiptFilterPolicy, Cidr: string) =>
  ses.send(new CreateReceiptFilterCommand({ Filter: { Name, IpFilter: { Policy, Cidr } } }));
const unfilter = (ses: SESClient, FilterName: string) => ses.send(new DeleteReceiptFilterCommand({ FilterName }));

/** What the MX door says to a mail from that address of ours. */
async function arrive(subject: string, { from = PEER, to = TO } = {}) {
  const client = await SmtpClient.connect({
    host: PEER,
    port: sesame.port('mx'),
    localAddress: from,
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) return [client.stage, client.code, client.enhanced];
  const content = Buffer.from(`From: bob@world.example\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nHi\r\n`);
  const [answer] = await client.deliver({ from: 'bob@world.example', to: [to], content });
  client.close();
  return [answer?.stage, answer?.code, answer?.enhanced];
}
/** Where nobody would take anything from the peer, and where somebody would take something. */
const SENT_AWAY = ['greeting', 554, '5.7.1'];
const REFUSED = ['rcpt', 550, '5.7.1'];
const isTaken = ([, code]: Awaited<ReturnType<typeof arrive>>) => code === 250;

test('a peer that all who receive block is sent away when it connects, another is not', async () => {
  assert.ok(isTaken(await arrive('before')));
  await filter(here, 'block', 'Block', '127.0.0.1/32');
  await filter(here, 'v6', 'Block', '::/0');
  assert.deepEqual(await arrive('blocked'), SENT_AWAY);
  assert.ok(isTaken(await arrive('other peer', { from: '127.0.0.2' })));
});

test('what one filter allows passes, whatever others block', async () => {
  await filter(here, 'everybody', 'Block', '0.0.0.0/0');
  assert.deepEqual(await arrive('all blocked', { from: '127.0.0.2' }), SENT_AWAY);
  await filter(here, 'friend', 'Allow', '127.0.0.2');
  assert.ok(isTaken(await arrive('friend', { from: '127.0.0.2' })));
  assert.deepEqual(await arrive('no friend'), SENT_AWAY);
});

test('filters outlive a restart', async () => {
  await sesame.restart();
  for (const client of [here, there]) client.destroy();
  here = new SESClient(sesame.client);
  there = new SESClient({ ...sesame.client, region: 'eu-west-1' });
  assert.deepEqual(await arrive('after the restart'), SENT_AWAY);
});

test('a region that blocks the peer does not get what another takes', async () => {
  await receive(there, 'mails-there');
  assert.ok(isTaken(await arrive('only there')));
  const { json } = await sesame.call('GET', '/_sesame/messages?query=direction:in');
  const subjects = json.messages.map(({ subject }: { subject: string }) => subject);
  assert.deepEqual(subjects.sort(), ['before', 'friend', 'only there', 'other peer']);
  // Beside the test that SES writes when the rule is made.
  assert.equal(await stored('eu-west-1', 'mails-there'), 1 + 1);
  assert.equal(await stored('us-east-1', 'mails-here'), 1 + 3);
  await filter(there, 'block', 'Block', '127.0.0.1');
  assert.deepEqual(await arrive('nowhere'), SENT_AWAY);
  await unfilter(there, 'block');
  assert.ok(isTaken(await arrive('there again')));
});

async function stored(region: string, Bucket: string): Promise<number> {
  await sesame.advance('0s');
  const s3 = new S3Client({ ...sesame.client, region, forcePathStyle: true });
  const { KeyCount } = await s3.send(new ListObjectsV2Command({ Bucket }));
  s3.destroy();
  return KeyCount ?? 0;
}

test('an account without filters lets everybody in; then it is the recipient that decides', async () => {
  await filter(there, 'block', 'Block', '127.0.0.1');
  assert.deepEqual(await arrive('blocked by all'), SENT_AWAY);
  const credentials = { accessKeyId: '111111111111', secretAccessKey: 'anything' };
  const other = new SESClient({ ...sesame.client, credentials });
  await other.send(new VerifyDomainIdentityCommand({ Domain: 'other.example' }));
  await other.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await other.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  // An active rule set in which nothing is enabled receives nothing.
  assert.deepEqual(await arrive('still'), SENT_AWAY);
  await other.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: { Name: 'all', Enabled: true } }));
  other.destroy();
  assert.deepEqual(await arrive('blocked'), REFUSED);
  assert.deepEqual(await arrive('nobody', { to: 'x@elsewhere.example' }), ['rcpt', 550, '5.1.1']);
  assert.ok(isTaken(await arrive('theirs', { to: 'inbox@other.example' })));
});
