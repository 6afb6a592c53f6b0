import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { SesameUnderTest } from '../world/sesame.ts';

// The inbox page in a real browser, on a real Sesame.

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const missing = 'Chromium is missing on this machine (Debian package: chromium)';
if (!executablePath && process.env['CI']) throw new Error(`${missing}; CI must have it`);

/** No sandbox of its own: CI runs as root. Nothing that would ask the world. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Milliseconds until a step of the browser has failed. */
const PATIENCE = 10_000;

const hostile = `<html><head><meta http-equiv="refresh" content="0;url=/livez?refresh"></head><body>
  <h1>Win a prize</h1>
  <script>parent.document.title = 'script'; fetch('/livez?script'); alert(1)</script>
  <img src="x" onerror="parent.document.title = 'onerror'"><img src="/livez?image">
  <svg onload="top.document.title = 'svg'"></svg>
  <link rel="stylesheet" href="/livez?style"><iframe src="/livez?frame"></iframe>
  <a id="script" href="javascript:parent.document.title = 'link'">Claim</a>
  <form action="/livez?form"><button>Go</button></form>
  <a href="https://example.org/confirm?token=1">Confirm</a></body></html>`;

interface Mail {
  readonly from?: string;
  readonly to?: string;
  readonly subject: string;
  readonly text?: string;
  readonly html?: string;
}

describe('the inbox page', { skip: executablePath ? false : missing }, () => {
  let sesame: SesameUnderTest;
  let ses: SESv2Client;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** What the page asked of anybody, but for itself and the inbox API. */
  let strayed: string[];

  before(async () => {
    sesame = await SesameUnderTest.start();
    ses = new SESv2Client(sesame.client);
    browser = await chromium.launch({ executablePath: executablePath!, args });
  });
  after(async () => {
    await browser?.close();
    ses?.destroy();
    await sesame?.stop();
  });
  beforeEach(async () => {
    await sesame.call('POST', '/_sesame/reset', {});
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'shop.example' }));
    await context?.close();
    await openPage(sesame.url);
  });

  async function openPage(url: string): Promise<void> {
    context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(PATIENCE);
    page = await context.newPage();
    strayed = [];
    page.on('dialog', (dialog) => {
      strayed.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    context.on('request', (request) => {
      const { origin, pathname, search } = new URL(request.url());
      if (origin !== url || !/^\/(_sesame\/messages.*|\w+\.(js|css|svg))?$/.test(pathname)) {
        strayed.push(origin + pathname + search);
      }
    });
    await page.goto(`${url}/`);
  }

  async function send({ from = 'orders@shop.example', to = 'ann@example.org', subject, text, html }: Mail) {
    const { MessageId } = await ses.send(
      new SendEmailCommand({
        FromEmailAddress: from,
        Destination: { ToAddresses: [to] },
        Content: {
          Simple: {
            Subject: { Data: subject },
            Body: { ...(html && { Html: { Data: html } }), ...(!html && { Text: { Data: text ?? 'Text.' } }) },
          },
        },
      }),
    );
    return MessageId!;
  }

  const row = (subject: string) => page.locator('#messages li', { hasText: subject });
  const heading = (subject: string) => page.getByRole('heading', { name: subject, exact: true });
  /** A locator waits; what it finds in the end is what it waited for. */
  const shows = (what: Locator) => what.waitFor({ state: 'visible' });
  const goes = (what: Locator) => what.waitFor({ state: 'hidden' });
  const first = (subject: string) => shows(page.locator('#messages li:first-child', { hasText: subject }));
  const focused = (subject: string) => shows(page.locator('#messages a:focus', { hasText: subject }));

  test('an empty inbox teaches how to send, and the first message comes by itself', async () => {
    await shows(page.getByText(`--endpoint-url ${sesame.url}`).first());
    await context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.getByRole('button', { name: 'Copy: Verify a sender' }).click();
    await shows(page.getByText('Copied.'));
    assert.match(await page.evaluate<string>('navigator.clipboard.readText()'), /ses verify-email-identity/);
    await send({ subject: 'Hello', text: 'It works.' });
    await shows(row('It works.'));
    await goes(page.locator('#first-steps'));
    assert.deepEqual(strayed, []);
  });

  test('new mail comes on top; what is open and focused stays', async () => {
    await send({ from: '"The Shop" <orders@shop.example>', subject: 'First', text: 'Some words.' });
    await row('First').click();
    await shows(heading('First'));
    await shows(row('First').getByText('captured'));
    assert.match((await row('First').textContent()) ?? '', /The Shop to ann@example\.orgnow/);
    assert.match((await row('First').locator('time').getAttribute('title')) ?? '', /\d:\d\d/);
    await send({ subject: 'Second' });
    await first('Second');
    await shows(heading('First'));
    await focused('First');
    assert.equal(await row('First').locator('a').getAttribute('aria-current'), 'true');
    assert.equal(await page.locator('#count').textContent(), '2 messages');
  });

  test('the parts of a message', async () => {
    const raw = [
      'From: =?utf-8?q?Zo=C3=AB?= <zoe@shop.example>',
      'To: =?utf-8?q?=C3=9Cn?= =?utf-8?q?al?= <unal@example.org>',
      'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=',
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      'Look at https://shop.example/a, please.',
      '--b',
      'Content-Type: text/csv; name=prices.csv',
      'Content-Disposition: attachment; filename=prices.csv',
      '',
      'a;b',
      '--b--',
      '',
    ].join('\r\n');
    const Destination = { ToAddresses: ['unal@example.org', 'hidden@example.org'] };
    const Content = { Raw: { Data: Buffer.from(raw) } };
    const { MessageId } = await ses.send(new SendEmailCommand({ Destination, Content }));
    await row('Grüße').click();
    const summary = page.locator('#summary');
    await shows(summary.getByText('Ünal <unal@example.org>'));
    await shows(summary.getByText('hidden@example.org'));
    await shows(summary.getByText(MessageId!));
    await shows(page.getByText('prices.csv'));
    await shows(page.getByText('1 link', { exact: true }));
    const panel = page.getByRole('tabpanel');
    await shows(panel.getByText('Look at https://shop.example/a, please.'));
    assert.equal(await page.getByRole('tab', { name: 'HTML' }).isVisible(), false);
    await page.getByRole('tab', { name: 'Source' }).click();
    await shows(panel.getByText('Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?='));
    await page.keyboard.press('ArrowRight');
    await shows(panel.getByRole('row', { name: 'Subject Grüße' }));
    await page.keyboard.press('ArrowRight');
    await shows(panel.getByRole('row', { name: /hidden@example.org captured 250 / }));
    await shows(panel.getByText('Accepted'));
    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    assert.equal((await download).suggestedFilename(), `${MessageId}.eml`);
  });

  test('hostile mail runs nothing, loads nothing and goes nowhere', async () => {
    const subject = `<img src=x onerror="document.title='subject'"><b>You won</b>`;
    await send({ subject, from: `"<svg onload=alert(2)>" <orders@shop.example>`, html: hostile });
    await row('You won').click();
    await shows(heading(subject));
    const frame = page.frameLocator('#panel iframe');
    await shows(frame.getByText('Win a prize'));
    await frame.getByText('Claim').click();
    await frame.getByText('Go', { exact: true }).click();
    await shows(frame.getByText('Win a prize'));
    assert.equal(await page.locator('#panel iframe').getAttribute('sandbox'), '');
    assert.equal(await page.title(), 'Sesame');
    await page.getByText('1 link', { exact: true }).click();
    await shows(page.locator('#links a[href="https://example.org/confirm?token=1"][rel=noreferrer]'));
    for (const tab of ['Source', 'Headers', 'Timeline']) await page.getByRole('tab', { name: tab }).click();
    assert.equal(await page.title(), 'Sesame');
    assert.deepEqual(strayed, []);
  });

  test('search filters, is kept in the address, and still lives', async () => {
    await send({ subject: 'Invoice 7', to: 'bob@example.org' });
    await send({ subject: 'Welcome', text: 'Nice to have you here.' });
    await shows(row('Invoice 7'));
    await page.keyboard.press('/');
    await page.keyboard.type('to:bob@example.org');
    await goes(row('Welcome'));
    await shows(row('Invoice 7'));
    await page.reload();
    await shows(row('Invoice 7'));
    assert.equal(await row('Welcome').count(), 0);
    await send({ subject: 'Invoice 8', to: 'bob@example.org' });
    await first('Invoice 8');
    await page.getByRole('searchbox').fill('"have you here"');
    await shows(row('Welcome'));
    await goes(row('Invoice'));
    await page.getByRole('searchbox').fill('nowhere');
    await shows(page.getByText('Nothing matches'));
    await page.getByRole('button', { name: 'Clear the search' }).click();
    await shows(row('Invoice 7'));
  });

  test('keys', async () => {
    for (const subject of ['One', 'Two', 'Three']) await send({ subject });
    await first('Three');
    await page.keyboard.press('j');
    await page.keyboard.press('ArrowDown');
    await focused('Two');
    await page.keyboard.press('Enter');
    await shows(heading('Two'));
    await page.keyboard.press('j');
    await shows(heading('One'));
    await page.keyboard.press('k');
    await page.keyboard.press('ArrowUp');
    await shows(heading('Three'));
    await page.keyboard.press('Escape');
    await goes(page.locator('#letter'));
    await focused('Three');
    await page.keyboard.press('?');
    await shows(page.getByRole('dialog', { name: 'Keys' }));
    await page.keyboard.press('Escape');
    await goes(page.getByRole('dialog'));
    await page.keyboard.press('/');
    await page.keyboard.type('j?');
    assert.equal(await page.getByRole('searchbox').inputValue(), 'j?');
  });

  test('one is deleted, the next is opened; all are deleted only when confirmed', async () => {
    for (const subject of ['One', 'Two', 'Three']) await send({ subject });
    await row('Two').click();
    await shows(page.locator('#summary').getByText('captured'));
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await shows(heading('One'));
    await goes(row('Two'));
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByRole('button', { name: 'Keep them' }).click();
    await shows(row('Three'));
    await page.getByRole('button', { name: 'Delete all' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete all' }).click();
    await shows(page.getByText('2 messages deleted.'));
    await shows(page.locator('#first-steps'));
    assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 0);
  });

  test('older messages are a page away', async () => {
    for (let n = 1; n <= 52; n += 1) await send({ subject: `Number ${n}.` });
    await first('Number 52.');
    await shows(page.getByText('1–50 of 52'));
    await page.getByRole('button', { name: 'Older' }).click();
    await first('Number 2.');
    await shows(page.getByText('51–52 of 52'));
    await page.getByRole('button', { name: 'Newer' }).click();
    await first('Number 52.');
  });

  test('a narrow page shows the list, then the message', async () => {
    await page.setViewportSize({ width: 400, height: 800 });
    await send({ subject: 'A word that is long: Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen' });
    await row('Donau').click();
    await shows(page.locator('#subject'));
    await goes(row('Donau'));
    assert.equal(await page.evaluate('document.documentElement.scrollWidth'), 400);
    await page.goBack();
    await shows(row('Donau'));
    await goes(page.locator('#subject'));
  });

  test('a lost connection is told and comes back', async () => {
    await send({ subject: 'Before' });
    await shows(row('Before'));
    await context.setOffline(true);
    await shows(page.getByText('Disconnected, trying again …'));
    await send({ subject: 'Meanwhile' });
    await context.setOffline(false);
    await first('Meanwhile');
    await goes(page.getByText('Disconnected, trying again …'));
  });

  test('where the operator token is wanted it is asked for, and kept', async () => {
    const strict = await SesameUnderTest.start({
      SESAME_PROFILE: 'strict',
      SESAME_VERIFY: 'auto',
      SESAME_SANDBOX: 'off',
    });
    try {
      await context.close();
      await openPage(strict.url);
      const dialog = page.getByRole('dialog', { name: 'Operator token' });
      await dialog.getByLabel('Operator token').fill('wrong');
      await page.keyboard.press('Enter');
      await shows(dialog.getByText('This token was not accepted.'));
      await dialog.getByLabel('Operator token').fill(strict.operatorToken);
      await page.keyboard.press('Enter');
      await shows(page.getByText('Your inbox is ready'));
      await page.reload();
      await shows(page.getByText('Your inbox is ready'));
      assert.equal(await dialog.isVisible(), false);
    } finally {
      await context.close();
      await strict.stop();
    }
  });
});
