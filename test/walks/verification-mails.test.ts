import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: an account may have Sesame mail three strangers a day, or one of them three times.
let sesame: SesameUnderTest;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_VERIFY: 'real', SESAME_VERIFICATION_MAILS: '3' });
});
after(() => sesame?.stop());

async function ask(EmailAddress: string, region = 'us-east-1'): Promise<unknown> {
  const ses = new v1.SESClient({ ...sesame.client, region });
  return ses.send(new v1.VerifyEmailIdentityCommand({ EmailAddress })).finally(() => ses.destroy());
}

async function create(EmailIdentity: string): Promise<unknown> {
  const ses = new v2.SESv2Client(sesame.client);
  return ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity })).finally(() => ses.destroy());
}

async function mails(): Promise<number> {
  await sesame.advance('0s');
  return (await sesame.call('GET', '/_sesame/messages')).json.messages.length;
}

async function refused(): Promise<void> {
  const { message } = await refusal(ask('late@world.example'), v1.LimitExceededException);
  assert.equal(message, 'At most 3 verification emails can be sent in 24 hours.');
}

test('new addresses and old ones count alike, in both versions and at the same time; what is refused mails nobody', async () => {
  await create('ann@world.example');
  const asked = await Promise.allSettled(Array.from({ length: 4 }, () => ask('ann@world.example')));
  assert.equal(asked.filter(({ status }) => status === 'fulfilled').length, 2);
  await refused();
  await refusal(create('bo@world.example'), v2.LimitExceededException);
  assert.equal(await mails(), 3);
  const ses = new v1.SESClient(sesame.client);
  const { Identities } = await ses.send(new v1.ListIdentitiesCommand({}));
  assert.deepEqual(Identities, ['ann@world.example']);
  ses.destroy();
});

test('another region has a count of its own', async () => {
  await ask('ann@world.example', 'eu-west-1');
  assert.equal(await mails(), 4);
});

test('the count outlives a restart, slides, and is forgotten with everything else', async () => {
  await sesame.restart();
  await refused();
  await sesame.advance('24h');
  for (const name of ['c', 'd', 'e']) await ask(`${name}@world.example`);
  await refused();
  await sesame.call('POST', '/_sesame/reset');
  await ask('f@world.example');
});

test('who did not get an identity for it loses none of the day', async () => {
  await sesame.call('POST', '/_sesame/reset');
  const [first, second, third] = ['g@world.example', 'g@world.example', 'g@world.example'].map(create);
  const made = await Promise.allSettled([first, second, third]);
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1);
  await ask('h@world.example');
  await ask('h@world.example');
  await refused();
});
