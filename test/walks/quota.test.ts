import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: an account that may send 150 a day sends by a hundred at a time, by every door, over restarts.
let sesame: SesameUnderTest;
const PER_DAY = 150;
const from = 'ann@sender.example';
const to = 'bob@world.example';
const words = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } };

/** Clients of the ports that Sesame listens on now. */
function clients() {
  const old = new v1.SESClient(sesame.client);
  const ses = new v2.SESv2Client(sesame.client);
  const port = sesame.port('submission');
  const smtp = createTransport({ host: '127.0.0.1', port, ignoreTLS: true, pool: true, maxConnections: 34 });
  const Destination = { ToAddresses: [to] };
  return {
    old,
    ses,
    doors: [
      () => old.send(new v1.SendEmailCommand({ Source: from, Destination, Message: words })),
      () => ses.send(new v2.SendEmailCommand({ FromEmailAddress: from, Destination, Content: { Simple: words } })),
      () => smtp.sendMail({ from, to, text: 't' }),
    ],
    close() {
      for (const one of [old, ses]) one.destroy();
      smtp.close();
    },
  };
}

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_SANDBOX: 'on', SESAME_REVIEW: 'manual' });
  const { ses, close } = clients();
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const asked = {
    MailType: 'TRANSACTIONAL' as const,
    WebsiteURL: 'https://shop.example/',
    ProductionAccessEnabled: true,
  };
  await ses.send(new v2.PutAccountDetailsCommand(asked));
  const { Details } = await ses.send(new v2.GetAccountCommand({}));
  const granted = { decision: 'grant', max24HourSend: PER_DAY, maxSendRate: 1_000 };
  const path = `/_sesame/reviews/${Details!.ReviewDetails!.CaseId}`;
  assert.equal((await sesame.call('POST', path, granted)).status, 200);
  close();
});
after(() => sesame?.stop());

/** What a hundred senders at a time were told, each answer with how often it was given. */
async function aHundred(): Promise<Record<string, number>> {
  const { doors, close } = clients();
  const sent = Array.from({ length: 100 }, (_, n) => doors[n % doors.length]!());
  const answers = (await Promise.allSettled(sent)).map((one) =>
    one.status === 'fulfilled' ? 'taken' : `${one.reason.name}: ${one.reason.message}`,
  );
  close();
  return Object.fromEntries([...Map.groupBy(answers, (one) => one)].map(([one, all]) => [one, all.length]));
}
async function counted() {
  const { old, ses, close } = clients();
  const [one, { SendQuota }] = await Promise.all([
    old.send(new v1.GetSendQuotaCommand({})),
    ses.send(new v2.GetAccountCommand({})),
  ]);
  close();
  const { Max24HourSend, MaxSendRate, SentLast24Hours } = one;
  assert.deepEqual({ Max24HourSend, MaxSendRate, SentLast24Hours }, SendQuota);
  return [Max24HourSend, SentLast24Hours];
}

test('a hundred are within the quota; the next hundred only in part, in the words of each door', async () => {
  assert.deepEqual(await aHundred(), { taken: 100 });
  assert.deepEqual(await counted(), [PER_DAY, 100]);
  await sesame.restart();
  assert.deepEqual(await counted(), [PER_DAY, 100]);
  const { taken, ...refused } = await aHundred();
  assert.equal(taken, PER_DAY - 100);
  const texts = Object.keys(refused).sort();
  assert.ok(
    texts.every((text) =>
      [
        'Throttling: Daily message quota exceeded.',
        'TooManyRequestsException: Daily message quota exceeded.',
        'Error: Message failed: 454 Throttling failure: Daily message quota exceeded.',
      ].includes(text),
    ),
    texts.join('\n'),
  );
  assert.deepEqual(await counted(), [PER_DAY, PER_DAY]);
});

test('nothing more over a restart, until a day has passed', async () => {
  await sesame.restart();
  const { taken, ...refused } = await aHundred();
  assert.deepEqual([taken, Object.keys(refused).length], [undefined, 3]);
  assert.deepEqual(await counted(), [PER_DAY, PER_DAY]);
  await sesame.advance('23h');
  assert.deepEqual(await counted(), [PER_DAY, PER_DAY]);
  await sesame.advance('2h');
  assert.deepEqual(await counted(), [PER_DAY, 0]);
  assert.deepEqual(await aHundred(), { taken: 100 });
});
