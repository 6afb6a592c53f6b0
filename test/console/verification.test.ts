import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { CreateEmailIdentityCommand, GetEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { type Browser, chromium } from 'playwright-core';
import { SesameUnderTest } from '../world/sesame.ts';

// A person reads the mail in the inbox page, and opens its link in the same browser.

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const missing = 'Chromium is missing on this machine (Debian package: chromium)';
if (!executablePath && process.env['CI']) throw new Error(`${missing}; CI must have it`);

describe('a mailed link', { skip: executablePath ? false : missing }, () => {
  let sesame: SesameUnderTest;
  let ses: SESv2Client;
  let browser: Browser;

  before(async () => {
    sesame = await SesameUnderTest.start({ SESAME_VERIFY: 'real' });
    ses = new SESv2Client(sesame.client);
    const args = ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'];
    browser = await chromium.launch({ executablePath: executablePath!, args });
  });
  after(async () => {
    await browser?.close();
    ses?.destroy();
    await sesame?.stop();
  });

  test('proves the address when it is opened, and says so', async () => {
    const EmailIdentity = 'ann@sender.example';
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity }));
    const page = await browser.newPage();
    await page.goto(sesame.url);
    await page.locator('#messages li', { hasText: 'Email Address Verification Request' }).click();
    const body = page.locator('pre', { hasText: 'open the following address' });
    const [link] = /^http:\S+$/m.exec((await body.textContent())!) ?? [];
    await page.goto(link!);
    await page.getByRole('heading', { name: 'Congratulations!' }).waitFor();
    await page.getByText(`You have verified ${EmailIdentity}.`).waitFor();
    const { VerificationStatus } = await ses.send(new GetEmailIdentityCommand({ EmailIdentity }));
    assert.equal(VerificationStatus, 'SUCCESS');
    await page.reload();
    await page.getByRole('heading', { name: 'This link has been used' }).waitFor();
  });
});
