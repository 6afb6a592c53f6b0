import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// Who sends may name the identities that it means, by members of a call or fields of raw mail.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

const Source = 'ann@sender.example';
const Destination = { ToAddresses: ['to@world.example'] };
const arn = 'arn:aws:ses:us-east-1:000000000000:identity/sender.example';

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

const formatted = (more: Partial<v1.SendEmailCommandInput>) => {
  const Message = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } };
  return old.send(new v1.SendEmailCommand({ Source, Destination, Message, ...more }));
};
const raw = (fields: string, more: Partial<v1.SendRawEmailCommandInput> = {}) => {
  const Data = Buffer.from(`From: ${Source}\r\nTo: to@world.example\r\n${fields}\r\nhello\r\n`);
  return old.send(new v1.SendRawEmailCommand({ RawMessage: { Data }, ...more }));
};

test('an ARN of an identity is taken in every place', async () => {
  await formatted({ SourceArn: arn, ReturnPath: 'back@sender.example', ReturnPathArn: arn });
  await raw('', { Source, SourceArn: arn, FromArn: arn, ReturnPathArn: arn });
  await ses.send(
    new v2.SendEmailCommand({
      FromEmailAddress: Source,
      FromEmailAddressIdentityArn: arn,
      FeedbackForwardingEmailAddress: 'back@sender.example',
      FeedbackForwardingEmailAddressIdentityArn: arn,
      Destination,
      Content: { Simple: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } } },
    }),
  );
});

test('the fields that name them are taken off raw mail', async () => {
  const names = ['X-SES-SOURCE-ARN', 'X-SES-FROM-ARN', 'X-SES-RETURN-PATH-ARN'];
  const { MessageId } = await raw(names.map((name) => `${name}: ${arn}\r\n`).join(''));
  assert.doesNotMatch(await sesame.raw(MessageId!), /^X-SES/im);
});

test('what is no ARN of an identity is refused', async () => {
  const wrong = 'arn:aws:sns:us-east-1:000000000000:topic';
  const refusal = { name: 'InvalidParameterValue', message: `Invalid identity ARN <${wrong}>.` };
  await assert.rejects(formatted({ SourceArn: wrong }), refusal);
  await assert.rejects(raw(`X-SES-FROM-ARN: ${wrong}\r\n`), refusal);
  await raw(`X-SES-FROM-ARN: ${wrong}\r\n`, { FromArn: arn });
});
