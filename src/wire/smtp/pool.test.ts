import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { ConnectOptions } from './client.ts';
import type { ReceivedMessage, SmtpVisit } from './door.ts';
import { SmtpPool, type SmtpPoolLimits } from './pool.ts';
import { type Reply, reply } from './reply.ts';
import { startServer, yesDoor } from './yes-door.ts';

const letter = { from: 'a@example.com', to: ['b@example.com'], content: Buffer.from('x\r\n') };

/** A server that counts its connections, and a pool. */
async function start(limits: Partial<SmtpPoolLimits> = {}, visit: Partial<SmtpVisit> = {}) {
  const messages: ReceivedMessage[] = [];
  const count = { connections: 0 };
  const door = yesDoor(messages, visit);
  const house = await startServer({
    door: (session) => {
      count.connections++;
      return door(session);
    },
  });
  const pool = new SmtpPool(limits);
  const options: ConnectOptions = { host: '127.0.0.1', port: house.port, ehloName: 'client.example', tls: 'never' };
  const deliver = async (more: Partial<ConnectOptions> = {}) => {
    const [answer] = await pool.deliver({ ...options, ...more }, letter);
    return answer!;
  };
  const close = async () => {
    pool.close();
    await house[Symbol.asyncDispose]();
  };
  return { messages, count, deliver, pool, port: house.port, server: house.server, [Symbol.asyncDispose]: close };
}

test('one connection serves one message after the other', async () => {
  await using house = await start();
  for (let i = 1; i <= 20; i++) assert.equal((await house.deliver()).text, `Ok ${i}`);
  assert.equal(house.count.connections, 1);
  assert.equal(house.pool.connections, 1);
});

test('a peer has so many connections at a time; the rest wait their turn', async () => {
  const answers: (() => void)[] = [];
  const message = () => new Promise<Reply>((answer) => answers.push(() => answer(reply(250, 'Ok'))));
  await using house = await start({ connectionsPerPeer: 2 }, { message });
  const deliveries = Array.from({ length: 6 }, () => house.deliver());
  for (let done = 0; done < 6; done += 2) {
    while (answers.length < 2) await setImmediate();
    assert.equal(house.pool.connections, 2);
    for (const answer of answers.splice(0)) answer();
  }
  assert.ok((await Promise.all(deliveries)).every(({ accepted }) => accepted));
  assert.equal(house.count.connections, 2);
});

test('where nobody gets through, those who wait for their turn have the same answer', async () => {
  let asked = 0;
  const deaf = createServer((socket) => {
    asked++;
    socket.destroy();
  });
  await once(deaf.listen(0, '127.0.0.1'), 'listening');
  await using house = await start({ connectionsPerPeer: 2 });
  const { port } = deaf.address() as AddressInfo;
  const answers = await Promise.all(Array.from({ length: 30 }, () => house.deliver({ port })));
  deaf.close();
  assert.ok(answers.every(({ accepted, stage }) => !accepted && stage === answers[0]!.stage));
  assert.equal(asked, 2);
  assert.equal((await house.deliver()).accepted, true);
});

test('a connection too many is no answer for those who wait for another', async () => {
  await using house = await start({ connectionsPerPeer: 2 });
  const sockets: Socket[] = [];
  const single = createServer((socket) => {
    if (sockets.push(socket) > 1) return socket.destroy();
    const inner = connect(house.port, '127.0.0.1');
    return socket
      .on('error', () => {})
      .pipe(inner)
      .pipe(socket);
  });
  await once(single.listen(0, '127.0.0.1'), 'listening');
  const { port } = single.address() as AddressInfo;
  assert.equal((await house.deliver({ port })).accepted, true);
  const answers = await Promise.all(Array.from({ length: 6 }, () => house.deliver({ port })));
  single.close();
  // Each that was refused had asked itself.
  assert.equal(answers.filter(({ accepted }) => !accepted).length, sockets.length - 1);
});

test('a connection carries so many messages', async () => {
  await using house = await start({ messagesPerConnection: 3 });
  for (let i = 0; i < 7; i++) assert.equal((await house.deliver()).accepted, true);
  assert.equal(house.count.connections, 3);
});

test('an idle connection is closed in time', async () => {
  await using house = await start({ idle: 1 });
  await house.deliver();
  while (house.server.connections > 0) await setImmediate();
  assert.equal(house.pool.connections, 0);
});

test('a connection that the peer closed while idle is replaced silently', async () => {
  let silence = 60_000;
  const limits = {
    messageOctets: 1_000,
    lineOctets: 1_000,
    get silence() {
      return silence;
    },
  };
  const message = () => {
    silence = 1; // once this message is answered
    return reply(250, 'Ok');
  };
  await using house = await start({ idle: 60_000 }, { limits, message });
  for (let i = 1; i <= 3; i++) {
    silence = 60_000;
    assert.equal((await house.deliver()).accepted, true);
    while (house.server.connections > 0) await setImmediate();
  }
  assert.equal(house.count.connections, 3);
});

test('a kept connection that says goodbye to MAIL is replaced silently; a fresh one is heard', async () => {
  let mails = 0;
  await using house = await start({}, { mail: () => (++mails === 2 ? reply(421, 'enough') : reply(250, 'Ok')) });
  for (let i = 0; i < 3; i++) assert.equal((await house.deliver()).accepted, true);
  assert.equal(house.count.connections, 2);
  await using rude = await start({}, { mail: () => reply(421, 'not now') });
  const answer = await rude.deliver();
  assert.deepEqual([answer.stage, answer.code], ['mail', 421]);
  assert.equal(rude.count.connections, 1);
});

test('a refusal leaves the connection in use', async () => {
  let refuse = true;
  await using house = await start({}, { rcpt: () => (refuse ? reply(550, 'no') : reply(250, 'Ok')) });
  assert.equal((await house.deliver()).code, 550);
  refuse = false;
  assert.equal((await house.deliver()).accepted, true);
  assert.equal(house.count.connections, 1);
});

test('another way to the same peer is another connection', async () => {
  await using house = await start();
  await house.deliver();
  await house.deliver({ ehloName: 'other.example' });
  await house.deliver({ auth: { userName: 'user', password: 'pass' } });
  assert.equal(house.count.connections, 3);
  assert.equal((await house.deliver({ auth: { userName: 'user', password: 'wrong' } })).stage, 'auth');
});

test('after close nothing is kept', async () => {
  await using house = await start();
  await house.deliver();
  house.pool.close();
  await house.deliver();
  while (house.server.connections > 0) await setImmediate();
  assert.equal(house.pool.connections, 0);
});
