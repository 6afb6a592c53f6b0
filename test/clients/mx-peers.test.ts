import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { converse } from '../../src/wire/smtp/script.ts';
import { Exim } from '../world/exim.ts';
import { Postfix } from '../world/postfix.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { needs, run } from '../world/tools.ts';

// Mail servers and clients that others wrote bring mail to the MX door. One domain wants TLS, one does not.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start();
  const ses = new SESClient(sesame.client);
  for (const Domain of ['here.example', 'secure.example']) await ses.send(new VerifyDomainIdentityCommand({ Domain }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  for (const [Name, TlsPolicy] of [
    ['here', 'Optional'],
    ['secure', 'Require'],
  ] as const) {
    const Rule = { Name, TlsPolicy, Enabled: true, Recipients: [`${Name}.example`] };
    await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  }
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  ses.destroy();
});
after(() => sesame?.stop());

/** What was stored, and what the door knew. */
async function received(subject: string) {
  const { json } = await sesame.call('GET', `/_sesame/messages?wait=20s&query=direction:in subject:${subject}`);
  const [{ id }] = json.messages;
  const message = (await sesame.app.messages.get(id))!;
  return { ...message, raw: await sesame.raw(id) };
}

const header = (subject: string) => `From: Bob <bob@world.example>\nTo: ann@here.example\nSubject: ${subject}\n`;

describe('swaks', needs('swaks'), () => {
  const swaks = (...parameters: string[]) =>
    run('swaks', [
      ...['--server', '127.0.0.1', '--port', String(sesame.port('mx')), '--from', 'bob@world.example'],
      ...parameters,
    ]);

  test('brings a mail over TLS, dots and all', async () => {
    const data = `${header('Swaks')}\n.one\n..two\nGrüße\n`;
    const { status, stdout } = await swaks('--to', 'ann@here.example', '--tls', '--data', data);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^<[~-] {1,2}250 OK [0-9a-v]{40}$/m);
    const { raw, envelopeFrom, facts } = await received('Swaks');
    assert.deepEqual([envelopeFrom, facts['tls']], ['bob@world.example', 'yes']);
    // swaks puts a line end of its own behind the data.
    assert.ok(raw.endsWith('\r\n\r\n.one\r\n..two\r\nGrüße\r\n\r\n'));
  });

  test('is told to use TLS where the rule requires it', async () => {
    const plain = await swaks('--to', 'ann@secure.example');
    assert.match(plain.stdout, /530 5\.7\.0 Must issue a STARTTLS command first/);
    assert.equal((await swaks('--to', 'ann@secure.example', '--tls')).status, 0);
  });

  test('relays nowhere', async () => {
    for (const to of [
      'eve@elsewhere.example',
      '"eve@elsewhere.example"@127.0.0.1',
      'eve%elsewhere.example@x.example',
    ]) {
      const { status, stdout } = await swaks('--to', to, '--quit-after', 'RCPT');
      assert.notEqual(status, 0, to);
      assert.match(stdout, /<\*\* 55\d /);
    }
  });
});

describe('a Postfix that relays to us', needs('postfix', 'root'), () => {
  let postfix: Postfix;
  before(async () => {
    postfix = await Postfix.start({ domain: 'postfix.example', relay: sesame.port('mx') });
  });
  after(() => postfix?.stop());

  test('hands over TLS, with the DSN wishes of its client', async () => {
    await converse(
      postfix.port,
      `S: 220 *
      C: HELO client.example
      S: 250 *
      C: MAIL FROM:<bob@world.example> RET=HDRS ENVID=QQ314
      S: 250 *
      C: RCPT TO:<ann@here.example> NOTIFY=FAILURE,DELAY ORCPT=rfc822;alias+40here.example
      S: 250 *
      C: DATA
      S: 354 *
      C: Subject: Postfix
      C:
      C: Hi
      C: .
      S: 250 *
      C: QUIT
      S: 221 *`,
    );
    const { raw, facts } = await received('Postfix');
    assert.equal(facts['tls'], 'yes');
    const wish = { notify: ['FAILURE', 'DELAY'], orcpt: 'rfc822;alias@here.example' };
    assert.deepEqual(JSON.parse(facts['dsn']!), {
      ret: 'HDRS',
      envid: 'QQ314',
      recipients: { 'ann@here.example': wish },
    });
    assert.match(raw, /^Received: from mx\.postfix\.example \(unknown \[127\.0\.0\.1\]\)\r$/m);
    assert.match(raw, /^Received: from client\.example /m);
    assert.ok(raw.endsWith('\r\n\r\nHi\r\n'));
  });
});

describe('an Exim that sends to us', needs('exim4', 'root'), () => {
  let exim: Exim;
  before(async () => {
    exim = await Exim.start({ relay: sesame.port('mx') });
  });
  after(() => exim?.stop());

  test('hands a mail over TLS, large ones too', async () => {
    const lines = `${'x'.repeat(70)}\n.\n`.repeat(10_000);
    const log = await exim.send(`${header('Exim')}\n${lines}`, { from: 'bob@world.example', to: 'ann@here.example' });
    assert.match(log, /=> ann@here\.example R=out T=out .*X=TLS1\.3:.*C="250 OK [0-9a-v]{40}"/);
    const { raw, facts } = await received('Exim');
    assert.equal(facts['tls'], 'yes');
    assert.ok(raw.endsWith(`\r\n\r\n${lines.replaceAll('\n', '\r\n')}`));
  });

  test('hears that nobody receives', async () => {
    const log = await exim.send(header('Nobody'), { from: 'bob@world.example', to: 'ann@elsewhere.example' });
    assert.match(log, /\*\* ann@elsewhere\.example .*550 5\.1\.1 Requested action not taken: mailbox unavailable/);
  });
});
