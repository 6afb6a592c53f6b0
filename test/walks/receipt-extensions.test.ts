import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  DescribeReceiptRuleCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  UpdateReceiptRuleCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { Subscriber } from '../world/subscriber.ts';

// One story: a rule posts what comes to a webhook and forwards it; a report on the forwarded mail finds the way back.
let sesame: SesameUnderTest;
let subscriber: Subscriber;
let sink: Awaited<ReturnType<typeof Sink.start>>;
let ses: SESClient;
let secret: string;

const path = '/_sesame/receipt-rules/main/all/extensions';
const Rule = {
  Name: 'all',
  Enabled: true,
  Recipients: ['here.example'],
  Actions: [
    { AddHeaderAction: { HeaderName: 'X-Gate', HeaderValue: 'in' } },
    { StopAction: { Scope: 'RuleSet' as const } },
  ],
};

before(async () => {
  subscriber = await Subscriber.start();
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  ses = new SESClient(sesame.client);
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
  await sink?.close();
  await subscriber?.close();
});

const content = (subject: string) =>
  Buffer.from(`From: Bob <bob@world.example>\r\nTo: ann@here.example\r\nSubject: ${subject}\r\n\r\nGrüße\r\n`);

async function arrive(subject: string, { from = 'bob@world.example', to = 'ann@here.example' } = {}) {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'mail.world.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) throw new Error(client.text);
  const [answer] = await client.deliver({ from, to: [to], content: content(subject) });
  client.close();
  await sesame.advance('0s');
  return answer!;
}

test('extensions are the operator’s: AWS clients neither see nor lose them', async () => {
  const put = (extensions: unknown[], at = path) => sesame.call('PUT', at, { extensions });
  const wrong: [unknown, RegExp][] = [
    [{ type: 'webhook', url: 'ftp://x' }, /is no HTTP URL/],
    [{ type: 'forward', to: 'nobody' }, /./],
    [{ type: 'other' }, /type must be/],
  ];
  for (const [extension, message] of wrong) {
    const { status, json } = await put([extension]);
    assert.equal(status, 400);
    assert.match(json.message, message);
  }
  assert.equal((await put([], '/_sesame/receipt-rules/main/none/extensions')).status, 404);
  assert.equal((await put([], `${path}?region=eu-west-1`)).status, 404);

  const { json } = await put([
    { type: 'webhook', url: subscriber.url },
    { type: 'forward', to: 'ann@elsewhere.example' },
  ]);
  secret = json.extensions[0].secret;
  assert.ok(secret.length > 40);
  const shown = [
    { type: 'webhook', url: subscriber.url },
    { type: 'forward', to: 'ann@elsewhere.example' },
  ];
  await ses.send(new UpdateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  assert.deepEqual((await sesame.call('GET', path)).json, { extensions: shown });
  const read = await ses.send(new DescribeReceiptRuleCommand({ RuleSetName: 'main', RuleName: 'all' }));
  assert.deepEqual(read.Rule, { ...Rule, TlsPolicy: 'Optional', ScanEnabled: false });
});

test('a webhook is posted what came, signed; one that is down is tried again', async () => {
  subscriber.status = 503;
  await arrive('Hooked');
  assert.equal(subscriber.posted.length, 1);
  subscriber.status = 200;
  await sesame.advance('2m');
  const [first, second] = subscriber.posted;
  assert.equal(subscriber.posted.length, 2);
  assert.equal(second!.headers['sesame-message-id'], first!.headers['sesame-message-id']);
  const { headers, body } = second!;
  const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['sesame-signature']))!;
  assert.equal(signature, createHmac('sha256', secret).update(`${time}.${body}`).digest('hex'));
  assert.ok(Math.abs(Number(time) - Date.now() / 1_000) < 60);
  const { mail, receipt, content: encoded } = JSON.parse(body);
  assert.deepEqual(receipt.action, { type: 'Webhook', url: subscriber.url });
  assert.equal(mail.messageId, headers['sesame-message-id']);
  const sent = Buffer.from(encoded, 'base64').toString();
  assert.ok(sent.startsWith('X-Gate: in\r\nReturn-Path: <bob@world.example>\r\n'));
  assert.ok(sent.endsWith(content('Hooked').toString()));
});

test('forwarded mail has a sender of ours, and a report on it goes back to its own', async () => {
  const [forwarded] = sink.caught;
  assert.deepEqual(forwarded!.to, ['ann@elsewhere.example']);
  assert.match(forwarded!.from, /^SRS0=[a-z2-7]{8}=..=world\.example=bob@amazonses\.com$/);
  assert.match(forwarded!.content, /^Feedback-ID: .*\r\n( .*\r\n)*X-Gate: in\r\nReceived: from mail\.world\.example /);
  assert.ok(forwarded!.content.endsWith(content('Hooked').toString('latin1')));

  const report = await arrive('Undelivered', { from: '', to: forwarded!.from });
  assert.equal(report.code, 250);
  const back = sink.caught.at(-1)!;
  assert.deepEqual([back.from, back.to], ['', ['bob@world.example']]);
  assert.ok(back.content.endsWith(content('Undelivered').toString('latin1')));
});

test('nobody else is relayed', async () => {
  const { from: path } = sink.caught[0]!;
  const { length } = sink.caught;
  const refused = async (from: string, to: string) => {
    const { stage, code } = await arrive('Relay', { from, to });
    assert.deepEqual([stage, code], ['rcpt', 550]);
  };
  await refused('eve@world.example', path);
  await refused('', path.replace('=bob', '=eve'));
  await refused('', 'SRS0=aaaaaaaa=aa=world.example=bob@amazonses.com');
  await sesame.advance('23d');
  await refused('', path);
  assert.equal(sink.caught.length, length);
});

test('without extensions the rule is as AWS has it', async () => {
  assert.equal((await sesame.call('DELETE', path)).status, 200);
  const { length } = sink.caught;
  await arrive('Bare');
  assert.equal(sink.caught.length, length);
});
