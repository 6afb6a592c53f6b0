import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';
import { Subscriber } from '../world/subscriber.ts';

// One story: the sender hears of bounces, complaints and deliveries by the topics of the identity, by mail, and by the
// configuration set, each without regard to the others.
let sink: Sink & { port: number };
let subscriber: Subscriber;
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;
let sns: SNSClient;
let topic: string;
const Identity = 'sender.example';
const GOOD = 'you@world.example';
const BAD = 'nobody@world.example';
const COMPLAINER = 'complaint@simulator.amazonses.com';

before(async () => {
  sink = await Sink.start();
  sink.onRcpt = (address) => (address === BAD ? reply(550, '5.1.1 user unknown') : undefined);
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start({ SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` });
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  sns = new SNSClient(sesame.client);
  await two.send(new v2.PutAccountSuppressionAttributesCommand({ SuppressedReasons: [] }));
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: Identity }));
  topic = (await sns.send(new CreateTopicCommand({ Name: 'feedback' }))).TopicArn!;
  await sns.send(new SubscribeCommand({ TopicArn: topic, Protocol: 'http', Endpoint: subscriber.url }));
  const { SubscribeURL } = JSON.parse((await subscriber.post()).body);
  assert.equal((await fetch(SubscribeURL)).status, 200);
});
after(async () => {
  one?.destroy();
  two?.destroy();
  sns?.destroy();
  await sesame?.stop();
  await subscriber?.close();
  await sink?.close();
});

const setTopic = (NotificationType: v1.NotificationType, SnsTopic?: string) =>
  one.send(new v1.SetIdentityNotificationTopicCommand({ Identity, NotificationType, SnsTopic }));
const setForwarding = (EmailForwardingEnabled: boolean) =>
  two.send(new v2.PutEmailIdentityFeedbackAttributesCommand({ EmailIdentity: Identity, EmailForwardingEnabled }));

async function send(to: string, over: Partial<v1.SendEmailCommandInput> = {}): Promise<string> {
  const { MessageId } = await one.send(
    new v1.SendEmailCommand({
      Source: 'Ann <ann@sender.example>',
      Destination: { ToAddresses: [to] },
      Message: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Text.' } } },
      ...over,
    }),
  );
  await sesame.advance('0s');
  return MessageId!;
}
/** What topics were told of a message. */
const told = (id: string): any[] =>
  subscriber.posted
    .map(({ body }) => JSON.parse(body))
    .filter(({ Type }) => Type === 'Notification')
    .map(({ Message }) => (Message.startsWith('{') ? JSON.parse(Message) : {}))
    .filter(({ mail }) => mail?.messageId === id);
/** Mail of our own that came back since. */
function mails() {
  const caught = sink.caught.filter(({ content }) => content.includes('multipart/report'));
  sink.caught.length = 0;
  return caught;
}

test('mail tells of a bounce from the beginning: a report around the message, from nobody', async () => {
  const id = await send(BAD);
  const [report, ...others] = mails();
  assert.deepEqual(others, []);
  assert.deepEqual([report!.from, report!.to], ['', ['ann@sender.example']]);
  const { content } = report!;
  assert.match(content, /^From: MAILER-DAEMON@amazonses\.com\r$/m);
  assert.match(content, /^To: ann@sender\.example\r$/m);
  assert.match(content, /^Subject: Delivery Status Notification \(Failure\)\r$/m);
  assert.match(content, /^Content-Type: multipart\/report; report-type=delivery-status/m);
  assert.match(
    content,
    /An error occurred while trying to deliver the mail to the following recipients:\r\nnobody@world/,
  );
  assert.match(content, /^Final-Recipient: rfc822; nobody@world\.example\r\nAction: failed\r\nStatus: 5\.1\.1\r$/m);
  assert.match(content, /^Diagnostic-Code: smtp; 550 5\.1\.1 user unknown\r$/m);
  assert.match(content, /^Content-Type: message\/rfc822\r\nContent-Description: Undelivered Message\r\n\r\nFrom: Ann/m);
  assert.ok(content.includes(`Message-ID: <${id}@email.amazonses.com>`), 'the message goes with it');
  assert.match(content, /\r\nText\.\r\n------=_Part_\S+--\r\n$/);
  const [shown] = (await sesame.call('GET', '/_sesame/messages?query=to:ann@sender.example')).json.messages;
  assert.deepEqual([shown.from, shown.state], ['MAILER-DAEMON@amazonses.com', 'delivered']);
  assert.deepEqual(told(id), []);
});

test('and of a complaint; the return path hears of it where there is one', async () => {
  await send(COMPLAINER, { ReturnPath: 'returns@sender.example' });
  const [report, ...others] = mails();
  assert.deepEqual(others, []);
  assert.deepEqual([report!.from, report!.to], ['', ['returns@sender.example']]);
  assert.match(report!.content, /^From: complaints@email-abuse\.amazonses\.com\r$/m);
  assert.match(report!.content, /report-type=feedback-report/);
  assert.match(report!.content, /^Feedback-Type: abuse\r\nUser-Agent: Amazon SES Mailbox Simulator\r\nVersion: 1\r$/m);
  assert.match(report!.content, /^Original-Rcpt-To: <complaint@simulator\.amazonses\.com>\r$/m);
});

test('topics are told as well, member for member', async () => {
  for (const kind of ['Bounce', 'Complaint', 'Delivery'] as const) await setTopic(kind, topic);
  const [bounced, delivered] = [await send(BAD), await send(GOOD)];
  const mail = (id: string, timestamp: string, to: string) => ({
    timestamp,
    source: 'ann@sender.example',
    sourceArn: 'arn:aws:ses:us-east-1:000000000000:identity/sender.example',
    sourceIp: '127.0.0.1',
    callerIdentity: 'root',
    sendingAccountId: '000000000000',
    messageId: id,
    destination: [to],
  });
  const [bounce, ...others] = told(bounced);
  assert.deepEqual(others, []);
  const { feedbackId, timestamp } = bounce.bounce;
  assert.deepEqual(bounce, {
    notificationType: 'Bounce',
    bounce: {
      feedbackId,
      bounceType: 'Permanent',
      bounceSubType: 'General',
      bouncedRecipients: [
        { emailAddress: BAD, action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user unknown' },
      ],
      timestamp,
      remoteMtaIp: '127.0.0.1',
      reportingMTA: 'dns; sesame.test',
    },
    mail: mail(bounced, bounce.mail.timestamp, BAD),
  });
  const [delivery] = told(delivered);
  assert.deepEqual(delivery, {
    notificationType: 'Delivery',
    mail: mail(delivered, delivery.mail.timestamp, GOOD),
    delivery: {
      timestamp: delivery.delivery.timestamp,
      processingTimeMillis: delivery.delivery.processingTimeMillis,
      recipients: [GOOD],
      smtpResponse: '250 2.0.0 Ok: queued',
      remoteMtaIp: '127.0.0.1',
      reportingMTA: 'sesame.test',
    },
  });
  const complaint = told(await send(COMPLAINER)).find(({ notificationType }) => notificationType === 'Complaint');
  assert.deepEqual(complaint.complaint, {
    feedbackId: complaint.complaint.feedbackId,
    complaintSubType: null,
    complainedRecipients: [{ emailAddress: COMPLAINER }],
    timestamp: complaint.complaint.timestamp,
    userAgent: 'Amazon SES Mailbox Simulator',
    complaintFeedbackType: 'abuse',
    arrivalDate: complaint.complaint.arrivalDate,
  });
  assert.equal(mails().length, 2, 'the mails come all the same');
});

test('the header is told of a kind for which it is wanted', async () => {
  await one.send(
    new v1.SetIdentityHeadersInNotificationsEnabledCommand({ Identity, NotificationType: 'Bounce', Enabled: true }),
  );
  const [bounce] = told(await send(BAD));
  assert.equal(bounce.mail.headersTruncated, false);
  assert.deepEqual(bounce.mail.headers[0], { name: 'From', value: 'Ann <ann@sender.example>' });
  assert.deepEqual(bounce.mail.commonHeaders.to, [BAD]);
  const [delivery] = told(await send(GOOD));
  assert.equal('headers' in delivery.mail, false);
});

test('without forwarding no mail comes, unless nobody else would hear of it', async () => {
  mails();
  await setForwarding(false);
  assert.equal(told(await send(BAD)).length, 1);
  assert.equal(mails().length, 0);
  for (const kind of ['Bounce', 'Complaint', 'Delivery'] as const) await setTopic(kind);
  assert.equal(told(await send(BAD)).length, 0);
  assert.equal(mails().length, 1, 'nobody else hears of it');
  await two.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'news' }));
  await two.send(
    new v2.CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName: 'news',
      EventDestinationName: 'hook',
      EventDestination: { Enabled: true, MatchingEventTypes: ['BOUNCE'], SnsDestination: { TopicArn: topic } },
    }),
  );
  const published = told(await send(BAD, { ConfigurationSetName: 'news' }));
  assert.deepEqual(
    published.map(({ eventType }) => eventType),
    ['Bounce'],
  );
  assert.equal(mails().length, 0);
  await setTopic('Bounce', topic);
  await setForwarding(true);
  const all = told(await send(BAD, { ConfigurationSetName: 'news' }));
  assert.deepEqual(
    all.map(({ eventType, notificationType }) => eventType ?? notificationType),
    ['Bounce', 'Bounce'],
  );
  assert.equal(mails().length, 1, 'all three at once');
});

test('where the topic is gone, mail tells of it again', async () => {
  const other = (await sns.send(new CreateTopicCommand({ Name: 'gone' }))).TopicArn!;
  await setTopic('Bounce', other);
  await setTopic('Complaint', other);
  await setForwarding(false);
  await sns.send(new DeleteTopicCommand({ TopicArn: other }));
  await send(BAD);
  assert.equal(mails().length, 1);
});

test('a report that bounces tells nobody', async () => {
  await setForwarding(true);
  sink.onRcpt = () => reply(550, '5.1.1 user unknown');
  await send(BAD);
  await sesame.advance('15h');
  const { total } = (await sesame.call('GET', '/_sesame/messages?query=subject:Delivery')).json;
  await sesame.advance('15h');
  assert.equal((await sesame.call('GET', '/_sesame/messages?query=subject:Delivery')).json.total, total);
});
