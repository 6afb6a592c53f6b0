import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import PostalMime from 'postal-mime';
import { SesameUnderTest } from '../world/sesame.ts';

// The automatic reply of the mailbox simulator comes back to a sender whose domain receives here.
let sesame: SesameUnderTest;
let ses: v1.SESClient;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new v1.SESClient(sesame.client);
  await ses.send(new v1.CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new v1.SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await ses.send(new v1.VerifyDomainIdentityCommand({ Domain: 'back.example' }));
  const Rule: v1.ReceiptRule = { Name: 'all', Enabled: true, Actions: [{ StopAction: { Scope: 'RuleSet' } }] };
  await ses.send(new v1.CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});

/** What came back to the sender. */
const returned = async (query: string) => {
  await sesame.advance('0s');
  const { id } = await sesame.message(`direction:in to:back.example ${query}`);
  return { message: (await sesame.app.messages.get(id))!, parsed: await PostalMime.parse(await sesame.raw(id)) };
};

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
