import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as v2 from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { systemRandom } from '../../src/base/random.ts';
import { localCertificate } from '../../src/wire/certificates.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Subscriber } from '../world/subscriber.ts';

// Events reach a subscriber over HTTPS if its certificate is one that Sesame trusts, and no other.
let folder: string;
let sesame: SesameUnderTest;
let trusted: Subscriber;
let stranger: Subscriber;
let ses: v2.SESv2Client;
let sns: SNSClient;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-subscribers-'));
  const subscriber = async (name: string) => {
    const options = { folder: join(folder, name), names: [], now: Date.now(), random: systemRandom };
    return Subscriber.start(await localCertificate(options));
  };
  trusted = await subscriber('trusted');
  stranger = await subscriber('stranger');
  sesame = await SesameUnderTest.start({ SESAME_CA: join(folder, 'trusted', 'ca.pem') });
  ses = new v2.SESv2Client(sesame.client);
  sns = new SNSClient(sesame.client);
});
after(async () => {
  ses?.destroy();
  sns?.destroy();
  await sesame?.stop();
  await trusted?.close();
  await stranger?.close();
  await rm(folder, { recursive: true, force: true });
});

test('who is trusted confirms and is told; who is not hears nothing', async () => {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  for (const { url } of [stranger, trusted]) {
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'https', Endpoint: url }));
  }
  await fetch(JSON.parse((await trusted.post()).body).SubscribeURL);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const ConfigurationSetName = 'told';
  await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName }));
  const EventDestination = {
    Enabled: true,
    MatchingEventTypes: ['DELIVERY'] as v2.EventType[],
    SnsDestination: { TopicArn },
  };
  const EventDestinationName = 'topic';
  const named = { ConfigurationSetName, EventDestinationName, EventDestination };
  await ses.send(new v2.CreateConfigurationSetEventDestinationCommand(named));
  const { MessageId } = await ses.send(
    new v2.SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@world.example'] },
      Content: { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } } },
      ConfigurationSetName,
    }),
  );
  const { body } = await trusted.post((posted) => posted.body.includes('\\"eventType\\":\\"Delivery\\"'));
  assert.equal(JSON.parse(JSON.parse(body).Message).mail.messageId, MessageId);
  await sesame.advance('5m');
  assert.equal(stranger.posted.length, 0);
});
