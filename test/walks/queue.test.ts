import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { run } from '../../src/cli/cli.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { ZoneServer } from '../world/zones.ts';

// One story: a provider of two domains asks to come later; the operator looks, tries one domain now and gives up on the other.
let zones: ZoneServer;
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: SESv2Client;
let busy = true;

before(async () => {
  sink = await Sink.start();
  sink.onRcpt = () => (busy ? reply(450, '4.2.0 come later') : undefined);
  zones = await ZoneServer.start({
    'one.example': { MX: [[10, 'mx1.mail.example']] },
    'two.example': { MX: [[10, 'mx2.mail.example']] },
    'mx1.mail.example': { A: ['127.0.0.1'] },
    'mx2.mail.example': { A: ['127.0.0.1'] },
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
  await sesame?.stop();
  await sink?.close();
  zones?.close();
});

const send = async (...ToAddresses: string[]) => {
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses },
      Content: { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  return MessageId!;
};
const queue = async (by: string) => (await sesame.call('GET', `/_sesame/queue?by=${by}`)).json.queue;
const waiting = async (by: string) =>
  (await queue(by)).map(({ name, waiting }: { name: string; waiting: number }) => [name, waiting]);
const stateOf = async (id: string) => (await sesame.shown(id)).state;

test('what waits is listed, tried now, or cancelled', async () => {
  const one = await send('a@one.example', 'b@one.example');
  const two = await send('a@two.example');
  await sesame.advance('0s');
  assert.deepEqual(await waiting('domain'), [
    ['one.example', 2],
    ['two.example', 1],
  ]);
  assert.deepEqual(await waiting('provider'), [['mail.example', 3]]);
  assert.deepEqual(await waiting('route'), [['direct', 3]]);
  const [first] = await queue('domain');
  assert.equal(first.provider, 'mail.example');
  assert.ok(Date.parse(first.due) > sesame.app.clock.civil());

  busy = false;
  const retried = await sesame.call('POST', '/_sesame/queue/retry', { domain: 'one.example' });
  assert.deepEqual(retried.json, { retried: 2 });
  await sesame.advance('0s');
  assert.deepEqual([await stateOf(one), await stateOf(two)], ['delivered', 'deferred']);

  assert.equal(await run(['queue', 'cancel', '--provider', 'mail.example', '--url', sesame.url]), 0);
  assert.equal(await run(['queue', '--by', 'provider', '--url', sesame.url]), 0);
  const { state, recipients } = await sesame.shown(two);
  assert.equal(state, 'cancelled');
  assert.deepEqual(recipients, [
    { recipient: 'a@two.example', state: 'cancelled', attempts: 1, reply: 'Cancelled by the operator' },
  ]);
  assert.deepEqual(await queue('domain'), []);
  await sesame.advance('15h');
  assert.equal(await stateOf(two), 'cancelled');
  assert.equal(sink.caught.length, 1);
});

test('a wrong word is told', async () => {
  const check = async (path: string, body: object | undefined, expected: string) => {
    const { json } = await sesame.call(body ? 'POST' : 'GET', path, body);
    assert.equal(json.message, expected);
  };
  await check('/_sesame/queue?by=colour', undefined, 'by must be domain, provider or route.');
  await check('/_sesame/queue/retry', {}, 'Say one of domain, provider and route.');
  await check('/_sesame/queue/cancel', { domain: 'a', route: 'b' }, 'Say one of domain, provider and route.');
  await check('/_sesame/queue/cancel', { route: 'moon' }, 'There is no route moon; mail goes by direct.');
});

test('where all domains wait in one lane, one of them is not cancelled with the rest', async (t) => {
  const relayed = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  const client = new SESv2Client(relayed.client);
  t.after(async () => {
    client.destroy();
    await relayed.stop();
  });
  busy = true;
  await client.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const { MessageId } = await client.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['a@one.example', 'ooto@simulator.amazonses.com'] },
      Content: { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 'x' } } } },
    }),
  );
  await relayed.advance('0s');
  for (const verb of ['retry', 'cancel']) {
    const { status, json } = await relayed.call('POST', `/_sesame/queue/${verb}`, { domain: 'two.example' });
    assert.equal(status, 400);
    assert.equal(json.message, 'Mail to all domains waits in one lane on smarthost; say the route.');
  }
  // The simulator's answer is ours, beside what the relay says of its neighbour in the lane.
  const { recipients } = await relayed.shown(MessageId!);
  assert.deepEqual(
    recipients.map(({ recipient, state }: { recipient: string; state: string }) => [recipient, state]),
    [
      ['a@one.example', 'deferred'],
      ['ooto@simulator.amazonses.com', 'delivered'],
    ],
  );
  const { json } = await relayed.call('POST', '/_sesame/queue/cancel', { route: 'smarthost' });
  assert.deepEqual(json, { cancelled: 1 });
});
