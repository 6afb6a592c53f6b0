import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetSendQuotaCommand, SESClient } from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { createTransport } from 'nodemailer';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: mail with a virus in it (the test file of virus scanners) is taken at every door, told, and sent to nobody.
let sesame: SesameUnderTest;
let ses: v2.SESv2Client;

const FromEmailAddress = 'ann@sender.example';
const ToAddresses = ['to@world.example', 'success@simulator.amazonses.com'];
const virus = `X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-${'ANTIVIRUS'}-TEST-FILE!$H+H*`;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const TemplateContent = { Subject: 'Hi', Text: 'Dear {{name}}' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'greeting', TemplateContent }));
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

const attached = [{ FileName: 'eicar.txt', RawContent: Buffer.from(virus) }];
const send = async (Content: v2.EmailContent) =>
  (await ses.send(new v2.SendEmailCommand({ FromEmailAddress, Destination: { ToAddresses }, Content }))).MessageId!;
const letter = (filename: string, content: string) => ({
  from: FromEmailAddress,
  to: ToAddresses,
  subject: 's',
  text: 't',
  attachments: [{ filename, content }],
});
const submit = async (content: string) => {
  const transport = createTransport({ host: '127.0.0.1', port: sesame.port('submission'), ignoreTLS: true });
  return (await transport.sendMail(letter('a.txt', content))).response.split(' ')[2]!;
};
const raw = async (content: string) => {
  const { message } = await createTransport({ streamTransport: true, buffer: true }).sendMail(letter('a.txt', content));
  return send({ Raw: { Data: message as Buffer } });
};
const body = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } };

test('whatever the door: Send, then Reject, and nobody gets it', async () => {
  const Template = { TemplateName: 'greeting', TemplateData: '{"name":"Bob"}', Attachments: attached };
  const bulk = await ses.send(
    new v2.SendBulkEmailCommand({
      FromEmailAddress,
      DefaultContent: { Template },
      BulkEmailEntries: [{ Destination: { ToAddresses } }],
    }),
  );
  const ids = [
    await send({ Simple: { ...body, Attachments: attached } }),
    await send({ Simple: { ...body, Body: { Text: { Data: virus } } } }),
    await send({ Template }),
    bulk.BulkEmailEntryResults![0]!.MessageId!,
    await raw(virus),
    await submit(`\r\n${virus}\r\n`),
  ];
  for (const id of ids) {
    const { state, timeline, recipients } = await sesame.shown(id);
    assert.equal(state, 'rejected');
    assert.deepEqual(
      timeline.map(({ type, reason }: { type: string; reason?: string }) => [type, reason]),
      [
        ['send', undefined],
        ['reject', 'Bad content'],
      ],
    );
    assert.deepEqual(
      recipients.map(({ state: one, reply }: { state: string; reply: string }) => [one, reply]),
      ToAddresses.map(() => ['rejected', 'Bad content']),
    );
  }
  const v1 = new SESClient(sesame.client);
  const { SentLast24Hours } = await v1.send(new GetSendQuotaCommand({}));
  v1.destroy();
  assert.equal(SentLast24Hours, ids.length, 'it counts for the quota, but for the simulator');
});

test('what only speaks of it is no virus', async () => {
  for (const content of [`Look: ${virus}`, virus.slice(0, -1), virus.toLowerCase()]) {
    assert.equal((await sesame.shown(await raw(content))).state, 'delivered');
  }
});
