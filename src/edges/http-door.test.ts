import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempDisposable } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Budget } from '../base/budget.ts';
import { silentLog } from '../base/log.ts';
import { systemRandom } from '../base/random.ts';
import { localCertificate } from '../wire/certificates.ts';
import type { HttpHandler, Request } from './http.ts';
import { HttpDoor } from './http-door.ts';

const ok = (body: string): Awaited<ReturnType<HttpHandler>> => ({ status: 200, headers: {}, body });
const doors: HttpDoor[] = [];
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close(0)));
});

async function open(handlers: HttpHandler[], budget = new Budget(1_000), maxBody = 600) {
  const isOurName = (host: string) => host === 'mail.example.com';
  const door = new HttpDoor({ handlers, budget, isOurName, log: silentLog, maxBody });
  doors.push(door);
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
  return { door, port, budget, url: `http://127.0.0.1:${port}` };
}

/** Everything that the server says until it closes the connection. */
async function conversation(port: number, ...lines: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(lines.join('\r\n'));
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text;
}

const settled = async (budget: Budget) => {
  while (budget.used > 0) await new Promise(setImmediate);
};

describe('a request', () => {
  it('is handed over whole, path and query as on the wire', async () => {
    let seen: Request | undefined;
    const { url, budget } = await open([
      (request) => {
        seen = request;
        return ok('answer');
      },
    ]);
    const response = await fetch(`${url}/a%20b/%C3%BC?x=%2B&x=1`, {
      method: 'POST',
      body: 'body',
      headers: { X: 'y' },
    });
    assert.equal(await response.text(), 'answer');
    const { method, path, query, body, remoteAddress, secure, headers } = seen!;
    assert.deepEqual(
      { method, path, query, body: String(body), remoteAddress, secure, x: headers['x'] },
      {
        method: 'POST',
        path: '/a%20b/%C3%BC',
        query: 'x=%2B&x=1',
        body: 'body',
        remoteAddress: '127.0.0.1',
        secure: false,
        x: 'y',
      },
    );
    await settled(budget);
  });

  it('goes to the first handler that answers', async () => {
    const { url } = await open([
      () => undefined,
      async () => undefined,
      ({ path }) => (path === '/x' ? ok('third') : undefined),
    ]);
    assert.equal(await (await fetch(`${url}/x`)).text(), 'third');
    assert.equal((await fetch(`${url}/y`)).status, 404);
  });

  it('that meets a fault is answered without detail', async () => {
    const { url } = await open([
      () => {
        throw new Error('secret');
      },
    ]);
    const response = await fetch(url);
    assert.equal(response.status, 500);
    assert.doesNotMatch(await response.text(), /secret/);
  });

  it('HEAD has the length and not the body; 204 has neither', async () => {
    const { port } = await open([
      ({ path }) => {
        const headers: Record<string, string> = path === '/own' ? { 'content-length': '7' } : {};
        return { status: path === '/none' ? 204 : 200, headers, body: 'body' };
      },
    ]);
    const head = (path: string) =>
      conversation(port, `HEAD ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', '', '');
    assert.match(await head('/'), /content-length: 4\r\n[\s\S]*\r\n\r\n$/i);
    assert.match(await head('/own'), /content-length: 7\r\n[\s\S]*\r\n\r\n$/i);
    assert.doesNotMatch(await head('/none'), /content-length/i);
  });

  it('keeps repeated headers', async () => {
    const { port } = await open([({ headers }) => ok(`<${headers['x']}>`)]);
    const text = await conversation(
      port,
      'GET / HTTP/1.1',
      'Host: localhost',
      'X: a',
      'x: b',
      'Connection: close',
      '',
      '',
    );
    assert.match(text, /<a,b>$/);
  });
});

describe('a body', () => {
  const echo: HttpHandler = ({ body }) => ok(String(body.length));
  const post = (...headers: string[]) => ['POST / HTTP/1.1', 'Host: localhost', ...headers, ''];

  it('may come in chunks and after 100-continue', async () => {
    const { url, port, budget } = await open([echo]);
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.alloc(200));
        controller.enqueue(Buffer.alloc(300));
        controller.close();
      },
    });
    const streamed = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    assert.equal(await (await fetch(url, streamed)).text(), '500');
    const request = httpRequest({ port, method: 'POST', headers: { expect: '100-continue', 'content-length': 5 } });
    request.flushHeaders();
    await once(request, 'continue');
    request.end('12345');
    const [response] = await once(request, 'response');
    assert.equal(response.statusCode, 200);
    response.resume();
    await settled(budget);
  });

  it('over the limit is 413, before it is sent where its length is told', async () => {
    const { port, budget } = await open([echo]);
    assert.match(
      await conversation(port, ...post('Content-Length: 601', 'Expect: 100-continue'), ''),
      /^HTTP\/1.1 413 /,
    );
    assert.match(await conversation(port, ...post('Content-Length: 601'), 'x'.repeat(601)), /^HTTP\/1.1 413 /);
    const chunk = `12c\r\n${'x'.repeat(300)}\r\n`;
    assert.match(
      await conversation(port, ...post('Transfer-Encoding: chunked'), `${chunk.repeat(3)}0\r\n\r\n`),
      /^HTTP\/1.1 413 /,
    );
    await settled(budget);
  });

  it('without room is 503', async () => {
    const { port, budget } = await open([echo], new Budget(100));
    assert.match(await conversation(port, ...post('Content-Length: 101'), 'x'.repeat(101)), /^HTTP\/1.1 503 /);
    const chunk = `12c\r\n${'x'.repeat(300)}\r\n`;
    assert.match(
      await conversation(port, ...post('Transfer-Encoding: chunked'), `${chunk}0\r\n\r\n`),
      /^HTTP\/1.1 503 /,
    );
    await settled(budget);
  });

  it('of a client that goes away is dropped', async () => {
    const { port, budget } = await open([() => assert.fail('an incomplete request must not be handled')]);
    const socket = connect(port, '127.0.0.1');
    socket.write([...post('Content-Length: 500'), 'half'].join('\r\n'));
    while (budget.used === 0) await new Promise(setImmediate);
    socket.destroy();
    await settled(budget);
  });
});

describe('a long poll', () => {
  it('learns that its client has gone', async () => {
    const gone = Promise.withResolvers<void>();
    const { port } = await open([
      ({ aborted }) => {
        assert.equal(aborted.aborted, false);
        return new Promise((resolve) => {
          aborted.addEventListener('abort', () => {
            gone.resolve();
            resolve(ok('nobody hears this'));
          });
        });
      },
    ]);
    const request = httpRequest({ port });
    request.on('error', () => {});
    request.end();
    const [socket] = await once(request, 'socket');
    await once(socket, 'connect');
    setImmediate(() => request.destroy());
    await gone.promise;
  });

  it('is not told so when it was answered', async () => {
    let signal: AbortSignal | undefined;
    const { url, door } = await open([
      ({ aborted }) => {
        signal = aborted;
        return ok('here');
      },
    ]);
    await (await fetch(url)).text();
    await door.close(0);
    assert.equal(signal?.aborted, false);
  });
});

describe('DNS rebinding', () => {
  it('unsigned requests must name us, and come from our pages', async () => {
    const { port } = await open([() => ok('in')]);
    const check = async (headers: string[], status: number) => {
      const text = await conversation(port, 'POST /?a=b HTTP/1.1', ...headers, 'Connection: close', '', '');
      assert.equal(Number(text.split(' ')[1]), status, headers.join());
    };
    await check(['Host: 127.0.0.1:4566'], 200);
    await check(['Host: [::1]:4566'], 200);
    await check(['Host: localhost'], 200);
    await check(['Host: sesame:8025'], 200);
    await check(['Host: MAIL.example.com:443'], 200);
    await check(['Host: evil.example'], 403);
    await check(['Host: 127.0.0.1.evil.example'], 403);
    await check(['Host: localhost', 'Origin: http://localhost'], 200);
    await check(['Host: localhost:4566', 'Origin: http://localhost:4566'], 200);
    await check(['Host: localhost', 'Origin: https://mail.example.com'], 200);
    await check(['Host: localhost', 'Origin: http://evil.example'], 403);
    await check(['Host: localhost:4566', 'Origin: http://localhost:3000'], 403);
    await check(['Host: localhost', 'Origin: null'], 403);
    await check(['Host: evil.example', 'Authorization: Bearer x'], 403);
    await check(['Host: bucket.example', 'Authorization: AWS4-HMAC-SHA256 Credential=x'], 200);
  });
});

describe('the listeners', () => {
  it('say which address they have, and which they cannot have', async () => {
    const { door, port } = await open([() => ok('one')]);
    const second = await door.listen({ host: '127.0.0.1', port: 0 });
    assert.notEqual(second.port, port);
    assert.equal(await (await fetch(`http://127.0.0.1:${second.port}`)).text(), 'one');
    await assert.rejects(door.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' });
  });

  it('speak TLS where they are given a certificate', async () => {
    const { door } = await open([({ secure }) => ok(String(secure))]);
    await using folder = await mkdtempDisposable(join(tmpdir(), 'sesame-door-'));
    const made = { folder: folder.path, names: [], now: Date.now(), random: systemRandom };
    const { ca, ...tls } = await localCertificate(made);
    const { port } = await door.listen({ host: '127.0.0.1', port: 0 }, tls);
    const request = httpsRequest({ host: '127.0.0.1', port, servername: 'localhost', ca });
    request.end();
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    assert.equal(Buffer.concat(await response.toArray()).toString(), 'true');
  });

  it('close: what is under way is finished, quiet connections end, the door is shut', async () => {
    const waiting = Promise.withResolvers<void>();
    const started = Promise.withResolvers<void>();
    const { door, port, url } = await open([
      async ({ path }) => {
        if (path === '/slow') {
          started.resolve();
          await waiting.promise;
        }
        return ok('done');
      },
    ]);
    await (await fetch(`${url}/quick`)).text();
    const slow = fetch(`${url}/slow`);
    await started.promise;
    const closed = door.close(10_000);
    await assert.rejects(once(connect(port, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
    waiting.resolve();
    const response = await slow;
    assert.equal(response.headers.get('connection'), 'close');
    assert.equal(await response.text(), 'done');
    await closed;
  });

  it('close: what does not finish within the grace is cut', async () => {
    const { door, url } = await open([() => new Promise(() => {})]);
    const hanging = assert.rejects(fetch(url));
    await door.close(1);
    await hanging;
  });
});

it('is seen as its client’s where a trusted proxy says so', async () => {
  const seen: Request[] = [];
  const answer: HttpHandler = (request) => ok(`${seen.push(request)}`);
  for (const proxy of ['127.0.0.1', '192.0.2.9']) {
    const isProxy = (address: string) => address === proxy;
    const door = new HttpDoor({
      handlers: [answer],
      budget: new Budget(1_000),
      isOurName: () => false,
      isProxy,
      log: silentLog,
    });
    doors.push(door);
    const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
    const headers = { 'X-Forwarded-For': '198.51.100.7', 'X-Forwarded-Proto': 'https' };
    await (await fetch(`http://127.0.0.1:${port}/`, { headers })).text();
  }
  assert.deepEqual(
    seen.map(({ remoteAddress, secure }) => [remoteAddress, secure]),
    [
      ['198.51.100.7', true],
      ['127.0.0.1', false],
    ],
  );
});
