import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// With SESAME_API_RATE=1 management calls are let in once a second, as SES does; clients wait and try again.
let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_API_RATE: '1' });
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
});

/** Many at once: they cannot all come in seconds of their own. */
async function crowd(call: () => Promise<unknown>): Promise<any[]> {
  const all = await Promise.allSettled(Array.from({ length: 20 }, call));
  assert.ok(all.some(({ status }) => status === 'fulfilled'));
  return all.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason);
}

test('the others are refused, in the words of either version', async () => {
  const [older] = await crowd(() => one.send(new v1.GetSendQuotaCommand({})));
  assert.deepEqual([older.name, older.message, older.$metadata.httpStatusCode], ['Throttling', 'Rate exceeded', 400]);
  const [newer] = await crowd(() => two.send(new v2.GetAccountCommand({})));
  assert.ok(newer instanceof v2.TooManyRequestsException);
  assert.deepEqual([newer.message, newer.$metadata.httpStatusCode], ['Rate exceeded', 429]);
});

test('sends are not held back', async () => {
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'a@sender.example' }));
  const refused = await crowd(() =>
    two.send(
      new v2.SendEmailCommand({
        FromEmailAddress: 'a@sender.example',
        Destination: { ToAddresses: ['you@world.example'] },
        Content: { Simple: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } } },
      }),
    ),
  );
  assert.deepEqual(refused, []);
});

test('strict and service limit verification mails whatever is set', async (t) => {
  const strict = await SesameUnderTest.start({ SESAME_PROFILE: 'strict' });
  t.after(() => strict.stop());
  const { accessKeyId, secretAccessKey } = strict.secrets.key!;
  const ses = new v2.SESv2Client({ ...strict.client, credentials: { accessKeyId, secretAccessKey } });
  t.after(() => ses.destroy());
  const input = { EmailAddress: 'you@world.example', TemplateName: 'absent' };
  const names = (
    await Promise.allSettled(
      Array.from({ length: 20 }, () => ses.send(new v2.SendCustomVerificationEmailCommand(input))),
    )
  ).map((outcome) => outcome.status === 'rejected' && outcome.reason.name);
  assert.deepEqual(new Set(names), new Set(['NotFoundException', 'TooManyRequestsException']));
});
