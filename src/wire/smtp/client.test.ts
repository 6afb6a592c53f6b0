import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SecureContext } from 'node:tls';
import { systemRandom } from '../../base/random.ts';
import { localCertificate, secureContext } from '../certificates.ts';
import { type ConnectOptions, readReply, SmtpClient } from './client.ts';
import type { ReceivedMessage, SmtpVisit } from './door.ts';
import { reply } from './reply.ts';
import type { SmtpServerOptions } from './server.ts';
import { startServer, yesDoor } from './yes-door.ts';

let folder: string;
let context: SecureContext;
let ca: string[];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-client-'));
  const certificate = await localCertificate({ folder, names: [], now: Date.now(), random: systemRandom });
  context = secureContext(certificate);
  ca = [certificate.ca];
});
after(() => rm(folder, { recursive: true }));

async function start(visit: Partial<SmtpVisit> = {}, options: Partial<SmtpServerOptions> = {}) {
  const messages: ReceivedMessage[] = [];
  return { messages, ...(await startServer({ door: yesDoor(messages, visit), ...options })) };
}

/** A peer that answers each line with the next of its replies, and hangs up after the last; for peers that misbehave. */
async function scripted(...replies: string[]) {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket: Socket) => {
    sockets.push(socket);
    const left = [...replies];
    const say = () => {
      const next = left.shift();
      if (next === undefined) socket.end();
      else socket.write(next.replaceAll('\n', '\r\n'));
    };
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const _ of chunk.toString('latin1').matchAll(/\n/g)) say();
    });
    say();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const port = (server.address() as { port: number }).port;
  const close = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((done) => server.close(() => done()));
  };
  return { port, [Symbol.asyncDispose]: close };
}

function to(port: number, options: Partial<ConnectOptions> = {}): ConnectOptions {
  return { host: '127.0.0.1', port, ehloName: 'client.example', tls: 'never', ...options };
}

async function open(options: ConnectOptions): Promise<SmtpClient> {
  const client = await SmtpClient.connect(options);
  assert.ok(client instanceof SmtpClient, JSON.stringify(client));
  return client;
}

const letter = { from: 'a@example.com', to: ['b@example.com'], content: Buffer.from('Subject: x\r\n\r\n.dot\r\n') };

test('a reply is code, enhanced code and text', () => {
  const check = (response: string, expected: object) =>
    assert.deepEqual(readReply('final', response), { stage: 'final', ...expected });
  check('250 Ok', { code: 250, text: 'Ok' });
  check('250', { code: 250, text: '' });
  check('550 5.1.1 no such user', { code: 550, enhanced: '5.1.1', text: 'no such user' });
  check('550-5.7.1 first\n550 5.7.1 second', { code: 550, enhanced: '5.7.1', text: 'first second' });
  check('550-first\n550 second', { code: 550, text: 'first second' });
  check('451 4.7.500 busy', { code: 451, enhanced: '4.7.500', text: 'busy' });
  check('250 2.0.0', { code: 250, enhanced: '2.0.0', text: '' });
  check('go away', { text: 'Malformed reply: go away' });
});

test('a message arrives as it is, and each recipient has an answer', async () => {
  const rcpt: SmtpVisit['rcpt'] = ({ address }) =>
    address.startsWith('no') ? reply(550, '5.1.1 unknown') : reply(250, 'Ok');
  await using house = await start({ rcpt });
  const client = await open(to(house.port));
  const answers = await client.deliver({ ...letter, to: ['b@example.com', 'no@example.com', 'c@example.com'] });
  assert.deepEqual(answers, [
    { address: 'b@example.com', accepted: true, stage: 'final', code: 250, text: 'Ok 1' },
    { address: 'no@example.com', accepted: false, stage: 'rcpt', code: 550, enhanced: '5.1.1', text: 'unknown' },
    { address: 'c@example.com', accepted: true, stage: 'final', code: 250, text: 'Ok 1' },
  ]);
  assert.equal(house.messages[0]!.content.toString(), letter.content.toString());
  assert.deepEqual(house.messages[0]!.sender, { address: 'a@example.com', size: letter.content.length });
  client.close();
});

test('a refusal says where, and the connection serves on', async () => {
  const answers = { mail: reply(250, 'Ok'), rcpt: reply(250, 'Ok'), message: reply(250, 'Ok') };
  await using house = await start({
    mail: () => answers.mail,
    rcpt: () => answers.rcpt,
    message: () => answers.message,
  });
  const client = await open(to(house.port));
  for (const stage of ['mail', 'rcpt', 'message'] as const) {
    answers[stage] = reply(450, `4.2.0 ${stage}`);
    const [answer] = await client.deliver(letter);
    answers[stage] = reply(250, 'Ok');
    const expected = { stage: stage === 'message' ? 'final' : stage, code: 450, enhanced: '4.2.0', text: stage };
    assert.deepEqual(answer, { address: 'b@example.com', accepted: false, ...expected });
    assert.equal((await client.deliver({ ...letter, from: '' }))[0]!.accepted, true);
  }
  client.close();
});

test('a message larger than the peer takes is not offered', async () => {
  await using house = await start();
  const client = await open(to(house.port));
  const [answer] = await client.deliver({ ...letter, content: Buffer.alloc(100_001, 'x') });
  assert.equal(answer!.stage, 'mail');
  assert.equal(answer!.code, 552);
  client.close();
});

test('TLS: never, opportunistic, required, implicit', async () => {
  await using starttls = await start({}, { secureContext: () => context });
  await using implicit = await start({}, { secureContext: () => context, implicitTls: true });
  await using plain = await start();
  const check = async (options: ConnectOptions, expected: 'plain' | 'tls' | 'verified' | 'fails') => {
    const client = await SmtpClient.connect(options);
    if (client instanceof SmtpClient) {
      assert.equal((await client.deliver(letter))[0]!.accepted, true);
      assert.equal(client.tls ? (client.tls.verified ? 'verified' : 'tls') : 'plain', expected);
      client.close();
    } else assert.deepEqual([client.stage, expected], ['tls', 'fails'], client.text);
  };
  await check(to(starttls.port), 'plain');
  await check(to(starttls.port, { tls: 'opportunistic' }), 'tls');
  await check(to(starttls.port, { tls: 'required' }), 'fails');
  await check(to(starttls.port, { tls: 'required', verifyCertificate: false }), 'tls');
  await check(to(starttls.port, { tls: 'required', ca, servername: 'localhost' }), 'verified');
  await check(to(starttls.port, { tls: 'required', ca, servername: 'other.example' }), 'fails');
  await check(to(plain.port, { tls: 'opportunistic' }), 'plain');
  await check(to(plain.port, { tls: 'required' }), 'fails');
  await check(to(implicit.port, { tls: 'implicit', ca, servername: 'localhost' }), 'verified');
  await check(to(implicit.port, { tls: 'implicit' }), 'fails');
});

test('opportunistic: a handshake that fails says so, and plain text is the caller’s next try', async () => {
  await using peer = await scripted('220 x\n', '250-x\n250 STARTTLS\n', '220 go\n', 'not TLS\n');
  const answer = await SmtpClient.connect(to(peer.port, { tls: 'opportunistic' }));
  assert.ok(!(answer instanceof SmtpClient));
  assert.equal(answer.stage, 'tls');
  assert.equal(answer.code, undefined);
});

test('logging in', async () => {
  await using house = await start();
  const client = await open(to(house.port, { auth: { userName: 'user', password: 'pass' } }));
  client.close();
  const refused = await SmtpClient.connect(to(house.port, { auth: { userName: 'user', password: 'wrong' } }));
  assert.deepEqual(refused, { stage: 'auth', code: 535, text: 'out' });
});

test('peers that do not answer, or not well', async () => {
  const check = async (replies: string[], expected: object) => {
    await using peer = await scripted(...replies);
    const client = await SmtpClient.connect(to(peer.port));
    const answer = client instanceof SmtpClient ? (await client.deliver(letter))[0]! : client;
    const { stage, code } = answer;
    assert.deepEqual({ stage, code }, expected, `${JSON.stringify(replies)}: ${answer.text}`);
  };
  await check(['421 4.3.2 later\n'], { stage: 'greeting', code: 421 });
  await check(['554 no\n'], { stage: 'greeting', code: 554 });
  await check(['220 x\n', '421 no\n'], { stage: 'greeting', code: 421 });
  await check(['220 x\n'], { stage: 'greeting', code: undefined });
  await check(['220 x\n', '500 what\n', '250 x\n', '421 closing\n'], { stage: 'mail', code: 421 });
  await check(['220 x\n', '250 x\n'], { stage: 'mail', code: undefined });
  await check(['220 x\n', '250 x\n', '250 Ok\n'], { stage: 'mail', code: undefined });
  await check(['220 x\n', '250 x\n', '250 Ok\n', '250 Ok\n'], { stage: 'data', code: undefined });
  await check(['220 x\n', '250 x\n', '250 Ok\n', '250 Ok\n', '554 no\n'], { stage: 'data', code: 554 });
  await check(['220 x\n', '250 x\n', 'nonsense\n'], { stage: 'mail', code: undefined });
});

test('nobody there', async () => {
  const house = await start();
  await house.server.close(0);
  const answer = await SmtpClient.connect(to(house.port));
  assert.ok(!(answer instanceof SmtpClient));
  assert.equal(answer.stage, 'connect');
  assert.match(answer.text, /ECONNREFUSED/);
});
