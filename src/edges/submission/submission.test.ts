import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SecureContext } from 'node:tls';
import { systemRandom } from '../../base/random.ts';
import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import { localCertificate, secureContext } from '../../wire/certificates.ts';
import { formatReply } from '../../wire/smtp/reply.ts';
import { converse, ScriptedClient } from '../../wire/smtp/script.ts';
import { startServer } from '../../wire/smtp/yes-door.ts';
import { refusalReply } from './replies.ts';
import { type Submission, type SubmissionOptions, submissionDoor } from './submission.ts';

let folder: string;
let context: SecureContext;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-submission-'));
  context = secureContext(await localCertificate({ folder, names: [], now: Date.now(), random: systemRandom }));
});
after(() => rm(folder, { recursive: true }));

const caller = { account: '123456789012', region: 'us-east-1', arn: 'arn:aws:iam::123456789012:root' };
const nobody = { account: '000000000000', region: 'us-east-1', arn: 'arn:aws:iam::000000000000:root' };

async function start(mode: 'open' | 'required', overrides: Partial<SubmissionOptions> = {}) {
  const sent: Submission[] = [];
  const door = submissionDoor({
    mode,
    random: systemRandom,
    authenticate: async ({ userName, password }) => (userName === 'AKIA' && password === 'pass' ? caller : 'invalid'),
    current: async (_, known) => known,
    anonymous: () => nobody,
    send: async (submission) => {
      sent.push(submission);
      return `0100-${sent.length}`;
    },
    ...overrides,
  });
  return { sent, ...(await startServer({ door, secureContext: () => context })) };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const hello = (...startTls: string[]) => `
  C: EHLO client.example.com
  S: 250-email-smtp.amazonaws.com
  S: 250-8BITMIME
  S: 250-SIZE 41943040
  S: 250-PIPELINING
  ${startTls.join('\n')}
  S: 250-AUTH PLAIN LOGIN
  S: 250 Ok`;

test('the conversation of the SES developer guide', async () => {
  await using house = await start('required');
  await converse(
    house.port,
    `S: 220 email-smtp.amazonaws.com ESMTP SimpleEmailService-d-*
    ${hello('S: 250-STARTTLS')}
    C: STARTTLS
    S: 220 Ready to start TLS
    TLS
    ${hello()}
    C: AUTH LOGIN
    S: 334 VXNlcm5hbWU6
    C: ${base64('AKIA')}
    S: 334 UGFzc3dvcmQ6
    C: ${base64('pass')}
    S: 235 Authentication successful.
    C: MAIL FROM:<sender@example.com>
    S: 250 Ok
    C: RCPT TO:<recipient@example.com>
    S: 250 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: Subject: x
    C: 
    C: y
    C: .
    S: 250 Ok 0100-1
    C: QUIT
    S: 221 Bye
    END`,
  );
  const { content, tls, ...submission } = house.sent[0]!;
  assert.deepEqual(submission, {
    caller,
    envelopeFrom: 'sender@example.com',
    recipients: ['recipient@example.com'],
    peerAddress: '127.0.0.1',
    helo: 'client.example.com',
  });
  assert.equal(content.toString(), 'Subject: x\r\n\r\ny\r\n');
  assert.equal(tls!.protocol, 'TLSv1.3');
});

test('the greeting', async () => {
  await using house = await start('open', { hostName: 'email-smtp.mail.example', software: 'Sesame' });
  const client = await ScriptedClient.connect(house.port);
  assert.match(await client.line(), /^220 email-smtp\.mail\.example ESMTP Sesame-d-[A-Z0-9]{9} [A-Za-z0-9]{20}$/);
  client.drop();
});

test('required: TLS before AUTH and MAIL, AUTH before MAIL', async () => {
  await using house = await start('required');
  await converse(
    house.port,
    `S: 220 *
    ${hello('S: 250-STARTTLS')}
    C: AUTH LOGIN
    C: MAIL FROM:<a@example.com>
    S: 530 Must issue a STARTTLS command first
    S: 530 Must issue a STARTTLS command first
    C: STARTTLS
    S: 220 *
    TLS
    ${hello()}
    C: MAIL FROM:<a@example.com>
    S: 530 Authentication required
    C: AUTH PLAIN ${base64('\0AKIA\0wrong')}
    S: 535 Authentication Credentials Invalid
    C: AUTH PLAIN ${base64('\0AKIA\0pass')}
    S: 235 Authentication successful.
    C: MAIL FROM:<a@example.com>
    S: 250 Ok`,
  );
});

const envelope = `
  C: MAIL FROM:<a@example.com>
  C: RCPT TO:<b@example.com>
  C: DATA
  S: 250 Ok
  S: 250 Ok
  S: 354 *`;

test('open: neither is asked for, both are taken', async () => {
  await using house = await start('open');
  await converse(house.port, `S: 220 *\n${hello('S: 250-STARTTLS')}${envelope}\nC: x\nC: .\nS: 250 Ok 0100-1`);
  await converse(
    house.port,
    `S: 220 *
    C: HELO x
    S: 250 email-smtp.amazonaws.com
    C: AUTH PLAIN ${base64('\0AKIA\0pass')}
    S: 235 Authentication successful.
    ${envelope}
    C: x
    C: .
    S: 250 Ok 0100-2`,
  );
  assert.deepEqual(
    house.sent.map((submission) => submission.caller),
    [nobody, caller],
  );
});

test('the 51st recipient is taken, its message is not', async () => {
  await using house = await start('open');
  const send = (count: number, answer: string) => `
    C: MAIL FROM:<>
    S: 250 Ok
    ${'C: RCPT TO:<b@example.com>\n'.repeat(count)}
    ${'S: 250 Ok\n'.repeat(count)}
    C: DATA
    S: 354 *
    C: x
    C: .
    S: ${answer}`;
  await converse(
    house.port,
    `S: 220 *
    ${hello('S: 250-STARTTLS')}
    ${send(51, '554 Transaction failed: Recipient count exceeds 50.')}
    ${send(50, '250 Ok 0100-1')}`,
  );
});

test('what the wire refuses is said in words of SES', async () => {
  await using house = await start('open');
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`S: 220 *
    ${hello('S: 250-STARTTLS')}
    C: MAIL FROM:<nobody>
    S: 553 <nobody> Invalid email address
    C: MAIL FROM:<a@example.com> SIZE=41943041
    S: 552 Message is too long.
    C: MAIL FROM:<a@example.com>
    S: 250 Ok
    C: RCPT TO:<b@>
    S: 553 <b@> address unknown
    C: RCPT TO:<b@example.com> NOTIFY=NEVER
    S: 555 Error: unsupported parameter NOTIFY
    C: RCPT TO:<b@example.com>
    S: 250 Ok
    C: DATA
    S: 354 *`);
  client.say('a\nb\r\n.\r\n');
  await client.follow('S: 554 Transaction failed: Bare LF in message content, lines must end in CRLF.');
  client.drop();
  assert.deepEqual(house.sent, []);
});

test('refusals of sending', () => {
  const check = (code: RefusalCode, expected: string) =>
    assert.equal(formatReply(refusalReply(new Refusal(code, 'why'))!).trimEnd(), expected);
  check('message-rejected', '554 Message rejected: why');
  check('account-suspended', '554 Message rejected: why');
  check('sending-paused', '554 Message rejected: why');
  check('invalid-parameter', '554 Transaction failed: why');
  check('configuration-set-not-found', '554 Transaction failed: why');
  check('access-denied', '554 Access denied: why');
  check('rate-exceeded', '454 Throttling failure: Maximum sending rate exceeded.');
  check('daily-quota-exceeded', '454 Throttling failure: Daily message quota exceeded.');
  check('message-too-large', '552 Message is too long.');
  check('busy', '452 Temporary service failure');
  assert.equal(refusalReply(new Refusal('no-such-bucket', 'why')), undefined);
  assert.equal(refusalReply(new Error('why')), undefined);
});

test('a refusal is answered, a fault is not explained', async () => {
  const errors = [new Refusal('rate-exceeded', ''), new Error('secret'), new Refusal('busy', '')];
  const send = () => Promise.reject(errors.shift());
  await using house = await start('open', { send });
  await converse(
    house.port,
    `S: 220 *
    ${hello('S: 250-STARTTLS')}
    ${envelope}
    C: .
    S: 454 Throttling failure: Maximum sending rate exceeded.
    ${envelope}
    C: .
    S: 451 Temporary service failure
    ${envelope}
    C: .
    S: 452 Temporary service failure`,
  );
});

test('authentication that cannot be checked at present', async () => {
  const authenticate = () => Promise.reject(new Error('the store is away'));
  await using house = await start('open', { authenticate });
  await converse(
    house.port,
    `S: 220 *
    ${hello('S: 250-STARTTLS')}
    C: AUTH PLAIN ${base64('\0AKIA\0pass')}
    S: 454 Temporary authentication failure`,
  );
});
