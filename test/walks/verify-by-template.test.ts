import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { GetSendQuotaCommand, SESClient, SendCustomVerificationEmailCommand as SendV1 } from '@aws-sdk/client-ses';
import {
  CreateConfigurationSetCommand,
  CreateConfigurationSetEventDestinationCommand,
  CreateCustomVerificationEmailTemplateCommand,
  CreateEmailIdentityCommand,
  DeleteCustomVerificationEmailTemplateCommand,
  DeleteEmailIdentityCommand,
  GetEmailIdentityCommand,
  PutAccountSendingAttributesCommand,
  SESv2Client,
  SendCustomVerificationEmailCommand,
} from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { SesameUnderTest } from '../world/sesame.ts';

// An account asks its own customers to prove their addresses, in its own words.
let sesame: SesameUnderTest;
let ses: SESv2Client;
let address: string;
let count = 0;

const TemplateName = 'welcome';
const pixel = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7';
const template = {
  TemplateName,
  FromEmailAddress: 'hello@shop.example',
  TemplateSubject: 'Willkommen, schöne Welt',
  TemplateContent: `<html><body><h1>Welcome</h1><img alt="logo" src="data:image/gif;base64,${pixel}"></body></html>`,
  SuccessRedirectionURL: 'https://shop.example/welcome?step=2',
  FailureRedirectionURL: 'https://shop.example/try-again',
};

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_VERIFY: 'real' });
  ses = new SESv2Client(sesame.client);
  await verified('hello@shop.example');
  await ses.send(new CreateCustomVerificationEmailTemplateCommand(template));
});
after(async () => {
  ses?.destroy();
  await sesame?.stop();
});
beforeEach(() => {
  address = `customer-${++count}@example.org`;
});

/** The address proves itself by the mail of SES. */
async function verified(name: string): Promise<void> {
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: name }));
  const { text } = await sesame.message(`to:"${name}"`);
  assert.equal((await fetch(/^http:\S+$/m.exec(text)![0])).status, 200);
}

async function ask(over: { ConfigurationSetName?: string } = {}): Promise<{ id: string; link: string; mail: any }> {
  const input = { EmailAddress: address, TemplateName, ...over };
  const { MessageId: id = '' } = await ses.send(new SendCustomVerificationEmailCommand(input));
  const mail = await sesame.shown(id);
  const [, link = ''] = /<a href="([^"]+)"/.exec(mail.html) ?? [];
  return { id, link, mail };
}

const follow = async (link: string) => {
  const { status, headers } = await fetch(link, { redirect: 'manual' });
  return [status, headers.get('location')];
};

const statusOf = async () =>
  (await ses.send(new GetEmailIdentityCommand({ EmailIdentity: address }))).VerificationStatus;

test('the mail is the account’s own, and its link leads to where it wants', async () => {
  const { link, mail } = await ask();
  assert.equal(mail.from, 'hello@shop.example');
  assert.deepEqual(mail.to, [address]);
  assert.equal(mail.subject, 'Willkommen, schöne Welt');
  assert.match(mail.html, /^<html><body><h1>Welcome<\/h1><img alt="logo" src="cid:[^"]+">/);
  assert.match(mail.html, /If you did not request to verify this email address, please disregard this message\./);
  assert.match(mail.html, /<\/body><\/html>\s*$/);
  assert.equal(mail.attachments.length, 1);
  assert.equal(await statusOf(), 'PENDING');
  const answer = await fetch(link, { redirect: 'manual' });
  assert.deepEqual([answer.status, answer.headers.get('location')], [302, template.SuccessRedirectionURL]);
  assert.equal(answer.headers.get('referrer-policy'), 'no-referrer');
  assert.equal(await statusOf(), 'SUCCESS');
});

test('a link that is used, or expired, leads to the other place', async () => {
  const { link: used } = await ask();
  await follow(used);
  assert.deepEqual(await follow(used), [302, template.FailureRedirectionURL]);
  assert.equal(await statusOf(), 'SUCCESS');
  address = `late-${address}`;
  const { link: late } = await ask();
  await sesame.advance('24h');
  assert.equal(await statusOf(), 'FAILED');
  assert.deepEqual(await follow(late), [302, template.FailureRedirectionURL]);
  assert.equal(await statusOf(), 'FAILED');
});

test('where the template is gone, a page of ours tells', async () => {
  const TemplateName = 'brief';
  await ses.send(new CreateCustomVerificationEmailTemplateCommand({ ...template, TemplateName }));
  const input = { EmailAddress: address, TemplateName };
  const { MessageId: id = '' } = await ses.send(new SendCustomVerificationEmailCommand(input));
  await ses.send(new DeleteCustomVerificationEmailTemplateCommand({ TemplateName }));
  const [, link = ''] = /<a href="([^"]+)"/.exec((await sesame.shown(id)).html) ?? [];
  const answer = await fetch(link, { redirect: 'manual' });
  assert.equal(answer.status, 200);
  assert.match(await answer.text(), /Congratulations!/);
});

test('it counts for the account, and its events are told; opens and clicks are not', async () => {
  const one = new SESClient(sesame.client);
  const sns = new SNSClient(sesame.client);
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'events' }));
  const ConfigurationSetName = 'told';
  await ses.send(new CreateConfigurationSetCommand({ ConfigurationSetName }));
  await ses.send(
    new CreateConfigurationSetEventDestinationCommand({
      ConfigurationSetName,
      EventDestinationName: 'all',
      EventDestination: {
        Enabled: true,
        MatchingEventTypes: ['SEND', 'OPEN', 'CLICK'],
        SnsDestination: { TopicArn },
      },
    }),
  );
  const sent = async () => (await one.send(new GetSendQuotaCommand({}))).SentLast24Hours!;
  const before = await sent();
  const { link, mail } = await ask({ ConfigurationSetName });
  assert.equal(await sent(), before + 1);
  assert.ok(link.startsWith(`${sesame.url}/v/`), link);
  assert.doesNotMatch(mail.html, /\/[IL]0\//);
  assert.deepEqual(await follow(link), [302, template.SuccessRedirectionURL]);
  one.destroy();
  sns.destroy();
});

test('the author must be verified still', async () => {
  const EmailIdentity = 'other@shop.example';
  const TemplateName = 'of-other';
  await verified(EmailIdentity);
  const other = { ...template, TemplateName, FromEmailAddress: EmailIdentity };
  await ses.send(new CreateCustomVerificationEmailTemplateCommand(other));
  await ses.send(new DeleteEmailIdentityCommand({ EmailIdentity }));
  const message = `Email address is not verified. The following identities failed the check in region US-EAST-1: ${EmailIdentity}`;
  const input = { EmailAddress: address, TemplateName };
  await assert.rejects(ses.send(new SendCustomVerificationEmailCommand(input)), {
    name: 'BadRequestException',
    message,
  });
  const one = new SESClient(sesame.client);
  await assert.rejects(one.send(new SendV1(input)), {
    name: 'FromEmailAddressNotVerifiedException',
    message,
    FromEmailAddress: EmailIdentity,
  });
  one.destroy();
  await assert.rejects(statusOf(), { name: 'NotFoundException' });
});

test('a mail that is refused leaves nothing behind', async () => {
  const absent = { EmailAddress: address, TemplateName, ConfigurationSetName: 'absent' };
  await assert.rejects(ses.send(new SendCustomVerificationEmailCommand(absent)), { name: 'NotFoundException' });
  await assert.rejects(statusOf(), { name: 'NotFoundException' });

  await ses.send(new PutAccountSendingAttributesCommand({ SendingEnabled: false }));
  const input = { EmailAddress: address, TemplateName };
  await assert.rejects(ses.send(new SendCustomVerificationEmailCommand(input)), { name: 'SendingPausedException' });
  await assert.rejects(statusOf(), { name: 'NotFoundException' });
  await ses.send(new PutAccountSendingAttributesCommand({ SendingEnabled: true }));

  // Nor does it touch what is there: the link that was mailed before still works, and is the only one.
  const { link } = await ask();
  await assert.rejects(ses.send(new SendCustomVerificationEmailCommand(absent)), { name: 'NotFoundException' });
  assert.deepEqual(await follow(link), [302, template.SuccessRedirectionURL]);
});

test('in the sandbox nobody may ask so', async (t) => {
  const boxed = await SesameUnderTest.start({ SESAME_SANDBOX: 'on' });
  t.after(() => boxed.stop());
  const [one, two] = [new SESClient(boxed.client), new SESv2Client(boxed.client)];
  await two.send(new CreateEmailIdentityCommand({ EmailIdentity: template.FromEmailAddress }));
  await two.send(new CreateCustomVerificationEmailTemplateCommand(template));
  const input = { EmailAddress: address, TemplateName };
  await assert.rejects(one.send(new SendV1(input)), { name: 'ProductionAccessNotGrantedException' });
  await assert.rejects(two.send(new SendCustomVerificationEmailCommand(input)), { name: 'BadRequestException' });
  one.destroy();
  two.destroy();
});

test('where identities are verified when they are made, the link works all the same', async (t) => {
  const open = await SesameUnderTest.start();
  t.after(() => open.stop());
  const two = new SESv2Client(open.client);
  await two.send(new CreateEmailIdentityCommand({ EmailIdentity: template.FromEmailAddress }));
  await two.send(new CreateCustomVerificationEmailTemplateCommand(template));
  const input = { EmailAddress: address, TemplateName };
  const { MessageId: id = '' } = await two.send(new SendCustomVerificationEmailCommand(input));
  const shown = await two.send(new GetEmailIdentityCommand({ EmailIdentity: address }));
  assert.equal(shown.VerificationStatus, 'SUCCESS');
  const [, link = ''] = /<a href="([^"]+)"/.exec((await open.shown(id)).html) ?? [];
  assert.deepEqual(await follow(link), [302, template.SuccessRedirectionURL]);
  two.destroy();
});
