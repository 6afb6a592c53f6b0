import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateEmailIdentityCommand,
  DeleteConfigurationSetCommand,
  type EventType,
  PutAccountSuppressionAttributesCommand,
  PutConfigurationSetDeliveryOptionsCommand,
  PutConfigurationSetSendingOptionsCommand,
  PutEmailIdentityConfigurationSetAttributesCommand,
  SESv2Client,
  SendEmailCommand,
  type SendEmailCommandInput,
  UpdateConfigurationSetEventDestinationCommand,
} from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { systemRandom } from '../../src/base/random.ts';
import { localCertificate, secureContext } from '../../src/wire/certificates.ts';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { type Posted, Subscriber } from '../world/subscriber.ts';
import { ZoneServer } from '../world/zones.ts';

// One story: what happens to mail of a configuration set is told to an HTTP subscriber of a topic, and the set says how
// the mail is delivered. `world.example` has no TLS, `secure.example` has.
let folder: string;
let zones: ZoneServer;
let sink: Sink & { port: number };
let secure: Sink;
let subscriber: Subscriber;
let sesame: SesameUnderTest;
let ses: SESv2Client;
let sns: SNSClient;
let topicArn: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-events-'));
  const names = ['mx.secure.example'];
  const certificate = await localCertificate({ folder, names, now: Date.now(), random: systemRandom });
  sink = await Sink.start();
  const context = secureContext(certificate);
  secure = await Sink.start('127.0.0.2', { port: sink.port, secureContext: () => context });
  zones = await ZoneServer.start({
    'world.example': { MX: [[10, 'mx.world.example']] },
    'mx.world.example': { A: ['127.0.0.1'] },
    'secure.example': { MX: [[10, 'mx.secure.example']] },
    'mx.secure.example': { A: ['127.0.0.2'] },
  });
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start({
    SESAME_DELIVERY: 'direct',
    SESAME_DNS: zones.address,
    SESAME_MX_PORT: String(sink.port),
  });
  ses = new SESv2Client(sesame.client);
  // The same recipients bounce in one test and receive in another.
  await ses.send(new PutAccountSuppressionAttributesCommand({ SuppressedReasons: [] }));
  sns = new SNSClient(sesame.client);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  topicArn = (await sns.send(new CreateTopicCommand({ Name: 'events' }))).TopicArn!;
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'http', Endpoint: subscriber.url }));
  const { SubscribeURL } = JSON.parse((await subscriber.post()).body);
  assert.equal((await fetch(SubscribeURL)).status, 200);
});

after(async () => {
  ses?.destroy();
  sns?.destroy();
  await sesame?.stop();
  await subscriber?.close();
  await Promise.all([sink?.close(), secure?.close()]);
  zones?.close();
  await rm(folder, { recursive: true, force: true });
});

const kinds = ['SEND', 'DELIVERY', 'BOUNCE', 'DELIVERY_DELAY'] as const satisfies readonly EventType[];
const SET = 'news';

const destination = (over: { Enabled?: boolean; MatchingEventTypes?: EventType[] } = {}) => ({
  ConfigurationSetName: SET,
  EventDestinationName: 'hook',
  EventDestination: {
    Enabled: true,
    MatchingEventTypes: [...kinds],
    SnsDestination: { TopicArn: topicArn },
    ...over,
  },
});

const send = async (over: Partial<SendEmailCommandInput> = {}) => {
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'Ann <ann@sender.example>',
      Destination: { ToAddresses: ['you@world.example'] },
      Content: { Simple: { Subject: { Data: 'Grüße' }, Body: { Text: { Data: 'Text.' } } } },
      ConfigurationSetName: SET,
      ...over,
    }),
  );
  return MessageId!;
};
const toSecure = { Destination: { ToAddresses: ['you@secure.example'] } };

const envelope = ({ body }: Posted) => JSON.parse(body) as { Type: string; Subject?: string; Message: string };

/** What was published of a message so far, once nothing is due any more. */
async function published(id: string): Promise<any[]> {
  await sesame.advance('0s');
  return subscriber.posted
    .map(envelope)
    .filter(({ Subject }) => Subject === 'Amazon SES Email Event Notification')
    .map(({ Message }) => JSON.parse(Message))
    .filter(({ mail }) => mail.messageId === id);
}
const kindsOf = async (id: string) => (await published(id)).map(({ eventType }) => eventType).sort();
const detail = async (id: string) => (await sesame.call('GET', `/_sesame/messages/${id}`)).json;
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

test('a topic is told that it is now published to', async () => {
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: SET }));
  await ses.send(new CreateConfigurationSetEventDestinationCommand(destination()));
  const { body } = await subscriber.post((posted) => envelope(posted).Type === 'Notification');
  const { Subject, Message } = JSON.parse(body);
  assert.deepEqual(
    [Subject, Message],
    [undefined, 'Successfully validated SNS topic for Amazon SES event publishing.'],
  );
});

test('Send and Delivery, member for member', async () => {
  const id = await send({ EmailTags: [{ Name: 'campaign', Value: 'spring' }] });
  const documents = await published(id);
  assert.equal(documents.length, 2);
  const [sent, delivered] = ['Send', 'Delivery'].map((kind) => documents.find(({ eventType }) => eventType === kind));
  const { timestamp } = sent.mail;
  assert.match(timestamp, ISO);
  const mail = {
    timestamp,
    source: 'Ann <ann@sender.example>',
    sourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/sender.example',
    sendingAccountId: '000000000000',
    messageId: id,
    destination: ['you@world.example'],
    headersTruncated: false,
    headers: [
      { name: 'From', value: 'Ann <ann@sender.example>' },
      { name: 'To', value: 'you@world.example' },
      { name: 'Subject', value: '=?UTF-8?B?R3LDvMOfZQ==?=' },
      { name: 'MIME-Version', value: '1.0' },
      { name: 'Content-Type', value: 'text/plain; charset=us-ascii' },
      { name: 'Content-Transfer-Encoding', value: '7bit' },
    ],
    commonHeaders: {
      from: ['Ann <ann@sender.example>'],
      to: ['you@world.example'],
      messageId: id,
      subject: 'Grüße',
    },
    tags: {
      'ses:operation': ['SendEmail'],
      'ses:configuration-set': [SET],
      'ses:source-ip': ['127.0.0.1'],
      'ses:from-domain': ['sender.example'],
      campaign: ['spring'],
      'ses:caller-identity': ['root'],
    },
  };
  assert.deepEqual(sent, { eventType: 'Send', mail, send: {} });
  const { timestamp: at, processingTimeMillis } = delivered.delivery;
  assert.match(at, ISO);
  assert.equal(Date.parse(at) - Date.parse(timestamp), processingTimeMillis);
  assert.deepEqual(delivered, {
    eventType: 'Delivery',
    mail: { ...mail, tags: { ...mail.tags, 'ses:outgoing-ip': ['127.0.0.1'] } },
    delivery: {
      timestamp: at,
      processingTimeMillis,
      recipients: ['you@world.example'],
      smtpResponse: '250 2.0.0 Ok: queued',
      reportingMTA: 'sesame.test',
    },
  });
});

test('the header is shown as it was submitted', async () => {
  const fields = [
    ['X-SES-CONFIGURATION-SET', SET],
    ['From', 'ann@sender.example'],
    ['Date', 'Mon, 31 Aug 2026 10:00:00 +0000'],
    ['X-SES-MESSAGE-TAGS', 'a=1, b=2'],
    ['Message-ID', '<mine@sender.example>'],
    ['To', 'you@world.example'],
    ['Bcc', 'quiet@world.example'],
    ['Subject', 'Raw'],
  ] as const;
  const header = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const Raw = { Data: Buffer.from(`${header}\r\nText.\r\n`) };
  const id = await send({
    FromEmailAddress: undefined,
    Destination: undefined,
    ConfigurationSetName: undefined,
    Content: { Raw },
  });
  const { mail } = (await published(id))[0];
  assert.deepEqual(
    mail.headers,
    fields.map(([name, value]) => ({ name, value })),
  );
  assert.deepEqual(mail.destination, ['you@world.example', 'quiet@world.example']);
  assert.equal(mail.commonHeaders.messageId, '<mine@sender.example>');
  assert.deepEqual([mail.tags['ses:operation'], mail.tags.a, mail.tags.b], [['SendRawEmail'], ['1'], ['2']]);
  const stored = await sesame.raw(id);
  assert.doesNotMatch(stored, /X-SES|mine@|Bcc/);
});

test('Bounce', async () => {
  sink.onRcpt = () => reply(550, '5.1.1 user unknown');
  const id = await send();
  const bounced = (await published(id)).find(({ eventType }) => eventType === 'Bounce');
  sink.onRcpt = () => undefined;
  const { feedbackId, timestamp } = bounced.bounce;
  assert.match(feedbackId, /^0100[0-9a-f]{12}-[0-9a-f-]{36}-000000$/);
  assert.deepEqual(bounced.bounce, {
    feedbackId,
    bounceType: 'Permanent',
    bounceSubType: 'General',
    bouncedRecipients: [
      {
        emailAddress: 'you@world.example',
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ],
    timestamp,
    reportingMTA: 'dns; sesame.test',
  });
  assert.deepEqual(await kindsOf(id), ['Bounce', 'Send']);
});

test('DeliveryDelay, and then Delivery', async () => {
  sink.onRcpt = () => reply(452, '4.2.2 mailbox full');
  const id = await send();
  const delayed = (await published(id)).find(({ eventType }) => eventType === 'DeliveryDelay');
  sink.onRcpt = () => undefined;
  const { timestamp, expirationTime } = delayed.deliveryDelay;
  assert.equal(Date.parse(expirationTime) - Date.parse(delayed.mail.timestamp), 840 * 60_000);
  assert.deepEqual(delayed.deliveryDelay, {
    timestamp,
    delayType: 'MailboxFull',
    expirationTime,
    reportingMTA: 'sesame.test',
    delayedRecipients: [
      {
        emailAddress: 'you@world.example',
        status: '4.2.2',
        diagnosticCode: 'smtp; 452 4.2.2 mailbox full',
      },
    ],
  });
  assert.deepEqual([delayed.mail.headers, delayed.mail.commonHeaders], [undefined, undefined]);
  await sesame.advance('2m');
  assert.deepEqual(await kindsOf(id), ['Delivery', 'DeliveryDelay', 'Send']);
});

test('each recipient is told of apart', async () => {
  const id = await send({ Destination: { ToAddresses: ['a@world.example', 'b@secure.example'] } });
  const deliveries = (await published(id)).filter(({ eventType }) => eventType === 'Delivery');
  assert.deepEqual(deliveries.map(({ delivery }) => delivery.recipients).sort(), [
    ['a@world.example'],
    ['b@secure.example'],
  ]);
});

test('an outcome that is known at once is told of as any other', async () => {
  const only: EventType[] = ['BOUNCE', 'COMPLAINT'];
  await ses.send(new UpdateConfigurationSetEventDestinationCommand(destination({ MatchingEventTypes: only })));
  const to = (mailbox: string) => ({ Destination: { ToAddresses: [`${mailbox}@simulator.amazonses.com`] } });
  const [bounced] = await published(await send(to('bounce')));
  assert.deepEqual([bounced.eventType, bounced.mail.commonHeaders.subject], ['Bounce', 'Grüße']);
  const [complained] = await published(await send(to('complaint')));
  assert.deepEqual(complained.complaint.complainedRecipients, [{ emailAddress: 'complaint@simulator.amazonses.com' }]);
  assert.equal(complained.complaint.complaintFeedbackType, 'abuse');
  await ses.send(new UpdateConfigurationSetEventDestinationCommand(destination()));
});

test('a subscriber that is down hears later, the mail does not wait for it', async () => {
  subscriber.status = 503;
  const id = await send();
  await sesame.advance('0s');
  assert.equal((await detail(id)).state, 'delivered');
  subscriber.status = 200;
  const before = subscriber.posted.length;
  await sesame.advance('1m');
  assert.equal(subscriber.posted.length, before + 2);
});

test('a kind that nobody asked for, a destination that is off, another set: nothing is published', async () => {
  await ses.send(new UpdateConfigurationSetEventDestinationCommand(destination({ MatchingEventTypes: ['DELIVERY'] })));
  assert.deepEqual(await kindsOf(await send()), ['Delivery']);
  await ses.send(new UpdateConfigurationSetEventDestinationCommand(destination({ Enabled: false })));
  assert.deepEqual(await kindsOf(await send()), []);
  await ses.send(new UpdateConfigurationSetEventDestinationCommand(destination()));
  assert.deepEqual(await kindsOf(await send({ ConfigurationSetName: undefined })), []);
});

test('TLS: mail that requires it waits for a peer that has it, and is never sent without', async () => {
  const options = { ConfigurationSetName: SET, TlsPolicy: 'REQUIRE' as const };
  await ses.send(new PutConfigurationSetDeliveryOptionsCommand(options));
  const [before, beforeSecure] = [sink.caught.length, secure.caught.length];
  const refused = await send();
  const taken = await send(toSecure);
  assert.deepEqual(await kindsOf(taken), ['Delivery', 'Send']);
  assert.deepEqual(
    secure.caught.slice(beforeSecure).map(({ tls }) => tls),
    [true],
  );
  assert.equal((await detail(refused)).state, 'deferred');
  // The promise was made when it was accepted.
  await ses.send(new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: SET }));
  await sesame.advance('14h');
  assert.equal((await detail(refused)).state, 'bounced');
  assert.equal(sink.caught.length, before);
  const bounced = (await published(refused)).find(({ eventType }) => eventType === 'Bounce');
  assert.deepEqual([bounced.bounce.bounceType, bounced.bounce.bounceSubType], ['Transient', 'General']);
  assert.match(
    bounced.bounce.bouncedRecipients[0].diagnosticCode,
    /^smtp; 554 4\.4\.7 Message expired: unable to deliver in 840 minutes\.<421 4\.7\.0 TLS is required for this message: /,
  );
});

test('MaxDeliverySeconds: given up sooner', async () => {
  const options = { ConfigurationSetName: SET, MaxDeliverySeconds: 300 };
  await ses.send(new PutConfigurationSetDeliveryOptionsCommand(options));
  sink.onRcpt = () => reply(450, '4.2.0 greylisted');
  const id = await send();
  await sesame.advance('4m');
  assert.equal((await detail(id)).state, 'deferred');
  await sesame.advance('1m');
  sink.onRcpt = () => undefined;
  const { state, recipients } = await detail(id);
  assert.deepEqual(
    [state, recipients[0].reply],
    ['bounced', '554 4.4.7 Message expired: unable to deliver in 5 minutes.<450 4.2.0 greylisted>'],
  );
  const bounced = (await published(id)).find(({ eventType }) => eventType === 'Bounce');
  assert.deepEqual([bounced.bounce.bounceType, bounced.bounce.bounceSubType], ['Transient', 'CustomTimeoutExceeded']);
  await ses.send(new PutConfigurationSetDeliveryOptionsCommand({ ConfigurationSetName: SET }));
});

/** The answer to a message by SMTP that names a set in its header. */
async function submit(set: string) {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('submission'),
    ehloName: 'app.example',
    tls: 'never',
  });
  if (!(client instanceof SmtpClient)) throw new Error(client.text);
  const content = `X-SES-CONFIGURATION-SET: ${set}\r\nFrom: ann@sender.example\r\nSubject: By SMTP\r\n\r\nText.\r\n`;
  const [answer] = await client.deliver({
    from: 'ann@sender.example',
    to: ['you@world.example'],
    content: Buffer.from(content),
  });
  client.close();
  return `${answer?.code} ${answer?.text}`;
}
const sendOld = (ConfigurationSetName: string) => {
  const client = new v1.SESClient(sesame.client);
  const call = new v1.SendEmailCommand({
    Source: 'ann@sender.example',
    Destination: { ToAddresses: ['you@world.example'] },
    Message: { Subject: { Data: 'Old' }, Body: { Text: { Data: 'Text.' } } },
    ConfigurationSetName,
  });
  return client.send(call).finally(() => client.destroy());
};

test('by SMTP the header field names the set', async () => {
  const answer = await submit(SET);
  const id = /^250 Ok (\S+)$/.exec(answer)?.[1];
  assert.ok(id, answer);
  const [document] = await published(id);
  assert.deepEqual(document.mail.tags['ses:configuration-set'], [SET]);
  assert.deepEqual(await kindsOf(id), ['Delivery', 'Send']);
});

test('a set that is paused refuses at every door, one that is not there too', async () => {
  await ses.send(new PutConfigurationSetSendingOptionsCommand({ ConfigurationSetName: SET, SendingEnabled: false }));
  const paused = `Email sending is disabled for configuration set <${SET}>.`;
  await assert.rejects(send(), { name: 'SendingPausedException', message: paused });
  const error = await refusal(sendOld(SET), v1.ConfigurationSetSendingPausedException);
  assert.deepEqual([error.message, error.ConfigurationSetName], [paused, SET]);
  assert.equal(await submit(SET), `554 Message rejected: ${paused}`);
  await ses.send(new PutConfigurationSetSendingOptionsCommand({ ConfigurationSetName: SET, SendingEnabled: true }));
  await send();

  const missing = 'Configuration set <none> does not exist.';
  await assert.rejects(send({ ConfigurationSetName: 'none' }), { name: 'NotFoundException', message: missing });
  const gone = await refusal(sendOld('none'), v1.ConfigurationSetDoesNotExistException);
  assert.deepEqual([gone.message, gone.ConfigurationSetName], [missing, 'none']);
  assert.equal(await submit('none'), `554 Transaction failed: ${missing}`);
});

test('an identity has a set for mail that names none', async () => {
  const none = { ConfigurationSetName: undefined };
  const EmailIdentity = 'sender.example';
  const put = (ConfigurationSetName?: string) =>
    ses.send(new PutEmailIdentityConfigurationSetAttributesCommand({ EmailIdentity, ConfigurationSetName }));
  await put(SET);
  assert.deepEqual(await kindsOf(await send(none)), ['Delivery', 'Send']);
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'short' }));
  await put('short');
  assert.deepEqual(await kindsOf(await send(none)), []);
  await ses.send(new DeleteConfigurationSetCommand({ ConfigurationSetName: 'short' }));
  await assert.rejects(send(none), {
    name: 'BadRequestException',
    message: 'Configuration set <short> does not exist.',
  });
  await send();
  await put();
  await send(none);
});

test('without its topic an event is dropped, and the mail goes', async () => {
  await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
  const count = sink.caught.length;
  const id = await send();
  await sink.mail(count + 1);
  assert.deepEqual(await kindsOf(id), []);
  assert.equal((await detail(id)).state, 'delivered');
});
