import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import PostalMime from 'postal-mime';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// One story: what comes back to a sender whose domain receives here: bounces of mail that was received, by hand, and the
// automatic reply of the mailbox simulator.
let sesame: SesameUnderTest;
let ses: v1.SESClient;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new v1.SESClient(sesame.client);
  await ses.send(new v1.CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new v1.SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  for (const Domain of ['here.example', 'back.example']) {
    await ses.send(new v1.VerifyDomainIdentityCommand({ Domain }));
    const Rule = { Name: Domain, Enabled: true, Recipients: [Domain], Actions: [{ StopAction: { Scope: 'RuleSet' } }] };
    await ses.send(new v1.CreateReceiptRuleCommand({ RuleSetName: 'main', Rule: Rule as v1.ReceiptRule }));
  }
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

/** A mail comes in; answers its inbound id. */
async function receive(subject: string, from = 'ann@back.example'): Promise<string> {
  const client = await SmtpClient.connect({
    host: '127.0.0.1',
    port: sesame.port('mx'),
    ehloName: 'peer',
    tls: 'never',
  });
  assert.ok(client instanceof SmtpClient);
  const content = Buffer.from(
    `From: Ann <ann@back.example>\r\nMessage-ID: <1@back.example>\r\nSubject: ${subject}\r\n\r\nhello\r\n`,
  );
  const [answer] = await client.deliver({ from, to: ['bob@here.example', 'cat@here.example'], content });
  client.close();
  assert.equal(answer?.code, 250);
  return (await sesame.message(`direction:in subject:${subject}`)).id;
}
const bounce = async (OriginalMessageId: string, more: Partial<v1.SendBounceCommandInput> = {}) => {
  const BouncedRecipientInfoList = [{ Recipient: 'bob@here.example', BounceType: 'DoesNotExist' as const }];
  const input = { OriginalMessageId, BounceSender: 'Mail <mail@here.example>', BouncedRecipientInfoList };
  return (await ses.send(new v1.SendBounceCommand({ ...input, ...more }))).MessageId!;
};
/** What came back to the sender. */
const returned = async (query: string) => {
  await sesame.advance('0s');
  const { id } = await sesame.message(`direction:in to:back.example ${query}`);
  return { message: (await sesame.app.messages.get(id))!, parsed: await PostalMime.parse(await sesame.raw(id)) };
};

test('a received message is bounced to whoever sent it, as RFC 3464 has it, and nobody can answer', async () => {
  const sent = await bounce(await receive('first'));
  assert.match(sent, /^[0-9a-f]{16}-[0-9a-f-]{36}-000000$/);
  const { message, parsed } = await returned('subject:Notification');
  assert.deepEqual([message.envelopeFrom, message.recipients], ['', ['ann@back.example']]);
  assert.deepEqual(
    [parsed.from?.address, parsed.to?.[0]?.address, parsed.subject],
    ['mail@here.example', 'ann@back.example', 'Delivery Status Notification (Failure)'],
  );
  const field = (name: string) => parsed.headers.find(({ key }) => key === name)?.value;
  assert.deepEqual([field('in-reply-to'), field('auto-submitted')], ['<1@back.example>', 'auto-replied']);
  const raw = await sesame.raw(message.id);
  for (const line of [
    'Content-Type: multipart/report; report-type=delivery-status;',
    'Reporting-MTA: dns; inbound-smtp.us-east-1.amazonaws.com',
    'Final-Recipient: rfc822; bob@here.example',
    'Action: failed',
    'Status: 5.1.1',
    'Diagnostic-Code: smtp; 550 5.1.1 Mailbox does not exist',
    'Subject: first',
  ]) {
    assert.ok(raw.includes(`\r\n${line}\r\n`), line);
  }
  await sesame.call('DELETE', '/_sesame/messages');
});

test('out of office: the simulator takes the mail, and answers its sender by a program (RFC 3834)', async () => {
  const send = (Source: string) => {
    const Message = { Subject: { Data: 'Grüße', Charset: 'UTF-8' }, Body: { Text: { Data: 'hi' } } };
    const Destination = { ToAddresses: ['ooto+label@simulator.amazonses.com'] };
    return ses.send(new v1.SendEmailCommand({ Source, Destination, Message }));
  };
  const { MessageId } = await send('Ann <ann@back.example>');
  const { message, parsed } = await returned('from:ooto');
  const { state, timeline } = await sesame.shown(MessageId!);
  assert.equal(state, 'delivered');
  assert.deepEqual(
    timeline.map(({ type }: { type: string }) => type),
    ['send', 'delivery'],
  );
  assert.equal(message.envelopeFrom, '');
  const field = (name: string) => parsed.headers.find(({ key }) => key === name)?.value;
  assert.deepEqual(
    [parsed.from?.address, parsed.to?.[0]?.address, parsed.subject, field('in-reply-to'), field('auto-submitted')],
    [
      'ooto+label@simulator.amazonses.com',
      'ann@back.example',
      'Auto: Grüße',
      `<${MessageId}@email.amazonses.com>`,
      'auto-replied',
    ],
  );
  await ses.send(new v1.VerifyDomainIdentityCommand({ Domain: 'deaf.example' }));
  const unanswered = await send('ann@deaf.example');
  await sesame.advance('0s');
  assert.equal((await sesame.shown(unanswered.MessageId!)).state, 'delivered');
});
