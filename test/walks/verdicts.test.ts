import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { dkimSign } from 'mailauth/lib/dkim/sign.js';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';
import { ZoneServer } from '../world/zones.ts';

// One story: mail comes from domains that say who may send for them, and from those who only pretend.
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

let zones: ZoneServer;
let sesame: SesameUnderTest;
let subscriber: Subscriber;
let ses: SESClient;
let s3: S3Client;

before(async () => {
  zones = await ZoneServer.start({
    'good.example': { TXT: ['v=spf1 ip4:127.0.0.1 -all'] },
    '_dmarc.good.example': { TXT: ['v=DMARC1; p=reject'] },
    'k._domainkey.good.example': { TXT: [`v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`] },
    'strict.example': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    '_dmarc.strict.example': { TXT: ['v=DMARC1; p=quarantine'] },
    'silent.example': {},
    'soft.example': { TXT: ['v=spf1 ~all'] },
  });
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start({ SESAME_DNS: zones.address });
  ses = new SESClient(sesame.client);
  s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
  await receiving(sesame);
});
after(async () => {
  for (const client of [ses, s3]) client?.destroy();
  await sesame?.stop();
  await subscriber?.close();
  zones?.close();
});

const first = { account: '000000000000', domain: 'here.example', bucket: 'mails' };
const second = { account: '222222222222', domain: 'there.example', bucket: 'other-mails' };

/** A rule that stores and announces, without scans. */
async function receiving(house: SesameUnderTest, { account, domain, bucket: Bucket } = first) {
  const credentials = { ...house.client.credentials, accessKeyId: account };
  const client = new SESClient({ ...house.client, credentials });
  const sns = new SNSClient({ ...house.client, credentials });
  const bucket = new S3Client({ ...house.client, credentials, forcePathStyle: true });
  await bucket.send(new CreateBucketCommand({ Bucket }));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'inbound' }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }));
  const { body } = await subscriber.post(({ body: text }) => {
    const { SubscribeURL, TopicArn: of } = JSON.parse(text);
    return of === TopicArn && SubscribeURL?.startsWith(house.url);
  });
  assert.equal((await fetch(JSON.parse(body).SubscribeURL)).status, 200);
  await client.send(new VerifyDomainIdentityCommand({ Domain: domain }));
  await client.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await client.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const Actions = [
    { AddHeaderAction: { HeaderName: 'X-Added', HeaderValue: 'yes' } },
    { S3Action: { BucketName: Bucket, TopicArn } },
  ];
  const Rule = { Name: 'all', Enabled: true, Recipients: [domain], Actions };
  await client.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  for (const each of [client, sns, bucket]) each.destroy();
}

const isNotification = ({ headers, body }: Posted, id: string) =>
  headers['x-amz-sns-message-type'] === 'Notification' && body.includes(id);

interface Mail {
  readonly from: string;
  readonly to?: string;
  readonly content: string;
  readonly house?: SesameUnderTest;
}

/** Brings a mail to the MX door; answers its id. */
async function brought({ from, to = 'ann@here.example', content, house = sesame }: Mail): Promise<string> {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: house.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) throw new Error(client.text);
  const [answer] = await client.deliver({ from, to: [to], content: Buffer.from(content, 'latin1') });
  client.close();
  assert.equal(answer?.code, 250, answer?.text);
  return answer!.text.split(' ').at(-1)!;
}

/** What the topic is told of it. */
async function told(id: string) {
  const { body } = await subscriber.post((posted) => isNotification(posted, id));
  return JSON.parse(JSON.parse(body).Message);
}

const judged = async (mail: Mail) => told(await brought(mail));

const verdicts = ({ receipt }: any) => [
  receipt.spfVerdict.status,
  receipt.dkimVerdict.status,
  receipt.dmarcVerdict.status,
  receipt.dmarcPolicy,
  receipt.spamVerdict.status,
  receipt.virusVerdict.status,
];
const letter = (from: string, text = 'Hi there') =>
  `From: Bob <${from}>\r\nTo: ann@here.example\r\nSubject: Hi\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\n${text}\r\n`;

async function signed(content: string, signatures = 1): Promise<string> {
  const one = { signingDomain: 'good.example', selector: 'k', privateKey };
  const { signatures: fields, errors } = await dkimSign(content, {
    ...one,
    canonicalization: 'relaxed/relaxed',
    signTime: new Date(),
    signatureData: Array.from({ length: signatures }, () => one),
  });
  assert.deepEqual(errors, []);
  return fields + content;
}
const stored = async ({ mail }: any) =>
  (await s3.send(new GetObjectCommand({ Bucket: 'mails', Key: mail.messageId }))).Body!.transformToString();

test('a domain that says who sends for it: every check passes, and the stored mail tells of it in the form of SES', async () => {
  const content = await signed(letter('bob@good.example'));
  const told = await judged({ from: 'bob@good.example', content });
  assert.deepEqual(verdicts(told), ['PASS', 'PASS', 'PASS', undefined, 'DISABLED', 'DISABLED']);
  const text = await stored(told);
  const spf =
    'pass (spfCheck: domain of bob@good.example designates 127.0.0.1 as permitted sender) client-ip=127.0.0.1; envelope-from=bob@good.example; helo=mail.world.example;';
  const fields = [
    `Received-SPF: ${spf}`,
    'Authentication-Results: amazonses.com;',
    ` spf=${spf}`,
    ' dkim=pass header.i=@good.example;',
    ' dmarc=pass header.from=good.example;',
  ];
  const [added, returnPath] = text.split('\r\n');
  assert.deepEqual([added, returnPath], ['X-Added: yes', 'Return-Path: <bob@good.example>']);
  assert.ok(text.endsWith(` (UTC)\r\n${fields.join('\r\n')}\r\n${content}`), text.slice(0, 2_000));
  const header = Object.fromEntries(told.mail.headers.map(({ name, value }: any) => [name, value]));
  assert.equal(header['Received-SPF'], spf);
  // What is kept of the message is what came.
  const raw = await sesame.raw(told.mail.messageId);
  assert.doesNotMatch(raw, /Authentication-Results/);
  const { timeline } = await sesame.shown(told.mail.messageId);
  const [{ verdicts: shown }] = timeline.filter(({ type }: any) => type === 'judged');
  assert.deepEqual([shown.spf, shown.dkim, shown.dmarc, shown.spam], ['PASS', 'PASS', 'PASS', 'DISABLED']);
});

test('who pretends fails, and the policy of the pretended domain is told', async () => {
  const told = await judged({ from: 'eve@strict.example', content: letter('boss@strict.example') });
  assert.deepEqual(verdicts(told).slice(0, 4), ['FAIL', 'GRAY', 'FAIL', 'quarantine']);
  assert.match(await stored(told), /\r\n dkim=none;\r\n dmarc=fail header\.from=strict\.example;\r\nFrom: /);
  const changed = (await signed(letter('bob@good.example'))).replace('Hi there', 'Hi thief');
  assert.deepEqual(verdicts(await judged({ from: 'eve@strict.example', content: changed })).slice(0, 4), [
    ...['FAIL', 'FAIL', 'FAIL', 'reject'],
  ]);
});

test('no policy, or one that decides nothing, is gray', async () => {
  for (const domain of ['silent.example', 'soft.example']) {
    const told = await judged({ from: `bob@${domain}`, content: letter(`bob@${domain}`) });
    assert.deepEqual(verdicts(told).slice(0, 4), ['GRAY', 'GRAY', 'GRAY', undefined], domain);
  }
});

test('a report has no sender: SPF asks for the name that the peer gave', async () => {
  zones.zones['mail.world.example'] = { TXT: ['v=spf1 ip4:127.0.0.1 -all'] };
  const told = await judged({ from: '', content: letter('daemon@silent.example') });
  assert.equal(verdicts(told)[0], 'PASS');
});

test('DNS that does not answer stops no mail', async () => {
  for (const name of ['broken.example', '_dmarc.broken.example']) zones.broken.add(name);
  const told = await judged({ from: 'bob@broken.example', content: letter('bob@broken.example') });
  assert.deepEqual(verdicts(told).slice(0, 4), ['PROCESSING_FAILED', 'GRAY', 'PROCESSING_FAILED', undefined]);
});

test('mail whose DNS never answers holds up neither another account nor a stop', async () => {
  const house = await SesameUnderTest.start({ SESAME_DNS: zones.address });
  try {
    for (const account of [first, second]) await receiving(house, account);
    const names = ['mute.example', '_dmarc.mute.example'];
    for (const name of names) zones.silent.add(name);
    const content = letter('bob@mute.example');
    const waiting = await Promise.all(
      Array.from({ length: 12 }, () => brought({ from: 'bob@mute.example', content, house })),
    );
    const isTold = (id: string) => subscriber.posted.some((posted) => isNotification(posted, id));
    const other = { from: 'bob@good.example', to: 'ann@there.example', content: letter('bob@good.example'), house };
    assert.equal(verdicts(await judged(other))[0], 'PASS');
    assert.ok(waiting.filter(isTold).length < waiting.length / 2);

    for (const name of names) zones.silent.delete(name);
    await house.restart();
    const spf = await Promise.all(waiting.map(async (id) => verdicts(await told(id))[0]));
    assert.ok(spf.includes('GRAY'), spf.join());
  } finally {
    await house.stop();
  }
});

test('hostile mail costs a bounded time in a thread of its own', async () => {
  const many = await signed(letter('bob@good.example'), 500);
  assert.deepEqual(verdicts(await judged({ from: 'bob@good.example', content: many })).slice(0, 3), [
    ...['PASS', 'PASS', 'PASS'],
  ]);
  const line = await signed(letter('bob@good.example', `${'x'.repeat(60_000)}\r\n`.repeat(70)));
  assert.equal(verdicts(await judged({ from: 'bob@good.example', content: line }))[1], 'PASS');
  const parts = Array.from({ length: 10_000 }, (_, n) => `--b\r\nContent-Type: multipart/mixed; boundary=b${n}\r\n`);
  const nested = `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n${letter('bob@good.example', parts.join('\r\n'))}`;
  assert.equal(verdicts(await judged({ from: 'bob@good.example', content: nested }))[0], 'PASS');
});

test('in development nobody is asked in DNS unless a server is named', async () => {
  const house = await SesameUnderTest.start();
  try {
    await receiving(house);
    const told = await judged({ from: 'bob@good.example', content: letter('bob@good.example'), house });
    assert.deepEqual(verdicts(told), [...['DISABLED', 'DISABLED', 'DISABLED'], undefined, 'DISABLED', 'DISABLED']);
  } finally {
    await house.stop();
  }
});
