import assert from 'node:assert/strict';
import { request } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Budget } from '../../base/budget.ts';
import { DAY } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { TrackedLinks } from '../../mail/tracked-links.ts';
import { HttpDoor } from '../http-door.ts';
import { type Clicked, isTracked, type Opened, tracking } from './tracking.ts';

const SENT = 0x019900000000;
const messageId = '0100019900000000-11111111-2222-4333-8444-555555555555-000000';
const links = new TrackedLinks(Buffer.alloc(32, 1));
const { link, pixel } = links.tracking({ messageId, base: { url: 'http://h' }, opens: true, clicks: true });
const target = 'https://example.com/a%20b?c=d&e#f';
const linkPath = new URL(link!(target, 1, { product: ['book'] })!).pathname;
const pixelPath = new URL(pixel!).pathname;

const doors: HttpDoor[] = [];
afterEach(async () => {
  await Promise.all(doors.splice(0).map((door) => door.close(0)));
});

type Report = (event: Opened | Clicked) => void | Promise<void>;

/** A door with the handler; `told` has what was reported, `next` waits for it. */
async function open({ now = SENT, report }: { now?: number; report?: Report } = {}) {
  const told: (Opened | Clicked)[] = [];
  let wake = () => {};
  const tell: Report = (event) => {
    told.push(event);
    wake();
    return report?.(event);
  };
  const next = async () => {
    if (told.length > 0) return;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  };
  const clock = { civil: () => now, monotonic: () => 0 };
  const door = new HttpDoor({
    handlers: [
      tracking({ links, clock, log: silentLog, opened: tell, clicked: tell }),
      () => ({ status: 418, headers: {}, body: 'another' }),
    ],
    budget: new Budget(1_000_000),
    isOurName: () => false,
    isForAnyName: isTracked,
    log: silentLog,
  });
  doors.push(door);
  const { port } = await door.listen({ host: '127.0.0.1', port: 0 });
  return { told, next, port };
}

interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}

async function ask(port: number, { path, method = 'GET', headers = {} }: Asked) {
  const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }).end();
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>();
  asked.on('response', resolve).on('error', reject);
  const response = await promise;
  const body = Buffer.concat(await response.toArray());
  return { status: response.statusCode, headers: response.headers, body };
}

const userAgent = 'Mozilla/5.0 (X11; Linux x86_64)';

describe('a pixel', () => {
  test('is a transparent GIF that no cache keeps, and an open', async () => {
    const { told, next, port } = await open();
    const { status, headers, body } = await ask(port, { path: pixelPath, headers: { 'user-agent': userAgent } });
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'image/gif');
    assert.match(headers['cache-control'] ?? '', /no-store/);
    assert.equal(body.toString('latin1', 0, 6), 'GIF89a');
    assert.deepEqual([body.readUInt16LE(6), body.readUInt16LE(8), body.length], [1, 1, 42]);
    await next();
    assert.deepEqual(told, [{ messageId, at: SENT, ip: '127.0.0.1', userAgent, isBotEvent: 'Unlikely' }]);
  });

  test('asked for its head has none', async () => {
    const { told, next, port } = await open();
    const { status, headers, body } = await ask(port, { path: pixelPath, method: 'HEAD' });
    assert.deepEqual([status, headers['content-type'], body.length], [200, 'image/gif', 0]);
    await next();
    assert.deepEqual(told, [{ messageId, at: SENT, ip: '127.0.0.1', userAgent: '', isBotEvent: 'Likely' }]);
  });
});

describe('a link', () => {
  test('leads to where it led, and is a click', async () => {
    const { told, next, port } = await open();
    const { status, headers, body } = await ask(port, { path: linkPath, headers: { 'user-agent': userAgent } });
    assert.deepEqual([status, headers.location, body.length], [302, target, 0]);
    assert.match(headers['cache-control'] ?? '', /no-store/);
    await next();
    const click = { url: target, tags: { product: ['book'] } };
    assert.deepEqual(told, [{ messageId, at: SENT, ip: '127.0.0.1', userAgent, isBotEvent: 'Unlikely', ...click }]);
  });

  test('also for a HEAD, and with what somebody has added to it', async () => {
    const { told, next, port } = await open();
    const { status, headers } = await ask(port, { path: linkPath, method: 'HEAD' });
    assert.deepEqual([status, headers.location], [302, target]);
    await next();
    assert.equal(told[0]?.isBotEvent, 'Likely');
    const added = await ask(port, { path: `${linkPath}?utm_source=x` });
    assert.deepEqual([added.status, added.headers.location], [302, target]);
  });

  test('that was changed leads nowhere', async () => {
    const { told, port } = await open();
    for (const path of [
      linkPath.replace('example.com', 'evil.example'),
      linkPath.replace(messageId, messageId.replace('0100', '0101')),
      linkPath.replace(/[\w-]{27}=/, `${'A'.repeat(27)}=`),
      pixelPath.replace(/=1$/, '=2'),
      '/L0/https:%2F%2Fevil.example/1/x/y=1',
      '/L0/',
      '/I0/%',
    ]) {
      const { status, headers } = await ask(port, { path });
      assert.deepEqual([status, headers.location], [404, undefined], path);
      assert.match(headers['content-type'] ?? '', /^text\/plain/);
    }
    assert.deepEqual(told, []);
  });

  test('counts for 60 days and leads on after them', async () => {
    const last = await open({ now: SENT + 60 * DAY });
    assert.equal((await ask(last.port, { path: linkPath })).status, 302);
    await last.next();
    const late = await open({ now: SENT + 60 * DAY + 1 });
    const { status, headers } = await ask(late.port, { path: linkPath });
    assert.deepEqual([status, headers.location], [302, target]);
    assert.equal((await ask(late.port, { path: pixelPath })).status, 200);
    assert.deepEqual(late.told, []);
  });
});

describe('the answer', () => {
  test('does not wait for what is told', async () => {
    const { next, port } = await open({ report: () => new Promise(() => {}) });
    assert.equal((await ask(port, { path: linkPath })).status, 302);
    await next();
    assert.equal((await ask(port, { path: pixelPath })).status, 200);
  });

  test('does not fail with it', async () => {
    for (const report of [
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no');
      },
    ]) {
      const { next, port } = await open({ report });
      assert.equal((await ask(port, { path: linkPath })).status, 302);
      await next();
      assert.equal((await ask(port, { path: pixelPath })).status, 200);
    }
  });

  test('comes also when more is told than has room', async () => {
    let told = 0;
    const never = () => {
      told++;
      return new Promise<void>(() => {});
    };
    const clock = { civil: () => SENT, monotonic: () => 0 };
    const handle = tracking({ links, clock, log: silentLog, opened: never, clicked: never });
    const asked = { method: 'GET', path: linkPath, query: '', headers: {}, body: Buffer.alloc(0) };
    const rest = { remoteAddress: '192.0.2.1', secure: true, aborted: new AbortController().signal };
    for (let i = 0; i < 1_010; i++) assert.equal((await handle({ ...asked, ...rest }))?.status, 302);
    await setImmediate();
    assert.equal(told, 1_000);
  });
});

test('comes under any name; nothing else does', async () => {
  const { port } = await open();
  const headers = { host: 'click.customer.example', origin: 'https://webmail.example' };
  assert.equal((await ask(port, { path: linkPath, headers })).status, 302);
  assert.equal((await ask(port, { path: pixelPath, headers })).status, 200);
  assert.equal((await ask(port, { path: '/L0/x', headers })).status, 404);
  assert.equal((await ask(port, { path: linkPath, headers, method: 'POST' })).status, 403);
  assert.equal((await ask(port, { path: '/_sesame/messages', headers })).status, 403);
  assert.equal((await ask(port, { path: linkPath, method: 'POST' })).status, 418);
  assert.equal((await ask(port, { path: '/L1/x' })).status, 418);
});
