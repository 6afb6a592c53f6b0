import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendBulkEmailCommand, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { blackHole, HostilePeer } from '../world/hostile.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { ZoneServer } from '../world/zones.ts';

// Many domains have their mail at one provider that takes connections and says nothing. The rest of the world goes on.
const DOMAINS = 250;
const domains = Array.from({ length: DOMAINS }, (_, n) => `d${n}.example`);
let zones: ZoneServer;
let sink: Sink & { port: number };
let hole: HostilePeer;
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sink = await Sink.start();
  hole = await HostilePeer.start(blackHole, { host: '127.0.0.2', port: sink.port });
  zones = await ZoneServer.start({
    ...Object.fromEntries(domains.map((domain, n) => [domain, { MX: [[10, `mx${n}.hole.example`]] }])),
    ...Object.fromEntries(domains.map((_, n) => [`mx${n}.hole.example`, { A: ['127.0.0.2'] }])),
    'fine.example': { A: ['127.0.0.1'] },
  });
  sesame = await SesameUnderTest.start({
    SESAME_DELIVERY: 'direct',
    SESAME_DNS: zones.address,
    SESAME_MX_PORT: String(sink.port),
  });
  ses = new SESv2Client(sesame.client);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
});

after(async () => {
  ses?.destroy();
  await hole?.close();
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

test('a provider that is silent holds a few attempts, however many domains it has', async () => {
  for (let n = 0; n < DOMAINS; n += 50) {
    await ses.send(
      new SendBulkEmailCommand({
        FromEmailAddress: 'ann@sender.example',
        DefaultContent: {
          Template: { TemplateContent: { Subject: 'Hello', Text: 'Hello' }, TemplateData: '{}' },
        },
        BulkEmailEntries: domains
          .slice(n, n + 50)
          .map((domain) => ({ Destination: { ToAddresses: [`you@${domain}`] } })),
      }),
    );
  }
  const { MessageId: id } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['you@fine.example'] },
      Content: { Simple: { Subject: { Data: 'Reset' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  const { from } = await sink.mail(1);
  assert.equal(from, `${id}@amazonses.com`);
  assert.ok(hole.visits > 0);
  // The window of a provider that has not answered yet.
  assert.ok(hole.open <= 10, String(hole.open));
});
