import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, type RequestOptions, request } from 'node:http';
import { connect } from 'node:net';
import { after, before, describe, test } from 'node:test';
import {
  CreateReceiptRuleCommand,
  CreateReceiptRuleSetCommand,
  SESClient,
  SetActiveReceiptRuleSetCommand,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import { converse, ScriptedClient } from '../../src/wire/smtp/script.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Whatever comes in at the doors: SES's error, or the RFC's, and nothing stored. Never a 500, a crash or a hang.
/** Milliseconds; a door that says nothing for so long hangs. */
const LONGEST_ANSWER = 10_000;

let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start();
  const ses = new SESClient(sesame.client);
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
  await ses.send(new CreateReceiptRuleSetCommand({ RuleSetName: 'in' }));
  const Rule = { Name: 'all', Enabled: true, Recipients: ['sender.example'] };
  await ses.send(new CreateReceiptRuleCommand({ RuleSetName: 'in', Rule }));
  await ses.send(new SetActiveReceiptRuleSetCommand({ RuleSetName: 'in' }));
  ses.destroy();
});
after(() => sesame.stop());

interface Said {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
}

/** A request as it is on the wire; `write` sends what body there is. */
async function http(
  options: RequestOptions,
  write: (body: ReturnType<typeof request>) => void = (body) => body.end(),
): Promise<IncomingMessage & { text: string }> {
  const outgoing = request(sesame.url, { ...options, signal: AbortSignal.timeout(LONGEST_ANSWER) });
  outgoing.on('error', () => {}); // a refused body may be cut off
  write(outgoing);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const text = Buffer.concat(await answer.toArray()).toString();
  outgoing.destroy();
  return Object.assign(answer, { text });
}

async function v1(body: string | Buffer): Promise<Said> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const { statusCode = 0, text } = await http({ method: 'POST', headers }, (outgoing) => outgoing.end(body));
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  return { status: statusCode, code, message: /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text };
}

const call = (action: string, parameters: Record<string, string>) =>
  v1(new URLSearchParams({ Action: action, Version: '2010-12-01', ...parameters }).toString());

async function v2(body: string | Buffer, path = '/v2/email/outbound-emails'): Promise<Said> {
  const headers = { 'content-type': 'application/json' };
  const { statusCode = 0, text, headers: said } = await http({ method: 'POST', path, headers }, (out) => out.end(body));
  return { status: statusCode, code: String(said['x-amzn-errortype']), message: JSON.parse(text).message };
}

const simple = { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } } };
const mail = (over: object = {}) => ({
  FromEmailAddress: 'ann@sender.example',
  Destination: { ToAddresses: ['bob@example.org'] },
  Content: simple,
  ...over,
});
const send = (over: object) => v2(JSON.stringify(mail(over)));
const raw = (...lines: string[]) => ({ Raw: { Data: Buffer.from(lines.join('\r\n')).toString('base64') } });

const submit = (script: string) => converse(sesame.port('submission'), script);
const hello = `
  S: 220 *
  C: EHLO client.example
  S: 250-*
  S: 250-*
  S: 250-*
  S: 250-*
  S: 250-*
  S: 250-*
  S: 250 Ok`;
const envelope = `
  C: MAIL FROM:<ann@sender.example>
  S: 250 Ok
  C: RCPT TO:<bob@example.org>
  S: 250 Ok
  C: DATA
  S: 354 *`;

describe('addresses', () => {
  test('that are none', async () => {
    assert.deepEqual(await send({ Destination: { ToAddresses: ['bob'] } }), {
      status: 400,
      code: 'BadRequestException',
      message: "Missing final '@domain'",
    });
    const parameters = { Source: 'ann@sender.example', 'Message.Subject.Data': 's', 'Message.Body.Text.Data': 't' };
    assert.deepEqual(
      await call('SendEmail', { ...parameters, 'Destination.ToAddresses.member.1': 'a b@example.org' }),
      {
        status: 400,
        code: 'InvalidParameterValue',
        message: 'Local address contains control or whitespace',
      },
    );
    await submit(`${hello}
      C: MAIL FROM:<nobody>
      S: 553 <nobody> Invalid email address
      C: MAIL FROM:<ann@sender.example>
      S: 250 Ok
      C: RCPT TO:<b@@example.org>
      S: 553 <b@@example.org> address unknown`);
  });

  test('that would end a field: nothing is injected', async () => {
    for (const address of [
      'bob@example.org\r\nBcc: eve@example.org',
      '"a\r\nBcc: eve"@example.org',
      'a\nb <b@c.example>',
    ]) {
      const { status, code } = await send({ Destination: { ToAddresses: [address] } });
      assert.deepEqual([status, code], [400, 'BadRequestException'], JSON.stringify(address));
    }
    const { status } = await send({ FromEmailAddress: 'Ann\r\nBcc: eve@example.org <ann@sender.example>' });
    assert.equal(status, 400);
  });
});

describe('types', () => {
  test('v2: another kind of value', async () => {
    const check = async (over: object, message: RegExp) => {
      const said = await send(over);
      assert.deepEqual([said.status, said.code], [400, 'SerializationException']);
      assert.match(said.message, message);
    };
    await check({ FromEmailAddress: 5 }, /^NUMBER_VALUE can not be converted to a String$/);
    await check({ FromEmailAddress: [] }, /^Start of list found where not expected$/);
    await check({ Destination: { ToAddresses: {} } }, /^Expected list or null$/);
    await check({ Destination: 'bob@example.org' }, /^Expected null$/);
  });

  test('v2: no JSON, or none that ends', async () => {
    for (const body of [
      '{',
      '[]',
      '"x"',
      ' ',
      '{"a":1,}',
      `${'['.repeat(200_000)}`,
      `{"Content":${'{"a":'.repeat(100_000)}`,
    ]) {
      const { status, code } = await v2(body);
      assert.deepEqual([status, code], [400, 'SerializationException'], body.slice(0, 20));
    }
  });

  test('v1: a word for a number, a list that is none, a form that is broken', async () => {
    assert.deepEqual((await call('ListIdentities', { MaxItems: 'many' })).code, 'MalformedInput');
    for (const name of [
      'member.999999999',
      'member.-1',
      'member.x',
      'member.1.member.1',
      '__proto__.x',
      'constructor',
    ]) {
      const { status } = await call('GetIdentityVerificationAttributes', { [`Identities.${name}`]: 'sender.example' });
      assert.ok(status < 500, `${name}: ${status}`);
    }
    assert.equal((await v1('Action=ListIdentities&Version=2010-12-01&NextToken=%zz')).status, 400);
    assert.ok((await v1(`Action=ListIdentities&${'a=b&'.repeat(300_000)}`)).status < 500);
  });

  test('v1: what is missing is named', async () => {
    const { status, code, message } = await call('SendEmail', {});
    assert.deepEqual([status, code], [400, 'ValidationError']);
    assert.match(message, /^2 validation errors detected: Value null at 'source' failed to satisfy constraint: /);
    assert.deepEqual([(await v1('')).status, (await v1('Version=2010-12-01')).status], [404, 404]);
  });
});

describe('octets', () => {
  test('base64 that is none', async () => {
    const data = (Data: string) => send({ Content: { Raw: { Data } } });
    for (const Data of ['***', 'Y', 'YQ==YQ==', '====']) {
      const { status, code } = await data(Data);
      assert.deepEqual([status, code], [400, 'SerializationException'], Data);
    }
    const { status, code } = await call('SendRawEmail', { 'RawMessage.Data': '***' });
    assert.deepEqual([status, code], [400, 'MalformedInput']);
  });

  test('UTF-8 that is none', async () => {
    const [start = '', end = ''] = JSON.stringify(mail({ FromEmailAddress: '|' })).split('|');
    const body = Buffer.concat([Buffer.from(start), Buffer.of(0xc3, 0x28), Buffer.from(end)]);
    assert.equal((await v2(body)).code, 'SerializationException');
    const form = await v1('Action=VerifyEmailIdentity&Version=2010-12-01&EmailAddress=%C3%28@sender.example');
    assert.deepEqual([form.status, form.code], [400, 'MalformedInput']);
  });

  test('MIME that cannot be read', async () => {
    const head = ['From: ann@sender.example', 'To: bob@example.org'];
    const unparsable = [
      [...head, 'Content-Type: multipart/mixed', '', 'x'],
      [...head, 'Content-Type: multipart/mixed; boundary=b', '', 'no part'],
      [...head, 'Content-Type: ;;;', '', 'x'],
      ['no field at all'],
      [''],
    ];
    for (const lines of unparsable) {
      const { status, code } = await send({ Content: raw(...lines) });
      assert.deepEqual([status, code], [400, 'BadRequestException'], lines.join('|'));
    }
    const nested = Array.from(
      { length: 100 },
      (_, i) => `Content-Type: multipart/mixed; boundary=b${i}\r\n\r\n--b${i}`,
    );
    assert.equal((await send({ Content: raw(...head, ...nested, '', 'x') })).status, 400);
    const parts = Array.from({ length: 501 }, () => '--b\r\n\r\nx');
    const many = raw(...head, 'Content-Type: multipart/mixed; boundary=b', '', ...parts, '--b--');
    assert.equal((await send({ Content: many })).status, 400);
    await submit(`${hello}${envelope}
      C: From: ann@sender.example
      C: Content-Type: multipart/mixed
      C:
      C: x
      C: .
      S: 554 Transaction failed: Missing start boundary`);
  });

  test('a body over the limit: 413 before it is read', async () => {
    const limit = 64 * 2 ** 20;
    const declared = await http({ method: 'POST', headers: { 'content-length': limit + 1 } }, (out) =>
      out.flushHeaders(),
    );
    assert.equal(declared.statusCode, 413);
    const chunk = Buffer.alloc(2 ** 20, 'x');
    const streamed = await http({ method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, (out) => {
      for (let i = 0; i <= 64; i++) out.write(chunk);
      out.end();
    });
    assert.equal(streamed.statusCode, 413);
    const expected = await http(
      { method: 'POST', headers: { 'content-length': limit + 1, expect: '100-continue' } },
      (out) => out.flushHeaders(),
    );
    assert.equal(expected.statusCode, 413);
  });

  test('headers over the limit: 431', async () => {
    const { statusCode } = await http({ headers: { 'x-long': 'x'.repeat(40_000) } });
    assert.equal(statusCode, 431);
  });
});

describe('signatures that nobody can read, in an open house', () => {
  for (const authorization of ['AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA256 Credential=a/b/c', 'Bearer x', 'Basic %%%']) {
    test(authorization, async () => {
      const { statusCode = 0 } = await http({
        method: 'POST',
        path: '/v2/email/outbound-emails',
        headers: { authorization },
      });
      assert.ok(statusCode >= 400 && statusCode < 500, String(statusCode));
    });
  }
});

describe('pages from elsewhere', () => {
  const form = 'Action=VerifyEmailIdentity&Version=2010-12-01&EmailAddress=eve@evil.example';
  const ask = (headers: Record<string, string>) =>
    http({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers } }, (out) =>
      out.end(form),
    );

  test('a foreign Host', async () => {
    for (const host of ['evil.example', 'evil.example:4566', '127.0.0.1.evil.example', 'localhost.evil.example']) {
      assert.equal((await ask({ host })).statusCode, 403, host);
      for (const path of ['/', '/_sesame/messages', '/store']) {
        assert.equal((await http({ path, headers: { host } })).statusCode, 403, host + path);
      }
    }
  });

  test('a foreign Origin', async () => {
    for (const origin of ['http://evil.example', 'https://127.0.0.1.evil.example', 'null', 'file://']) {
      assert.equal((await ask({ origin })).statusCode, 403, origin);
      const reset = await http({ method: 'POST', path: '/_sesame/reset', headers: { origin } });
      assert.equal(reset.statusCode, 403, origin);
    }
  });

  test('our own names', async () => {
    const { host } = new URL(sesame.url);
    for (const own of [host, 'localhost', 'localhost:4566', 'sesame', 'sesame.test', 'mail.localhost', '[::1]:4566']) {
      assert.equal((await http({ path: '/livez', headers: { host: own } })).statusCode, 200, own);
    }
    assert.equal((await http({ path: '/livez', headers: { origin: sesame.url } })).statusCode, 200);
  });

  test('nothing was done for them', async () => {
    const { text } = await http({
      method: 'GET',
      path: '/?Action=ListIdentities&Version=2010-12-01',
    });
    assert.match(text, /sender\.example/);
    assert.doesNotMatch(text, /evil/);
  });
});

describe('SMTP', { timeout: LONGEST_ANSWER }, () => {
  test('bare LF in DATA: the whole message is refused and no second one is smuggled', async () => {
    for (const end of ['\n.\n', '\n.\r\n', '\r.\r', '\r\n.\n', '\r\n.\r']) {
      const client = await ScriptedClient.connect(sesame.port('submission'));
      await client.follow(hello + envelope);
      const smuggled =
        'MAIL FROM:<ann@sender.example>\r\nRCPT TO:<eve@example.org>\r\nDATA\r\nFrom: ann@sender.example\r\n';
      client.say(`From: ann@sender.example\r\n\r\nx${end}${smuggled}\r\nsmuggled\r\n.\r\n`);
      assert.match(await client.line(), /^554 Transaction failed: Bare (LF|CR) in message content/);
      await client.follow('C: QUIT\nS: 221 Bye\nEND');
    }
  });

  test('bare LF at the MX door too', async () => {
    const client = await ScriptedClient.connect(sesame.port('mx'));
    await client.follow('S: 220 *\nC: HELO world.example\nS: 250 *\nC: MAIL FROM:<>\nS: 250 *');
    await client.follow('C: RCPT TO:<in@sender.example>\nS: 250 *\nC: DATA\nS: 354 *');
    client.say('Subject: x\r\n\r\nx\n.\r\nsmuggled\r\n.\r\n');
    assert.match(await client.line(), /^5\d\d .*Bare LF/i);
    client.drop();
  });

  test('lines that are too long', async () => {
    await submit(`${hello}
      C: NOOP ${'x'.repeat(600)}
      S: 500 Error: line too long
      C: ${'x'.repeat(20_000)}
      S: 500 Error: line too long
      ${envelope}
      C: From: ann@sender.example
      C:
      C: ${'x'.repeat(999)}
      C: .
      S: 554 Transaction failed: Line length exceeds 1000 octets.
      ${envelope}
      C: From: ann@sender.example
      C: X-Long: ${'x'.repeat(2_000_000)}
      C:
      C: .
      S: 554 Transaction failed: Line length exceeds 1000 octets.`);
  });

  test('a flood of commands, good or bad: 421', async () => {
    const flood = async (command: string, count: number, words: RegExp) => {
      const client = await ScriptedClient.connect(sesame.port('submission'));
      client.say(`${command}\r\n`.repeat(count));
      let line = '';
      while (!line.startsWith('421')) line = await client.line();
      assert.match(line, words);
      await client.end();
    };
    await flood('BOGUS', 50, /^421 Too many errors on this connection$/);
    await flood('NOOP', 5_000, /^421 Too many commands without a message on this connection$/);
    await flood('GET / HTTP/1.1', 50, /^421 /);
    await flood('\x16\x03\x01\0\xff', 50, /^421 /);
  });

  test('a connection that drops in DATA leaves nothing', async () => {
    const client = await ScriptedClient.connect(sesame.port('submission'));
    await client.follow(`${hello}${envelope}\nC: From: ann@sender.example\nC:\nC: half a mess`);
    client.drop();
    const shut = await ScriptedClient.connect(sesame.port('submission'));
    await shut.follow(`${hello}${envelope}\nC: From: ann@sender.example\nC:\nC: half`);
    shut.shut();
    await shut.end();
  });

  test('a client that leaves in the handshake is left at once', async () => {
    const socket = connect(sesame.port('submissionTls'), '127.0.0.1');
    socket.resume().end();
    await once(socket, 'close');
  });

  test('credentials that are no base64, a transaction out of order', async () => {
    await submit(`${hello}
      C: AUTH PLAIN ***
      S: 501 *
      C: AUTH LOGIN
      S: 334 VXNlcm5hbWU6
      C: *
      S: 501 *
      C: AUTH CRAM-MD5
      S: 504 *
      C: RCPT TO:<bob@example.org>
      S: 503 *
      C: DATA
      S: 503 *
      C: MAIL FROM:<ann@sender.example> SIZE=99999999999
      S: 552 Message is too long.
      C: MAIL FROM:ann@sender.example
      S: 501 *`);
  });
});

describe("the operator's paths", () => {
  const check = async (method: string, path: string, status: number, body?: unknown) =>
    assert.equal((await sesame.call(method, path, body)).status, status, `${method} ${path}`);

  test('what cannot be', async () => {
    await check('GET', '/_sesame/messages?limit=0', 400);
    await check('GET', '/_sesame/messages?limit=x', 400);
    await check('GET', '/_sesame/messages?next=x', 400);
    await check('GET', '/_sesame/messages?wait=x', 400);
    await check('GET', '/_sesame/messages?query=%22', 200);
    await check('GET', "/_sesame/messages?query=subject:'%25_\\", 200);
    await check('GET', '/_sesame/messages/none', 404);
    await check('GET', '/_sesame/messages/none/raw', 404);
    await check('DELETE', '/_sesame/messages/none', 404);
    await check('GET', '/_sesame/messages/%zz', 400);
    await check('GET', '/_sesame/messages/..%2f..%2fmaster.key', 404);
    await check('GET', '/_sesame/nowhere', 404);
    await check('POST', '/_sesame/clock', 400, {});
    await check('POST', '/_sesame/clock', 400, { advance: 5 });
    await check('POST', '/_sesame/clock', 400, { advance: '-1h' });
    await check('POST', '/_sesame/clock', 400, { advance: '99999999h' });
    await check('POST', '/_sesame/clock', 400, []);
    await check('POST', '/_sesame/reset', 400, { account: '1' });
    await check('POST', '/_sesame/reset', 400, { account: '1', region: 'us-east-1' });
    await check('POST', '/_sesame/accounts', 400, { account: 'x' });
  });
});

test('an HTTP request that is dropped half-way leaves nothing', async () => {
  const { port } = new URL(sesame.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  const body = JSON.stringify(mail());
  const head = `POST /v2/email/outbound-emails HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
  await new Promise<void>((sent) => socket.write(head + body.slice(0, -1), () => sent()));
  socket.destroy();
  const garbage = connect(Number(port), '127.0.0.1');
  garbage.end('\x16\x03\x01 no HTTP at all\r\n\r\n');
  assert.match(Buffer.concat(await garbage.toArray()).toString(), /^HTTP\/1\.1 400 /);
});

test('after all of this the server works, and holds what it accepted and no more', async () => {
  const before = (await sesame.call('GET', '/_sesame/messages')).json;
  assert.deepEqual([before.total, before.messages], [0, []]);
  assert.equal((await sesame.call('GET', '/readyz')).status, 200);
  const path = '/v2/email/outbound-emails';
  assert.equal((await http({ method: 'POST', path }, (out) => out.end(JSON.stringify(mail())))).statusCode, 200);
  await submit(`${hello}${envelope}\nC: From: ann@sender.example\nC: Subject: whole\nC:\nC: x\nC: .\nS: 250 Ok *`);
  const { json } = await sesame.call('GET', '/_sesame/messages');
  assert.deepEqual(
    json.messages.map(({ subject }: { subject: string }) => subject),
    ['whole', 's'],
  );
});
