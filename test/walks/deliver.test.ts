import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  CreateContactListCommand,
  CreateEmailIdentityCommand,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { ZoneServer } from '../world/zones.ts';

// One story: a domain with a DKIM key of its own sends to the world, which answers well, badly, late or not at all.
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
});
const dkimRecord = `p=${publicKey.toString('base64')}`;

let zones: ZoneServer;
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sink = await Sink.start();
  zones = await ZoneServer.start({
    'world.example': {
      MX: [
        [20, 'backup.world.example'],
        [10, 'mx.world.example'],
      ],
    },
    'mx.world.example': { A: ['127.0.0.1'] },
    'backup.world.example': { A: ['127.0.0.1'] },
    'implicit.example': { A: ['127.0.0.1'] },
    'many.example': { A: ['127.0.0.1'] },
    'away.example': { MX: [[10, 'mx.world.example']] },
    'nomail.example': { MX: [[0, '.']] },
  });
  sesame = await SesameUnderTest.start({
    SESAME_DELIVERY: 'direct',
    SESAME_DNS: zones.address,
    SESAME_MX_PORT: String(sink.port),
  });
  ses = new SESv2Client(sesame.client);
  await ses.send(
    new CreateEmailIdentityCommand({
      EmailIdentity: 'sender.example',
      DkimSigningAttributes: { DomainSigningSelector: 'sel', DomainSigningPrivateKey: privateKey.toString('base64') },
    }),
  );
});

after(async () => {
  ses?.destroy();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

const send = async (to: string, subject = 'Hello') => {
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'Ann <ann@sender.example>',
      Destination: { ToAddresses: [to] },
      Content: {
        Simple: { Subject: { Data: subject }, Body: { Text: { Data: 'Grüße,\r\n.dot\r\n', Charset: 'UTF-8' } } },
      },
    }),
  );
  return MessageId!;
};
const detail = async (id: string) => (await sesame.call('GET', `/_sesame/messages/${id}`)).json;

test('direct delivery: signed, with our return path and the fields that SES sets', async () => {
  const id = await send('you@world.example');
  const { from, to, content, helo } = await sink.mail(1);
  assert.equal(from, `${id}@amazonses.com`);
  assert.deepEqual(to, ['you@world.example']);
  assert.equal(helo, 'sesame.test');
  assert.match(content, new RegExp(`\r\nMessage-ID: <${id}@email.amazonses.com>\r\n`));
  assert.match(content, /\r\nDate: [A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000\r\n/);
  assert.match(content, /\r\nFeedback-ID: 1\.us-east-1\.[A-Za-z0-9+/=]{44}:AmazonSES\r\n/);
  assert.match(content, /\r\n\.dot\r\n/);
  const { results } = await dkimVerify(Buffer.from(content, 'latin1'), {
    resolver: async (name: string) => {
      assert.equal(name, 'sel._domainkey.sender.example');
      return [[dkimRecord]];
    },
  });
  assert.deepEqual(
    results.map(({ status, signingDomain }) => [status.result, signingDomain]),
    [['pass', 'sender.example']],
  );
  await sesame.advance('0s');
  const { state, timeline } = await detail(id);
  assert.equal(state, 'delivered');
  assert.deepEqual(
    timeline.map((event: { type: string }) => event.type),
    ['send', 'delivery'],
  );
  assert.equal(timeline[1].reply, '250 2.0.0 Ok: queued');
  assert.equal(timeline[1].peer, 'mx.world.example');
});

test('a domain without MX is its own exchanger', async () => {
  const count = sink.caught.length;
  await send('you@implicit.example');
  assert.deepEqual((await sink.mail(count + 1)).to, ['you@implicit.example']);
});

test('all recipients at a domain are one transaction, also where nobody has been before', async () => {
  const recipients = Array.from({ length: 50 }, (_, n) => `r${n}@many.example`);
  const before = sink.caught.length;
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: recipients },
      Content: { Simple: { Subject: { Data: 'Many' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  await sesame.advance('0s');
  assert.deepEqual(
    sink.caught.slice(before).map(({ to }) => to),
    [recipients],
  );
});

test('a 4xx is tried again on the civil clock, with growing waits', async () => {
  let tries = 0;
  sink.onRcpt = () => {
    tries += 1;
    return tries < 3 ? reply(450, '4.2.0 greylisted') : undefined;
  };
  const id = await send('late@world.example');
  await sesame.advance('0s');
  assert.equal(tries, 1);
  assert.equal((await detail(id)).state, 'deferred');
  await sesame.advance('30s');
  assert.equal(tries, 1);
  await sesame.advance('31s');
  assert.equal(tries, 2);
  await sesame.advance('2m');
  assert.equal(tries, 3);
  sink.onRcpt = () => undefined;
  const { state, timeline } = await detail(id);
  assert.equal(state, 'delivered');
  assert.deepEqual(
    timeline.map((event: { type: string }) => event.type),
    ['send', 'delivery-delay', 'delivery-delay', 'delivery'],
  );
});

test('a 5xx is a bounce, and only for the recipient that it was for', async () => {
  sink.onRcpt = (address) => (address.startsWith('gone') ? reply(550, '5.1.1 user unknown') : undefined);
  const { MessageId: id = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['gone@world.example', 'here@world.example'] },
      Content: { Simple: { Subject: { Data: 'Both' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  await sesame.advance('0s');
  sink.onRcpt = () => undefined;
  const { recipients, timeline } = await detail(id);
  assert.deepEqual(
    recipients.map((one: { recipient: string; state: string }) => [one.recipient, one.state]),
    [
      ['gone@world.example', 'bounced'],
      ['here@world.example', 'delivered'],
    ],
  );
  const bounce = timeline.find((event: { type: string }) => event.type === 'bounce');
  assert.deepEqual(bounce.bounce, { type: 'Permanent', subType: 'General' });
  assert.deepEqual(bounce.recipients, [
    { recipient: 'gone@world.example', reply: '550 5.1.1 user unknown', status: '5.1.1' },
  ]);
});

test('what cannot be delivered in 840 minutes bounces with the last answer', async () => {
  zones.broken.add('lost.example');
  const id = await send('you@lost.example');
  await sesame.advance('0s');
  // Its lane rests: it may never be tried before its time is over.
  const late = await Promise.all(['b', 'c'].map((name) => send(`${name}@lost.example`)));
  await sesame.advance('13h');
  assert.equal((await detail(id)).state, 'deferred');
  await sesame.advance('1h');
  for (const one of [id, ...late]) {
    const { state, recipients } = await detail(one);
    assert.equal(state, 'bounced');
    assert.equal(
      recipients[0].reply,
      '554 4.4.7 Message expired: unable to deliver in 840 minutes.<421 4.4.0 Unable to lookup DNS for lost.example>',
    );
  }
});

test('what is attached is signed with the rest, and so is the way out of a list', async () => {
  await ses.send(new CreateContactListCommand({ ContactListName: 'News' }));
  const count = sink.caught.length;
  const Simple = {
    Subject: { Data: 's' },
    Body: {
      Text: { Data: 'Leave: {{amazonSESUnsubscribeUrl}}' },
      Html: { Data: '<p ses:no-track>ü</p>', Charset: 'UTF-8' },
    },
    Attachments: [{ FileName: 'a.pdf', RawContent: Buffer.alloc(100_000, 'pdf') }],
  };
  await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'Ann <ann@sender.example>',
      Destination: { ToAddresses: ['you@world.example'] },
      Content: { Simple },
      ListManagementOptions: { ContactListName: 'News' },
    }),
  );
  const { content } = await sink.mail(count + 1);
  const { results } = await dkimVerify(Buffer.from(content, 'latin1'), { resolver: async () => [[dkimRecord]] });
  const [{ status, signingHeaders }] = results as unknown as [
    { status: { result: string }; signingHeaders: { keys: string } },
  ];
  assert.equal(status.result, 'pass');
  assert.match(signingHeaders.keys, /List-Unsubscribe: List-Unsubscribe-Post/i);
});

test('a null MX bounces at once', async () => {
  const id = await send('you@nomail.example');
  await sesame.advance('0s');
  const { state, recipients } = await detail(id);
  assert.equal(state, 'bounced');
  assert.match(recipients[0].reply, /^556 5\.1\.10 /);
});

test('while nobody can reach a domain one message is tried for all; when it is back all go', async () => {
  zones.broken.add('away.example');
  const first = await send('you@away.example');
  await sesame.advance('0s');
  assert.equal((await detail(first)).state, 'deferred');
  const others = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((name) => send(`${name}@away.example`)));
  const states = async () => (await Promise.all(others.map(detail))).map(({ state }) => state).sort();
  await sesame.advance('0s');
  assert.deepEqual(await states(), ['queued', 'queued', 'queued', 'queued', 'queued']);
  await sesame.advance('1m');
  assert.deepEqual(await states(), ['deferred', 'queued', 'queued', 'queued', 'queued']);
  await sesame.restart();
  await sesame.advance('0s');
  // A new process asks once.
  assert.deepEqual(await states(), ['deferred', 'deferred', 'queued', 'queued', 'queued']);
  zones.broken.delete('away.example');
  await sesame.advance('1h');
  assert.deepEqual(new Set(await states()), new Set(['delivered']));
  assert.equal(sink.caught.filter(({ to }) => to[0]!.endsWith('@away.example')).length, 6);
});
