import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import PostalMime from 'postal-mime';
import { membersOf, modelOf, type Schema } from '../../src/edges/aws/protocol/schema.ts';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Every member that the input of a send can have is honoured or refused: the last test counts those that were given here.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

const account = '000000000000';
const arn = (resource: string) => `arn:aws:ses:us-east-1:${account}:${resource}`;
/** The domain, where the address is an identity as well: only the ARN tells which of both is meant. */
const identityArn = arn('identity/sender.example');
/** It covers no address of these letters. */
const wrongArn = arn('identity/wrong.example');
const templateArn = arn('template/greeting');
const from = 'Ann <ann@sender.example>';
const back = 'back@sender.example';
const everyone = {
  ToAddresses: ['to@world.example'],
  CcAddresses: ['cc@world.example'],
  BccAddresses: ['bcc@world.example'],
};
const tags = (...names: string[]) => names.map((Name) => ({ Name, Value: `v-${Name}` }));
const words = (Data: string) => ({ Data, Charset: 'UTF-8' });
const body = { Text: words('Fuß'), Html: words('<b>Fuß</b>') };
const picture = Buffer.from([0, 1, 2, 253, 254, 255]);
const rejected = { name: 'MessageRejected', message: /^Email address is not verified\./ };

/** Leaves of the inputs that were sent, by operation: `v1.SendEmail Message.Subject.Data`. */
const given = new Set<string>();
function remember(path: string, value: unknown): void {
  if (value === undefined) return;
  if (Array.isArray(value)) for (const one of value) remember(path, one);
  else if (typeof value === 'object' && !(value instanceof Date) && !ArrayBuffer.isView(value)) {
    for (const [name, member] of Object.entries(value!))
      remember(`${path}${path.endsWith(' ') ? '' : '.'}${name}`, member);
  } else given.add(path);
}

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  for (const [version, { middlewareStack }] of [
    ['v1', old],
    ['v2', ses],
  ] as const) {
    middlewareStack.add(
      (next, { commandName = '' }) =>
        (args) => {
          remember(`${version}.${commandName.replace(/Command$/, '')} `, args.input);
          return next(args);
        },
      { step: 'initialize' },
    );
  }
  for (const EmailIdentity of ['sender.example', 'ann@sender.example', 'wrong.example']) {
    await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }));
  }
  await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'set' }));
  const TemplateContent = { Subject: 'Hi {{name}}', Text: 'Dear {{name}}', Html: '<b>{{name}}</b>' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'greeting', TemplateContent }));
  const Topics = [{ TopicName: 'News', DisplayName: 'News', DefaultSubscriptionStatus: 'OPT_IN' as const }];
  await ses.send(new v2.CreateContactListCommand({ ContactListName: 'Readers', Topics }));
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

/** What became of the members of a letter. */
async function made(id: string | undefined) {
  const { envelopeFrom, recipients, tags: shown } = await sesame.shown(id!);
  const { facts } = (await sesame.app.messages.get(id!))!;
  const mail = await PostalMime.parse(await sesame.raw(id!));
  const addresses = (list: typeof mail.to) => list?.map(({ address }) => address);
  return {
    from: `${mail.from?.name} <${mail.from?.address}>`,
    to: addresses(mail.to),
    cc: addresses(mail.cc),
    bcc: mail.bcc,
    replyTo: addresses(mail.replyTo),
    recipients: recipients.map(({ recipient }: { recipient: string }) => recipient),
    envelopeFrom,
    tags: shown,
    set: facts['configurationSet'],
    identity: facts['identity'],
    words: [mail.subject, mail.text?.trim(), mail.html?.trim()],
    field: (name: string) => mail.headers.find(({ key }) => key === name)?.value,
    attachments: mail.attachments,
  };
}

/** The envelope of every letter here. */
const envelope = {
  from,
  to: ['to@world.example'],
  cc: ['cc@world.example'],
  bcc: undefined,
  replyTo: ['answers@sender.example'],
  recipients: ['to@world.example', 'cc@world.example', 'bcc@world.example'],
  envelopeFrom: back,
  set: 'set',
  identity: 'sender.example',
};
function check({ field, attachments, ...letter }: Awaited<ReturnType<typeof made>>, expected: Partial<typeof letter>) {
  assert.deepEqual(letter, { ...envelope, ...expected });
}

const named1 = {
  Source: from,
  SourceArn: identityArn,
  Destination: everyone,
  ReplyToAddresses: ['answers@sender.example'],
  ReturnPath: `Back <${back}>`,
  ReturnPathArn: identityArn,
  ConfigurationSetName: 'set',
  Tags: tags('a'),
};

test('v1 SendEmail', async () => {
  const input = { ...named1, Message: { Subject: words('Grüße'), Body: body } };
  const send = (over: object) => old.send(new v1.SendEmailCommand({ ...input, ...over }));
  check(await made((await send({})).MessageId), { tags: { a: 'v-a' }, words: ['Grüße', 'Fuß', '<b>Fuß</b>'] });
  await assert.rejects(send({ SourceArn: wrongArn }), rejected);
  await assert.rejects(send({ ReturnPathArn: wrongArn }), rejected);
});

test('v1 SendRawEmail', async () => {
  const Data = Buffer.from(`From: ${from}\r\nReply-To: answers@sender.example\r\nSubject: Raw\r\n\r\nt\r\n`);
  const input = {
    Source: back,
    Destinations: ['only@world.example'],
    RawMessage: { Data },
    FromArn: identityArn,
    SourceArn: identityArn,
    ReturnPathArn: identityArn,
    Tags: tags('a'),
    ConfigurationSetName: 'set',
  };
  const send = (over: object) => old.send(new v1.SendRawEmailCommand({ ...input, ...over }));
  check(await made((await send({})).MessageId), {
    to: undefined,
    cc: undefined,
    recipients: ['only@world.example'],
    tags: { a: 'v-a' },
    words: ['Raw', 't', undefined],
  });
  await assert.rejects(send({ FromArn: wrongArn }), rejected);
  await assert.rejects(send({ SourceArn: wrongArn }), rejected);
  const path = Buffer.from(`From: ${from}\r\nReturn-Path: ${back}\r\n\r\nt\r\n`);
  const returning = { Source: undefined, RawMessage: { Data: path } };
  assert.equal((await made((await send(returning)).MessageId)).envelopeFrom, back);
  await assert.rejects(send({ ...returning, ReturnPathArn: wrongArn }), rejected);
});

test('v1 SendTemplatedEmail', async () => {
  const input = { ...named1, Template: 'greeting', TemplateArn: templateArn, TemplateData: '{"name":"Bob"}' };
  const send = (over: object) => old.send(new v1.SendTemplatedEmailCommand({ ...input, ...over }));
  check(await made((await send({})).MessageId), { tags: { a: 'v-a' }, words: ['Hi Bob', 'Dear Bob', '<b>Bob</b>'] });
  await assert.rejects(send({ SourceArn: wrongArn }), rejected);
  await assert.rejects(send({ ReturnPathArn: wrongArn }), rejected);
  await assert.rejects(send({ TemplateArn: arn('template/other') }), {
    name: 'InvalidParameterValue',
    message: `The ARN <${arn('template/other')}> does not name template <greeting>.`,
  });
});

test('v1 SendBulkTemplatedEmail', async () => {
  const { Destination, Tags, ...named } = named1;
  const input = {
    ...named,
    Template: 'greeting',
    TemplateArn: templateArn,
    DefaultTags: tags('a'),
    DefaultTemplateData: '{"name":"you"}',
    Destinations: [{ Destination, ReplacementTags: tags('b'), ReplacementTemplateData: '{"name":"Bea"}' }],
  };
  const send = async (over: object) =>
    (await old.send(new v1.SendBulkTemplatedEmailCommand({ ...input, ...over }))).Status![0]!;
  check(await made((await send({})).MessageId), {
    tags: { a: 'v-a', b: 'v-b' },
    words: ['Hi Bea', 'Dear Bea', '<b>Bea</b>'],
  });
  const plain = await made((await send({ Destinations: [{ Destination }] })).MessageId);
  assert.equal(plain.words[1], 'Dear you');
  assert.equal((await send({ SourceArn: wrongArn })).Status, 'MessageRejected');
  assert.equal((await send({ ReturnPathArn: wrongArn })).Status, 'MessageRejected');
});

test('v1 SendBounce', async () => {
  await old.send(new v1.CreateReceiptRuleSetCommand({ RuleSetName: 'main' }));
  await old.send(new v1.SetActiveReceiptRuleSetCommand({ RuleSetName: 'main' }));
  const Actions = [{ StopAction: { Scope: 'RuleSet' as const } }];
  const Rule = { Name: 'all', Enabled: true, Recipients: ['sender.example'], Actions };
  await old.send(new v1.CreateReceiptRuleCommand({ RuleSetName: 'main', Rule }));
  const options = { host: '127.0.0.1', port: sesame.port('mx'), ehloName: 'peer', tls: 'never' } as const;
  const client = (await SmtpClient.connect(options)) as SmtpClient;
  const content = Buffer.from('From: <x@world.example>\r\nSubject: received\r\n\r\nhello\r\n');
  await client.deliver({ from: 'x@world.example', to: ['bob@sender.example', 'cat@sender.example'], content });
  client.close();
  const known = { Recipient: 'bob@sender.example', RecipientArn: identityArn, BounceType: 'ExceededQuota' as const };
  const told = {
    Recipient: 'cat@sender.example',
    RecipientArn: identityArn,
    RecipientDsnFields: {
      FinalRecipient: 'dog@sender.example',
      Action: 'delayed' as const,
      RemoteMta: 'dns; store.example',
      Status: '4.2.2',
      DiagnosticCode: 'smtp; 452 4.2.2 full',
      LastAttemptDate: new Date('2026-09-01T10:00:00Z'),
      ExtensionFields: [{ Name: 'X-Own', Value: 'one' }],
    },
  };
  const input = {
    OriginalMessageId: (await sesame.message('direction:in subject:received')).id as string,
    BounceSender: 'ann@sender.example',
    BounceSenderArn: identityArn,
    Explanation: 'Später noch einmal.',
    MessageDsn: {
      ReportingMta: 'dns; mta.example',
      ArrivalDate: new Date('2026-09-01T09:00:00Z'),
      ExtensionFields: [{ Name: 'X-All', Value: 'all' }],
    },
    BouncedRecipientInfoList: [known, told],
  };
  const send = (over: object) => old.send(new v1.SendBounceCommand({ ...input, ...over }));
  const { MessageId } = await send({});
  const { identity, recipients, words: said } = await made(MessageId);
  assert.deepEqual([identity, recipients], ['sender.example', ['x@world.example']]);
  assert.match(said[1]!, /^Später noch einmal\./);
  const raw = await sesame.raw(MessageId!);
  for (const line of [
    'From: ann@sender.example',
    'Reporting-MTA: dns; mta.example',
    'Arrival-Date: Tue, 01 Sep 2026 09:00:00 +0000',
    'X-All: all',
    'Final-Recipient: rfc822; bob@sender.example',
    'Status: 5.2.2',
    'Final-Recipient: rfc822; dog@sender.example',
    'Action: delayed',
    'Remote-MTA: dns; store.example',
    'Status: 4.2.2',
    'Diagnostic-Code: smtp; 452 4.2.2 full',
    'Last-Attempt-Date: Tue, 01 Sep 2026 10:00:00 +0000',
    'X-Own: one',
    'Subject: received',
  ]) {
    assert.ok(`\r\n${raw}`.includes(`\r\n${line}\r\n`), line);
  }
  await assert.rejects(send({ BounceSenderArn: wrongArn }), rejected);
  const topic = `arn:aws:sns:us-east-1:${account}:topic`;
  await assert.rejects(send({ BouncedRecipientInfoList: [{ ...known, RecipientArn: topic }] }), {
    name: 'InvalidParameterValue',
    message: `Invalid identity ARN <${topic}>.`,
  });
});

const named2 = {
  FromEmailAddress: from,
  FromEmailAddressIdentityArn: identityArn,
  ReplyToAddresses: ['answers@sender.example'],
  FeedbackForwardingEmailAddress: `Back <${back}>`,
  FeedbackForwardingEmailAddressIdentityArn: identityArn,
  ConfigurationSetName: 'set',
};
const tracked = { Tracking: { OpenTrackingEnabled: 'ENABLED', ClickTrackingEnabled: 'DISABLED' } } as const;
const Headers = [{ Name: 'X-Own', Value: 'own' }];
const Attachments: v2.Attachment[] = [
  {
    FileName: 'sun.png',
    RawContent: picture,
    ContentType: 'image/x-sun',
    ContentDisposition: 'INLINE',
    ContentId: 'sun',
    ContentDescription: 'The sun',
    ContentTransferEncoding: 'QUOTED_PRINTABLE',
  },
];
const latin1 = (octets: Buffer) => octets.toString('latin1');
function checkAttached({ attachments, field }: Awaited<ReturnType<typeof made>>, raw: string) {
  const [{ filename, mimeType, disposition, contentId, content }] = attachments as [(typeof attachments)[number]];
  assert.deepEqual([filename, mimeType, disposition, contentId], ['sun.png', 'image/x-sun', 'inline', '<sun>']);
  // The reader ends what was quoted-printable with a line end.
  assert.equal(latin1(Buffer.from(content as ArrayBuffer)).trimEnd(), latin1(picture));
  assert.match(raw, /^Content-Description: The sun\r$/m);
  assert.match(raw, /^Content-Transfer-Encoding: quoted-printable\r\nContent-D/m);
  assert.equal(field('x-own'), 'own');
}
const sendV2 = (input: object) => ses.send(new v2.SendEmailCommand(input as v2.SendEmailCommandInput));
const whole = { ...named2, Destination: everyone, EmailTags: tags('a') };
const Simple = { Subject: words('Grüße'), Body: body, Headers, Attachments };

test('v2 SendEmail: Simple', async () => {
  const send = (over: object) => sendV2({ ...whole, Content: { Simple }, ConfigurationOverrides: tracked, ...over });
  const { MessageId } = await send({});
  const letter = await made(MessageId);
  const [subject, text, html] = letter.words;
  check(letter, { tags: { a: 'v-a' }, words: letter.words });
  assert.deepEqual([subject, text], ['Grüße', 'Fuß']);
  assert.match(html!, /^<b>Fuß<\/b><img alt="" src="[^"]*\/I0\//);
  checkAttached(letter, await sesame.raw(MessageId!));
  await assert.rejects(send({ FromEmailAddressIdentityArn: wrongArn }), rejected);
  await assert.rejects(send({ FeedbackForwardingEmailAddressIdentityArn: wrongArn }), rejected);
});

test('v2 SendEmail: Raw', async () => {
  const Data = Buffer.from(`From: ${from}\r\nReply-To: other@sender.example\r\nSubject: Raw\r\n\r\nt\r\n`);
  const { MessageId } = await sendV2({ ...whole, Content: { Raw: { Data } } });
  const letter = await made(MessageId);
  check(letter, {
    to: undefined,
    cc: undefined,
    tags: { a: 'v-a' },
    words: ['Raw', 't', undefined],
  });
});

test('v2 SendEmail: an address for answers has one place only', async () => {
  const own = { ...Simple, Headers: [{ Name: 'Reply-To', Value: 'own@sender.example' }] };
  await assert.rejects(sendV2({ ...whole, Content: { Simple: own } }), {
    name: 'BadRequestException',
    message: "Duplicate header 'Reply-To'.",
  });
  const { MessageId } = await sendV2({ ...whole, ReplyToAddresses: [], Content: { Simple: own } });
  assert.deepEqual((await made(MessageId)).replyTo, ['own@sender.example']);
});

test('v2 SendEmail: Template', async () => {
  const stored = { TemplateName: 'greeting', TemplateArn: templateArn, TemplateData: '{"name":"Bob"}' };
  const { MessageId } = await sendV2({ ...whole, Content: { Template: { ...stored, Headers, Attachments } } });
  const letter = await made(MessageId);
  check(letter, { tags: { a: 'v-a' }, words: ['Hi Bob', 'Dear Bob', '<b>Bob</b>'] });
  checkAttached(letter, await sesame.raw(MessageId!));
  const TemplateContent = { Subject: 'S {{x}}', Text: 'T {{x}}', Html: 'H {{x}}' };
  const inline = await sendV2({ ...whole, Content: { Template: { TemplateContent, TemplateData: '{"x":"y"}' } } });
  assert.deepEqual((await made(inline.MessageId)).words, ['S y', 'T y', 'H y']);
});

test('v2 SendEmail: a contact list, for one recipient', async () => {
  const ListManagementOptions = { ContactListName: 'Readers', TopicName: 'News' };
  const Destination = { ToAddresses: ['reader@world.example'] };
  const { MessageId } = await sendV2({ ...whole, Destination, Content: { Simple }, ListManagementOptions });
  assert.match((await made(MessageId)).field('list-unsubscribe')!, /^<http\S+\/u\//);
});

test('v2 SendBulkEmail', async () => {
  const Template = { TemplateName: 'greeting', TemplateArn: templateArn, TemplateData: '{"name":"you"}' };
  const input = {
    ...named2,
    DefaultEmailTags: tags('a'),
    DefaultContent: { Template: { ...Template, Headers, Attachments } },
    BulkEmailEntries: [
      {
        Destination: everyone,
        ReplacementTags: tags('b'),
        ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: '{"name":"Bea"}' } },
        ReplacementHeaders: [{ Name: 'X-Entry', Value: 'entry' }],
      },
    ],
    ConfigurationOverrides: tracked,
  };
  const send = async (over: object) =>
    (await ses.send(new v2.SendBulkEmailCommand({ ...input, ...over }))).BulkEmailEntryResults![0]!;
  const { MessageId } = await send({});
  const letter = await made(MessageId);
  check(letter, { tags: { a: 'v-a', b: 'v-b' }, words: letter.words });
  assert.deepEqual(letter.words.slice(0, 2), ['Hi Bea', 'Dear Bea']);
  assert.match(letter.words[2]!, /^<b>Bea<\/b><img alt="" src="[^"]*\/I0\//);
  assert.equal(letter.field('x-entry'), 'entry');
  checkAttached(letter, await sesame.raw(MessageId!));
  const TemplateContent = { Subject: 'S {{x}}', Text: 'T {{x}}', Html: 'H {{x}}' };
  const inline = { DefaultContent: { Template: { TemplateContent, TemplateData: '{"x":"y"}' } } };
  const untracked = { ...inline, ConfigurationOverrides: undefined };
  assert.deepEqual((await made((await send(untracked)).MessageId)).words, ['S y', 'T y', 'H y']);
  assert.equal((await send({ FromEmailAddressIdentityArn: wrongArn })).Status, 'MESSAGE_REJECTED');
  assert.equal((await send({ FeedbackForwardingEmailAddressIdentityArn: wrongArn })).Status, 'MESSAGE_REJECTED');
});

test('v2: endpoints and tenants are refused, and so is a content of two kinds', async () => {
  const one = { ...whole, Content: { Simple } };
  const many = {
    ...named2,
    DefaultContent: { Template: { TemplateName: 'greeting', TemplateData: '{"name":"you"}' } },
    BulkEmailEntries: [{ Destination: everyone }],
  };
  // The SDK signs for an endpoint with SigV4a, which is a package of its own: so without it.
  const EndpointId = 'abcdef12.g3h';
  for (const [operation, path, input] of [
    ['SendEmail', 'outbound-emails', { ...one, Content: { Simple: { ...Simple, Attachments: undefined } } }],
    ['SendBulkEmail', 'outbound-bulk-emails', many],
  ] as const) {
    remember(`v2.${operation} `, { EndpointId });
    const answer = await fetch(`${sesame.url}/v2/email/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...input, EndpointId }),
    });
    const { message } = (await answer.json()) as { message: string };
    assert.deepEqual([answer.status, message], [400, 'Multi-region endpoints are not built yet']);
  }
  const TenantName = 'none';
  const tenant = { name: 'NotFoundException', message: `Tenant none for AwsAccountId ${account} not found.` };
  await assert.rejects(sendV2({ ...one, TenantName }), tenant);
  await assert.rejects(ses.send(new v2.SendBulkEmailCommand({ ...many, TenantName })), tenant);
  const Template = { TemplateName: 'greeting', TemplateData: '{"name":"you"}' };
  await assert.rejects(sendV2({ ...whole, Content: { Simple, Template } }), {
    name: 'BadRequestException',
    message: 'Content must be one of Simple, Raw or Template.',
  });
});

/** `Destination.ToAddresses` and the like: all that can be given. */
function leaves(schema: Schema, path: string): string[] {
  if (schema.isListSchema()) return leaves(schema.getValueSchema(), path);
  if (!schema.isStructSchema()) return [path];
  return membersOf(schema).flatMap(({ name, schema: member }) => leaves(member, path ? `${path}.${name}` : name));
}

test('no member that a send can have is left out of this file', () => {
  const sends = {
    v1: ['SendEmail', 'SendRawEmail', 'SendTemplatedEmail', 'SendBulkTemplatedEmail', 'SendBounce'],
    v2: ['SendEmail', 'SendBulkEmail'],
  } as const;
  for (const [version, sdk] of [
    ['v1', v1],
    ['v2', v2],
  ] as const) {
    const { operations } = modelOf(sdk);
    const missing = sends[version].flatMap((operation) =>
      leaves(operations.get(operation)!.input, '')
        .map((path) => `${version}.${operation} ${path}`)
        .filter((path) => !given.has(path)),
    );
    assert.deepEqual(missing, []);
  }
});
