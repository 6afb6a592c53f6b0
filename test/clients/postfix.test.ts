import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { Postfix, SmtpSink } from '../world/postfix.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { needs } from '../world/tools.ts';

// A smarthost that others wrote: what leaves us must be taken, signed, whole, and fit for every hop after it.
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'der' },
});

let sesame: SesameUnderTest;
let ses: SESv2Client;

async function startSending(port: number): Promise<void> {
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${port}` });
  ses = new SESv2Client(sesame.client);
  const DkimSigningAttributes = {
    DomainSigningSelector: 'sel',
    DomainSigningPrivateKey: privateKey.toString('base64'),
  };
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example', DkimSigningAttributes }));
}

async function stopSending(): Promise<void> {
  ses.destroy();
  await sesame.stop();
}

const raw = [
  'From: Ann <ann@sender.example>',
  'To: bob@postfix.example',
  'Subject: Raw',
  'MIME-Version: 1.0',
  'Content-Type: text/plain; charset=UTF-8',
  'Content-Transfer-Encoding: 8bit',
  '',
  'Grüße aus Köln',
  '.',
  '.. dots',
  'From here on: ordinary words.',
  '',
].join('\n');

async function sendRaw(...to: string[]): Promise<string> {
  const Content = { Raw: { Data: Buffer.from(raw) } };
  const { MessageId } = await ses.send(new SendEmailCommand({ Content, Destination: { ToAddresses: to } }));
  return MessageId!;
}

async function sendSimple(to: string): Promise<string> {
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'Änn <ann@sender.example>',
      Destination: { ToAddresses: [to] },
      Content: {
        Simple: {
          Subject: { Data: 'Grüße', Charset: 'UTF-8' },
          Body: { Text: { Data: 'Fußnote', Charset: 'UTF-8' }, Html: { Data: '<p>Fußnote</p>', Charset: 'UTF-8' } },
        },
      },
    }),
  );
  return MessageId!;
}

async function signedBy(content: string): Promise<unknown> {
  const { results } = await dkimVerify(Buffer.from(content, 'latin1'), {
    resolver: async (name: string) => {
      assert.equal(name, 'sel._domainkey.sender.example');
      return [[`p=${publicKey.toString('base64')}`]];
    },
  });
  return results.map(({ status, signingDomain }) => `${status.result} ${signingDomain}`);
}

/** What SES puts on every mail, and what no hop can take offence at. */
async function checkContent(content: string, id: string): Promise<void> {
  assert.match(content, new RegExp(`^Message-ID: <${id}@email\\.amazonses\\.com>\r$`, 'm'));
  assert.match(content, /^Date: [A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} \+0000\r$/m);
  assert.match(content, /^Feedback-ID: 1\.us-east-1\.[A-Za-z0-9+/=]{44}:AmazonSES\r$/m);
  assert.match(content, /^[\t\r\n -~]+$/);
  assert.deepEqual(await signedBy(content), ['pass sender.example']);
}

describe("Postfix's smtp-sink, without 8BITMIME", needs('smtp-sink'), () => {
  let sink: SmtpSink;
  before(async () => {
    sink = await SmtpSink.start('-8');
    await startSending(sink.port);
  });
  after(async () => {
    await stopSending();
    await sink.stop();
  });

  test('envelope, fields and signature of a raw mail', async () => {
    const id = await sendRaw('bob@postfix.example', 'cat@postfix.example');
    await sesame.advance('0s');
    const { mail, rcpt, content } = await sink.mail();
    assert.equal(mail, `<${id}@amazonses.com>`);
    assert.deepEqual(rcpt, ['<bob@postfix.example>', '<cat@postfix.example>']);
    await checkContent(content, id);
    assert.match(content, /Gr=C3=BC=C3=9Fe aus K=C3=B6ln\r\n\.\r\n\.\. dots\r\nFrom here on/);
    const { state, timeline } = await sesame.shown(id);
    assert.equal(state, 'delivered');
    assert.match(timeline.at(-1).reply, /^250 2\.0\.0 Ok/);
  });

  test('a composed mail, and another domain over the same smarthost', async () => {
    const id = await sendSimple('bob@elsewhere.example');
    await sesame.advance('0s');
    const { rcpt, content } = await sink.mail();
    assert.deepEqual(rcpt, ['<bob@elsewhere.example>']);
    await checkContent(content, id);
  });
});

describe('a smarthost that says no', needs('smtp-sink'), () => {
  const answers = async (...flags: string[]) => {
    const sink = await SmtpSink.start(...flags);
    await startSending(sink.port);
    const id = await sendRaw('bob@postfix.example');
    await sesame.advance('0s');
    const { state, recipients } = await sesame.shown(id);
    await stopSending();
    await sink.stop();
    return [state, recipients[0].reply];
  };

  test('a hard no is a bounce', async () => {
    assert.deepEqual(await answers('-f', 'RCPT', '-B', '550 5.1.1 no such user'), [
      'bounced',
      '550 5.1.1 no such user',
    ]);
  });

  test('a soft no waits', async () => {
    assert.deepEqual(await answers('-r', '.', '-b', '451 4.3.0 later'), ['deferred', '451 4.3.0 later']);
  });

  test('a connection that is dropped after the content waits', async () => {
    const [state] = await answers('-q', '.');
    assert.equal(state, 'deferred');
  });
});

describe('a real Postfix', needs('postfix', 'root'), () => {
  let postfix: Postfix;
  before(async () => {
    postfix = await Postfix.start({ domain: 'postfix.example' });
    await startSending(postfix.port);
  });
  after(async () => {
    await stopSending();
    await postfix.stop();
  });

  test('takes a raw mail over STARTTLS and delivers it as it was', async () => {
    const id = await sendRaw('bob@postfix.example');
    const delivered = await postfix.mail();
    assert.match(delivered, new RegExp(`^Return-Path: <${id}@amazonses\\.com>\r$`, 'm'));
    assert.match(
      delivered,
      /^Received: from sesame\.test \(.*\r\n(\t.*\r\n)*\tby mx\.postfix\.example \(Postfix\) with ESMTPS id/m,
    );
    assert.match(delivered, /\(using TLSv1\.3 with cipher/);
    await checkContent(delivered, id);
    assert.ok(
      delivered.endsWith('\r\n\r\nGr=C3=BC=C3=9Fe aus K=C3=B6ln\r\n.\r\n.. dots\r\nFrom here on: ordinary words.\r\n'),
    );
    await sesame.advance('0s');
    const { state, timeline } = await sesame.shown(id);
    assert.equal(state, 'delivered');
    assert.match(timeline.at(-1).reply, /^250 2\.0\.0 Ok: queued as /);
  });

  test('takes a composed mail, its signature still holding at the end', async () => {
    const id = await sendSimple('bob@postfix.example');
    await checkContent(await postfix.mail(), id);
  });

  test('refuses what it does not relay: a bounce with its words', async () => {
    const id = await sendSimple('bob@relay.example');
    await sesame.advance('0s');
    const { state, recipients } = await sesame.shown(id);
    assert.deepEqual([state, recipients[0].reply.slice(0, 9)], ['bounced', '554 5.7.1']);
    assert.match(recipients[0].reply, /Relay access denied/);
  });
});
