import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { MessageRejected, SESClient, SendBounceCommand } from '@aws-sdk/client-ses';
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateContactCommand,
  CreateContactListCommand,
  CreateEmailIdentityCommand,
  GetEmailIdentityCommand,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { createTransport } from 'nodemailer';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// What goes out in mail (links that prove, count or unsubscribe, and message ids) is good for one account and region: a
// link that was changed or put together from two is none, and says so in the words of nonsense.
const [OWNER, OTHER] = ['111111111111', '222222222222'];
const address = 'ann@shared.example';
let sesame: SesameUnderTest;
const clients: { destroy(): void }[] = [];

function made<Client extends { destroy(): void }>(
  kind: new (options: SesameUnderTest['client']) => Client,
  account: string,
  region = 'us-east-1',
): Client {
  const credentials = { accessKeyId: account, secretAccessKey: 'anything' };
  const client = new kind({ ...sesame.client, region, credentials });
  clients.push(client);
  return client;
}

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_VERIFY: 'real' });
});
after(async () => {
  for (const client of clients) client.destroy();
  await sesame?.stop();
});

/** The links in the mails to an address, by the account that the mail is about. */
async function provingLinks(): Promise<Map<string, string>> {
  await sesame.advance('0s');
  const { json } = await sesame.call('GET', `/_sesame/messages?query=${encodeURIComponent(`to:"${address}"`)}`);
  const found = json.messages.map(async ({ id, account, region }: Record<string, string>) => {
    const { text } = await sesame.shown(id!);
    return [`${account} ${region}`, /^http:\S+$/m.exec(text)![0]] as const;
  });
  return new Map(await Promise.all(found));
}

async function answer(url: string): Promise<string> {
  const { status, headers, text } = await fetch(url, { redirect: 'manual' }).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    text: await response.text(),
  }));
  return `${status} ${headers.get('location') ?? ''} ${text}`;
}

/** The link with one character of its path changed, at several places of its last part. */
function changed(link: string): string[] {
  const token = link.lastIndexOf('/') + 1;
  const places = [token, token + 5, Math.floor((token + link.length) / 2), link.length - 2];
  return places.map((at) => link.slice(0, at) + (link[at] === 'A' ? 'B' : 'A') + link.slice(at + 1));
}

async function isOnlyGoodAsItIs(link: string): Promise<void> {
  const token = link.lastIndexOf('/') + 1;
  const nonsense = await answer(`${link.slice(0, token)}bm9uc2Vuc2U`);
  assert.match(nonsense, /^4/);
  for (const other of changed(link)) assert.equal(await answer(other), nonsense, other);
  assert.doesNotMatch(await answer(link), /^4/);
}

test('a link proves an address for the account and region that asked', async () => {
  const places = [
    [OWNER, 'us-east-1'],
    [OWNER, 'eu-west-1'],
    [OTHER, 'us-east-1'],
  ] as const;
  for (const [account, region] of places) {
    await made(SESv2Client, account!, region).send(new CreateEmailIdentityCommand({ EmailIdentity: address }));
  }
  const links = await provingLinks();
  assert.equal(new Set(links.values()).size, 3);
  await isOnlyGoodAsItIs(links.get(`${OWNER} us-east-1`)!);
  const verified = places.map(async ([account, region]) => {
    const ses = made(SESv2Client, account!, region);
    return (await ses.send(new GetEmailIdentityCommand({ EmailIdentity: address }))).VerifiedForSendingStatus;
  });
  assert.deepEqual(await Promise.all(verified), [true, false, false]);
});

test('links that count and that unsubscribe are good for one message', async () => {
  const ses = made(SESv2Client, OWNER!);
  const { TopicArn } = await made(SNSClient, OWNER!).send(new CreateTopicCommand({ Name: 'engagement' }));
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName: 'tracked' }));
  await ses.send(
    new CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName: 'tracked',
      EventDestinationName: 'topic',
      EventDestination: { Enabled: true, MatchingEventTypes: ['OPEN', 'CLICK'], SnsDestination: { TopicArn } },
    }),
  );
  await ses.send(new CreateContactListCommand({ ContactListName: 'news' }));
  await ses.send(new CreateContactCommand({ ContactListName: 'news', EmailAddress: 'bob@world.example' }));
  const send = async () => {
    const { MessageId } = await ses.send(
      new SendEmailCommand({
        FromEmailAddress: address,
        Destination: { ToAddresses: ['bob@world.example'] },
        ConfigurationSetName: 'tracked',
        ListManagementOptions: { ContactListName: 'news' },
        Content: { Simple: { Subject: { Data: 'x' }, Body: { Html: { Data: '<a href="https://a.example/">a</a>' } } } },
      }),
    );
    const { html, headers } = await sesame.shown(MessageId!);
    const list = headers.find(({ name }: { name: string }) => name.toLowerCase() === 'list-unsubscribe').value;
    return {
      id: MessageId!,
      click: /href="(http:[^"]*\/L0\/[^"]*)"/.exec(html)![1]!,
      open: /src="(http:[^"]*\/I0\/[^"]*)"/.exec(html)![1]!,
      unsubscribe: /<(http:[^>]*)>/.exec(list)![1]!,
    };
  };
  const [one, two] = [await send(), await send()];
  for (const link of [one.click, one.open, one.unsubscribe]) await isOnlyGoodAsItIs(link);
  for (const kind of ['click', 'open'] as const) {
    const spliced = one[kind].replace(one.id, two.id);
    assert.notEqual(spliced, one[kind]);
    assert.match(await answer(spliced), /^404/, `${kind}: the signature of another message`);
  }
});

test("a message id of the SMTP interface is good for its account's mail alone", async () => {
  const smtp = createTransport({
    host: '127.0.0.1',
    port: sesame.port('submission'),
    ignoreTLS: true,
    auth: { user: OWNER!, pass: 'anything' },
  });
  const { response } = await smtp.sendMail({ from: address, to: 'bob@world.example', text: 'x' });
  smtp.close();
  const [, id = ''] = /^250 Ok (\S+)$/.exec(response) ?? [];
  assert.match(id, /^[0-9a-f]{16}-[0-9a-f-]{36}-000000$/);
  const bounce = async (OriginalMessageId: string) => {
    const recipient = { Recipient: 'bob@world.example', BounceType: 'DoesNotExist' } as const;
    const input = { OriginalMessageId, BounceSender: address, BouncedRecipientInfoList: [recipient] };
    const { message } = await refusal(made(SESClient, OTHER!).send(new SendBounceCommand(input)), MessageRejected);
    return message.replace(OriginalMessageId, 'the id');
  };
  assert.equal(await bounce(id), await bounce(`${id.slice(0, 17)}00000000-1111-4222-8333-444444444444-000000`));
});
