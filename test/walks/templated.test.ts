import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { Subscriber } from '../world/subscriber.ts';

// One story: mail that a template makes goes out; where the template fails with its data, the mail is taken, nothing is
// sent, and a subscriber hears why.
let sink: Sink & { port: number };
let subscriber: Subscriber;
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;
let sns: SNSClient;

before(async () => {
  sink = await Sink.start();
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  ses = new v2.SESv2Client(sesame.client);
  sns = new SNSClient(sesame.client);
  const ConfigurationSetName = 'set';
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName }));
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }));
  const { SubscribeURL } = JSON.parse((await subscriber.post()).body);
  assert.equal((await fetch(SubscribeURL)).status, 200);
  await ses.send(
    new v2.CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName,
      EventDestinationName: 'told',
      EventDestination: {
        Enabled: true,
        MatchingEventTypes: ['SEND', 'DELIVERY', 'RENDERING_FAILURE'],
        SnsDestination: { TopicArn },
      },
    }),
  );
  const TemplateContent = { Subject: 'Hi {{name}}', Text: 'You like {{animal}}s' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'animals', TemplateContent }));
});
after(async () => {
  ses?.destroy();
  sns?.destroy();
  await sesame?.stop();
  await subscriber?.close();
  await sink?.close();
});

const send = async (TemplateData: string, template: v2.Template = { TemplateName: 'animals' }) => {
  const sent = await ses.send(
    new v2.SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['a@world.example', 'b@world.example'] },
      ConfigurationSetName: 'set',
      Content: { Template: { ...template, TemplateData } },
    }),
  );
  return sent.MessageId!;
};
/** What was published of a message so far. */
const published = (id: string) =>
  subscriber.posted
    .map(({ body }) => JSON.parse(body) as { Subject?: string; Message: string })
    .filter(({ Subject }) => Subject === 'Amazon SES Email Event Notification')
    .map(({ Message }) => JSON.parse(Message))
    .filter(({ mail }) => mail.messageId === id);
const types = async (id: string) =>
  (await sesame.shown(id)).timeline.map((event: { type: string }) => event.type) as string[];

test('what the template makes is delivered', async () => {
  const id = await send('{"name":"Ann","animal":"cat"}');
  await sesame.advance('0s');
  assert.equal((await sesame.shown(id)).state, 'delivered');
  assert.match(sink.caught[0]!.content, /^Subject: Hi Ann\r\n.*\r\nYou like cats/ms);
});

test('two tags of the sender come first in the field that receivers report by', async () => {
  const before = sink.caught.length;
  await ses.send(
    new v2.SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['a@world.example'] },
      Content: { Template: { TemplateName: 'animals', TemplateData: '{"name":"Ann","animal":"cat"}' } },
      EmailTags: [{ Name: 'ses:feedback-id-a', Value: 'spring' }],
    }),
  );
  await sesame.advance('0s');
  assert.match(sink.caught[before]!.content, /^Feedback-ID: spring::1\.us-east-1\.[A-Za-z0-9+/=]{44}:AmazonSES\r$/m);
});

test('SES tells of the sending before it renders: of a template there is little of a header yet', async () => {
  const id = await send('{"name":"Ann","animal":"dog"}');
  await sesame.advance('0s');
  const [told, delivered] = ['Send', 'Delivery'].map(
    (type) => published(id).find(({ eventType }) => eventType === type).mail,
  );
  const names = ({ headers }: { headers: { name: string }[] }) => headers.map(({ name }) => name);
  assert.deepEqual(names(told), ['From', 'To', 'MIME-Version']);
  assert.deepEqual(told.commonHeaders, {
    from: ['ann@sender.example'],
    to: ['a@world.example', 'b@world.example'],
    messageId: id,
  });
  assert.equal(told.sourceArn, undefined);
  assert.ok(names(delivered).includes('Subject'));
  assert.equal(delivered.commonHeaders.subject, 'Hi Ann');
  assert.equal(delivered.sourceArn, 'arn:aws:ses:us-east-1:000000000000:identity/sender.example');
});

test('a template that fails with its data: taken, a state of its own, told once, nothing is sent', async () => {
  const before = sink.caught.length;
  const reason = "Attribute 'animal' is not present in the rendering data.";
  const id = await send('{"name":"Ann"}');
  await sesame.advance('1d');
  const { state, recipients } = await sesame.shown(id);
  assert.equal(state, 'render-failed');
  assert.deepEqual(
    recipients.map(({ state, reply }: { state: string; reply: string }) => [state, reply]),
    [
      ['render-failed', reason],
      ['render-failed', reason],
    ],
  );
  assert.deepEqual(await types(id), ['send', 'rendering-failure']);
  assert.equal(sink.caught.length, before);
  const told = published(id).filter(({ eventType }) => eventType === 'Rendering Failure');
  assert.deepEqual(
    told.map(({ failure }) => failure),
    [{ errorMessage: reason, templateName: 'animals' }],
  );
  const invalid = await send('[]', { TemplateContent: { Subject: 'S', Text: 'T' } });
  assert.equal((await sesame.shown(invalid)).recipients[0].reply, 'Template rendering data is invalid');
});
