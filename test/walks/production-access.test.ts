import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetSendQuotaCommand, SESClient, SendEmailCommand as SendV1 } from '@aws-sdk/client-ses';
import {
  ConflictException,
  CreateEmailIdentityCommand,
  GetAccountCommand,
  PutAccountDetailsCommand,
  type PutAccountDetailsCommandInput,
  SESv2Client,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: a new account hits the sandbox, asks to leave it, is asked back, denied, asks again and is granted.
const SHOP = '444455556666';
let sesame: SesameUnderTest;
let v1: SESClient;
let v2: SESv2Client;
let elsewhere: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on', SESAME_REVIEW: 'manual' });
  const made = await sesame.call('POST', '/_sesame/accounts', {
    account: SHOP,
    name: 'Shop',
    email: 'owner@shop.example',
  });
  assert.equal(made.status, 201);
  const credentials = { accessKeyId: SHOP, secretAccessKey: 'anything' };
  v1 = new SESClient({ ...sesame.client, credentials });
  v2 = new SESv2Client({ ...sesame.client, credentials });
  elsewhere = new SESv2Client({ ...sesame.client, credentials, region: 'eu-west-1' });
  await v2.send(new CreateEmailIdentityCommand({ EmailIdentity: 'shop.example' }));
});
after(async () => {
  for (const client of [v1, v2, elsewhere]) client?.destroy();
  await sesame?.stop();
});

const from = 'news@shop.example';
const to = { ToAddresses: ['stranger@world.example'] };
const words = { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } };
const failed =
  'Email address is not verified. The following identities failed the check in region US-EAST-1: stranger@world.example';

const doors = {
  v1: async () => void (await v1.send(new SendV1({ Source: from, Destination: to, Message: words }))),
  v2: async () => {
    await v2.send(new SendEmailCommand({ FromEmailAddress: from, Destination: to, Content: { Simple: words } }));
  },
  smtp: async () => {
    const smtp = createTransport({
      host: '127.0.0.1',
      port: sesame.port('submission'),
      ignoreTLS: true,
      auth: { user: SHOP, pass: 'anything' },
    });
    await smtp.sendMail({ from, to: to.ToAddresses, text: 'x' }).finally(() => smtp.close());
  },
};

async function answers() {
  const asked = Object.entries(doors).map(async ([door, send]) => {
    return [door, await send().catch((error: Error) => error.message)] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}

const application: PutAccountDetailsCommandInput = {
  MailType: 'TRANSACTIONAL',
  WebsiteURL: 'https://shop.example',
  ContactLanguage: 'EN',
  UseCaseDescription: 'Receipts.',
  AdditionalContactEmailAddresses: ['ops@shop.example'],
  ProductionAccessEnabled: true,
};
const apply = (more: Partial<PutAccountDetailsCommandInput> = {}) =>
  v2.send(new PutAccountDetailsCommand({ ...application, ...more }));

async function account(client = v2) {
  const { ProductionAccessEnabled, SendQuota, Details } = await client.send(new GetAccountCommand({}));
  return { production: ProductionAccessEnabled, quota: SendQuota, details: Details };
}

const status = async () => (await account()).details?.ReviewDetails?.Status;
const reviews = async (query = '') => (await sesame.call('GET', `/_sesame/reviews${query}`)).json.reviews;

async function decide(body: object) {
  const caseId = (await account()).details!.ReviewDetails!.CaseId;
  return sesame.call('POST', `/_sesame/reviews/${caseId}`, body);
}

/** The text of the latest mail to somebody; what is owed has become a message when nothing is due any more. */
async function mailTo(address: string): Promise<{ subject: string; text: string }> {
  await sesame.advance('0s');
  return sesame.message(`to:${address}`);
}

test('in the sandbox nobody else is written to', async () => {
  assert.deepEqual(await answers(), {
    v1: failed,
    v2: failed,
    smtp: `Message failed: 554 Message rejected: ${failed}`,
  });
  const { production, details, quota } = await account();
  assert.deepEqual([production, details], [false, undefined]);
  assert.deepEqual(quota, { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 });
});

test('details alone ask for nothing', async () => {
  await apply({ ProductionAccessEnabled: false });
  const { production, details } = await account();
  assert.equal(production, false);
  assert.deepEqual([details!.WebsiteURL, details!.ReviewDetails], ['https://shop.example', undefined]);
  assert.deepEqual(await reviews(), []);
});

test('who asks has a case that waits for its reviewer, and no second one', async () => {
  await apply();
  const { production, details } = await account();
  assert.equal(production, false);
  const { ReviewDetails, ...rest } = details!;
  const { ProductionAccessEnabled, ...given } = application;
  assert.ok(ProductionAccessEnabled);
  assert.deepEqual(rest, given);
  assert.equal(ReviewDetails!.Status, 'PENDING');
  assert.match(ReviewDetails!.CaseId!, /^\d{15}$/);
  assert.equal((await refusal(apply(), ConflictException)).$metadata.httpStatusCode, 409);
  const [review, ...more] = await reviews('?status=open');
  assert.deepEqual(more, []);
  const { caseId, account: whose, region, subject, websiteUrl, useCaseDescription } = review;
  assert.deepEqual([caseId, whose, region], [ReviewDetails!.CaseId, SHOP, 'us-east-1']);
  assert.deepEqual([subject, review.status], ['production-access', 'PENDING']);
  assert.deepEqual([websiteUrl, useCaseDescription], ['https://shop.example', 'Receipts.']);
  assert.deepEqual((await account(elsewhere)).details, undefined, 'another region knows nothing of it');
});

test('a reviewer asks back; new details answer', async () => {
  assert.equal((await decide({ decision: 'ask', reason: 'How do you handle bounces?' })).json.status, 'ASKED');
  for (const address of ['owner@shop.example', 'ops@shop.example']) {
    const { subject, text } = await mailTo(address);
    assert.match(subject, /^Case \d{15}, production access in us-east-1: a question$/);
    assert.match(text, /How do you handle bounces\?/);
  }
  assert.equal(await status(), 'PENDING');
  await apply({ UseCaseDescription: 'Receipts. Bounced addresses are dropped.' });
  const [review, ...more] = await reviews();
  assert.deepEqual(more, []);
  assert.equal(review.status, 'PENDING');
  assert.deepEqual(
    review.remarks.map(({ by, text }: { by: string; text: string }) => [by, text]),
    [
      ['applicant', 'Receipts.'],
      ['reviewer', 'How do you handle bounces?'],
      ['applicant', 'Receipts. Bounced addresses are dropped.'],
    ],
  );
});

test('a reviewer denies, and says why; the sandbox stays', async () => {
  assert.equal((await decide({ decision: 'deny' })).status, 400, 'not without a reason');
  assert.equal((await decide({ decision: 'deny', reason: 'The website is empty.' })).json.status, 'DENIED');
  assert.equal(await status(), 'DENIED');
  assert.match((await mailTo('owner@shop.example')).text, /was denied:\n\nThe website is empty\./);
  assert.equal((await answers()).v2, failed);
  const again = await decide({ decision: 'grant' });
  assert.deepEqual([again.status, again.json.message], [409, 'The case is closed: denied.']);
  assert.deepEqual(await reviews('?status=open'), []);
});

test('who asks anew is granted, and sends to anybody at once, by every door, in that region', async () => {
  await apply({ WebsiteURL: 'https://shop.example/en' });
  assert.equal(await status(), 'PENDING');
  assert.equal((await decide({ decision: 'grant', max24HourSend: 1.5 })).status, 400);
  const { json } = await decide({ decision: 'grant', max24HourSend: 1_000, maxSendRate: 20, reason: 'Welcome.' });
  assert.equal(json.status, 'GRANTED');
  const { production, quota, details } = await account();
  assert.deepEqual([production, details!.ReviewDetails!.Status], [true, 'GRANTED']);
  assert.deepEqual(quota, { Max24HourSend: 1_000, MaxSendRate: 20, SentLast24Hours: 0 });
  assert.deepEqual(await answers(), { v1: undefined, v2: undefined, smtp: undefined });
  const { Max24HourSend, MaxSendRate, SentLast24Hours } = await v1.send(new GetSendQuotaCommand({}));
  assert.deepEqual([Max24HourSend, MaxSendRate, SentLast24Hours], [1_000, 20, 3]);
  const { text } = await mailTo('owner@shop.example');
  assert.match(
    text,
    /was granted\.\n\nYour account may now send to 1000 recipients in 24 hours, 20 a second, to anybody/,
  );
  assert.equal((await account(elsewhere)).production, false);
  assert.equal((await reviews()).length, 2);
});

test('in production new details are kept, and nothing is asked', async () => {
  await apply({ MailType: 'MARKETING' });
  const { details, quota } = await account();
  assert.deepEqual([details!.MailType, details!.ReviewDetails!.Status], ['MARKETING', 'GRANTED']);
  assert.equal(quota!.Max24HourSend, 1_000);
  assert.equal((await reviews()).length, 2);
});

test('a restart changes nothing', async () => {
  await sesame.restart();
  for (const client of [v1, v2, elsewhere]) client.destroy();
  const credentials = { accessKeyId: SHOP, secretAccessKey: 'anything' };
  v2 = new SESv2Client({ ...sesame.client, credentials });
  const { production, quota } = await account();
  assert.deepEqual([production, quota!.Max24HourSend, quota!.SentLast24Hours], [true, 1_000, 3]);
  assert.equal((await reviews()).length, 2);
});

test('an account is told that it was shut down, and why', async () => {
  const order = { region: 'us-east-1', status: 'SHUTDOWN', reason: 'Complaints are above 0.5 %.' };
  await sesame.call('POST', `/_sesame/accounts/${SHOP}/enforcement`, order);
  const { subject, text } = await mailTo('owner@shop.example');
  assert.equal(subject, `Account ${SHOP} in us-east-1: paused`);
  assert.match(text, /Complaints are above 0\.5 %\./);
});
