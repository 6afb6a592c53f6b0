import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import {
  CreateContactListCommand,
  CreateEmailIdentityCommand,
  DeleteContactCommand,
  DeleteContactListCommand,
  GetContactCommand,
  SESv2Client,
  SendEmailCommand,
  UpdateContactListCommand,
} from '@aws-sdk/client-sesv2';
import { unsubscribeUrl } from '../../src/core/contacts/contacts.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// By the link in a message: one click of a mail program, or the choices on the page.
let sesame: SesameUnderTest;
let ses: SESv2Client;
let messageId: string;
const scope = { account: '000000000000', region: 'us-east-1' };
const ContactListName = 'News';
const EmailAddress = 'bob@example.org';
const Topics = [
  { TopicName: 'Sports', DisplayName: 'Sports & more', Description: 'Every <b>', DefaultSubscriptionStatus: 'OPT_OUT' },
  { TopicName: 'Cycling', DisplayName: 'Cycling', DefaultSubscriptionStatus: 'OPT_IN' },
] as const;
const ONE_CLICK = 'List-Unsubscribe=One-Click';

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});
beforeEach(async () => {
  await sesame.call('POST', '/_sesame/reset', scope);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  await ses.send(new CreateContactListCommand({ ContactListName, Topics: [...Topics], Description: 'What is new' }));
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: [EmailAddress] },
      Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Text.' } } } },
    }),
  );
  messageId = MessageId;
});

const link = (topic?: string) =>
  unsubscribeUrl(
    sesame.url,
    sesame.app.rooms.contacts.token({ scope, list: ContactListName, topic, address: EmailAddress, messageId }),
  );

const post = (url: string, body: string | FormData, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body,
    headers: { ...(typeof body === 'string' && { 'content-type': 'application/x-www-form-urlencoded' }), ...headers },
  });

async function standing() {
  const found = await ses.send(new GetContactCommand({ ContactListName, EmailAddress })).catch(() => undefined);
  if (!found) return undefined;
  const said = Object.fromEntries(
    (found.TopicPreferences ?? []).map(({ TopicName, SubscriptionStatus }) => [TopicName, SubscriptionStatus]),
  );
  return { all: found.UnsubscribeAll, ...said };
}

/** Subscription events of the message: where from, and what held after each. */
async function events() {
  const { timeline } = await sesame.shown(messageId);
  return timeline.filter(({ type }: { type: string }) => type === 'subscription');
}

test('one click leaves the topic, once', async () => {
  for (let n = 0; n < 3; n++) {
    const answer = await post(link('Cycling'), ONE_CLICK);
    assert.deepEqual([answer.status, answer.redirected], [200, false]);
    assert.deepEqual(await standing(), { all: false, Cycling: 'OPT_OUT' });
  }
  const [event, ...more] = await events();
  assert.deepEqual(more, []);
  assert.deepEqual([event.contactList, event.source], ['News', 'UnsubscribeHeader']);
  const topics = (cycling: boolean) => [
    { topic: 'Sports', subscribed: false },
    { topic: 'Cycling', subscribed: cycling },
  ];
  assert.deepEqual(
    [event.before, event.after],
    [
      { unsubscribedFromAll: false, topics: topics(true) },
      { unsubscribedFromAll: false, topics: topics(false) },
    ],
  );
});

test('one click without a topic leaves everything, as a form of either kind', async () => {
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  assert.equal((await post(link(), form)).status, 200);
  assert.deepEqual(await standing(), { all: true });
  assert.equal((await post(link(), ONE_CLICK)).status, 200);
  assert.equal((await events()).length, 1);
});

test('two clicks at once are both taken', async () => {
  const answers = await Promise.all([
    post(link('Cycling'), ONE_CLICK),
    post(link(), ONE_CLICK),
    post(link('Sports'), ONE_CLICK),
  ]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.deepEqual(await standing(), { all: true, Sports: 'OPT_OUT', Cycling: 'OPT_OUT' });
});

test('looking changes nothing: scanners follow links', async () => {
  const answer = await fetch(link('Cycling'));
  const html = await answer.text();
  assert.deepEqual([answer.status, await standing(), await events()], [200, undefined, []]);
  assert.match(answer.headers.get('content-type')!, /^text\/html/);
  assert.match(answer.headers.get('content-security-policy')!, /^default-src 'none'; style-src 'sha256-/);
  assert.equal(answer.headers.get('cache-control'), 'no-store');
  assert.match(html, /<html lang="en">/);
  assert.match(html, /For <strong>bob@example\.org<\/strong>/);
  assert.match(html, /<label for="topic-0">Sports &amp; more<\/label>/);
  assert.match(html, /<p id="topic-0-text">Every &lt;b&gt;<\/p>/);
  assert.deepEqual(boxes(html), { Sports: false, Cycling: true, yes: false });
  assert.doesNotMatch(html, /<script|style=|src=/);
  assert.equal((await fetch(link(), { method: 'HEAD' })).status, 200);
});

/** Which boxes of the page are checked. */
const boxes = (html: string) =>
  Object.fromEntries(
    [...html.matchAll(/<input type="checkbox"[^>]* value="([^"]*)"( checked)?/g)].map((m) => [
      m[1],
      m[2] !== undefined,
    ]),
  );

/** Fills the form in as a browser would. */
function filled(html: string, choices: Record<string, boolean>): string {
  const shown = [...html.matchAll(/<input type="hidden" name="shown" value="([^"]*)"/g)].map(([, name]) => name!);
  const form = new URLSearchParams(shown.map((name): [string, string] => ['shown', name]));
  for (const [name, checked] of Object.entries({ ...boxes(html), ...choices })) {
    if (checked) form.append(name === 'yes' ? 'all' : 'topic', name);
  }
  form.append('save', 'yes');
  return form.toString();
}

test('the page saves what was chosen', async () => {
  const url = link('Cycling');
  const origin = { origin: new URL(url).origin };
  const save = async (choices: Record<string, boolean>) => {
    const answer = await post(url, filled(await (await fetch(url)).text(), choices), origin);
    const html = await answer.text();
    assert.equal(answer.status, 200);
    assert.match(html, /role="status">Your choices are saved\./);
    return boxes(html);
  };
  assert.deepEqual(await save({ Sports: true, Cycling: false }), { Sports: true, Cycling: false, yes: false });
  assert.deepEqual(await standing(), { all: false, Sports: 'OPT_IN', Cycling: 'OPT_OUT' });
  assert.deepEqual(await save({}), { Sports: true, Cycling: false, yes: false });
  assert.deepEqual(await save({ yes: true }), { Sports: true, Cycling: false, yes: true });
  assert.deepEqual(await standing(), { all: true, Sports: 'OPT_IN', Cycling: 'OPT_OUT' });
  assert.deepEqual(await save({ yes: false, Sports: false }), { Sports: false, Cycling: false, yes: false });
  assert.deepEqual(
    (await events()).map((event: any) => [event.source, event.after.unsubscribedFromAll]),
    [
      ['UnsubscribeLandingPage', false],
      ['UnsubscribeLandingPage', true],
      ['UnsubscribeLandingPage', false],
    ],
  );
});

test('a topic that was not on the page is not chosen away', async () => {
  const html = await (await fetch(link())).text();
  const added = { TopicName: 'Rowing', DisplayName: 'Rowing', DefaultSubscriptionStatus: 'OPT_IN' as const };
  await ses.send(new UpdateContactListCommand({ ContactListName, Topics: [...Topics, added] }));
  const after = await post(link(), filled(html, { Cycling: false }));
  assert.deepEqual(boxes(await after.text()), { Sports: false, Cycling: false, Rowing: true, yes: false });
});

test('a link that is not ours, or was changed, gets a page that says so', async () => {
  const good = link('Cycling');
  const token = good.slice(good.lastIndexOf('/') + 1);
  const other = sesame.app.rooms.contacts.token({
    scope,
    list: ContactListName,
    address: 'eve@example.org',
    messageId,
  });
  const tampered = [
    `${good}A`,
    good.slice(0, -1),
    good.replace(token, `${token.slice(0, 22)}${other.slice(22)}`),
    unsubscribeUrl(sesame.url, ''),
    unsubscribeUrl(sesame.url, 'x'.repeat(5_000)),
    unsubscribeUrl(sesame.url, `${token}/more`),
  ];
  for (const url of tampered) {
    for (const answer of [await fetch(url), await post(url, ONE_CLICK)]) {
      const html = await answer.text();
      assert.equal(answer.status, 400, url);
      assert.match(html, /<h1>This link is not complete<\/h1>/);
    }
  }
  assert.equal(await standing(), undefined);
});

test('a body that says nothing changes nothing', async () => {
  for (const body of ['', 'List-Unsubscribe=Two-Click', 'all=yes', 'x'.repeat(70_000)]) {
    const answer = await post(link(), body);
    assert.deepEqual([answer.status, /not understood/.test(await answer.text())], [400, true]);
  }
  const json = await post(link(), '{}', { 'content-type': 'application/json' });
  assert.equal(json.status, 400);
  assert.equal((await fetch(link(), { method: 'DELETE' })).status, 405);
  assert.equal((await post(link(), ONE_CLICK, { origin: 'https://evil.example' })).status, 403);
  assert.equal(await standing(), undefined);
});

test('who was deleted in between is out all the same; a list that is gone has nothing to leave', async () => {
  await post(link('Cycling'), ONE_CLICK);
  await ses.send(new DeleteContactCommand({ ContactListName, EmailAddress }));
  await post(link('Cycling'), ONE_CLICK);
  assert.deepEqual(await standing(), { all: false, Cycling: 'OPT_OUT' });
  await ses.send(new UpdateContactListCommand({ ContactListName, Topics: [Topics[0]] }));
  assert.equal((await post(link('Cycling'), ONE_CLICK)).status, 200);
  await ses.send(new DeleteContactListCommand({ ContactListName }));
  assert.equal((await post(link('Cycling'), ONE_CLICK)).status, 200);
  const page = await fetch(link());
  assert.deepEqual([page.status, /This list is no more/.test(await page.text())], [404, true]);
  assert.equal((await post(link(), 'save=yes')).status, 404);
});

test('a message that is no longer kept has no event, and its link still works', async () => {
  await sesame.call('DELETE', `/_sesame/messages/${messageId}`);
  assert.equal((await post(link(), ONE_CLICK)).status, 200);
  assert.deepEqual(await standing(), { all: true });
});

test('a link outlives a restart', async () => {
  const path = new URL(link()).pathname;
  await sesame.restart();
  ses.destroy();
  ses = new SESv2Client(sesame.client);
  assert.equal((await post(sesame.url + path, ONE_CLICK)).status, 200);
  assert.deepEqual(await standing(), { all: true });
});
