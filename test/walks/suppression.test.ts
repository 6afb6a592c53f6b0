import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { createTransport } from 'nodemailer';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { Subscriber } from '../world/subscriber.ts';

// One story: who is on the suppression list is not written to, as far as the account or the set of a mail says so.
let sink: Sink & { port: number };
let subscriber: Subscriber;
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

type Reasons = v2.SuppressionListReason[];
const FromEmailAddress = 'ann@sender.example';
const BOUNCED = 'bounced@world.example';
const COMPLAINED = 'complained@world.example';
const simple = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } };

before(async () => {
  sink = await Sink.start();
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  const sns = new SNSClient(sesame.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }));
  await fetch(JSON.parse((await subscriber.post()).body).SubscribeURL);
  sns.destroy();
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const TemplateContent = { Subject: 's', Text: 't' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'plain', TemplateContent }));
  for (const ConfigurationSetName of ['told', 'own']) {
    await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName }));
  }
  const EventDestination = {
    Enabled: true,
    MatchingEventTypes: ['SEND', 'DELIVERY', 'BOUNCE', 'COMPLAINT'] as v2.EventType[],
    SnsDestination: { TopicArn },
  };
  const named = { ConfigurationSetName: 'told', EventDestinationName: 'topic' };
  await ses.send(new v2.CreateConfigurationSetEventDestinationCommand({ ...named, EventDestination }));
  await ses.send(new v2.PutSuppressedDestinationCommand({ EmailAddress: BOUNCED, Reason: 'BOUNCE' }));
  await ses.send(new v2.PutSuppressedDestinationCommand({ EmailAddress: COMPLAINED, Reason: 'COMPLAINT' }));
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
  await subscriber?.close();
  await sink?.close();
});

async function send(to: string, ConfigurationSetName?: string): Promise<string> {
  const Destination = { ToAddresses: [to] };
  const input = { FromEmailAddress, Destination, Content: { Simple: simple }, ConfigurationSetName };
  const { MessageId } = await ses.send(new v2.SendEmailCommand(input));
  await sesame.advance('0s');
  return MessageId!;
}
const setAccount = (...SuppressedReasons: Reasons) =>
  ses.send(new v2.PutAccountSuppressionAttributesCommand({ SuppressedReasons }));
const setOwn = (...SuppressedReasons: Reasons) =>
  ses.send(new v2.PutConfigurationSetSuppressionOptionsCommand({ ConfigurationSetName: 'own', SuppressedReasons }));
/** Which of the two are written to. */
const reached = async (set?: string) => {
  const states = new Map<string, string>();
  for (const to of [BOUNCED, COMPLAINED]) states.set(to, (await sesame.shown(await send(to, set))).state);
  return [...states].filter(([, state]) => state === 'delivered').map(([to]) => to);
};
const isListed = async (EmailAddress: string) => {
  const { SuppressedDestinationSummaries = [] } = await ses.send(new v2.ListSuppressedDestinationsCommand({}));
  return SuppressedDestinationSummaries.some((one) => one.EmailAddress === EmailAddress);
};

test('who is listed: taken, counted, and a Bounce after Send; nothing leaves', async () => {
  const counted = async () => (await old.send(new v1.GetSendQuotaCommand({}))).SentLast24Hours!;
  const [before, caught] = [await counted(), sink.caught.length];
  const id = await send(BOUNCED, 'told');
  assert.equal(await counted(), before + 1);
  assert.equal((await sesame.shown(id)).state, 'bounced');
  const told = subscriber.posted
    .map(({ body }) => JSON.parse(body))
    .filter(({ Subject }) => Subject === 'Amazon SES Email Event Notification')
    .map(({ Message }) => JSON.parse(Message))
    .filter(({ mail }) => mail.messageId === id);
  assert.deepEqual(told.map(({ eventType }) => eventType).sort(), ['Bounce', 'Send']);
  const { bounce } = told.find(({ eventType }) => eventType === 'Bounce');
  assert.deepEqual(bounce, {
    feedbackId: bounce.feedbackId,
    bounceType: 'Permanent',
    bounceSubType: 'OnAccountSuppressionList',
    bouncedRecipients: [
      {
        emailAddress: BOUNCED,
        action: 'failed',
        status: '5.1.1',
        diagnosticCode:
          'Amazon SES did not send the message to this address because it is on the suppression list for your account. For more information about removing addresses from the suppression list, see the Amazon SES Developer Guide at https://docs.aws.amazon.com/ses/latest/DeveloperGuide/sending-email-suppression-list.html',
      },
    ],
    timestamp: bounce.timestamp,
    reportingMTA: 'dns; amazonses.com',
  });
  assert.deepEqual(
    sink.caught.slice(caught).filter(({ to }) => to.includes(BOUNCED)),
    [],
  );
});

test('at every door, and only whoever is listed', async () => {
  const ToAddresses = ['fine@world.example', COMPLAINED];
  const Destination = { ToAddresses };
  const Data = Buffer.from(`From: ${FromEmailAddress}\r\nTo: ${ToAddresses.join(', ')}\r\n\r\nt\r\n`);
  const Template = { TemplateName: 'plain', TemplateData: '{}' };
  const smtp = createTransport({ host: '127.0.0.1', port: sesame.port('submission'), ignoreTLS: true });
  const { Status } = await old.send(
    new v1.SendBulkTemplatedEmailCommand({
      Source: FromEmailAddress,
      Template: 'plain',
      DefaultTemplateData: '{}',
      Destinations: [{ Destination }],
    }),
  );
  const bulk = await ses.send(
    new v2.SendBulkEmailCommand({
      FromEmailAddress,
      DefaultContent: { Template },
      BulkEmailEntries: [{ Destination }],
    }),
  );
  const source = { Source: FromEmailAddress, Destination };
  const sent = [
    await old.send(new v1.SendEmailCommand({ ...source, Message: simple })),
    await old.send(new v1.SendRawEmailCommand({ RawMessage: { Data } })),
    await old.send(new v1.SendTemplatedEmailCommand({ ...source, Template: 'plain', TemplateData: '{}' })),
    await ses.send(new v2.SendEmailCommand({ FromEmailAddress, Destination, Content: { Template } })),
    await ses.send(new v2.SendEmailCommand({ Content: { Raw: { Data } } })),
    Status![0]!,
    bulk.BulkEmailEntryResults![0]!,
  ].map(({ MessageId }) => MessageId!);
  sent.push((await smtp.sendMail({ from: FromEmailAddress, to: ToAddresses, text: 't' })).response.split(' ')[2]!);
  await sesame.advance('0s');
  for (const id of sent) {
    const { recipients } = await sesame.shown(id);
    assert.deepEqual(
      recipients.map(({ state }: { state: string }) => state),
      ['delivered', 'bounced'],
    );
  }
});

test('the reasons of the account decide, and those of a set in its place', async () => {
  assert.deepEqual(await reached(), []);
  assert.deepEqual(await reached('own'), [], 'a set that says nothing leaves it to the account');
  await setAccount('COMPLAINT');
  assert.deepEqual(await reached(), [BOUNCED]);
  await setAccount();
  assert.deepEqual(await reached(), [BOUNCED, COMPLAINED]);
  await setOwn('BOUNCE');
  assert.deepEqual(await reached('own'), [COMPLAINED]);
  await setAccount('BOUNCE', 'COMPLAINT');
  await setOwn();
  assert.deepEqual(await reached('own'), [BOUNCED, COMPLAINED], 'no reasons at all are a word too');
  assert.deepEqual(await reached(), []);
});

test('an outcome lists a recipient only where its reason is in force', async () => {
  sink.onRcpt = () => reply(550, '5.1.1 user unknown');
  await setOwn('COMPLAINT');
  await send('set@world.example', 'own');
  assert.equal(await isListed('set@world.example'), false);
  await setAccount();
  await send('account@world.example');
  assert.equal(await isListed('account@world.example'), false);
  await setOwn('BOUNCE');
  await send('set@world.example', 'own');
  assert.equal(await isListed('set@world.example'), true);
});
