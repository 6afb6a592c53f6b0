import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CreateBucketCommand, DeleteObjectCommand, GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { simpleBodyHash } from '../../src/mail/dkim.ts';
import { converse, ScriptedClient } from '../../src/wire/smtp/script.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: mail that is too large to be collected goes to the disk while it comes, and is stored by a rule.
let sesame: SesameUnderTest;
let s3: S3Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  const ses = new SESClient(sesame.client);
  s3 = new S3Client({ ...sesame.client, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: 'mails' }));
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const Actions = [
    { AddHeaderAction: { HeaderName: 'X-Gate', HeaderValue: 'in' } },
    { S3Action: { BucketName: 'mails' } },
  ];
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: { Name: 'all', Enabled: true, Actions } }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  ses.destroy();
});
after(async () => {
  s3?.destroy();
  await sesame?.stop();
});

const envelope = `S: 220 *
  C: HELO mail.world.example
  S: 250 *
  C: MAIL FROM:<bob@world.example>
  S: 250 OK
  C: RCPT TO:<ann@here.example>
  S: 250 OK
  C: DATA
  S: 354 *`;

/** With dots at the beginning of lines, as they stand in the message. */
const body = `.${'x'.repeat(75)}\r\n`.repeat(20_000);
const large = (subject: string) => `Subject: ${subject}\r\nFrom: bob@world.example\r\n\r\n${body}`;
const onWire = (text: string) => `${text.replace(/^\./gm, '..')}.\r\n`;

const files = () => readdirSync(join(sesame.folder, 'segments', 'incoming'));

test('a large mail is stored to the octet', async () => {
  const client = await ScriptedClient.connect(sesame.port('mx'));
  await client.follow(envelope);
  const text = large('Two megabytes');
  client.say(onWire(text));
  await client.follow('S: 250 OK *\nC: QUIT\nS: 221 Bye\nEND');
  await sesame.advance('0s');
  const { json } = await sesame.call('GET', '/_sesame/messages?query=subject:"Two%20megabytes"');
  const [{ id }] = json.messages;
  const { Body, ContentLength, ETag } = await s3.send(new GetObjectCommand({ Bucket: 'mails', Key: id }));
  const stored = Buffer.from(await Body!.transformToByteArray());
  assert.equal(ContentLength, stored.length);
  assert.equal(ETag, `"${createHash('md5').update(stored).digest('hex')}"`);
  const trace = stored.toString('latin1', 0, stored.length - text.length);
  const content = stored.toString('latin1', stored.length - text.length);
  assert.match(trace, /^X-Gate: in\r\nReturn-Path: <bob@world\.example>\r\nReceived: [\s\S]*\(UTC\)\r\n$/);
  assert.ok(content === text);
  const message = await sesame.app.messages.get(id);
  assert.equal(message!.bodyHash, simpleBodyHash(Buffer.from(body)));
  assert.deepEqual(files(), []);
  assert.equal(sesame.app.budget.used, 0);
});

test('two who receive it share the content, and it goes with the last who has it', async () => {
  const elsewhere = new SESClient({ ...sesame.client, region: 'eu-west-1' });
  await elsewhere.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await elsewhere.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'also' }));
  const Rule = { Name: 'all', Enabled: true, Actions: [{ AddHeaderAction: { HeaderName: 'X', HeaderValue: 'y' } }] };
  await elsewhere.send(new CreateReceiptRuleCommand({ RuleSetName: 'also', Rule }));
  await elsewhere.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'also' }));
  const client = await ScriptedClient.connect(sesame.port('mx'));
  await client.follow(envelope);
  const text = large('Shared');
  client.say(onWire(text));
  await client.follow('S: 250 OK *\nC: QUIT\nS: 221 Bye\nEND');
  await elsewhere.send(new SetActiveReceiptRuleSetCommand({}));
  elsewhere.destroy();
  await sesame.advance('0s');
  const { json } = await sesame.call('GET', '/_sesame/messages?query=subject:Shared');
  const messages = json.messages as { id: string; region: string }[];
  assert.deepEqual(messages.map(({ region }) => region).sort(), ['eu-west-1', 'us-east-1']);
  const id = createHash('sha256').update(text, 'latin1').digest('hex');
  const file = join(sesame.folder, 'segments', id.slice(0, 2), id);
  const Key = messages.find(({ region }) => region === 'us-east-1')!.id;
  for (const message of messages) {
    assert.ok(existsSync(file));
    await sesame.call('DELETE', `/_sesame/messages/${message.id}`);
  }
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'mails', Key }));
  assert.ok((await Body!.transformToString('latin1')).endsWith(text));
  await s3.send(new DeleteObjectCommand({ Bucket: 'mails', Key }));
  while (existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
});

test('what breaks off, or is refused, leaves nothing', async () => {
  const { total } = (await sesame.call('GET', '/_sesame/messages')).json;
  const dropping = await ScriptedClient.connect(sesame.port('mx'));
  await dropping.follow(envelope);
  dropping.say(onWire(large('Broken off')).slice(0, 1_000_000));
  while (files().length === 0) await new Promise((resolve) => setImmediate(resolve));
  dropping.drop();
  while (files().length > 0) await new Promise((resolve) => setImmediate(resolve));

  const smuggling = await ScriptedClient.connect(sesame.port('mx'));
  await smuggling.follow(envelope);
  smuggling.say(`${large('Bare line feed')}\n.\nMAIL FROM:<>\r\n.\r\n`);
  await smuggling.follow('S: 554 5.6.0 Bare LF *\nC: QUIT\nS: 221 Bye\nEND');

  const looping = await ScriptedClient.connect(sesame.port('mx'));
  await looping.follow(envelope);
  looping.say(onWire('Received: from x\r\n'.repeat(51) + large('Loop')));
  await looping.follow('S: 554 5.4.6 Too many hops, this mail loops\nC: QUIT\nS: 221 Bye\nEND');

  const headless = await ScriptedClient.connect(sesame.port('mx'));
  await headless.follow(envelope);
  headless.say(onWire(`X: ${'x'.repeat(70)}\r\n`.repeat(20_000)));
  await headless.follow('S: 554 5.7.1 The header is too large\nC: QUIT\nS: 221 Bye\nEND');
  while (files().length > 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, total);
  assert.equal(sesame.app.budget.used, 0);
});

test('40 MB are taken, one octet more is not', async () => {
  const line = `${'x'.repeat(1_022)}\r\n`;
  const rest = 41_943_040 - 'Subject: full\r\n\r\n'.length;
  const fill = line.repeat(Math.floor(rest / 1_024));
  const text = `Subject: full\r\n\r\n${fill}${'y'.repeat((rest % 1_024) - 2)}\r\n`;
  assert.equal(text.length, 41_943_040);
  for (const [content, answer] of [
    [text, '250 OK *'],
    [`${text.slice(0, -2)}z\r\n`, '552 5.3.4 Message is too long.'],
  ]) {
    const client = await ScriptedClient.connect(sesame.port('mx'));
    await client.follow(envelope);
    client.say(`${content}.\r\n`);
    await client.follow(`S: ${answer}\nC: QUIT\nS: 221 Bye\nEND`);
  }
});

test('one peer has at most a hundred connections', async () => {
  const sockets = Array.from({ length: 100 }, () => connect(sesame.port('mx'), '127.0.0.1'));
  await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
  await converse(sesame.port('mx'), 'S: 421 Too many concurrent SMTP connections\nEND');
  const gone = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
  for (const socket of sockets) socket.destroy();
  await Promise.all(gone);
});
