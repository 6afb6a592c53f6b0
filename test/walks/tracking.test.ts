import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { after, before, test } from 'node:test';
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateEmailIdentityCommand,
  type FeatureStatus,
  SESv2Client,
  SendEmailCommand,
  type SendEmailCommandInput,
} from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import PostalMime from 'postal-mime';
import { SesameUnderTest } from '../world/sesame.ts';
import { Subscriber } from '../world/subscriber.ts';

// One story: a mail with links is opened and clicked, and its author hears of both.
let sesame: SesameUnderTest;
let subscriber: Subscriber;
let ses: SESv2Client;
let html: string;
let id: string;

before(async () => {
  subscriber = await Subscriber.start();
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
  const sns = new SNSClient(sesame.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'engagement' }));
  await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'http', Endpoint: subscriber.url }));
  await fetch(JSON.parse((await subscriber.post()).body).SubscribeURL);
  sns.destroy();
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'tracked' }));
  await ses.send(
    new CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName: 'tracked',
      EventDestinationName: 'topic',
      EventDestination: { Enabled: true, MatchingEventTypes: ['OPEN', 'CLICK'], SnsDestination: { TopicArn } },
    }),
  );
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
  await subscriber?.close();
});

const event = async (type: string) => {
  const posted = await subscriber.post(({ body }) => body.includes(`\\"eventType\\":\\"${type}\\"`));
  return JSON.parse(JSON.parse(posted.body).Message);
};
const linkIn = (pattern: RegExp) => pattern.exec(html)![1]!.replaceAll('&amp;', '&');

test('links and the end of the body are rewritten, the rest stays', async () => {
  const body =
    '<html><body><p>Grüße</p><a ses:tags="product:book" href="https://shop.example/a?x=1&amp;y=2">shop</a> <a ses:no-track href="https://plain.example/">plain</a> <a href="mailto:a@b.example">mail</a></body></html>';
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      ConfigurationSetName: 'tracked',
      Content: { Simple: { Subject: { Data: 'x' }, Body: { Html: { Data: body, Charset: 'UTF-8' } } } },
    }),
  );
  id = MessageId;
  ({ html } = await sesame.shown(id));
  assert.match(html, /<p>Grüße<\/p>/);
  assert.match(html, /<a href="https:\/\/plain\.example\/">plain<\/a> <a href="mailto:a@b\.example">/);
  assert.doesNotMatch(html, /ses:|href="https:\/\/shop/);
});

test('a click leads where the author wanted, and is told with its tags', async () => {
  const answer = await fetch(linkIn(/href="([^"]*\/L0\/[^"]*)"/), { redirect: 'manual' });
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, 'https://shop.example/a?x=1&y=2']);
  const { click, mail } = await event('Click');
  assert.equal(mail.messageId, id);
  assert.equal(click.link, 'https://shop.example/a?x=1&y=2');
  assert.deepEqual(click.linkTags, { product: ['book'] });
});

test('an open is told; a link that was changed leads nowhere', async () => {
  const answer = await fetch(linkIn(/src="([^"]*\/I0\/[^"]*)"/));
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'image/gif']);
  assert.equal((await event('Open')).open.ipAddress, '127.0.0.1');
  const forged = linkIn(/href="([^"]*\/L0\/[^"]*)"/).replace('shop.example', 'evil.example');
  assert.equal((await fetch(forged, { redirect: 'manual' })).status, 404);
  const types = (await sesame.shown(id)).timeline.map((one: { type: string }) => one.type);
  assert.deepEqual(types, ['send', 'delivery', 'click', 'open']);
});

test('without a destination that wants it nothing is rewritten', async () => {
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      Content: { Simple: { Subject: { Data: 'x' }, Body: { Html: { Data: '<a href="https://x.example/">x</a>' } } } },
    }),
  );
  assert.match((await sesame.shown(MessageId)).html, /<a href="https:\/\/x\.example\/">x<\/a>/);
});

/** The HTML of a mail as it was stored. */
async function sent(body: string, more: Partial<SendEmailCommandInput> = {}): Promise<string> {
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      Content: { Simple: { Subject: { Data: 'x' }, Body: { Html: { Data: body } } } },
      ...more,
    }),
  );
  return (await sesame.shown(MessageId)).html.trim();
}

test('what is meant for us is taken out, whether anything is tracked or not', async () => {
  const marked = '<a ses:no-track href="https://a.example/">a</a> <a ses:tags="a:b" href="https://b.example/">b</a>';
  const clean = '<a href="https://a.example/">a</a> <a href="https://b.example/">b</a>';
  assert.equal(await sent(`${marked}{{ses:openTracker}}`), clean);
  const raw = `From: ann@sender.example\r\nTo: bob@world.example\r\nContent-Type: text/html\r\n\r\n${marked}\r\n`;
  assert.equal(await sent('', { Content: { Raw: { Data: Buffer.from(raw) } } }), clean);
});

test('one message may be tracked against its set, or not tracked against it', async () => {
  const link = '<a href="https://x.example/">x</a>';
  const overridden = (OpenTrackingEnabled?: FeatureStatus, ClickTrackingEnabled?: FeatureStatus) => ({
    ConfigurationOverrides: { Tracking: { OpenTrackingEnabled, ClickTrackingEnabled } },
  });
  const found = (page: string) => [/\/I0\//.test(page), /\/L0\//.test(page)];
  const set = { ConfigurationSetName: 'tracked' };
  assert.deepEqual(found(await sent(link, set)), [true, true]);
  assert.deepEqual(found(await sent(link, { ...set, ...overridden('DISABLED') })), [false, true]);
  assert.deepEqual(found(await sent(link, { ...set, ...overridden('DISABLED', 'DISABLED') })), [false, false]);
  assert.deepEqual(found(await sent(link, overridden('ENABLED'))), [true, false]);
  assert.deepEqual(found(await sent(link, overridden(undefined, 'ENABLED'))), [false, true]);
});

test("a set's engagement metrics turn both on", async () => {
  const VdmOptions = { DashboardOptions: { EngagementMetrics: 'ENABLED' as const } };
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'measured', VdmOptions }));
  const page = await sent('<a href="https://x.example/">x</a>', { ConfigurationSetName: 'measured' });
  assert.match(page, /\/L0\/.*\/I0\//s);
});

test('what is attached stays what it was, beside HTML that is rewritten', async () => {
  const RawContent = Buffer.from(Array.from({ length: 1_000 }, (_, n) => n % 256));
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      ConfigurationSetName: 'tracked',
      Content: {
        Simple: {
          Subject: { Data: 'x' },
          Body: { Text: { Data: 'x' }, Html: { Data: '<p>ü</p><a href="https://x.example/">x</a>', Charset: 'UTF-8' } },
          Attachments: [
            { FileName: 'a.html', RawContent: Buffer.from('<a href="https://x.example/">') },
            { FileName: 'b.png', RawContent, ContentDisposition: 'INLINE', ContentId: 'b' },
          ],
        },
      },
    }),
  );
  const { html: page, attachments } = await PostalMime.parse(await sesame.raw(MessageId));
  assert.match(page!, /<p>ü<\/p><a href="http\S+\/L0\/.*\/I0\//s);
  assert.deepEqual(
    attachments.map(({ filename, content }) => [
      filename,
      Buffer.from(content as ArrayBuffer)
        .toString('latin1')
        .trimEnd(),
    ]),
    [
      ['b.png', RawContent.toString('latin1')],
      ['a.html', '<a href="https://x.example/">'],
    ],
  );
});

test("a customer's own domain: its name in the links, https where the set says so, and the links lead on under it", async () => {
  const TrackingOptions = { CustomRedirectDomain: 'click.sender.example', HttpsPolicy: 'REQUIRE' as const };
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'own', TrackingOptions }));
  const ConfigurationOverrides = {
    Tracking: { OpenTrackingEnabled: 'ENABLED' as const, ClickTrackingEnabled: 'ENABLED' as const },
  };
  const page = await sent('<a href="http://x.example/">x</a>', { ConfigurationSetName: 'own', ConfigurationOverrides });
  assert.match(page, /<img alt="" src="https:\/\/click\.sender\.example\/I0\//);
  const [, path] = /href="https:\/\/click\.sender\.example(\/L0\/[^"]*)"/.exec(page)!;
  const { hostname, port } = new URL(sesame.url);
  const asked = request({ hostname, port, path: path!, headers: { host: 'click.sender.example' } });
  asked.end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  assert.deepEqual([answer.statusCode, answer.headers.location], [302, 'http://x.example/']);
});
