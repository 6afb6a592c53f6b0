import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { ConfirmSubscriptionCommand, CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SesameUnderTest } from '../world/sesame.ts';
import { Subscriber } from '../world/subscriber.ts';

// What is told of an identity's mail: topics, their headers, and forwarding.
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;
let sns: SNSClient;
let SnsTopic: string;
const Identity = 'sender.example';
const arn = `arn:aws:ses:us-east-1:000000000000:identity/${Identity}`;

before(async () => {
  sesame = await SesameUnderTest.start();
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  sns = new SNSClient(sesame.client);
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: Identity }));
  SnsTopic = (await sns.send(new CreateTopicCommand({ Name: 'feedback' }))).TopicArn!;
});
after(async () => {
  one?.destroy();
  two?.destroy();
  sns?.destroy();
  await sesame?.stop();
});

async function shown(name = Identity) {
  const asked = new v1.GetIdentityNotificationAttributesCommand({ Identities: [name, 'absent.example'] });
  const { NotificationAttributes } = await one.send(asked);
  assert.deepEqual(Object.keys(NotificationAttributes!), [name]);
  return NotificationAttributes![name];
}
const setTopic = (NotificationType: v1.NotificationType, topic?: string, name = Identity) =>
  one.send(new v1.SetIdentityNotificationTopicCommand({ Identity: name, NotificationType, SnsTopic: topic }));
const setForwarding = (ForwardingEnabled: boolean, name = Identity) =>
  one.send(new v1.SetIdentityFeedbackForwardingEnabledCommand({ Identity: name, ForwardingEnabled }));
const setHeaders = (NotificationType: v1.NotificationType, Enabled: boolean, name = Identity) =>
  one.send(new v1.SetIdentityHeadersInNotificationsEnabledCommand({ Identity: name, NotificationType, Enabled }));

const initial = {
  ForwardingEnabled: true,
  HeadersInBounceNotificationsEnabled: false,
  HeadersInComplaintNotificationsEnabled: false,
  HeadersInDeliveryNotificationsEnabled: false,
};

test('topics and headers are set and unset, by name and by ARN', async () => {
  assert.deepEqual(await shown(), initial);
  await setTopic('Bounce', SnsTopic);
  await setTopic('Delivery', SnsTopic, arn);
  await setHeaders('Complaint', true, arn);
  await setHeaders('Bounce', true);
  await setHeaders('Bounce', false);
  const set = {
    ...initial,
    BounceTopic: SnsTopic,
    DeliveryTopic: SnsTopic,
    HeadersInComplaintNotificationsEnabled: true,
  };
  assert.deepEqual(await shown(), set);
  assert.deepEqual(await shown(arn), set);
  await setTopic('Bounce');
  await setTopic('Delivery');
  await setHeaders('Complaint', false);
  assert.deepEqual(await shown(), initial);
});

test('forwarding may be switched off once topics hear of bounces and complaints; v2 does not ask', async () => {
  await setTopic('Bounce', SnsTopic);
  await assert.rejects(setForwarding(false), { name: 'InvalidParameterValue' });
  assert.equal((await shown())?.ForwardingEnabled, true);
  await setTopic('Complaint', SnsTopic);
  await setForwarding(false);
  assert.equal((await shown())?.ForwardingEnabled, false);
  const status = async () =>
    (await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: Identity }))).FeedbackForwardingStatus;
  assert.equal(await status(), false);
  await setForwarding(true);
  assert.equal(await status(), true);
  await setTopic('Complaint');
  const put = (EmailForwardingEnabled?: boolean) =>
    two.send(new v2.PutEmailIdentityFeedbackAttributesCommand({ EmailIdentity: Identity, EmailForwardingEnabled }));
  await put(false);
  assert.equal((await shown())?.ForwardingEnabled, false);
  await put(true);
  await put();
  assert.equal(await status(), false);
  await put(true);
});

test('a topic is told that it hears of the identity now', async () => {
  const subscriber = await Subscriber.start();
  await sns.send(new SubscribeCommand({ TopicArn: SnsTopic, Protocol: 'http', Endpoint: subscriber.url }));
  const { Token } = JSON.parse((await subscriber.post()).body);
  await sns.send(new ConfirmSubscriptionCommand({ TopicArn: SnsTopic, Token }));
  await setTopic('Complaint', SnsTopic);
  const { body } = await subscriber.post(({ headers }) => headers['x-amz-sns-message-type'] === 'Notification');
  assert.deepEqual(JSON.parse(JSON.parse(body).Message), {
    notificationType: 'AmazonSnsSubscriptionSucceeded',
    message: `You have successfully subscribed your Amazon SNS topic '${SnsTopic}' to receive 'Complaint' notifications from Amazon SES for identity '${Identity}'.`,
  });
  await subscriber.close();
});

test('what cannot be is refused in the words of SES', async () => {
  for (const topic of [`${SnsTopic}-absent`, SnsTopic.replace('us-east-1', 'eu-west-1'), 'x', '']) {
    await assert.rejects(setTopic('Bounce', topic), {
      name: 'InvalidParameterValue',
      message: `SNS topic ${topic} is invalid.`,
    });
  }
  const elsewhere = arn.replace('us-east-1', 'eu-west-1');
  for (const name of ['absent.example', 'ann@sender.example', elsewhere]) {
    const message = `Identity ${name} is invalid. Must be a verified email address or domain.`;
    await assert.rejects(setTopic('Bounce', SnsTopic, name), { name: 'InvalidParameterValue', message });
    await assert.rejects(setForwarding(true, name), { name: 'InvalidParameterValue', message });
    await assert.rejects(setHeaders('Bounce', true, name), {
      name: 'InvalidParameterValue',
      message: `Identity ${name} is invalid. It must be a verified email address or domain.`,
    });
  }
  await assert.rejects(setTopic('Open' as v1.NotificationType, SnsTopic), {
    name: 'ValidationError',
    message: /'notificationType' failed to satisfy constraint: Member must satisfy enum value set: \[.*Bounce.*\]/,
  });
  const absent = { EmailIdentity: 'absent.example', EmailForwardingEnabled: true };
  await assert.rejects(two.send(new v2.PutEmailIdentityFeedbackAttributesCommand(absent)), {
    name: 'NotFoundException',
    message: 'Email identity absent.example does not exist.',
  });
});
