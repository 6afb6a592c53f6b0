import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  CreateEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { systemRandom } from '../../src/base/random.ts';
import { localCertificate } from '../../src/wire/certificates.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { freePort } from '../world/free-port.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';

// Time that a test moves, and state that a test forgets; mail goes to a relay that says what the test wants.
const HOUR = 3_600_000;

let sink: Sink & { port: number };
let sesame: SesameUnderTest;

before(async () => {
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
});
after(async () => {
  await sesame.stop();
  await sink.close();
});

interface Where {
  readonly account?: string;
  readonly region?: string;
}

function clientOf({ account = '000000000000', region = 'us-east-1' }: Where) {
  const client = new SESv2Client({
    ...sesame.client,
    region,
    credentials: { accessKeyId: account, secretAccessKey: 'anything' },
  });
  return Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
}

async function create(EmailIdentity: string, where: Where = {}): Promise<void> {
  using ses = clientOf(where);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity }));
}

async function identities(where: Where = {}): Promise<unknown> {
  using ses = clientOf(where);
  return (await ses.send(new ListEmailIdentitiesCommand({}))).EmailIdentities!.map(({ IdentityName }) => IdentityName);
}

async function send(subject: string, where: Where = {}): Promise<string> {
  using ses = clientOf(where);
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: 'Text.' } } } },
    }),
  );
  return MessageId!;
}

const clock = async () => (await sesame.call('GET', '/_sesame/clock')).json as { now: string; offset: string };
const ahead = async () => Date.parse((await clock()).now) - Date.now();
const near = (milliseconds: number, wanted: number) =>
  assert.ok(Math.abs(milliseconds - wanted) < 60_000, `${milliseconds} is not about ${wanted}`);
const reset = (body?: object) => sesame.call('POST', '/_sesame/reset', body);

describe('the clock', () => {
  before(() => create('sender.example'));

  test('advance runs every retry at its time, and answers when nothing is due any more', async () => {
    let tries = 0;
    sink.onRcpt = () => {
      tries += 1;
      return tries < 4 ? reply(451, '4.3.0 later') : undefined;
    };
    const id = await send('Late');
    await sesame.advance('0s');
    assert.equal((await sesame.shown(id)).state, 'deferred');
    await sesame.advance('5h');
    const { state, timeline } = await sesame.shown(id);
    assert.deepEqual([state, tries], ['delivered', 4]);
    const times = timeline.map(({ at }: { at: string }) => Date.parse(at));
    const waits = times.slice(2).map((time: number, i: number) => time - times[i + 1]);
    assert.ok(
      waits.every((wait: number) => wait >= 30_000 && wait < 2 * HOUR),
      String(waits),
    );
    assert.deepEqual(
      waits,
      waits.toSorted((a: number, b: number) => a - b),
    );
    near(await ahead(), 5 * HOUR);
    sink.onRcpt = () => undefined;
  });

  test('what is sent now carries the moved time: listing, Date, message id', async () => {
    const id = await send('Moved');
    const { at } = await sesame.shown(id);
    near(Date.parse(at) - Date.now(), 5 * HOUR);
    assert.equal(Number.parseInt(id.slice(4, 16), 16), Date.parse(at));
    const date = /^Date: (.*)\r$/m.exec(await sesame.raw(id))?.[1] ?? '';
    near(Date.parse(date), Date.parse(at));
  });

  test('the offset survives a restart, and so does what is waiting', async () => {
    sink.onRcpt = () => reply(451, '4.3.0 later');
    const id = await send('Waits');
    await sesame.advance('0s');
    const before = await clock();
    await sesame.restart();
    assert.equal((await clock()).offset, before.offset);
    near(await ahead(), 5 * HOUR);
    assert.equal((await sesame.shown(id)).state, 'deferred');
    sink.onRcpt = () => undefined;
    await sesame.advance('1h');
    assert.equal((await sesame.shown(id)).state, 'delivered');
  });

  test('a message that is on its way is not deleted; when it has ended it is', async () => {
    sink.onRcpt = () => reply(451, '4.3.0 later');
    const id = await send('Stays');
    await sesame.advance('0s');
    assert.equal((await sesame.call('DELETE', `/_sesame/messages/${id}`)).status, 409);
    await sesame.call('DELETE', '/_sesame/messages');
    assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 1);
    await sesame.advance('14h');
    assert.equal((await sesame.shown(id)).state, 'bounced');
    assert.equal((await sesame.call('DELETE', `/_sesame/messages/${id}`)).status, 200);
    assert.equal((await sesame.call('GET', `/_sesame/messages/${id}`)).status, 404);
    sink.onRcpt = () => undefined;
  });
});

describe('reset', () => {
  test('forgets everything, mail that waits and the moved clock too', async () => {
    sink.onRcpt = () => reply(451, '4.3.0 later');
    await send('Never');
    await sesame.advance('0s');
    sink.onRcpt = () => undefined;
    const caught = sink.caught.length;
    const key = await sesame.app.keys.rootKey('000000000000');
    assert.equal((await reset()).status, 200);
    near(await ahead(), 0);
    assert.deepEqual([await identities(), (await sesame.call('GET', '/_sesame/messages')).json.total], [[], 0]);
    await sesame.advance('20h');
    assert.equal(sink.caught.length, caught);
    assert.deepEqual(await sesame.app.keys.rootKey('000000000000'), key);
    await create('sender.example');
    await send('Again');
    assert.match((await sink.mail(caught + 1)).content, /\r\nSubject: Again\r\n/);
  });

  test('holds after a restart', async () => {
    await sesame.advance('1h');
    await reset();
    await sesame.restart();
    near(await ahead(), 0);
    assert.deepEqual([await identities(), (await sesame.call('GET', '/_sesame/messages')).json.total], [[], 0]);
  });

  test('of one account and region leaves the others, and the clock', async () => {
    const here = { account: '111111111111', region: 'eu-west-1' };
    const others = [{ account: '111111111111' }, { account: '222222222222', region: 'eu-west-1' }];
    for (const where of [here, ...others]) {
      await create('sender.example', where);
      await send('One', where);
    }
    await sesame.advance('2h');
    assert.equal((await reset(here)).status, 200);
    assert.deepEqual(await identities(here), []);
    for (const where of others) assert.deepEqual(await identities(where), ['sender.example']);
    const { messages } = (await sesame.call('GET', '/_sesame/messages')).json;
    assert.deepEqual(messages.map(({ account, region }: Required<Where>) => [account, region]).toSorted(), [
      ['111111111111', 'us-east-1'],
      ['222222222222', 'eu-west-1'],
    ]);
    near(await ahead(), 2 * HOUR);
  });

  test("by moto's name", async () => {
    const { status } = await sesame.call('POST', '/moto-api/reset');
    assert.equal(status, 200);
    assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 0);
    near(await ahead(), 0);
  });
});

describe('the start', () => {
  test('endpoints.json is there before /readyz says yes', async () => {
    const data = await mkdtemp(join(tmpdir(), 'sesame-start-'));
    const url = `http://127.0.0.1:${await freePort()}`;
    const starting = SesameUnderTest.start({ SESAME_DATA: data, SESAME_HTTP: url.slice('http://'.length) });
    const status = (path: string) =>
      fetch(url + path).then(
        (answer) => answer.status,
        () => 0,
      );
    while ((await status('/readyz')) !== 200);
    assert.ok(existsSync(join(data, 'endpoints.json')));
    assert.equal(await status('/livez'), 200);
    const started = await starting;
    const endpoints = JSON.parse(await readFile(join(data, 'endpoints.json'), 'utf8'));
    assert.deepEqual(endpoints, started.doors.endpoints);
    assert.deepEqual(Object.keys(endpoints), ['http', 'https', 'submission', 'submissionTls', 'mx', 'dns']);
    assert.equal(endpoints.http[0], url.slice('http://'.length));
    await started.stop();
    await rm(data, { recursive: true });
  });

  test('the service profile has one clock, and it does not move', async () => {
    const tls = await mkdtemp(join(tmpdir(), 'sesame-start-'));
    await localCertificate({ folder: tls, names: [], now: Date.now(), random: systemRandom });
    const service = await SesameUnderTest.start({
      SESAME_PROFILE: 'service',
      SESAME_DOMAIN: 'mail.example',
      SESAME_MASTER_KEY: 'a master key',
      SESAME_OPERATOR_TOKEN: 'a token',
      SESAME_ACCESS_KEY_ID: 'AKIASERVICE',
      SESAME_SECRET_ACCESS_KEY: 'a secret',
      SESAME_TLS_CERT: join(tls, 'server.pem'),
      SESAME_TLS_KEY: join(tls, 'server.key'),
      SESAME_DELIVERY: 'capture',
      SESAME_VERIFY: 'auto',
      SESAME_SANDBOX: 'off',
    });
    const { status, json } = await service.call('POST', '/_sesame/clock', { advance: '1h' });
    assert.deepEqual([status, json.message], [403, 'The service profile has one clock, and it does not move.']);
    assert.equal((await service.call('GET', '/_sesame/clock')).json.offset, '0ms');
    await service.stop();
    await rm(tls, { recursive: true });
  });
});
