import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import PostalMime from 'postal-mime';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// SendBounce by the JavaScript SDK. The sender's domain receives here too, so that what comes back can be read.
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

test('what the caller says of the report stands in it', async () => {
  const RecipientDsnFields = {
    FinalRecipient: 'cat@here.example',
    Action: 'delayed' as const,
    Status: '4.2.2',
    RemoteMta: 'dns; store.here.example',
    DiagnosticCode: 'smtp; 452 4.2.2 full',
    LastAttemptDate: new Date('2026-09-01T10:00:00Z'),
    ExtensionFields: [{ Name: 'X-Own', Value: 'one' }],
  };
  await bounce(await receive('second'), {
    Explanation: 'Später noch einmal.',
    MessageDsn: { ReportingMta: 'dns; own.example', ExtensionFields: [{ Name: 'X-Own', Value: 'all' }] },
    BouncedRecipientInfoList: [{ Recipient: 'other@here.example', RecipientDsnFields }],
  });
  const { message, parsed } = await returned('subject:Notification');
  assert.match(parsed.text!, /^Später noch einmal\./);
  const raw = await sesame.raw(message.id);
  for (const line of [
    'Reporting-MTA: dns; own.example',
    'X-Own: all',
    'Final-Recipient: rfc822; cat@here.example',
    'Action: delayed',
    'Status: 4.2.2',
    'Remote-MTA: dns; store.here.example',
    'Diagnostic-Code: smtp; 452 4.2.2 full',
    'Last-Attempt-Date: Tue, 01 Sep 2026 10:00:00 +0000',
    'X-Own: one',
  ]) {
    assert.ok(raw.includes(`\r\n${line}\r\n`), line);
  }
});

test('what cannot be bounced is refused', async () => {
  const rejected = (message: RegExp) => ({ name: 'MessageRejected', message });
  const invalid = (message: RegExp) => ({ name: 'InvalidParameterValue', message });
  const id = await receive('third');
  await assert.rejects(bounce('none'), rejected(/No message <none> was received within the last 24 hours/));
  const outgoing = await bounce(id);
  await assert.rejects(bounce(outgoing), rejected(/was received/));
  await assert.rejects(bounce(await receive('null', '')), rejected(/has no return path/));
  await assert.rejects(bounce(id, { BounceSender: 'x@nowhere.example' }), rejected(/^Email address is not verified\./));
  const recipient = (one: Partial<v1.BouncedRecipientInfo>) => ({
    BouncedRecipientInfoList: [{ Recipient: 'bob@here.example', ...one }],
  });
  await assert.rejects(bounce(id, recipient({})), invalid(/Either BounceType or RecipientDsnFields/));
  const stranger = recipient({ Recipient: 'eve@here.example', BounceType: 'Undefined' });
  await assert.rejects(bounce(id, stranger), rejected(/<eve@here.example> is not a recipient/));
  const smuggled = { Action: 'failed' as const, Status: '5.0.0', DiagnosticCode: 'smtp; 550\r\nX-Smuggled: yes' };
  await assert.rejects(bounce(id, recipient({ RecipientDsnFields: smuggled })), invalid(/control/));
  const status = { Action: 'failed' as const, Status: 'no' };
  await assert.rejects(bounce(id, recipient({ RecipientDsnFields: status })), invalid(/Invalid DSN status <no>/));
  const other = new v1.SESClient({ ...sesame.client, region: 'eu-west-1' });
  await other.send(new v1.VerifyDomainIdentityCommand({ Domain: 'here.example' }));
  const BouncedRecipientInfoList = [{ Recipient: 'bob@here.example', BounceType: 'DoesNotExist' as const }];
  const input = { OriginalMessageId: id, BounceSender: 'mail@here.example', BouncedRecipientInfoList };
  await assert.rejects(other.send(new v1.SendBounceCommand(input)), rejected(/was received/));
  other.destroy();
  await sesame.advance('25h');
  await assert.rejects(bounce(id), rejected(/within the last 24 hours/));
});
