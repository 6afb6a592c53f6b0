import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  GetSendQuotaCommand,
  SESClient,
  SendBulkTemplatedEmailCommand,
  SendEmailCommand as SendV1,
} from '@aws-sdk/client-ses';
import {
  CreateEmailIdentityCommand,
  CreateEmailTemplateCommand,
  GetAccountCommand,
  GetSuppressedDestinationCommand,
  PutSuppressedDestinationCommand,
  SESv2Client,
  SendBulkEmailCommand,
  SendEmailCommand,
} from '@aws-sdk/client-sesv2';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { reply } from '../../src/wire/smtp/reply.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { Sink } from '../world/sink.ts';

// One story: an account in the sandbox sends to the mailbox simulator, to whom it may and to whom it may not.
let sink: Sink & { port: number };
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sink = await Sink.start();
  sesame = await SesameUnderTest.start({
    SESAME_SANDBOX: 'on',
    SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}`,
  });
  ses = new SESv2Client(sesame.client);
  for (const EmailIdentity of ['sender.example', 'friend@world.example']) {
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity }));
  }
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
  await sink?.close();
});

const input = (to: string[]) => ({
  FromEmailAddress: 'Ann <ann@sender.example>',
  Destination: { ToAddresses: to },
  Content: { Simple: { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } } },
});
/** The rate is one a second of real time; the story is not about it. */
async function send(...to: string[]): Promise<string> {
  for (;;) {
    const sent = await ses.send(new SendEmailCommand(input(to))).catch((error: Error) => error);
    if (!(sent instanceof Error)) return sent.MessageId!;
    if (sent.name !== 'TooManyRequestsException') throw sent;
  }
}
/** What left, but for the reports to the sender. */
const sent = () => sink.caught.filter(({ from }) => from !== '');
const types = async (id: string) =>
  (await sesame.shown(id)).timeline.map((event: { type: string }) => event.type) as string[];

test('the simulator answers as it is named, labels or not', async () => {
  const id = await send('success+a@simulator.amazonses.com');
  assert.deepEqual([(await sesame.shown(id)).state, await types(id)], ['delivered', ['send', 'delivery']]);
  const bounced = await sesame.shown(await send('Bounce+order1@simulator.amazonses.com'));
  assert.equal(bounced.state, 'bounced');
  assert.equal(bounced.recipients[0].reply, '550 5.1.1 user unknown');
  assert.deepEqual(await types(await send('complaint@simulator.amazonses.com')), ['send', 'delivery', 'complaint']);
  assert.equal((await sesame.shown(await send('suppressionlist@simulator.amazonses.com'))).state, 'bounced');
  const get = ses.send(new GetSuppressedDestinationCommand({ EmailAddress: 'Bounce+order1@simulator.amazonses.com' }));
  await assert.rejects(get, { name: 'NotFoundException' });
  const { SendQuota, ProductionAccessEnabled } = await ses.send(new GetAccountCommand({}));
  assert.deepEqual(
    [SendQuota, ProductionAccessEnabled],
    [{ Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 }, false],
  );
  assert.deepEqual(sent(), [], 'nothing of it leaves');
});

test('in the sandbox recipients must be verified too; all that fail are named, at every door', async () => {
  const text =
    'Email address is not verified. The following identities failed the check in region US-EAST-1: Bob <bob@nowhere.example>, stranger@world.example, other@world.example';
  const to = ['stranger@world.example', 'friend@world.example', 'other@world.example'];
  await assert.rejects(
    ses.send(new SendEmailCommand({ ...input(to), FromEmailAddress: 'Bob <bob@nowhere.example>' })),
    { name: 'MessageRejected', message: text },
  );
  const v1 = new SESClient(sesame.client);
  const formatted = { Subject: { Data: 'x' }, Body: { Text: { Data: 'x' } } };
  await assert.rejects(
    v1.send(new SendV1({ Source: 'Bob <bob@nowhere.example>', Destination: { ToAddresses: to }, Message: formatted })),
    { name: 'MessageRejected', message: text },
  );
  v1.destroy();
  const port = sesame.port('submission');
  const client = await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' });
  assert.ok(client instanceof SmtpClient);
  const content = Buffer.from('From: ann@sender.example\r\n\r\nx\r\n');
  const [answer] = await client.deliver({ from: 'ann@sender.example', to: ['stranger@world.example'], content });
  client.close();
  assert.deepEqual(
    [answer?.code, answer?.text],
    [
      554,
      'Message rejected: Email address is not verified. The following identities failed the check in region US-EAST-1: stranger@world.example',
    ],
  );
});

test('a hard bounce puts a recipient on the list; what is listed is accepted and not sent', async () => {
  sink.onRcpt = () => reply(550, '5.1.1 user unknown');
  const id = await send('friend@world.example');
  await sesame.advance('0s');
  sink.onRcpt = () => undefined;
  const { SuppressedDestination: entry } = await ses.send(
    new GetSuppressedDestinationCommand({ EmailAddress: 'friend@world.example' }),
  );
  assert.deepEqual([entry?.Reason, entry?.Attributes?.MessageId], ['BOUNCE', id]);
  const again = await sesame.shown(await send('friend@world.example'));
  assert.equal(again.state, 'bounced');
  const [, bounce] = again.timeline;
  assert.deepEqual(bounce.bounce, { type: 'Permanent', subType: 'OnAccountSuppressionList' });
  assert.deepEqual(sent(), []);
  const put = ses.send(new PutSuppressedDestinationCommand({ EmailAddress: 'x@sender.example', Reason: 'COMPLAINT' }));
  await assert.rejects(put, { name: 'BadRequestException', message: /production access/ }, 'not in the sandbox');
});

test('the rate and the day are limited, and counted over a restart', async () => {
  const rest: unknown[] = await Promise.all(
    Array.from({ length: 5 }, () =>
      ses
        .send(new SendEmailCommand(input(['me@sender.example'])))
        .catch((error: Error) => `${error.name}: ${error.message}`),
    ),
  );
  assert.ok(rest.filter((one) => one === 'TooManyRequestsException: Maximum sending rate exceeded.').length >= 4);
  const quota = async () => {
    const v1 = new SESClient(sesame.client);
    const { SentLast24Hours } = await v1.send(new GetSendQuotaCommand({}));
    v1.destroy();
    return SentLast24Hours;
  };
  const used = await quota();
  assert.ok(used! >= 2);
  await sesame.restart();
  ses.destroy();
  ses = new SESv2Client(sesame.client);
  assert.equal(await quota(), used);
  await sesame.advance('25h');
  assert.equal(await quota(), 0);
});

test('a bulk call tells of each entry what the sandbox and the rate say of it, in either version', async () => {
  const v1 = new SESClient(sesame.client);
  const TemplateContent = { Subject: 's', Text: 't' };
  await ses.send(new CreateEmailTemplateCommand({ TemplateName: 'plain', TemplateContent }));
  const to = ['stranger@world.example', 'success@simulator.amazonses.com', 'me@sender.example'];
  const refused =
    'Email address is not verified. The following identities failed the check in region US-EAST-1: stranger@world.example';
  const calls = {
    v2: async () => {
      const input = {
        FromEmailAddress: 'ann@sender.example',
        DefaultContent: { Template: { TemplateName: 'plain', TemplateData: '{}' } },
        BulkEmailEntries: to.map((one) => ({ Destination: { ToAddresses: [one] } })),
      };
      return (await ses.send(new SendBulkEmailCommand(input))).BulkEmailEntryResults!;
    },
    v1: async () => {
      const input = {
        Source: 'ann@sender.example',
        Template: 'plain',
        DefaultTemplateData: '{}',
        Destinations: to.map((one) => ({ Destination: { ToAddresses: [one] } })),
      };
      return (await v1.send(new SendBulkTemplatedEmailCommand(input))).Status!;
    },
  };
  const words = {
    v2: { rejected: 'MESSAGE_REJECTED', taken: 'SUCCESS', throttled: 'ACCOUNT_THROTTLED' },
    v1: { rejected: 'MessageRejected', taken: 'Success', throttled: 'AccountThrottled' },
  };
  for (const version of ['v2', 'v1'] as const) {
    const { rejected, taken, throttled } = words[version];
    const seen = new Set<string | undefined>();
    // One a second of real time: how many of a call are taken depends on when it comes.
    while (!seen.has(taken) || !seen.has(throttled)) {
      const [stranger, ...others] = await calls[version]();
      assert.deepEqual([stranger!.Status, stranger!.Error], [rejected, refused]);
      for (const { Status, Error: reason } of others) {
        seen.add(Status);
        if (Status !== taken) assert.deepEqual([Status, reason], [throttled, 'Maximum sending rate exceeded.']);
      }
    }
  }
  v1.destroy();
});
