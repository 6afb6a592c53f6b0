import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { reply } from '../../wire/smtp/reply.ts';
import { converse, ScriptedClient } from '../../wire/smtp/script.ts';
import { startServer } from '../../wire/smtp/yes-door.ts';
import { type Submission, submissionDoor } from '../submission/submission.ts';
import { combinedDoor } from './combined.ts';
import { type Arrival, type MxOptions, mxDoor, unavailable } from './mx.ts';

function doors(overrides: Partial<MxOptions> = {}) {
  const arrived: Arrival[] = [];
  const sent: Submission[] = [];
  const mx = mxDoor({
    random: systemRandom,
    admits: () => true,
    arriving: () => assert.fail('nothing here is large'),
    receives: ({ recipient }) => (recipient.endsWith('@example.com') ? undefined : unavailable),
    accept: async (arrival) => {
      arrived.push(arrival);
      return `in${arrived.length}`;
    },
    ...overrides,
  });
  const caller = { account: '123456789012', region: 'us-east-1', arn: 'arn:aws:iam::123456789012:root' };
  const submission = submissionDoor({
    mode: 'open',
    random: systemRandom,
    authenticate: ({ password }) => (password === 'pass' ? caller : 'invalid'),
    current: () => assert.fail('nobody is asked for a password'),
    anonymous: () => assert.fail('nobody submits here without a password'),
    send: async (each) => {
      sent.push(each);
      return `out${sent.length}`;
    },
  });
  return { mx, submission, arrived, sent };
}

const hello = (...auth: string[]) => `
  S: 220 inbound-smtp.us-east-1.amazonaws.com ESMTP Amazon SES *
  C: EHLO mail.sender.example
  S: 250-inbound-smtp.us-east-1.amazonaws.com
  S: 250-8BITMIME
  S: 250-PIPELINING
  S: 250-SIZE 41943040
  S: 250-DSN
  ${auth.join('\n')}
  S: 250 Ok`;
const plain = (password: string) => Buffer.from(`\0AKIA\0${password}`).toString('base64');

test('mail for who receives, and only for them', async () => {
  const { mx, arrived } = doors();
  await using house = await startServer({ door: mx });
  await converse(
    house.port,
    `${hello()}
    C: MAIL FROM:<> RET=HDRS ENVID=x
    C: RCPT TO:<nobody@elsewhere.example>
    C: RCPT TO:<b@example.com> NOTIFY=FAILURE ORCPT=rfc822;c@example.com
    C: DATA
    S: 250 OK
    S: 550 5.1.1 Requested action not taken: mailbox unavailable
    S: 250 OK
    S: 354 *
    C: Subject: x
    C: .
    S: 250 OK in1
    C: AUTH LOGIN
    S: 502 Error: command not implemented
    C: QUIT
    S: 221 Bye
    END`,
  );
  const { content, ...arrival } = arrived[0]!;
  assert.deepEqual(arrival, {
    envelopeFrom: '',
    recipients: [{ address: 'b@example.com', notify: ['FAILURE'], orcpt: 'rfc822;c@example.com' }],
    helo: 'mail.sender.example',
    peerAddress: '127.0.0.1',
    tls: undefined,
    ret: 'HDRS',
    envid: 'x',
  });
  assert.equal(content.toString(), 'Subject: x\r\n');
});

test('whoever answers for receiving may take time, and words', async () => {
  const receives = async () => reply(530, '5.7.0 Must issue a STARTTLS command first');
  await using house = await startServer({ door: doors({ receives }).mx });
  await converse(
    house.port,
    `${hello()}
    C: MAIL FROM:<a@sender.example>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 250 OK
    S: 530 5.7.0 Must issue a STARTTLS command first
    S: 503 Error: need RCPT command`,
  );
});

test('a peer that everybody blocks is told at once, and hears nothing else', async () => {
  const { mx, submission } = doors({ admits: async (peer) => peer !== '127.0.0.1' });
  await using house = await startServer({ door: mx });
  await converse(
    house.port,
    `S: 554 5.7.1 No mail is received from this IP address
    C: EHLO mail.sender.example
    S: 503 Error: no mail service here
    C: MAIL FROM:<a@sender.example>
    S: 503 Error: no mail service here
    C: QUIT
    S: 221 Bye
    END`,
  );
  await using both = await startServer({ door: combinedDoor(mx, submission) });
  await converse(
    both.port,
    `${hello('S: 250-AUTH PLAIN LOGIN')}
    C: AUTH PLAIN ${plain('pass')}
    S: 235 Authentication successful.`,
  );
});

test('addresses are ASCII, as with SES: SMTPUTF8 is not offered', async () => {
  await using house = await startServer({ door: doors().mx });
  await converse(
    house.port,
    `${hello()}
    C: MAIL FROM:<a@sender.example> SMTPUTF8
    S: 555 Error: unsupported parameter SMTPUTF8
    C: MAIL FROM:<ä@sender.example>
    S: 553 *
    C: MAIL FROM:<a@sender.example> BODY=8BITMIME SIZE=41943041
    S: 552 5.3.4 Message is too long.
    C: MAIL FROM:<a@sender.example> BODY=8BITMIME SIZE=41943040
    S: 250 OK
    C: RCPT TO:<ü@example.com>
    S: 553 *
    C: RCPT TO:<@relay.example,@other.example:b@example.com>
    S: 250 OK
    C: RCPT TO:<victim%elsewhere.example@sender.example>
    S: 550 *
    C: RCPT TO:<victim@elsewhere.example>
    S: 550 *`,
  );
});

test('a message cannot be smuggled in another', async () => {
  const { mx, arrived } = doors();
  await using house = await startServer({ door: mx });
  for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r', '\r\n.\r', '\n\r.\r\n', '\0\r\n.\n']) {
    const client = await ScriptedClient.connect(house.port);
    await client.follow(`${hello()}
      C: MAIL FROM:<a@sender.example>
      S: 250 OK
      C: RCPT TO:<b@example.com>
      S: 250 OK
      C: DATA
      S: 354 *`);
    client.say(
      `Subject: x\r\n\r\nfirst${end}MAIL FROM:<evil@sender.example>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n.\r\n`,
    );
    await client.follow('S: 554 5.6.0 Bare *\nC: QUIT\nS: 221 Bye\nEND');
  }
  assert.deepEqual(arrived, []);
});

test('the 101st recipient is for the next message', async () => {
  await using house = await startServer({ door: doors().mx });
  await converse(
    house.port,
    `${hello()}
    C: MAIL FROM:<a@sender.example>
    S: 250 OK
    ${'C: RCPT TO:<b@example.com>\n'.repeat(150)}
    ${'S: 250 OK\n'.repeat(100)}
    ${'S: 452 4.5.3 Too many recipients\n'.repeat(50)}
    C: DATA
    S: 354 *
    C: .
    S: 250 OK in1`,
  );
});

test('later, or never', async () => {
  const errors = [new Refusal('busy', ''), new Refusal('message-rejected', 'no'), new Error('secret')];
  const accept = () => Promise.reject(errors.shift());
  await using house = await startServer({ door: doors({ accept }).mx });
  const envelope = 'C: MAIL FROM:<>\nS: 250 OK\nC: RCPT TO:<b@example.com>\nS: 250 OK\nC: DATA\nS: 354 *\nC: .';
  await converse(
    house.port,
    `${hello()}
    ${envelope}
    S: 452 4.3.1 Insufficient system storage
    ${envelope}
    S: 554 5.7.1 no
    ${envelope}
    S: 451 4.3.0 Temporary service failure`,
  );
});

test('one address for both: MX before AUTH, submission after it', async () => {
  const { mx, submission, arrived, sent } = doors();
  await using house = await startServer({ door: combinedDoor(mx, submission) });
  await converse(
    house.port,
    `${hello('S: 250-AUTH PLAIN LOGIN')}
    C: MAIL FROM:<a@sender.example>
    C: RCPT TO:<c@elsewhere.example>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 250 OK
    S: 550 *
    S: 250 OK
    S: 354 *
    C: .
    S: 250 OK in1
    C: AUTH PLAIN ${plain('wrong')}
    S: 535 Authentication Credentials Invalid
    C: AUTH PLAIN ${plain('pass')}
    S: 235 Authentication successful.
    C: EHLO client
    S: 250-email-smtp.amazonaws.com
    S: 250-8BITMIME
    S: 250-SIZE 41943040
    S: 250-PIPELINING
    S: 250-AUTH PLAIN LOGIN
    S: 250 Ok
    C: MAIL FROM:<a@example.com>
    C: RCPT TO:<c@elsewhere.example>
    C: DATA
    S: 250 Ok
    S: 250 Ok
    S: 354 *
    C: .
    S: 250 Ok out1`,
  );
  assert.equal(arrived.length, 1);
  assert.deepEqual(sent[0]!.recipients, ['c@elsewhere.example']);
});
