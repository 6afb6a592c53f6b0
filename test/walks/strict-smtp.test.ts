import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SESClient, VerifyEmailIdentityCommand } from '@aws-sdk/client-ses';
import { PutAccountDetailsCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { type Credentials, smtpAuth, Users } from '../world/callers.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { followLink } from '../world/verification.ts';

// From the first key to a sent mail, where all is as strict as in SES: over SMTP.
const from = 'ann@shop.example';
let sesame: SesameUnderTest;
let users: Users;
let root: Credentials;
/** A user who can do nothing but send by SMTP (SES console: create SMTP credentials). */
let mailer: Credentials;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_PROFILE: 'strict' });
  root = sesame.secrets.key!;
  users = new Users(sesame, root);
});
after(async () => {
  users?.close();
  await sesame?.stop();
});

/** What the interface says to the message; STARTTLS, with our authority trusted. */
async function send(to: string, auth: object | undefined = smtpAuth(mailer), more: object = {}): Promise<string> {
  const transport = createTransport({
    host: '127.0.0.1',
    port: sesame.port('submission'),
    requireTLS: true,
    tls: { rejectUnauthorized: false },
    ...(auth && { auth }),
    ...more,
  });
  const mail = { from, to, subject: 'Your order', text: 'It is on its way.' };
  try {
    return (await transport.sendMail(mail)).response;
  } catch (error) {
    return (error as { response: string }).response;
  } finally {
    transport.close();
  }
}

const notVerified = (name: string) =>
  '554 Message rejected: Email address is not verified. ' +
  `The following identities failed the check in region US-EAST-1: ${name}`;

test('a user gets SMTP credentials; without them, or without TLS, nobody comes in', async () => {
  mailer = await users.create('ses-smtp-user', { Action: 'ses:SendRawEmail', Resource: '*' });
  assert.equal(
    await send(from, { user: mailer.accessKeyId, pass: mailer.secretAccessKey }),
    '535 Authentication Credentials Invalid',
  );
  assert.equal(await send(from, smtpAuth(root, 'eu-west-1')), notVerified(from).replace('US-EAST-1', 'EU-WEST-1'));
  const plain = { ignoreTLS: true, requireTLS: false };
  assert.equal(await send(from, undefined, plain), '530 Must issue a STARTTLS command first');
});

test('an address is verified by the link that is mailed to it', async () => {
  assert.equal(await send('success@simulator.amazonses.com'), notVerified(from));
  const ses = new SESClient({ ...sesame.client, credentials: root });
  await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: from }));
  ses.destroy();
  await followLink(sesame, from);
  const [, id] = /^250 Ok (\S+)$/.exec(await send('success@simulator.amazonses.com')) ?? assert.fail('not sent');
  assert.equal((await sesame.shown(id!)).from, from);
});

test('the sandbox is left when a reviewer lets it', async () => {
  const stranger = 'bob@world.example';
  assert.equal(await send(stranger), notVerified(stranger));
  const ses = new SESv2Client({ ...sesame.client, credentials: root });
  await ses.send(
    new PutAccountDetailsCommand({
      MailType: 'TRANSACTIONAL',
      WebsiteURL: 'https://shop.example',
      UseCaseDescription: 'Orders.',
      ProductionAccessEnabled: true,
    }),
  );
  ses.destroy();
  const { json } = await sesame.call('GET', '/_sesame/reviews?status=open');
  const decision = { decision: 'grant', max24HourSend: 50_000, maxSendRate: 14 };
  assert.equal((await sesame.call('POST', `/_sesame/reviews/${json.reviews[0].caseId}`, decision)).status, 200);
  const [, id] = /^250 Ok (\S+)$/.exec(await send(stranger)) ?? assert.fail('not sent');
  const { to, subject, state } = await sesame.shown(id!);
  assert.deepEqual([to, subject, state], [[stranger], 'Your order', 'captured']);
});
