import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { SesameUnderTest } from '../world/sesame.ts';

// What tests of others ask most: has my mail come, and what is in it?
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

interface Letter {
  readonly from?: string;
  readonly to?: string[];
  readonly subject?: string;
  readonly text?: string;
}

async function send({
  from = 'ann@sender.example',
  to = ['bob@example.org'],
  subject = 'Hello',
  text = 'Text.',
}: Letter) {
  const { MessageId } = await ses.send(
    new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: to },
      Content: { Simple: { Subject: { Data: subject }, Body: { Text: { Data: text } } } },
    }),
  );
  return MessageId!;
}

interface Page {
  readonly total: number;
  readonly messages: readonly { readonly id: string; readonly subject: string }[];
  readonly next?: string;
}

async function list(parameters: Record<string, string>): Promise<Page> {
  const { status, json, text } = await sesame.call('GET', `/_sesame/messages?${new URLSearchParams(parameters)}`);
  assert.equal(status, 200, text);
  return json;
}

const subjects = ({ messages }: Page) => messages.map(({ subject }) => subject);
const removeAll = () => sesame.call('DELETE', '/_sesame/messages');

/** Nothing is on its way any more. */
const settle = () => sesame.advance('0s');

describe('a message', () => {
  test('is told as the design says', async () => {
    const id = await send({ from: 'Ann <ann@sender.example>', subject: 'Told', text: 'First words.\r\n\r\nMore.' });
    await settle();
    const { messages } = await list({ query: 'subject:Told' });
    const { at, size, ...entry } = messages[0] as unknown as { at: string; size: number };
    assert.deepEqual(entry, {
      id,
      direction: 'out',
      account: '000000000000',
      region: 'us-east-1',
      from: 'Ann <ann@sender.example>',
      to: ['bob@example.org'],
      subject: 'Told',
      state: 'captured',
      tags: {},
      preview: 'First words. More.',
    });
    assert.match(at, /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/);
    const raw = await sesame.raw(id);
    assert.equal(size, raw.length);
    const { headers, html, attachments, timeline, recipients } = await sesame.shown(id);
    assert.deepEqual(headers[0], { name: 'From', value: 'Ann <ann@sender.example>' });
    assert.deepEqual([html, attachments], ['', []]);
    assert.deepEqual(
      timeline.map(({ type }: { type: string }) => type),
      ['send', 'delivery'],
    );
    assert.equal(timeline[1].reply, '250 2.6.0 Message received');
    assert.equal(recipients[0].state, 'captured');
  });

  test('is listed before its sender has the answer, by the API and by SMTP', async () => {
    const smtp = createTransport({ host: '127.0.0.1', port: sesame.port('submission'), ignoreTLS: true, pool: true });
    for (let i = 0; i < 10; i++) {
      assert.equal(subjects(await list({ query: `id:${await send({ subject: `API ${i}` })}` }))[0], `API ${i}`);
      const { response } = await smtp.sendMail({
        from: 'ann@sender.example',
        to: 'bob@example.org',
        subject: `SMTP ${i}`,
      });
      assert.equal(subjects(await list({ query: `id:${response.split(' ')[2]}` }))[0], `SMTP ${i}`);
    }
    smtp.close();
  });
});

describe('the long poll', () => {
  test('returns as soon as one matches, and for nothing else', async () => {
    let answered = false;
    const poll = list({ query: 'to:late@example.org', wait: '60s' }).finally(() => {
      answered = true;
    });
    await send({ to: ['other@example.org'] });
    await list({ query: 'to:other@example.org', wait: '60s' });
    assert.equal(answered, false);
    const id = await send({ to: ['late@example.org'] });
    const { total, messages } = await poll;
    assert.deepEqual([total, messages[0]?.id], [1, id]);
  });

  test('returns at once what is there already', async () => {
    assert.equal((await list({ query: 'to:late@example.org', wait: '60s' })).total, 1);
  });

  test('ends with an empty page when its time is over', async () => {
    assert.deepEqual(await list({ query: 'to:never@example.org', wait: '50ms' }), { total: 0, messages: [] });
  });

  test('of a client that went away keeps nobody', async () => {
    const client = new AbortController();
    const url = `${sesame.url}/_sesame/messages?wait=60s&query=to:never@example.org`;
    const poll = fetch(url, { signal: client.signal });
    await list({});
    client.abort();
    await assert.rejects(poll, { name: 'AbortError' });
  });

  test('many wait for one', async () => {
    const polls = Array.from({ length: 50 }, () => list({ query: 'to:all@example.org', wait: '60s' }));
    const id = await send({ to: ['all@example.org'] });
    for (const { messages } of await Promise.all(polls)) assert.equal(messages[0]?.id, id);
  });
});

describe('pages', () => {
  test('newest first, each message once, whatever comes in between', async () => {
    await settle();
    await removeAll();
    for (let i = 1; i <= 7; i++) await send({ subject: `Page ${i}` });
    const pages: string[][] = [];
    let next: string | undefined;
    do {
      const page = await list({ limit: '3', ...(next && { next }) });
      pages.push(subjects(page));
      next = page.next;
      await send({ subject: 'In between' });
    } while (next);
    assert.deepEqual(pages, [['Page 7', 'Page 6', 'Page 5'], ['Page 4', 'Page 3', 'Page 2'], ['Page 1']]);
  });

  test('total counts what matches, not what is shown', async () => {
    const { total, messages, next } = await list({ limit: '2', query: 'subject:Page' });
    assert.deepEqual([total, messages.length, typeof next], [7, 2, 'string']);
  });
});

describe('a query', () => {
  before(async () => {
    await settle();
    await removeAll();
    await send({ subject: 'Your code is 123', to: ['a@one.example'], text: 'Use it within ten minutes.' });
    await send({ subject: 'Your invoice', to: ['a@one.example', 'b@two.example'], from: 'Shop <shop@sender.example>' });
    await send({ subject: 'Grüße', to: ['b@two.example'], text: '100% "quoted"' });
  });

  const check = async (query: string, expected: readonly string[]) =>
    assert.deepEqual(subjects(await list({ query })), expected, query);

  test('by address, subject, id and direction', async () => {
    await check('to:a@one.example', ['Your invoice', 'Your code is 123']);
    await check('to:a@one.example to:b@two.example', ['Your invoice']);
    await check('from:shop@sender.example', ['Your invoice']);
    await check('FROM:Shop', ['Your invoice']);
    await check('subject:your', ['Your invoice', 'Your code is 123']);
    await check('subject:"code is"', ['Your code is 123']);
    await check('subject:Grüße', ['Grüße']);
    await check('direction:out', ['Grüße', 'Your invoice', 'Your code is 123']);
    await check('direction:in', []);
    const { messages } = await list({ query: 'subject:invoice' });
    await check(`id:${messages[0]!.id}`, ['Your invoice']);
    await check('id:none', []);
  });

  test('by words of the text, and all terms together', async () => {
    await check('"within ten minutes"', ['Your code is 123']);
    await check('minutes', ['Your code is 123']);
    await check('to:a@one.example MINUTES', ['Your code is 123']);
    await check('to:b@two.example minutes', []);
  });

  test('what means something to the storage means nothing here', async () => {
    await check('subject:%', []);
    await check('subject:_our', []);
    await check("to:'", []);
    await check('100%', ['Grüße']);
    await check('', ['Grüße', 'Your invoice', 'Your code is 123']);
  });
});

test('one is deleted, or all', async () => {
  await settle();
  await removeAll();
  const [first] = [await send({ subject: 'First' }), await send({ subject: 'Second' })];
  await settle();
  assert.equal((await sesame.call('DELETE', `/_sesame/messages/${first}`)).status, 200);
  assert.deepEqual(subjects(await list({})), ['Second']);
  assert.equal((await sesame.call('GET', `/_sesame/messages/${first}/raw`)).status, 404);
  assert.deepEqual((await removeAll()).json, { deleted: 1 });
  assert.deepEqual(await list({}), { total: 0, messages: [] });
});
