import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { SecureContext } from 'node:tls';
import { Budget } from '../../base/budget.ts';
import { systemRandom } from '../../base/random.ts';
import { localCertificate, secureContext } from '../certificates.ts';
import type { ReceivedMessage, SmtpSession, SmtpVisit } from './door.ts';
import { type Reply, reply } from './reply.ts';
import { converse, ScriptedClient } from './script.ts';
import type { SmtpServerOptions } from './server.ts';
import { startServer, yesDoor } from './yes-door.ts';

let folder: string;
let context: SecureContext;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-smtp-'));
  context = secureContext(await localCertificate({ folder, names: [], now: Date.now(), random: systemRandom }));
});
after(() => rm(folder, { recursive: true }));

async function start(visit: Partial<SmtpVisit> = {}, options: Partial<SmtpServerOptions> = {}) {
  const messages: ReceivedMessage[] = [];
  return { messages, ...(await startServer({ door: yesDoor(messages, visit), ...options })) };
}

/** A promise that the test settles, and a door's handler that waits for it. */
function held() {
  const { promise, resolve } = Promise.withResolvers<Reply>();
  const asked = Promise.withResolvers<void>();
  const handler = () => {
    asked.resolve();
    return promise;
  };
  return { handler, asked: asked.promise, answer: resolve };
}

const greetings = `
  S: 220 test
  C: EHLO client
  S: 250-test
  S: 250-PIPELINING
  S: 250-SIZE 100000
  S: 250-AUTH PLAIN LOGIN
  S: 250 Ok`;
const envelope = `
  C: MAIL FROM:<a@example.com>
  C: RCPT TO:<b@example.com>
  C: DATA
  S: 250 Ok
  S: 250 Ok
  S: 354 *`;

test('a message, step by step', async () => {
  await using house = await start();
  await converse(
    house.port,
    `${greetings}
    C: MAIL FROM:<a@example.com> SIZE=20
    S: 250 Ok
    C: RCPT TO:<b@example.com>
    S: 250 Ok
    C: RCPT TO:<c@example.com>
    S: 250 Ok
    C: DATA
    S: 354 End data with <CR><LF>.<CR><LF>
    C: Subject: x
    C:
    C: ..hidden
    C: .
    S: 250 Ok 1
    C: QUIT
    S: 221 Bye
    END`,
  );
  const [message] = house.messages;
  assert.deepEqual(message!.sender, { address: 'a@example.com', size: 20 });
  assert.deepEqual(message!.recipients, [{ address: 'b@example.com' }, { address: 'c@example.com' }]);
  assert.equal(message!.content.toString(), 'Subject: x\r\n\r\n.hidden\r\n');
  assert.equal(house.budget.used, 0);
});

test('two whole messages in one packet, before the greeting was read', async () => {
  await using house = await start();
  const client = await ScriptedClient.connect(house.port);
  const message = 'MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nhello\r\n.\r\n';
  client.say(`EHLO client\r\n${message}${message}QUIT\r\n`);
  await client.follow(`${greetings.replace('C: EHLO client', '')}
    S: 250 Ok
    S: 250 Ok
    S: 354 *
    S: 250 Ok 1
    S: 250 Ok
    S: 250 Ok
    S: 354 *
    S: 250 Ok 2
    S: 221 Bye
    END`);
  assert.deepEqual(
    house.messages.map(({ content }) => content.toString()),
    ['hello\r\n', 'hello\r\n'],
  );
});

test('one octet a packet', async () => {
  await using house = await start();
  const client = await ScriptedClient.connect(house.port);
  for (const octet of 'HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n..a\r\n.\r\nQUIT\r\n') {
    client.say(octet);
    await setImmediate();
  }
  await client.follow(`
    S: 220 test
    S: 250 test
    S: 250 Ok
    S: 250 Ok
    S: 354 *
    S: 250 Ok 1
    S: 221 Bye
    END`);
  assert.equal(house.messages[0]!.content.toString(), '.a\r\n');
});

test('a door that takes its time, and a client that does not', async () => {
  const slow = held();
  await using house = await start({ rcpt: slow.handler });
  const client = await ScriptedClient.connect(house.port);
  await client.follow(greetings);
  client.say('MAIL FROM:<>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n');
  await slow.asked;
  client.say(`${'x'.repeat(70)}\r\n`.repeat(1_200));
  client.say('.\r\nQUIT\r\n');
  client.shut();
  slow.answer(reply(250, 'at last'));
  await client.follow(`
    S: 250 Ok
    S: 250 at last
    S: 354 *
    S: 250 Ok 1
    S: 221 Bye
    END`);
  assert.equal(house.messages[0]!.content.length, 72 * 1_200);
});

test('a door that throws, at once or later, is a fault and no end', async () => {
  const message = async () => {
    throw new Error('later');
  };
  const rcpt = (recipient: { address: string }) => {
    if (recipient.address.startsWith('bad')) throw new Error('at once');
    return reply(250, 'Ok');
  };
  await using house = await start({ rcpt, message });
  await converse(
    house.port,
    `${greetings}
    C: MAIL FROM:<>
    C: RCPT TO:<bad@example.com>
    C: RCPT TO:<b@example.com>
    C: DATA
    S: 250 Ok
    S: 451 fault
    S: 250 Ok
    S: 354 *
    C: x
    C: .
    S: 451 fault
    C: NOOP
    S: 250 Ok`,
  );
  assert.equal(house.budget.used, 0);
});

test('SMTP smuggling: no bare line end ends a message, none is passed on', async () => {
  await using house = await start();
  for (const end of ['\n.\n', '\n.\r\n', '\r.\r', '\r\n.\n', '\r\n.\r', '\r.\r\n', '\0\n.\r\n']) {
    const client = await ScriptedClient.connect(house.port);
    await client.follow(`${greetings}${envelope}`);
    client.say(
      `first${end}MAIL FROM:<admin@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nsecond\r\n.\r\nNOOP\r\n`,
    );
    await client.follow(`
      S: 554 Bare *
      S: 250 Ok`);
    client.drop();
  }
  assert.deepEqual(house.messages, []);
});

test('lines and messages that are too long', async () => {
  await using house = await start();
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`${greetings}${envelope}`);
  client.say(`${'x'.repeat(1_001)}\r\n.\r\n`);
  await client.follow(`
    S: 554 Line length exceeds 1000 octets.
    ${envelope}`);
  client.say(`${`${'x'.repeat(998)}\r\n`.repeat(101)}.\r\n`);
  await client.follow(`
    S: 552 too large
    C: MAIL FROM:<> SIZE=100001
    S: 552 too large`);
  client.say(`NOOP ${'x'.repeat(30_000)}\r\nNOOP\r\n`);
  await client.follow(`
    S: 500 Error: line too long
    S: 250 Ok
    C: AUTH PLAIN
    S: 334 *`);
  client.say(`${'x'.repeat(20_000)}\r\nNOOP\r\n`);
  await client.follow(`
    S: 500 Error: line too long
    S: 250 Ok`);
  client.drop();
  assert.deepEqual(house.messages, []);
  assert.equal(house.budget.used, 0);
});

test('who goes on past twice the limit is cut', async () => {
  await using house = await start();
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`${greetings}${envelope}`);
  client.say(`${'x'.repeat(998)}\r\n`.repeat(250));
  await client.end();
});

test('a connection that drops in content passes nothing on and gives its room back', async () => {
  await using house = await start();
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`${greetings}${envelope}`);
  client.say('half a message\r\n');
  while (house.budget.used === 0) await setImmediate();
  client.drop();
  while (house.server.connections > 0) await setImmediate();
  assert.equal(house.budget.used, 0);
  assert.deepEqual(house.messages, []);
});

test('content waits for room in the budget', async () => {
  const budget = new Budget(30_000);
  await using house = await start({}, { budget });
  await budget.take(30_000);
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`${greetings}${envelope}`);
  client.say(`${'x'.repeat(998)}\r\n`.repeat(20));
  client.say('.\r\n');
  while (budget.tryTake(0)) await setImmediate(); // false once somebody waits
  budget.give(30_000);
  await client.follow('S: 250 Ok 1');
  client.drop();
  assert.equal(house.messages[0]!.content.length, 20_000);
  assert.equal(budget.used, 0);
});

test('room that does not come in time is a 452', async () => {
  const budget = new Budget(10_000);
  await using house = await start({}, { budget, limits: { roomWait: 1 } });
  await budget.take(10_000);
  await converse(
    house.port,
    `${greetings}${envelope}
    C: hello
    C: .
    S: 452 no room
    C: NOOP
    S: 250 Ok`,
  );
  budget.give(10_000);
  while (budget.used > 0) await setImmediate();
  assert.deepEqual(house.messages, []);
});

test('a message that waits for room when the server goes leaves nothing behind', async () => {
  const budget = new Budget(10_000);
  await using house = await start({}, { budget });
  await budget.take(10_000);
  const client = await ScriptedClient.connect(house.port);
  await client.follow(`${greetings}${envelope}\nC: hello\nC: .`);
  while (budget.tryTake(0)) await setImmediate();
  await house.server.close(0);
  budget.give(10_000);
  while (budget.used > 0) await setImmediate();
  assert.deepEqual(house.messages, []);
});

test('STARTTLS: all is forgotten, and what came before the handshake is dropped', async () => {
  const sessions: SmtpSession[] = [];
  const messages: ReceivedMessage[] = [];
  const door = yesDoor(messages);
  await using house = await startServer({
    door: (session) => {
      sessions.push(session);
      return door(session);
    },
    secureContext: () => context,
  });
  await converse(
    house.port,
    `S: 220 test
    C: EHLO client
    S: 250-test
    S: 250-PIPELINING
    S: 250-SIZE 100000
    S: 250-STARTTLS
    S: 250-AUTH PLAIN LOGIN
    S: 250 Ok
    C: MAIL FROM:<a@example.com>
    S: 250 Ok
    C: STARTTLS
    C: RCPT TO:<injected@example.com>
    C: RSET
    S: 220 Ready to start TLS
    TLS
    C: MAIL FROM:<a@example.com>
    S: 503 Error: send HELO/EHLO first
    C: STARTTLS
    S: 502 Error: command not implemented
    C: EHLO client
    S: 250-test
    S: 250-PIPELINING
    S: 250-SIZE 100000
    S: 250-AUTH PLAIN LOGIN
    S: 250 Ok
    ${envelope}
    C: secret
    C: .
    S: 250 Ok 1
    C: QUIT
    S: 221 Bye
    END`,
  );
  assert.equal(sessions.length, 2);
  assert.deepEqual(messages[0]!.recipients, [{ address: 'b@example.com' }]);
});

test('TLS from the first byte', async () => {
  const seen: SmtpSession['tls'][] = [];
  const messages: ReceivedMessage[] = [];
  const door = yesDoor(messages);
  await using house = await startServer({
    door: (session) => {
      seen.push(session.tls);
      return door(session);
    },
    secureContext: () => context,
    implicitTls: true,
  });
  await converse(house.port, `${greetings}${envelope}\nC: x\nC: .\nS: 250 Ok 1\nC: QUIT\nS: 221 Bye\nEND`, {
    tls: true,
  });
  assert.match(JSON.stringify(seen), /^\[\{"protocol":"TLSv1\.3","cipher":"TLS_\w+"\}\]$/);
});

test('a handshake that does not come to an end', async () => {
  await using house = await start({}, { secureContext: () => context, implicitTls: true, limits: { handshake: 5 } });
  const client = await ScriptedClient.connect(house.port);
  await client.end();
});

test('silence is answered 421', async () => {
  const limits = { messageOctets: 1_000, lineOctets: 1_000, silence: 5 };
  await using house = await start({ limits });
  await converse(house.port, 'S: 220 test\nS: 421 Timeout waiting for data from client.\nEND');
});

test('errors and commands come to an end; what follows is not read', async () => {
  await using house = await start({}, { limits: { errors: 2, commands: 5 } });
  await converse(
    house.port,
    `S: 220 test
    C: X
    C: Y
    C: NOOP
    S: 500 *
    S: 500 *
    S: 421 Too many errors on this connection
    END`,
  );
  const client = await ScriptedClient.connect(house.port);
  client.say('NOOP\r\n'.repeat(10_000));
  await client.follow(`S: 220 test\n${'S: 250 Ok\n'.repeat(5)}S: 421 Too many commands *`);
  client.drop();
});

test('the last of too many errors may be a late one', async () => {
  const authenticate = async () => reply(535, 'out');
  await using house = await start({ authenticate }, { limits: { errors: 2 } });
  const attempt = 'C: AUTH PLAIN AHUAcA==\nS: 535 out';
  await converse(house.port, `${greetings}\n${attempt}\n${attempt}\nS: 421 Too many errors on this connection\nEND`);
});

test('connections, in all and of one peer', async () => {
  for (const limits of [{ connections: 1 }, { connectionsPerPeer: 1 }]) {
    await using house = await start({}, { limits });
    const first = await ScriptedClient.connect(house.port);
    await first.follow('S: 220 test');
    await converse(house.port, 'S: 421 Too many concurrent SMTP connections\nEND');
    first.drop();
    while (house.server.connections > 0) await setImmediate();
    await converse(house.port, 'S: 220 test');
  }
});

test('closing: 421 to who is idle, an answer to who waits for one, no word to who is in content for too long', async () => {
  const slow = held();
  const house = await start({ message: slow.handler });
  const [idle, waiting, endless] = await Promise.all([1, 2, 3].map(() => ScriptedClient.connect(house.port)));
  await idle!.follow(greetings);
  await waiting!.follow(`${greetings}${envelope}\nC: x\nC: .`);
  await endless!.follow(`${greetings}${envelope}\nC: and then`);
  await slow.asked;
  while (house.budget.used < 'x\r\n.\r\nand then\r\n'.length) await setImmediate();
  const closed = house.server.close(50);
  await idle!.follow('S: 421 Service not available, closing transmission channel\nEND');
  slow.answer(reply(250, 'stored'));
  await waiting!.follow('S: 250 stored\nS: 421 Service not available, closing transmission channel\nEND');
  await assert.rejects(ScriptedClient.connect(house.port));
  await endless!.end();
  await closed;
  assert.equal(house.server.connections, 0);
  assert.equal(house.budget.used, 0);
});

test('several addresses, one server; a taken one is an error', async () => {
  await using house = await start();
  const { port } = await house.server.listen('::1', 0);
  const client = await ScriptedClient.connect(port, { host: '::1' });
  await client.follow('S: 220 test');
  client.drop();
  await assert.rejects(house.server.listen('127.0.0.1', house.port), { code: 'EADDRINUSE' });
});
