import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import * as sns from '@aws-sdk/client-sns';
import { SesameUnderTest } from '../world/sesame.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';

// One story: of two subscribers of a topic one takes connections and never answers. The other one does not notice; and
// what an endpoint refuses it is brought again, also after a restart.
let sesame: SesameUnderTest;
let client: sns.SNSClient;
let quick: Subscriber;
const held = new Set<Socket>();
const silent = createServer((socket) => held.add(socket.on('error', () => {})));

before(async () => {
  sesame = await SesameUnderTest.start();
  client = new sns.SNSClient(sesame.client);
  quick = await Subscriber.start();
  await once(silent.listen(0, '127.0.0.1'), 'listening');
});
after(async () => {
  client?.destroy();
  await quick?.close();
  await sesame?.stop();
});

async function subscribed(name: string, ...endpoints: string[]): Promise<string> {
  const { TopicArn } = await client.send(new sns.CreateTopicCommand({ Name: name }));
  for (const Endpoint of endpoints) {
    await client.send(new sns.SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint }));
  }
  // Whoever does not answer cannot confirm: this is done for him.
  for (const { token } of await sesame.app.rooms.topics.subscriptions(TopicArn!)) {
    await client.send(new sns.ConfirmSubscriptionCommand({ TopicArn, Token: token }));
  }
  return TopicArn!;
}
const publish = (TopicArn: string, Message: string) => client.send(new sns.PublishCommand({ TopicArn, Message }));
const says = (message: string) => (posted: Posted) => JSON.parse(posted.body).Message === message;

test('an endpoint that never answers holds up none but itself', async () => {
  const { port } = silent.address() as AddressInfo;
  const arn = await subscribed('two', `http://127.0.0.1:${port}/`, quick.url);
  const texts = Array.from({ length: 80 }, (_, n) => `message ${n}`);
  await Promise.all(texts.map((text) => publish(arn, text)));
  for (const text of texts) await quick.post(says(text));
  assert.ok(held.size <= 10, `${held.size} connections wait for an answer`);
  // From here on it is not there at all.
  silent.close();
  for (const socket of held) socket.destroy();
});

test('what is refused comes again, also after a restart', async () => {
  const arn = await subscribed('again', quick.url);
  quick.status = 503;
  await publish(arn, 'refused');
  await quick.post(says('refused'));
  await sesame.restart();
  const before = quick.posted.filter(says('refused')).length;
  quick.status = 200;
  await sesame.advance('10m');
  assert.ok(quick.posted.filter(says('refused')).length > before);
  const after = quick.posted.filter(says('refused')).length;
  await sesame.advance('2h');
  assert.equal(quick.posted.filter(says('refused')).length, after, 'taken is taken');
});
