import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameProcess } from '../world/process.ts';
import { seeded } from '../world/seeded.ts';
import { Sink } from '../world/sink.ts';

// One story: a Sesame under load is killed again and again (kill -9) at random moments. What it had acknowledged, over SMTP
// or HTTP, is delivered in the end; and where nothing had reached the peer before, exactly once.
const rounds = Number(process.env['SESAME_CRASH_ROUNDS'] ?? 4);
const seed = Number(process.env['SESAME_CRASH_SEED'] ?? Date.now() % 1_000_000);
const chance = seeded(seed);

let folder: string;
let sink: Sink & { port: number };
let sesame: SesameProcess;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-crash-'));
  sink = await Sink.start();
  sesame = new SesameProcess(folder, { SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  await sesame.start();
  await v2('/v2/email/identities', { EmailIdentity: 'sender.example' });
});

after(async () => {
  await sesame?.stop();
  await sink?.close();
  await rm(folder, { recursive: true, force: true });
});

const v2 = (path: string, body: object) => sesame.post(path, body);
const mail = (to: string) => `From: a@sender.example\r\nTo: ${to}\r\nSubject: crash\r\n\r\n${'x'.repeat(500)}\r\n`;

/** Sends until the connection breaks; answers the ids that were acknowledged. */
async function overSmtp(name: string, acknowledge: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  const host = '127.0.0.1';
  const client = await SmtpClient.connect({
    host,
    port: sesame.port('submission'),
    ehloName: 'load.test',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) return acknowledged;
  for (let n = 0; ; n++) {
    const to = `${name}-${n}@world.example`;
    const [answer] = await client.deliver({ from: 'a@sender.example', to: [to], content: Buffer.from(mail(to)) });
    if (!answer?.accepted) break;
    acknowledged.push(answer.text.replace('Ok ', ''));
    acknowledge();
  }
  client.close();
  return acknowledged;
}

async function overHttp(name: string, acknowledge: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  for (let n = 0; ; n++) {
    const body = {
      FromEmailAddress: 'a@sender.example',
      Destination: { ToAddresses: [`${name}-${n}@world.example`] },
      Content: { Simple: { Subject: { Data: 'crash' }, Body: { Text: { Data: 'x'.repeat(500) } } } },
    };
    const answer = await v2('/v2/email/outbound-emails', body)
      .then((response) => response.json() as Promise<{ MessageId?: string }>)
      .catch(() => ({ MessageId: undefined }));
    if (!answer.MessageId) return acknowledged;
    acknowledged.push(answer.MessageId);
    acknowledge();
  }
}

/** Load until a random moment after the first acknowledgment, then kill -9 and start again. */
async function crash(round: string): Promise<string[]> {
  const first = Promise.withResolvers<void>();
  const load = Promise.all(
    [0, 1, 2].flatMap((n) => [overSmtp(`${round}-s${n}`, first.resolve), overHttp(`${round}-h${n}`, first.resolve)]),
  );
  await first.promise;
  // The moment is random on purpose; nothing is asserted about how far the load came.
  await new Promise((resolve) => setTimeout(resolve, chance() * 400));
  await sesame.kill();
  const acknowledged = (await load).flat();
  await sesame.start();
  return acknowledged;
}

const idOf = ({ from }: { from: string }) => from.split('@')[0]!;

test('nothing acknowledged is lost or sent twice, whatever the moment', async (t) => {
  t.diagnostic(`SESAME_CRASH_SEED=${seed} SESAME_CRASH_ROUNDS=${rounds}`);
  // The peer takes nothing yet: whatever is delivered later was in nobody's hands at any crash.
  sink.onRcpt = () => reply(451, '4.3.2 later');
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) acknowledged.push(...(await crash(`a${round}`)));
  assert.ok(acknowledged.length >= rounds, 'some mail was acknowledged');
  sink.onRcpt = () => undefined;
  assert.equal((await sesame.post('/_sesame/clock', { advance: '3h' })).status, 200);
  const delivered = sink.caught.map(idOf);
  const counts = Map.groupBy(delivered, (id) => id);
  assert.deepEqual(
    acknowledged.filter((id) => !counts.has(id)),
    [],
    'every acknowledged message is delivered',
  );
  assert.deepEqual(
    [...counts].filter(([, copies]) => copies.length > 1).map(([id]) => id),
    [],
    'none twice',
  );
});

test('with mail on its way out too, all that was acknowledged is delivered', async () => {
  sink.caught.length = 0;
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) acknowledged.push(...(await crash(`b${round}`)));
  assert.equal((await sesame.post('/_sesame/clock', { advance: '3h' })).status, 200);
  const delivered = new Set(sink.caught.map(idOf));
  assert.deepEqual(
    acknowledged.filter((id) => !delivered.has(id)),
    [],
  );
});
