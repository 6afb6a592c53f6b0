import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  ConfigurationSetDoesNotExistException,
  DeleteIdentityCommand,
  DeleteVerifiedEmailAddressCommand,
  GetAccountSendingEnabledCommand,
  GetIdentityDkimAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  ListIdentitiesCommand,
  ListVerifiedEmailAddressesCommand,
  MessageRejected,
  paginateListIdentities,
  SESClient,
  SESServiceException,
  SendEmailCommand,
  type SendEmailCommandInput,
  SendRawEmailCommand,
  type SendRawEmailCommandInput,
  VerifyDomainDkimCommand,
  VerifyDomainIdentityCommand,
  VerifyEmailAddressCommand,
  VerifyEmailIdentityCommand,
  waitUntilIdentityExists,
} from '@aws-sdk/client-ses';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// API v1 by the JavaScript SDK: identities, formatted and raw mail. Receipt rules have a file of their own.
let sesame: SesameUnderTest;
let ses: SESClient;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

const sendEmail = (over: Partial<SendEmailCommandInput> = {}) =>
  ses.send(
    new SendEmailCommand({
      Source: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@example.org'] },
      Message: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Text.' } } },
      ...over,
    }),
  );

const sendRaw = (content: string | Buffer, over: Partial<SendRawEmailCommandInput> = {}) =>
  ses.send(new SendRawEmailCommand({ RawMessage: { Data: Buffer.from(content) }, ...over }));

const head = (...fields: string[]) => ['From: ann@sender.example', 'To: bob@example.org', ...fields].join('\r\n');

/** A call that ends in a code which the SDK has no class for. */
async function check(call: Promise<unknown>, code: string, message: string): Promise<void> {
  const error = await refusal(call, SESServiceException);
  assert.deepEqual([error.name, error.message, error.$metadata.httpStatusCode], [code, message, 400]);
}

describe('identities', () => {
  test('an address', async () => {
    await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'One@address.example' }));
    await ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'One@address.example' }));
    await ses.send(new VerifyEmailAddressCommand({ EmailAddress: 'two@address.example' }));
    const Identities = ['One@address.example', 'nobody@address.example'];
    await waitUntilIdentityExists({ client: ses, maxWaitTime: 5 }, { Identities: ['One@address.example'] });
    const { VerificationAttributes } = await ses.send(new GetIdentityVerificationAttributesCommand({ Identities }));
    assert.deepEqual(VerificationAttributes, { 'One@address.example': { VerificationStatus: 'Success' } });
    const { VerifiedEmailAddresses } = await ses.send(new ListVerifiedEmailAddressesCommand({}));
    assert.deepEqual(VerifiedEmailAddresses?.toSorted(), ['One@address.example', 'two@address.example']);
    await ses.send(new DeleteVerifiedEmailAddressCommand({ EmailAddress: 'two@address.example' }));
    await ses.send(new DeleteIdentityCommand({ Identity: 'One@address.example' }));
    await ses.send(new DeleteIdentityCommand({ Identity: 'never@address.example' }));
    assert.deepEqual((await ses.send(new ListVerifiedEmailAddressesCommand({}))).VerifiedEmailAddresses, []);
  });

  test('a domain and its DKIM tokens', async () => {
    const { VerificationToken } = await ses.send(new VerifyDomainIdentityCommand({ Domain: 'domain.example' }));
    const Identities = ['domain.example'];
    const verification = await ses.send(new GetIdentityVerificationAttributesCommand({ Identities }));
    assert.deepEqual(verification.VerificationAttributes, {
      'domain.example': { VerificationStatus: 'Success', VerificationToken },
    });
    const { DkimTokens } = await ses.send(new VerifyDomainDkimCommand({ Domain: 'domain.example' }));
    assert.equal(DkimTokens?.length, 3);
    const { DkimAttributes } = await ses.send(new GetIdentityDkimAttributesCommand({ Identities }));
    assert.deepEqual(DkimAttributes, {
      'domain.example': { DkimEnabled: true, DkimVerificationStatus: 'Success', DkimTokens },
    });
  });

  test('are listed by type and in pages', async () => {
    const client = new SESClient({ ...sesame.client, region: 'eu-west-1' });
    for (const name of ['a', 'b', 'c'])
      await client.send(new VerifyDomainIdentityCommand({ Domain: `${name}.example` }));
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'x@a.example' }));
    const pages: string[][] = [];
    for await (const { Identities } of paginateListIdentities({ client, pageSize: 2 }, { IdentityType: 'Domain' })) {
      pages.push(Identities ?? []);
    }
    assert.deepEqual(pages, [['a.example', 'b.example'], ['c.example']]);
    const { Identities } = await client.send(new ListIdentitiesCommand({ IdentityType: 'EmailAddress' }));
    assert.deepEqual(Identities, ['x@a.example']);
    client.destroy();
  });

  test('what is no address and no domain, and a page that cannot be', async () => {
    await check(
      ses.send(new VerifyEmailIdentityCommand({ EmailAddress: 'nobody' })),
      'InvalidParameterValue',
      'Invalid email address<nobody>.',
    );
    await check(
      ses.send(new VerifyDomainIdentityCommand({ Domain: 'no domain' })),
      'InvalidParameterValue',
      'Invalid domain name no domain.',
    );
    await check(
      ses.send(new ListIdentitiesCommand({ MaxItems: 1001 })),
      'InvalidParameterValue',
      'Value 1001 for parameter MaxItems is invalid. MaxItems must be between 1 and 1000.',
    );
    await check(
      ses.send(new ListIdentitiesCommand({ NextToken: 'x' })),
      'InvalidParameterValue',
      'Invalid NextToken <x>.',
    );
  });
});

describe('SendEmail', () => {
  test('both bodies, every kind of recipient, tags', async () => {
    const { MessageId = '' } = await sendEmail({
      Source: '"Müller, Ann" <ann@sender.example>',
      Destination: {
        ToAddresses: ['Bob <bob@example.org>'],
        CcAddresses: ['cat@example.org'],
        BccAddresses: ['eve@example.org'],
      },
      Message: {
        Subject: { Data: 'Grüße', Charset: 'UTF-8' },
        Body: { Text: { Data: 'Fußnote', Charset: 'ISO-8859-1' }, Html: { Data: '<b>Fuß</b>', Charset: 'UTF-8' } },
      },
      ReplyToAddresses: ['desk@sender.example'],
      ReturnPath: 'bounces@sender.example',
      Tags: [{ Name: 'campaign', Value: 'spring_1' }],
    });
    assert.match(MessageId, /^0100[0-9a-f]{12}-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}-000000$/);
    const message = await sesame.shown(MessageId);
    assert.deepEqual(message.to, ['bob@example.org', 'cat@example.org', 'eve@example.org']);
    assert.equal(message.envelopeFrom, 'bounces@sender.example');
    assert.deepEqual([message.text.trim(), message.html.trim()], ['Fußnote', '<b>Fuß</b>']);
    assert.deepEqual([message.subject, message.tags], ['Grüße', { campaign: 'spring_1' }]);
    const raw = await sesame.raw(MessageId);
    assert.match(
      raw,
      /^From: =\?UTF-8\?[QB]\?[^\r]+\?= <ann@sender\.example>\r\nReply-To: desk@sender\.example\r\nTo: Bob <bob@example\.org>\r\nCc: cat@example\.org\r\nSubject: =\?UTF-8\?/,
    );
    assert.match(raw, /\r\nContent-Type: multipart\/alternative;/);
    assert.doesNotMatch(raw, /eve@|Bcc|Return-Path/i);
  });

  test('every failing sender is named in MessageRejected', async () => {
    const call = sendEmail({ Source: 'Ann <ann@else.example>', ReturnPath: 'back@elsewhere.example' });
    const error = await refusal(call, MessageRejected);
    assert.equal(
      error.message,
      'Email address is not verified. The following identities failed the check in region US-EAST-1: ' +
        'Ann <ann@else.example>, back@elsewhere.example',
    );
    assert.equal(error.$metadata.httpStatusCode, 400);
  });

  test('a configuration set that does not exist', async () => {
    const error = await refusal(sendEmail({ ConfigurationSetName: 'none' }), ConfigurationSetDoesNotExistException);
    assert.equal(error.message, 'Configuration set <none> does not exist.');
    assert.equal(error.ConfigurationSetName, 'none');
  });

  test('tags in the words of SES', async () => {
    const tagged = (Name: string, Value: string) => sendEmail({ Tags: [{ Name, Value }] });
    const refused = (name: string, value: string, message: string) =>
      check(tagged(name, value), 'InvalidParameterValue', message);
    await refused('', 'v', 'The tag name must be specified.');
    await refused('n', '', 'The tag value must be specified.');
    await refused('n'.repeat(256), 'v', 'Tag name cannot exceed 255 characters.');
    await refused('n', 'v'.repeat(256), 'Tag value cannot exceed 255 characters.');
    await refused('a b', 'v', "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed.");
    await refused(
      'n',
      'a b',
      "Invalid tag value <a b>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed.",
    );
    await tagged('ses:feedback-id-a', 'a@b.c-1');
  });

  test('recipients: 50 of them, not 51, not none, each once', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `to${i}@example.org`);
    const to = (ToAddresses: string[]) => sendEmail({ Destination: { ToAddresses } });
    const { MessageId = '' } = await to(many(50));
    assert.equal((await sesame.shown(MessageId)).to.length, 50);
    await check(to(many(51)), 'InvalidParameterValue', 'Recipient count exceeds 50.');
    await check(to([]), 'InvalidParameterValue', 'There are no recipients specified.');
    const twice = await sendEmail({
      Destination: { ToAddresses: ['bob@example.org', 'Bob <bob@example.org>'], CcAddresses: ['bob@example.org'] },
    });
    assert.deepEqual((await sesame.shown(twice.MessageId!)).to, ['bob@example.org']);
  });

  test('addresses that are none', async () => {
    const refused = (address: string, message: string) =>
      check(sendEmail({ Destination: { ToAddresses: [address] } }), 'InvalidParameterValue', message);
    await refused('bob', "Missing final '@domain'");
    await refused('bob@', 'Missing domain');
    await refused('b ob@example.org', 'Local address contains control or whitespace');
    await refused('bob@exa mple.org', 'Domain contains control or whitespace');
    await refused('bøb@example.org', 'Local address contains illegal character');
    const long = `${'x'.repeat(310)}@example.org`;
    await refused(long, `Address length is more than 320 characters long: '${long}'.`);
  });
});

describe('SendRawEmail', () => {
  test('the fields that SES replaces or takes off', async () => {
    const { MessageId = '' } = await sendRaw(
      [
        head('Cc: cat@example.org', 'Bcc: eve@example.org', 'Subject: Raw'),
        'Message-ID: <mine@sender.example>',
        'Date: Thu, 01 Jan 1970 00:00:00 +0000',
        'Return-Path: <bounces@sender.example>',
        'X-SES-MESSAGE-TAGS: one=1, two=2',
        'X-SES-SOURCE-ARN: arn:aws:ses:us-east-1:000000000000:identity/sender.example',
        'X-SES-FROM-ARN: arn:aws:ses:us-east-1:000000000000:identity/sender.example',
        'X-SES-RETURN-PATH-ARN: arn:aws:ses:us-east-1:000000000000:identity/sender.example',
        'X-Mailer: kept',
        '',
        'Text.',
      ].join('\r\n'),
    );
    const { to, tags, envelopeFrom } = await sesame.shown(MessageId);
    assert.deepEqual(to, ['bob@example.org', 'cat@example.org', 'eve@example.org']);
    assert.deepEqual(tags, { one: '1', two: '2' });
    assert.equal(envelopeFrom, 'bounces@sender.example');
    const raw = await sesame.raw(MessageId);
    const names = [...raw.matchAll(/^([A-Za-z-]+):/gm)].map(([, name]) => name);
    assert.deepEqual(names, ['From', 'To', 'Cc', 'Subject', 'X-Mailer', 'Message-ID', 'Date']);
    assert.match(raw, new RegExp(`\r\nMessage-ID: <${MessageId}@email\\.amazonses\\.com>\r\n`));
    assert.doesNotMatch(raw, /1970/);
  });

  test('parameters win over the message: Source, Destinations, Tags', async () => {
    const { MessageId = '' } = await sendRaw(head('Bcc: eve@example.org', 'X-SES-MESSAGE-TAGS: a=header', '', 'x'), {
      Source: 'desk@sender.example',
      Destinations: ['only@example.org'],
      Tags: [{ Name: 'b', Value: 'parameter' }],
    });
    const { to, from, envelopeFrom, tags } = await sesame.shown(MessageId);
    assert.deepEqual(to, ['only@example.org']);
    assert.deepEqual([from, envelopeFrom, tags], ['ann@sender.example', 'desk@sender.example', { b: 'parameter' }]);
    assert.doesNotMatch(await sesame.raw(MessageId), /eve@|X-SES/);
  });

  test('LF line ends become CRLF', async () => {
    const { MessageId = '' } = await sendRaw(
      'From: ann@sender.example\nTo: bob@example.org\nSubject: LF\n\none\ntwo\r\nthree\n',
    );
    const raw = await sesame.raw(MessageId);
    assert.doesNotMatch(raw, /(?<!\r)\n/);
    assert.ok(raw.endsWith('\r\n\r\none\r\ntwo\r\nthree\r\n'));
  });

  test('8-bit parts are encoded, so that no hop needs 8BITMIME', async () => {
    const { MessageId = '' } = await sendRaw(
      [
        head('Subject: 8 bit', 'MIME-Version: 1.0', 'Content-Type: multipart/mixed; boundary=b', '', '--b'),
        'Content-Type: text/plain; charset=UTF-8',
        'Content-Transfer-Encoding: 8bit',
        '',
        'Grüße aus Köln',
        '--b',
        'Content-Type: text/plain; charset=US-ASCII',
        '',
        'plain',
        '--b--',
        '',
      ].join('\r\n'),
    );
    const raw = await sesame.raw(MessageId);
    assert.match(raw, /^[\t\r\n -~]+$/);
    assert.match(raw, /\r\nContent-Transfer-Encoding: (quoted-printable|base64)\r\n/);
    assert.match((await sesame.shown(MessageId)).text, /Grüße aus Köln\s+plain/);
  });

  test('a configuration set named in the message', async () => {
    const call = sendRaw(head('X-SES-CONFIGURATION-SET: none', '', 'x'));
    assert.equal((await refusal(call, ConfigurationSetDoesNotExistException)).ConfigurationSetName, 'none');
  });

  test('what a message must have, and what it may have once', async () => {
    await check(sendRaw('To: bob@example.org\r\n\r\nx'), 'InvalidParameterValue', "Missing required header 'From'.");
    await check(
      sendRaw(head('Subject: one', 'Subject: two', '', 'x')),
      'InvalidParameterValue',
      "Duplicate header 'Subject'.",
    );
    await check(
      sendRaw('From: ann@sender.example\r\n\r\nx'),
      'InvalidParameterValue',
      'There are no recipients specified.',
    );
    await check(
      sendRaw(head('Content-Type: multipart/mixed', '', 'x')),
      'InvalidParameterValue',
      'Missing start boundary',
    );
    const rejected = await refusal(sendRaw(head('Sender: else@nowhere.example', '', 'x')), MessageRejected);
    assert.match(rejected.message, /US-EAST-1: else@nowhere\.example$/);
  });

  test('10 MB are taken, one octet more is not', async () => {
    const limit = 10_485_760;
    const start = `${head('Subject: Big', '')}\r\n`;
    const line = `${'x'.repeat(62)}\r\n`;
    const sized = (octets: number) => {
      const body = line.repeat(Math.ceil(octets / line.length)).slice(0, octets - start.length - 2);
      return Buffer.from(`${start}${body.replace(/\r$/, 'x')}\r\n`);
    };
    const { MessageId = '' } = await sendRaw(sized(limit));
    assert.ok((await sesame.shown(MessageId)).size > limit);
    await check(
      sendRaw(sized(limit + 1)),
      'InvalidParameterValue',
      `Message length is more than ${limit} bytes long: '${limit + 1}'.`,
    );
  });
});

test('quota: nothing limits, every recipient of 24 hours counts', async () => {
  const client = new SESClient({ ...sesame.client, region: 'eu-central-1' });
  const quota = async () => {
    const { $metadata, ...answer } = await client.send(new GetSendQuotaCommand({}));
    return answer;
  };
  assert.deepEqual(await quota(), { Max24HourSend: -1, MaxSendRate: 10_000, SentLast24Hours: 0 });
  await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'ann@quota.example' }));
  await client.send(
    new SendEmailCommand({
      Source: 'ann@quota.example',
      Destination: { ToAddresses: ['a@example.org', 'b@example.org'] },
      Message: { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } },
    }),
  );
  assert.equal((await quota()).SentLast24Hours, 2);
  await sesame.advance('23h');
  assert.equal((await quota()).SentLast24Hours, 2);
  await sesame.advance('1h');
  assert.equal((await quota()).SentLast24Hours, 0);
  assert.equal((await client.send(new GetAccountSendingEnabledCommand({}))).Enabled, true);
  client.destroy();
});
