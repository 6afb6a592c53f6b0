import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v2 from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: mail to a contact list carries its way out; whoever took it is not written to again.
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;

const FromEmailAddress = 'ann@sender.example';
const ContactListName = 'News';
const ListManagementOptions = { ContactListName, TopicName: 'Cycling' };
const place = '{{amazonSESUnsubscribeUrl}}';

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const Topics = [
    { TopicName: 'Cycling', DisplayName: 'Cycling', DefaultSubscriptionStatus: 'OPT_IN' },
    { TopicName: 'Sports', DisplayName: 'Sports', DefaultSubscriptionStatus: 'OPT_OUT' },
  ] as const;
  await ses.send(new v2.CreateContactListCommand({ ContactListName, Topics: [...Topics] }));
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const send = async (to: string | string[], more: Partial<v2.SendEmailCommandInput> = {}) => {
  const Body = {
    Text: { Data: `Leave at ${place} or ${place}, not ${place}` },
    Html: { Data: `<p>Grüße</p><a href="${place}">Leave</a>`, Charset: 'UTF-8' },
  };
  const input = {
    FromEmailAddress,
    Destination: { ToAddresses: [to].flat() },
    Content: { Simple: { Subject: { Data: 's' }, Body } },
    ListManagementOptions,
  };
  return (await ses.send(new v2.SendEmailCommand({ ...input, ...more }))).MessageId!;
};
const parsed = async (id: string) => {
  const { headers, text = '', html = '' } = await PostalMime.parse(await sesame.raw(id));
  const field = (name: string) => headers.filter(({ key }) => key === name).map(({ value }) => value);
  return { text, html, link: field('list-unsubscribe'), post: field('list-unsubscribe-post') };
};
const contact = (EmailAddress: string) => ses.send(new v2.GetContactCommand({ ContactListName, EmailAddress }));

test('one recipient: the way out is in the header and in both bodies, and whoever is new is on the list', async () => {
  const { text, html, link, post } = await parsed(await send('new@world.example'));
  const [, url = ''] = /^<(http\S+)>$/.exec(link[0]!) ?? [];
  assert.ok(url.startsWith(`${sesame.url}/u/`));
  assert.deepEqual([link.length, post], [1, ['List-Unsubscribe=One-Click']]);
  assert.equal(text.trim(), `Leave at ${url} or ${url}, not ${place}`);
  assert.equal(html.trim(), `<p>Grüße</p><a href="${url}">Leave</a>`);
  assert.equal((await contact('new@world.example')).UnsubscribeAll, false);
});

test('what the author says of leaving gives way', async () => {
  const Headers = [
    { Name: 'List-Unsubscribe', Value: '<https://own.example/>' },
    { Name: 'X-Own', Value: 'kept' },
  ];
  const Simple = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } }, Headers };
  const id = await send('own@world.example', { Content: { Simple } });
  const { link } = await parsed(id);
  assert.equal(link.length, 1);
  assert.match(link[0]!, /\/u\//);
  assert.match(await sesame.raw(id), /^X-Own: kept\r$/m);
});

test('more recipients: all are contacts, and no letter has a way out', async () => {
  const { text, link, post } = await parsed(await send(['two@world.example', 'three@world.example']));
  assert.deepEqual([link, post, text.includes(place)], [[], [], true]);
  await contact('two@world.example');
  await contact('three@world.example');
});

test('a click on the link, and the next letter bounces: taken, told, not sent; other topics are', async () => {
  const address = 'leaver@world.example';
  const { link } = await parsed(await send(address));
  const [, url = ''] = /<(http[^>]+)>/.exec(link[0]!) ?? [];
  assert.equal(
    (await fetch(url, { method: 'POST', body: new URLSearchParams('List-Unsubscribe=One-Click') })).status,
    200,
  );
  const { state, recipients, timeline } = await sesame.shown(await send(address));
  assert.equal(state, 'bounced');
  assert.match(recipients[0].reply, /unsubscribed/);
  assert.deepEqual(timeline[1].bounce, { type: 'Permanent', subType: 'UnsubscribedRecipient' });
  const both = await sesame.shown(await send([address, 'stays@world.example']));
  assert.deepEqual(
    both.recipients.map(({ state: one }: { state: string }) => one),
    ['bounced', 'captured'],
  );
  const list = { ListManagementOptions: { ContactListName } };
  assert.equal((await sesame.shown(await send(address, list))).state, 'captured');
  const listed = ses.send(new v2.GetSuppressedDestinationCommand({ EmailAddress: address }));
  await assert.rejects(listed, { name: 'NotFoundException' }, 'nobody is suppressed for leaving a list');
  const UnsubscribeAll = true;
  await ses.send(new v2.UpdateContactCommand({ ContactListName, EmailAddress: address, UnsubscribeAll }));
  assert.equal((await sesame.shown(await send(address, list))).state, 'bounced');
});

test('a topic that nobody is in by default reaches those only who chose it', async () => {
  const sports = { ListManagementOptions: { ContactListName, TopicName: 'Sports' } };
  assert.equal((await sesame.shown(await send('fan@world.example', sports))).state, 'bounced');
  const TopicPreferences = [{ TopicName: 'Sports', SubscriptionStatus: 'OPT_IN' as const }];
  await ses.send(new v2.UpdateContactCommand({ ContactListName, EmailAddress: 'fan@world.example', TopicPreferences }));
  assert.equal((await sesame.shown(await send('fan@world.example', sports))).state, 'captured');
});

test('a template leaves the place to be filled in', async () => {
  const Template = { TemplateContent: { Subject: 'Hi', Text: `{{name}}: ${place}` }, TemplateData: '{"name":"Bob"}' };
  const { text } = await parsed(await send('bob@world.example', { Content: { Template } }));
  assert.match(text, /^Bob: http:\S+\/u\/\S+\s*$/);
});

test('raw mail names its list in a field, by API and by SMTP', async () => {
  const field = `X-SES-LIST-MANAGEMENT-OPTIONS: {${ContactListName}}; topic={Cycling}`;
  const text = `From: ${FromEmailAddress}\r\nTo: raw@world.example\r\n${field}\r\n\r\n${place}\r\n`;
  const Content = { Raw: { Data: Buffer.from(text) } };
  const { MessageId = '' } = await ses.send(new v2.SendEmailCommand({ Content }));
  const transport = createTransport({ host: '127.0.0.1', port: sesame.port('submission'), ignoreTLS: true });
  const { response } = await transport.sendMail({
    from: FromEmailAddress,
    to: 'smtp@world.example',
    headers: { 'X-SES-LIST-MANAGEMENT-OPTIONS': `${ContactListName}; topic=Cycling` },
    text: place,
  });
  for (const id of [MessageId, response.split(' ')[2]!]) {
    assert.equal((await parsed(id)).link.length, 1);
    assert.match((await parsed(id)).text, /^http:\S+\s*$/);
    assert.doesNotMatch(await sesame.raw(id), /X-SES-LIST/i);
  }
  await contact('smtp@world.example');
});

test('a list or topic that is not there is refused', async () => {
  await assert.rejects(send('a@world.example', { ListManagementOptions: { ContactListName: 'None' } }), {
    name: 'NotFoundException',
    message: "List with name: None doesn't exist.",
  });
  await assert.rejects(send('a@world.example', { ListManagementOptions: { ContactListName, TopicName: 'None' } }), {
    name: 'BadRequestException',
    message: "List: News doesn't contain Topic: None",
  });
});
