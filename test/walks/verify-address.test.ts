import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// An address proves itself: the mail comes, its link is followed, and the account may send.
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;
let count = 0;
/** Another address for each test: what one has asked for is none of the next one's. */
let address: string;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_PROFILE: 'strict' });
  const { accessKeyId, secretAccessKey } = sesame.secrets.key!;
  const client = { ...sesame.client, credentials: { accessKeyId, secretAccessKey } };
  one = new v1.SESClient(client);
  two = new v2.SESv2Client(client);
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
});
beforeEach(() => {
  address = `ann+${++count}@sender.example`;
});

const ask = () => one.send(new v1.VerifyEmailIdentityCommand({ EmailAddress: address }));

async function statusOf(name = address): Promise<string | undefined> {
  const asked = new v1.GetIdentityVerificationAttributesCommand({ Identities: [name] });
  const { VerificationAttributes } = await one.send(asked);
  return VerificationAttributes?.[name]?.VerificationStatus;
}

/** The mails that came for the address, once all that is owed is sent; the newest first. */
async function mails(): Promise<{ id: string; from: string; subject: string; to: string[] }[]> {
  await sesame.advance('0s');
  const query = encodeURIComponent(`to:"${address}"`);
  return (await sesame.call('GET', `/_sesame/messages?query=${query}`)).json.messages;
}

async function linkIn(id: string): Promise<string> {
  const { text } = await sesame.shown(id);
  const [link] = /^http:\S+$/m.exec(text) ?? [];
  assert.ok(link, text);
  return link;
}

const newestLink = async () => linkIn((await mails())[0]!.id);

/** As a browser does: what it shows at last. */
async function open(link: string, init: RequestInit = {}): Promise<{ status: number; page: string; headers: Headers }> {
  const answer = await fetch(link, { redirect: 'manual', ...init });
  return { status: answer.status, page: await answer.text(), headers: answer.headers };
}

test('a mail comes, its link is followed, and the address may send', async () => {
  const created = await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: address }));
  assert.deepEqual([created.IdentityType, created.VerifiedForSendingStatus], ['EMAIL_ADDRESS', false]);
  assert.equal(await statusOf(), 'Pending');
  const send = () =>
    two.send(
      new v2.SendEmailCommand({
        FromEmailAddress: address,
        Destination: { ToAddresses: ['success@simulator.amazonses.com'] },
        Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Hello' } } } },
      }),
    );
  await assert.rejects(send(), {
    name: 'MessageRejected',
    message: `Email address is not verified. The following identities failed the check in region US-EAST-1: ${address}`,
  });

  const [mail, ...others] = await mails();
  assert.deepEqual(others, []);
  assert.equal(mail!.from, 'no-reply-aws@amazon.com');
  assert.deepEqual(mail!.to, [address]);
  assert.equal(
    mail!.subject,
    'Amazon Web Services – Email Address Verification Request in region US East (N. Virginia)',
  );
  const link = await linkIn(mail!.id);
  assert.ok(link.startsWith(`${sesame.url}/`), link);
  const { status, page, headers } = await open(link);
  assert.equal(status, 200);
  assert.match(headers.get('content-type')!, /^text\/html/);
  assert.match(headers.get('cache-control')!, /no-store/);
  assert.match(page, /<h1>Congratulations!<\/h1>/);
  assert.ok(page.includes(address) && page.includes('US East (N. Virginia)'), page);

  assert.equal(await statusOf(), 'Success');
  const shown = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: address }));
  assert.deepEqual([shown.VerificationStatus, shown.VerifiedForSendingStatus], ['SUCCESS', true]);
  assert.ok((await send()).MessageId);
});

test('a link works once', async () => {
  await ask();
  const link = await newestLink();
  assert.equal((await open(link)).status, 200);
  const again = await open(link);
  assert.equal(again.status, 410);
  assert.match(again.page, /has been used.*is verified in region/s);
  assert.equal(await statusOf(), 'Success');
  // Nor does it prove an identity that is made anew.
  await two.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity: address }));
  assert.equal((await open(link)).status, 410);
  assert.equal(await statusOf(), undefined);
  await ask();
  assert.equal((await open(link)).status, 410);
  assert.equal(await statusOf(), 'Pending');
});

test('a link lives a day; then the address has failed, until it is asked for again', async () => {
  await ask();
  const link = await newestLink();
  await sesame.advance('1439m');
  assert.equal(await statusOf(), 'Pending');
  await sesame.advance('1m');
  assert.equal(await statusOf(), 'Failed');
  const { status, page } = await open(link);
  assert.equal(status, 410);
  assert.match(page, /has expired/);
  assert.equal(await statusOf(), 'Failed');
  const shown = await two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: address }));
  assert.equal(shown.VerificationStatus, 'FAILED');
  await assert.rejects(two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: address })), {
    name: 'AlreadyExistsException',
  });

  await ask();
  assert.equal(await statusOf(), 'Pending');
  assert.equal((await mails()).length, 2);
  assert.equal((await open(await newestLink())).status, 200);
  assert.equal(await statusOf(), 'Success');
});

test('a link that is mailed again leaves the first one working, and both are used up together', async () => {
  await ask();
  await sesame.advance('20h');
  await ask();
  const [second, first] = await mails();
  const [newer, older] = [await linkIn(second!.id), await linkIn(first!.id)];
  assert.notEqual(newer, older);
  await sesame.advance('3h');
  assert.equal((await open(older)).status, 200);
  assert.equal(await statusOf(), 'Success');
  assert.equal((await open(newer)).status, 410);
  // Who is verified may ask again, and stays so.
  await ask();
  assert.equal(await statusOf(), 'Success');
  assert.equal((await open(await newestLink())).status, 200);
  await sesame.advance('25h');
  assert.equal(await statusOf(), 'Success');
});

test('a forged link is no link', async () => {
  await ask();
  const link = await newestLink();
  const at = link.lastIndexOf('/') + 1;
  const token = link.slice(at);
  const [account, region, , id, expires] = JSON.parse(Buffer.from(token, 'base64url').subarray(16).toString('utf8'));
  const texts = JSON.stringify([account, region, 'eve@sender.example', id, expires, '']);
  const other = Buffer.concat([Buffer.from(token, 'base64url').subarray(0, 16), Buffer.from(texts)]);
  for (const forged of [
    '',
    'x',
    token.slice(1),
    token.slice(0, -2),
    `${token}x`,
    other.toString('base64url'),
    token.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')),
  ]) {
    const { status, page } = await open(link.slice(0, at) + forged);
    assert.equal(status, 400, forged);
    assert.match(page, /not complete/);
  }
  assert.equal(await statusOf(), 'Pending');
  assert.equal((await open(link)).status, 200);
});

test('who fetches ahead, or only the head, has not opened it', async () => {
  await ask();
  const link = await newestLink();
  assert.equal((await open(link, { method: 'HEAD' })).status, 200);
  assert.equal((await open(link, { headers: { 'sec-purpose': 'prefetch;prerender' } })).status, 503);
  const { status, headers } = await open(link, { method: 'POST' });
  assert.deepEqual([status, headers.get('allow')], [405, 'GET, HEAD']);
  assert.equal(await statusOf(), 'Pending');
  assert.equal((await open(link)).status, 200);
});

test('the mail is neither counted nor judged as the account’s', async () => {
  const quota = () => one.send(new v1.GetSendQuotaCommand({}));
  const { SentLast24Hours } = await quota();
  // In the sandbox nobody fills the list.
  const details = { MailType: 'TRANSACTIONAL', WebsiteURL: 'https://sender.example' } as const;
  await two.send(new v2.PutAccountDetailsCommand({ ...details, ProductionAccessEnabled: true }));
  const [{ caseId }] = (await sesame.call('GET', '/_sesame/reviews')).json.reviews;
  await sesame.call('POST', `/_sesame/reviews/${caseId}`, { decision: 'grant' });
  await two.send(new v2.PutSuppressedDestinationCommand({ EmailAddress: address, Reason: 'COMPLAINT' }));
  await ask();
  const [mail] = await mails();
  assert.equal((await sesame.shown(mail!.id)).state, 'captured');
  assert.equal((await quota()).SentLast24Hours, SentLast24Hours);
  assert.equal((await open(await newestLink())).status, 200);
});

test('the older operations do the same', async () => {
  await one.send(new v1.VerifyEmailAddressCommand({ EmailAddress: address }));
  const verified = async () => (await one.send(new v1.ListVerifiedEmailAddressesCommand({}))).VerifiedEmailAddresses;
  assert.ok(!(await verified())?.includes(address));
  assert.equal((await open(await newestLink())).status, 200);
  assert.ok((await verified())?.includes(address));
  await one.send(new v1.DeleteVerifiedEmailAddressCommand({ EmailAddress: address }));
  assert.equal(await statusOf(), undefined);
});

test('what waits for its proof waits through a restart', async () => {
  await ask();
  const link = await newestLink();
  await sesame.restart();
  one.destroy();
  two.destroy();
  const credentials = await one.config.credentials();
  one = new v1.SESClient({ ...sesame.client, credentials });
  two = new v2.SESv2Client({ ...sesame.client, credentials });
  assert.equal(await statusOf(), 'Pending');
  const moved = new URL(new URL(link).pathname, sesame.url).href;
  assert.equal((await open(moved)).status, 200);
  assert.equal(await statusOf(), 'Success');
});

test('with a domain of its own Sesame writes in its own name', async (t) => {
  const own = await SesameUnderTest.start({ SESAME_VERIFY: 'real', SESAME_DOMAIN: 'mail.operator.example' });
  t.after(() => own.stop());
  const client = new v1.SESClient(own.client);
  await client.send(new v1.VerifyEmailIdentityCommand({ EmailAddress: address }));
  client.destroy();
  const { id, from, subject } = await own.message(`to:"${address}"`);
  assert.equal(from, 'no-reply@mail.operator.example');
  assert.equal(subject, 'mail.operator.example – Email Address Verification Request in region us-east-1');
  const raw = await own.raw(id);
  assert.doesNotMatch(raw, /amazon|aws/i);
  assert.match(raw, /^Auto-Submitted: auto-generated\r$/m);
});
