import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CreateEmailIdentityCommand,
  GetAccountCommand,
  GetEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  MessageRejected,
  PutAccountDetailsCommand,
  SESv2Client,
  SESv2ServiceException,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { Users } from '../world/callers.ts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { followLink } from '../world/verification.ts';

// From the first key to a sent mail, where all is as strict as in SES: over the API.
const from = 'ann@shop.example';
let sesame: SesameUnderTest;
let users: Users;
/** Of a user of the account; its root only makes him. */
let ses: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_PROFILE: 'strict' });
  users = new Users(sesame, sesame.secrets.key!);
});
after(async () => {
  users?.close();
  ses?.destroy();
  await sesame?.stop();
});

const send = (to: string) =>
  ses.send(
    new SendEmailCommand({
      FromEmailAddress: from,
      Destination: { ToAddresses: [to] },
      Content: { Simple: { Subject: { Data: 'Your order' }, Body: { Text: { Data: 'It is on its way.' } } } },
    }),
  );

/** What SES says of those who are not verified. */
const notVerified = (...names: string[]) =>
  `Email address is not verified. The following identities failed the check in region US-EAST-1: ${names.join(', ')}`;

test('the first key makes a user, who may nothing yet', async () => {
  const credentials = await users.create('developer');
  ses = new SESv2Client({ ...sesame.client, credentials });
  const error = await refusal(ses.send(new ListEmailIdentitiesCommand({})), SESv2ServiceException);
  assert.equal(error.name, 'AccessDeniedException');
  await users.allow('developer', { Action: 'ses:*', Resource: '*' });
  assert.deepEqual((await ses.send(new ListEmailIdentitiesCommand({}))).EmailIdentities, []);
});

test('an address is verified by the link that is mailed to it', async () => {
  assert.equal((await refusal(send(from), MessageRejected)).message, notVerified(from));
  const EmailIdentity = from;
  const created = await ses.send(new CreateEmailIdentityCommand({ EmailIdentity }));
  assert.equal(created.VerifiedForSendingStatus, false);
  await followLink(sesame, from);
  const shown = await ses.send(new GetEmailIdentityCommand({ EmailIdentity }));
  assert.deepEqual([shown.VerifiedForSendingStatus, shown.VerificationStatus], [true, 'SUCCESS']);
});

test('in the sandbox he writes to himself, and to nobody else', async () => {
  const { MessageId } = await send(from);
  assert.equal((await sesame.shown(MessageId!)).state, 'captured');
  const stranger = 'bob@world.example';
  assert.equal((await refusal(send(stranger), MessageRejected)).message, notVerified(stranger));
  const { ProductionAccessEnabled, SendQuota } = await ses.send(new GetAccountCommand({}));
  assert.deepEqual([ProductionAccessEnabled, SendQuota!.Max24HourSend, SendQuota!.MaxSendRate], [false, 200, 1]);
});

test('he asks to leave it, a reviewer lets him, and he writes to the world', async () => {
  await ses.send(
    new PutAccountDetailsCommand({
      MailType: 'TRANSACTIONAL',
      WebsiteURL: 'https://shop.example',
      UseCaseDescription: 'Orders.',
      ProductionAccessEnabled: true,
    }),
  );
  const { json } = await sesame.call('GET', '/_sesame/reviews?status=open');
  const [{ caseId }] = json.reviews;
  assert.equal((await fetch(`${sesame.url}/_sesame/reviews`)).status, 401, 'a reviewer is an operator');
  const decision = { decision: 'grant', max24HourSend: 50_000, maxSendRate: 14 };
  assert.equal((await sesame.call('POST', `/_sesame/reviews/${caseId}`, decision)).status, 200);
  const { ProductionAccessEnabled, SendQuota, Details } = await ses.send(new GetAccountCommand({}));
  assert.deepEqual([ProductionAccessEnabled, Details!.ReviewDetails!.Status], [true, 'GRANTED']);
  assert.deepEqual([SendQuota!.Max24HourSend, SendQuota!.MaxSendRate, SendQuota!.SentLast24Hours], [50_000, 14, 1]);
  const { MessageId } = await send('bob@world.example');
  const { from: author, to, subject, state } = await sesame.shown(MessageId!);
  assert.deepEqual([author, to, subject, state], [from, ['bob@world.example'], 'Your order', 'captured']);
});
