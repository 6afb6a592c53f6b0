import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import {
  AlreadyExistsException,
  BadRequestException,
  CreateEmailIdentityCommand,
  DeleteEmailIdentityCommand,
  GetAccountCommand,
  GetEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  MessageRejected,
  NotFoundException,
  paginateListEmailIdentities,
  SESv2Client,
  SendEmailCommand,
  type SendEmailCommandInput,
} from '@aws-sdk/client-sesv2';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// API v2 by the JavaScript SDK: identities, Simple and Raw mail.
let sesame: SesameUnderTest;
let ses: SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
  await create('sender.example');
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

const create = (EmailIdentity: string) => ses.send(new CreateEmailIdentityCommand({ EmailIdentity }));
const get = (EmailIdentity: string) => ses.send(new GetEmailIdentityCommand({ EmailIdentity }));

type Simple = NonNullable<NonNullable<SendEmailCommandInput['Content']>['Simple']>;

const sendSimple = (over: Partial<SendEmailCommandInput> = {}, simple: Partial<Simple> = {}) =>
  ses.send(
    new SendEmailCommand({
      FromEmailAddress: 'ann@sender.example',
      Destination: { ToAddresses: ['bob@example.org'] },
      Content: { Simple: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Text.' } }, ...simple } },
      ...over,
    }),
  );

const sendRaw = (content: string | Buffer, over: Partial<SendEmailCommandInput> = {}) =>
  ses.send(new SendEmailCommand({ Content: { Raw: { Data: Buffer.from(content) } }, ...over }));

async function badRequest(call: Promise<unknown>, message: string): Promise<void> {
  const error = await refusal(call, BadRequestException);
  assert.deepEqual([error.message, error.$metadata.httpStatusCode], [message, 400]);
}

describe('identities', () => {
  test('a domain with Easy DKIM', async () => {
    const created = await ses.send(
      new CreateEmailIdentityCommand({ EmailIdentity: 'easy.example', Tags: [{ Key: 'team', Value: 'mail' }] }),
    );
    assert.deepEqual([created.IdentityType, created.VerifiedForSendingStatus], ['DOMAIN', true]);
    const { DkimAttributes } = created;
    assert.equal(DkimAttributes?.Tokens?.length, 3);
    assert.deepEqual(
      [DkimAttributes?.SigningEnabled, DkimAttributes?.Status, DkimAttributes?.SigningAttributesOrigin],
      [true, 'SUCCESS', 'AWS_SES'],
    );
    const found = await get('easy.example');
    assert.deepEqual(found.DkimAttributes, DkimAttributes);
    assert.deepEqual([found.VerificationStatus, found.Tags], ['SUCCESS', [{ Key: 'team', Value: 'mail' }]]);
    assert.ok(Math.abs(found.DkimAttributes!.LastKeyGenerationTimestamp!.getTime() - Date.now()) < 60_000);
  });

  test('a domain with a key of its own', async () => {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 1024,
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs1', format: 'der' },
    });
    const own = (DomainSigningPrivateKey: string) =>
      ses.send(
        new CreateEmailIdentityCommand({
          EmailIdentity: 'own.example',
          DkimSigningAttributes: { DomainSigningSelector: 'sel', DomainSigningPrivateKey },
        }),
      );
    await refusal(own(Buffer.from('no key').toString('base64')), BadRequestException);
    const { DkimAttributes } = await own(privateKey.toString('base64'));
    assert.deepEqual([DkimAttributes?.SigningAttributesOrigin, DkimAttributes?.Tokens], ['EXTERNAL', ['sel']]);
  });

  test('an address, whatever stands in it', async () => {
    const address = "o'neil+a/b=c@address.example";
    assert.equal((await create(address)).IdentityType, 'EMAIL_ADDRESS');
    assert.equal((await get(address)).VerifiedForSendingStatus, true);
    await ses.send(new DeleteEmailIdentityCommand({ EmailIdentity: address }));
    assert.equal((await refusal(get(address), NotFoundException)).message, `Email identity ${address} does not exist.`);
  });

  test('made twice, missing, or none', async () => {
    await create('twice.example');
    const twice = await refusal(create('twice.example'), AlreadyExistsException);
    assert.deepEqual(
      [twice.message, twice.$metadata.httpStatusCode],
      ['Email identity twice.example already exist.', 400],
    );
    const missing = ses.send(new DeleteEmailIdentityCommand({ EmailIdentity: 'none.example' }));
    assert.equal((await refusal(missing, NotFoundException)).$metadata.httpStatusCode, 404);
    await badRequest(create('no domain'), 'Invalid domain name no domain.');
  });

  test('a configuration set that does not exist', async () => {
    const call = new CreateEmailIdentityCommand({ EmailIdentity: 'set.example', ConfigurationSetName: 'none' });
    assert.equal(
      (await refusal(ses.send(call), NotFoundException)).message,
      'Configuration set <none> does not exist.',
    );
    await refusal(get('set.example'), NotFoundException);
  });

  test('are listed in pages', async () => {
    const client = new SESv2Client({ ...sesame.client, region: 'eu-west-1' });
    for (const EmailIdentity of ['a.example', 'b.example', 'x@a.example']) {
      await client.send(new CreateEmailIdentityCommand({ EmailIdentity }));
    }
    const pages = [];
    for await (const { EmailIdentities } of paginateListEmailIdentities({ client, pageSize: 2 }, {})) {
      pages.push((EmailIdentities ?? []).map(({ IdentityName, IdentityType }) => [IdentityName, IdentityType]));
    }
    assert.deepEqual(pages, [
      [
        ['a.example', 'DOMAIN'],
        ['b.example', 'DOMAIN'],
      ],
      [['x@a.example', 'EMAIL_ADDRESS']],
    ]);
    client.destroy();
    await badRequest(
      ses.send(new ListEmailIdentitiesCommand({ PageSize: 1001 })),
      'Value 1001 for parameter PageSize is invalid. PageSize must be between 1 and 1000.',
    );
  });

  test('an account and a region see their own', async () => {
    const credentials = { accessKeyId: '111111111111', secretAccessKey: 'anything' };
    const other = new SESv2Client({ ...sesame.client, credentials });
    assert.deepEqual((await other.send(new ListEmailIdentitiesCommand({}))).EmailIdentities, []);
    const { $metadata, ...account } = await other.send(new GetAccountCommand({}));
    assert.deepEqual(account.SendQuota, { Max24HourSend: -1, MaxSendRate: 10_000, SentLast24Hours: 0 });
    assert.deepEqual([account.SendingEnabled, account.ProductionAccessEnabled], [true, true]);
    other.destroy();
  });
});

describe('SendEmail, Simple', () => {
  test('bodies, recipients, tags and fields of the author', async () => {
    const { MessageId = '' } = await sendSimple(
      {
        FromEmailAddress: 'Ann Müller <ann@sender.example>',
        Destination: {
          ToAddresses: ['bob@example.org'],
          CcAddresses: ['cat@example.org'],
          BccAddresses: ['eve@example.org'],
        },
        ReplyToAddresses: ['desk@sender.example'],
        FeedbackForwardingEmailAddress: 'bounces@sender.example',
        EmailTags: [{ Name: 'campaign', Value: 'spring' }],
      },
      {
        Subject: { Data: 'Grüße', Charset: 'UTF-8' },
        Body: { Text: { Data: 'Fußnote', Charset: 'UTF-8' }, Html: { Data: '<b>Fuß</b>', Charset: 'UTF-8' } },
        Headers: [{ Name: 'List-Unsubscribe', Value: '<https://sender.example/stop>' }],
      },
    );
    const { to, tags, subject, text, html, envelopeFrom } = await sesame.shown(MessageId);
    assert.deepEqual(to, ['bob@example.org', 'cat@example.org', 'eve@example.org']);
    assert.deepEqual([subject, text.trim(), html.trim()], ['Grüße', 'Fußnote', '<b>Fuß</b>']);
    assert.deepEqual([tags, envelopeFrom], [{ campaign: 'spring' }, 'bounces@sender.example']);
    const raw = await sesame.raw(MessageId);
    assert.match(raw, /\r\nReply-To: desk@sender\.example\r\n/);
    assert.match(raw, /\r\nList-Unsubscribe: <https:\/\/sender\.example\/stop>\r\n/);
    assert.doesNotMatch(raw, /eve@|bounces@/);
  });

  test('the classes of its errors', async () => {
    const rejected = await refusal(sendSimple({ FromEmailAddress: 'x@nowhere.example' }), MessageRejected);
    assert.equal(
      rejected.message,
      'Email address is not verified. The following identities failed the check in region US-EAST-1: x@nowhere.example',
    );
    const missing = await refusal(sendSimple({ ConfigurationSetName: 'none' }), NotFoundException);
    assert.deepEqual(
      [missing.message, missing.$metadata.httpStatusCode],
      ['Configuration set <none> does not exist.', 404],
    );
    await badRequest(sendSimple({ EmailTags: [{ Name: 'n', Value: '' }] }), 'The tag value must be specified.');
    await badRequest(
      sendSimple({ EmailTags: [{ Name: 'a b', Value: 'v' }] }),
      "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed.",
    );
  });

  test('50 recipients, not 51; each once', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => `to${i}@example.org`);
    const { MessageId = '' } = await sendSimple({ Destination: { ToAddresses: many(30), BccAddresses: many(20) } });
    assert.equal((await sesame.shown(MessageId)).to.length, 30);
    await badRequest(
      sendSimple({ Destination: { ToAddresses: many(30), BccAddresses: many(21) } }),
      'Recipient count exceeds 50.',
    );
    await badRequest(sendSimple({ Destination: {} }), 'There are no recipients specified.');
  });

  test('fields of the author: 15, fit to be fields, none of ours again', async () => {
    const fields = (...names: string[]) => sendSimple({}, { Headers: names.map((Name) => ({ Name, Value: 'v' })) });
    const numbered = (count: number) => Array.from({ length: count }, (_, i) => `X-Field-${i}`);
    await fields(...numbered(15));
    await badRequest(
      fields(...numbered(16)),
      "1 validation error detected: Value at 'content.simple.headers' failed to satisfy constraint: " +
        'Member must have length less than or equal to 15',
    );
    await badRequest(fields('Subject'), "Duplicate header 'Subject'.");
    await refusal(
      sendSimple({}, { Headers: [{ Name: 'X-A', Value: 'a\r\nBcc: eve@example.org' }] }),
      BadRequestException,
    );
    await refusal(sendSimple({}, { Headers: [{ Name: 'X A', Value: 'a' }] }), BadRequestException);
  });
});

describe('SendEmail, Raw', () => {
  test('everything from the message', async () => {
    const { MessageId = '' } = await sendRaw(
      [
        'From: Ann <ann@sender.example>',
        'To: bob@example.org',
        'Bcc: eve@example.org',
        'Subject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=',
        'Message-ID: <mine@sender.example>',
        'Date: Thu, 01 Jan 1970 00:00:00 +0000',
        'X-SES-MESSAGE-TAGS: a=b',
        '',
        'Grüße',
        '',
      ].join('\n'),
    );
    const { from, to, subject, text, tags } = await sesame.shown(MessageId);
    assert.deepEqual([from, subject, text], ['Ann <ann@sender.example>', 'Grüße', 'Grüße\n']);
    assert.deepEqual([to, tags], [['bob@example.org', 'eve@example.org'], { a: 'b' }]);
    const raw = await sesame.raw(MessageId);
    assert.match(raw, new RegExp(`\r\nMessage-ID: <${MessageId}@email\\.amazonses\\.com>\r\nDate: `));
    assert.match(raw, /^[\t\r\n -~]+$/);
    assert.doesNotMatch(raw, /Bcc|X-SES|1970|mine@|(?<!\r)\n/);
  });

  test('Destination and From win over the message', async () => {
    const { MessageId = '' } = await sendRaw('From: ann@sender.example\r\nTo: bob@example.org\r\n\r\nx\r\n', {
      FromEmailAddress: 'desk@sender.example',
      Destination: { CcAddresses: ['only@example.org'] },
      EmailTags: [{ Name: 'a', Value: 'b' }],
    });
    const { from, to, envelopeFrom, tags } = await sesame.shown(MessageId);
    assert.deepEqual([to, from], [['only@example.org'], 'ann@sender.example']);
    assert.deepEqual([envelopeFrom, tags], ['desk@sender.example', { a: 'b' }]);
  });

  test('the faults of a message', async () => {
    const to = 'To: bob@example.org\r\n';
    const from = 'From: ann@sender.example\r\n';
    await badRequest(sendRaw(`${to}\r\nx`), "Missing required header 'From'.");
    await badRequest(sendRaw(`${from}${to}Subject: 1\r\nSubject: 2\r\n\r\nx`), "Duplicate header 'Subject'.");
    await badRequest(sendRaw(`${from}${to}Content-Type: multipart/mixed\r\n\r\nx`), 'Missing start boundary');
    await badRequest(sendRaw(`${from}\r\nx`), 'There are no recipients specified.');
    const call = sendRaw(`${from}${to}X-SES-CONFIGURATION-SET: none\r\n\r\nx`);
    assert.equal((await refusal(call, NotFoundException)).message, 'Configuration set <none> does not exist.');
  });

  test('lines that no hop need carry are folded or encoded', async () => {
    const lines = [
      'From: ann@sender.example',
      `To: ${Array.from({ length: 40 }, (_, i) => `somebody-with-a-long-name-${i}@example.org`).join(', ')}`,
      `Subject: ${'word '.repeat(400)}`,
      '',
      'x'.repeat(5_000),
      '',
    ];
    const { MessageId = '' } = await sendRaw(lines.join('\r\n'));
    const longest = Math.max(...(await sesame.raw(MessageId)).split('\r\n').map(({ length }) => length));
    assert.ok(longest <= 998, String(longest));
    const { text, to } = await sesame.shown(MessageId);
    assert.deepEqual([text.trim(), to.length], ['x'.repeat(5_000), 40]);
    await refusal(
      sendRaw(`From: ann@sender.example\r\nTo: bob@example.org\r\nSubject: ${'x'.repeat(2_000)}\r\n\r\nx`),
      BadRequestException,
    );
  });

  test('40 MB, not one octet more', async () => {
    const limit = 41_943_040;
    const start = 'From: ann@sender.example\r\nTo: bob@example.org\r\n\r\n';
    const octets = Buffer.alloc(limit + 1, `${'x'.repeat(62)}\r\n`);
    octets.write(start);
    await badRequest(sendRaw(octets), `Message length is more than ${limit} bytes long: '${limit + 1}'.`);
  });
});
