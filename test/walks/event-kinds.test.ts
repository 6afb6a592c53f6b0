import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';

// One story: a queue hears of everything that can come of a mail, in SES's JSON.
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;
let sns: SNSClient;
let sqs: SQSClient;
let QueueUrl: string;

const ConfigurationSetName = 'all';
const MatchingEventTypes: v2.EventType[] = [
  'SEND',
  'DELIVERY',
  'BOUNCE',
  'COMPLAINT',
  'REJECT',
  'OPEN',
  'CLICK',
  'RENDERING_FAILURE',
  'DELIVERY_DELAY',
  'SUBSCRIPTION',
];
const virus = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-${'ANTIVIRUS'}-TEST-FILE!$H+H*`;

before(async () => {
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  ses = new v2.SESv2Client(sesame.client);
  sns = new SNSClient(sesame.client);
  sqs = new SQSClient(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  await ses.send(new v2.CreateContactListCommand({ ContactListName: 'News' }));
  QueueUrl = (await sqs.send(new CreateQueueCommand({ QueueName: 'events' }))).QueueUrl!;
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  const Endpoint = 'arn:aws:sqs:us-east-1:000000000000:events';
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
  await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName }));
  const EventDestination = { Enabled: true, MatchingEventTypes, SnsDestination: { TopicArn } };
  const named = { ConfigurationSetName, EventDestinationName: 'queue' };
  await ses.send(new v2.CreateConfigurationSetEventDestinationCommand({ ...named, EventDestination }));
});
after(async () => {
  for (const client of [ses, sns, sqs]) client?.destroy();
  await sesame?.stop();
  await sink?.close();
});

const send = async (to: string, more: Partial<v2.SendEmailCommandInput> = {}) => {
  const Body = { Html: { Data: '<a href="https://shop.example/">shop</a>' } };
  const input = {
    FromEmailAddress: 'ann@sender.example',
    Destination: { ToAddresses: [to] },
    Content: { Simple: { Subject: { Data: 's' }, Body } },
    ConfigurationSetName,
  };
  return (await ses.send(new v2.SendEmailCommand({ ...input, ...more }))).MessageId!;
};

const heard: any[] = [];
/** What the queue has heard of a message so far: the kinds, and the part of each that is its own. */
async function kinds(id: string) {
  await sesame.advance('0s');
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) break;
    for (const { Body, ReceiptHandle } of Messages) {
      const { Subject, Message } = JSON.parse(Body!);
      if (Subject === 'Amazon SES Email Event Notification') heard.push(JSON.parse(Message));
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
    }
  }
  const own = heard.filter(({ mail }) => mail.messageId === id);
  return Object.fromEntries(own.map(({ eventType, mail, ...rest }) => [eventType, Object.values(rest)[0] as any]));
}

test('Send, Delivery, Open, Click', async () => {
  const id = await send('to@world.example');
  const page = (await sesame.shown(id)).html as string;
  for (const [, url] of page.matchAll(/(?:href|src)="([^"]+)"/g)) await fetch(url!, { redirect: 'manual' });
  const told = await kinds(id);
  assert.deepEqual(Object.keys(told).sort(), ['Click', 'Delivery', 'Open', 'Send']);
  assert.deepEqual(told['Send'], {});
  assert.deepEqual(told['Delivery'].recipients, ['to@world.example']);
  assert.equal(told['Click'].link, 'https://shop.example/');
  assert.equal(told['Open'].ipAddress, '127.0.0.1');
});

test('Bounce and Complaint, of the mailbox simulator', async () => {
  const { Bounce } = await kinds(await send('bounce@simulator.amazonses.com'));
  assert.deepEqual([Bounce.bounceType, Bounce.bounceSubType], ['Permanent', 'General']);
  assert.deepEqual(Bounce.bouncedRecipients, [
    {
      emailAddress: 'bounce@simulator.amazonses.com',
      action: 'failed',
      status: '5.1.1',
      diagnosticCode: 'smtp; 550 5.1.1 user unknown',
    },
  ]);
  const told = await kinds(await send('complaint@simulator.amazonses.com'));
  assert.deepEqual(Object.keys(told).sort(), ['Complaint', 'Delivery', 'Send']);
  assert.equal(told['Complaint'].complaintFeedbackType, 'abuse');
});

test('Reject', async () => {
  const Simple = { Subject: { Data: 's' }, Body: { Text: { Data: virus } } };
  const told = await kinds(await send('to@world.example', { Content: { Simple } }));
  assert.deepEqual(told, { Send: {}, Reject: { reason: 'Bad content' } });
});

test('Rendering Failure', async () => {
  const Template = { TemplateContent: { Subject: 's', Text: '{{name}}' }, TemplateData: '{}' };
  const told = await kinds(await send('to@world.example', { Content: { Template } }));
  assert.deepEqual(told, {
    Send: {},
    'Rendering Failure': { errorMessage: "Attribute 'name' is not present in the rendering data." },
  });
});

test('DeliveryDelay, and a Bounce when the time is over', async () => {
  sink.onRcpt = () => reply(452, '4.2.2 mailbox full');
  const id = await send('full@world.example');
  const { DeliveryDelay } = await kinds(id);
  assert.equal(DeliveryDelay.delayType, 'MailboxFull');
  assert.equal(DeliveryDelay.delayedRecipients[0].emailAddress, 'full@world.example');
  await sesame.advance('15h');
  const { Bounce } = await kinds(id);
  sink.onRcpt = () => undefined;
  assert.equal(Bounce.bounceType, 'Transient');
  assert.match(
    Bounce.bouncedRecipients[0].diagnosticCode,
    /^smtp; 554 4\.4\.7 Message expired: unable to deliver in 840 minutes\./,
  );
});

test('Subscription', async () => {
  const id = await send('reader@world.example', { ListManagementOptions: { ContactListName: 'News' } });
  const [, url] = /^List-Unsubscribe: <([^>]+)>/m.exec((await sesame.raw(id)).replace(/\r\n /g, ' '))!;
  await fetch(url!, { method: 'POST', body: new URLSearchParams('List-Unsubscribe=One-Click') });
  const { Subscription } = await kinds(id);
  assert.deepEqual([Subscription.contactList, Subscription.source], ['News', 'UnsubscribeHeader']);
  assert.deepEqual(Subscription.newTopicPreferences, { unsubscribeAll: true, topicSubscriptionStatus: [] });
  const again = await kinds(await send('reader@world.example', { ListManagementOptions: { ContactListName: 'News' } }));
  assert.deepEqual(Object.keys(again).sort(), ['Bounce', 'Send']);
  assert.equal(again['Bounce'].bounceSubType, 'UnsubscribedRecipient');
});
