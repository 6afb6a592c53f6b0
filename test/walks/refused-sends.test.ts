import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// What SES refuses to send, at each of its three doors, word for word; and nothing of it is kept.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;
let smtp: SmtpClient;

const ann = 'ann@sender.example';

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const SendingOptions = { SendingEnabled: false };
  await ses.send(new v2.CreateConfigurationSetCommand({ ConfigurationSetName: 'paused', SendingOptions }));
  const port = sesame.port('submission');
  smtp = (await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' })) as SmtpClient;
});
after(async () => {
  smtp?.close();
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

interface Mail {
  readonly from?: string;
  readonly to?: readonly string[];
  readonly set?: string;
  readonly tags?: readonly (readonly [name: string, value: string])[];
  /** Fields and body of raw mail. */
  readonly raw?: string;
}

const told = (error: Error) => [error.name, error.message];
const refused = (call: Promise<unknown>) => call.then(() => assert.fail('it was taken'), told);
const tagsOf = ({ tags = [] }: Mail) => tags.map(([Name, Value]) => ({ Name, Value }));
const body = { Subject: { Data: 's' }, Body: { Text: { Data: 't' } } };

const doors = {
  v1: ({ raw, ...mail }: Mail) => {
    const { from: Source = ann, to = ['to@world.example'], set: ConfigurationSetName } = mail;
    const common = { ConfigurationSetName, Tags: tagsOf(mail) };
    if (raw !== undefined) {
      const RawMessage = { Data: Buffer.from(raw) };
      return refused(old.send(new v1.SendRawEmailCommand({ RawMessage, Destinations: [...to], ...common })));
    }
    const Destination = { ToAddresses: [...to] };
    return refused(old.send(new v1.SendEmailCommand({ Source, Destination, Message: body, ...common })));
  },
  v2: ({ raw, ...mail }: Mail) => {
    const { from: FromEmailAddress = ann, to = ['to@world.example'], set: ConfigurationSetName } = mail;
    const Content = raw === undefined ? { Simple: body } : { Raw: { Data: Buffer.from(raw) } };
    const input = { Destination: { ToAddresses: [...to] }, Content, ConfigurationSetName, EmailTags: tagsOf(mail) };
    const named = raw === undefined ? { ...input, FromEmailAddress } : input;
    return refused(ses.send(new v2.SendEmailCommand(named)));
  },
  smtp: async ({ from = ann, to = ['to@world.example'], set, tags = [], raw }: Mail) => {
    const fields = [
      ...(set ? [`X-SES-CONFIGURATION-SET: ${set}`] : []),
      ...(tags.length > 0 ? [`X-SES-MESSAGE-TAGS: ${tags.map((tag) => tag.join('=')).join(', ')}`] : []),
    ];
    const content = Buffer.from(raw ?? [`From: ${from}`, ...fields, '', 't', ''].join('\r\n'));
    const [answer] = await smtp.deliver({ from, to, content });
    return [answer?.code, answer?.text];
  },
} as const;

interface Expected {
  readonly v1?: readonly [string, string];
  readonly v2?: readonly [string, string];
  readonly smtp?: readonly [number, string];
}

function check(situation: string, mail: Mail, expected: Expected): void {
  test(situation, async () => {
    for (const door of ['v1', 'v2', 'smtp'] as const) {
      if (expected[door]) assert.deepEqual(await doors[door](mail), expected[door], door);
    }
  });
}

/** The same sentence everywhere. */
const invalid = (sentence: string): Required<Expected> => ({
  v1: ['InvalidParameterValue', sentence],
  v2: ['BadRequestException', sentence],
  smtp: [554, `Transaction failed: ${sentence}`],
});
/** SMTP looks at addresses before there is a message. */
const invalidAddress = (sentence: string) => {
  const { v1: one, v2: two } = invalid(sentence);
  return { v1: one, v2: two };
};

const unverified =
  'Email address is not verified. The following identities failed the check in region US-EAST-1: bob@nowhere.example';
check(
  'nobody has shown that the sender is theirs',
  { from: 'bob@nowhere.example' },
  {
    v1: ['MessageRejected', unverified],
    v2: ['MessageRejected', unverified],
    smtp: [554, `Message rejected: ${unverified}`],
  },
);

const missingSet = 'Configuration set <none> does not exist.';
check(
  'a configuration set that is not there',
  { set: 'none' },
  {
    v1: ['ConfigurationSetDoesNotExistException', missingSet],
    v2: ['NotFoundException', missingSet],
    smtp: [554, `Transaction failed: ${missingSet}`],
  },
);

const pausedSet = 'Email sending is disabled for configuration set <paused>.';
check(
  'a configuration set that is paused',
  { set: 'paused' },
  {
    v1: ['ConfigurationSetSendingPausedException', pausedSet],
    v2: ['SendingPausedException', pausedSet],
    smtp: [554, `Message rejected: ${pausedSet}`],
  },
);

const many = Array.from({ length: 51 }, (_, n) => `r${n}@world.example`);
check('51 recipients', { to: many }, invalid('Recipient count exceeds 50.'));
check('no recipients', { to: [] }, invalidAddress('There are no recipients specified.'));

for (const [address, sentence] of [
  ['nobody', "Missing final '@domain'"],
  ['nobody@', 'Missing domain'],
  ['a b@world.example', 'Local address contains control or whitespace'],
  ['a@wor ld.example', 'Domain contains control or whitespace'],
  ['ä@world.example', 'Local address contains illegal character'],
  ['a@wörld.example', 'Domain contains illegal character'],
  ['a@b@world.example', 'Domain contains illegal character'],
  [
    `${'x'.repeat(310)}@world.example`,
    `Address length is more than 320 characters long: '${'x'.repeat(310)}@world.example'.`,
  ],
] as const) {
  check(`an address that is none: ${address.slice(0, 20)}`, { to: [address] }, invalidAddress(sentence));
}

for (const [name, value, sentence] of [
  ['a b', 'c', "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed."],
  ['a', 'b c', "Invalid tag value <b c>: only alphanumeric ASCII characters, '_',  '-' , '.', '@' are allowed."],
  ['x'.repeat(256), 'c', 'Tag name cannot exceed 255 characters.'],
  ['a', 'x'.repeat(256), 'Tag value cannot exceed 255 characters.'],
  ['', 'c', 'The tag name must be specified.'],
  ['a', '', 'The tag value must be specified.'],
] as const) {
  check(`a tag: ${sentence}`, { tags: [[name, value]] }, invalid(sentence));
}

const head = `From: ${ann}\r\n`;
check('raw: no From', { raw: 'Subject: s\r\n\r\nt\r\n' }, invalid("Missing required header 'From'."));
check(
  'raw: a field twice',
  { raw: `${head}Subject: a\r\nSubject: b\r\n\r\nt\r\n` },
  invalid("Duplicate header 'Subject'."),
);
check(
  'raw: a multipart without a part',
  { raw: `${head}Content-Type: multipart/mixed; boundary=b\r\n\r\nt\r\n` },
  invalid('Missing start boundary'),
);
check('raw: a type that is none', { raw: `${head}Content-Type: text\r\n\r\nt\r\n` }, invalid("Expected '/', got null"));
check(
  'raw: a file that may not be sent',
  { raw: `${head}Content-Disposition: attachment; filename=a.exe\r\n\r\nt\r\n` },
  invalid("Illegal filename 'a.exe'."),
);
check(
  'raw: a tenant that is not there',
  { raw: `${head}X-SES-TENANT: none\r\n\r\nt\r\n` },
  {
    v2: ['NotFoundException', 'Tenant none for AwsAccountId 000000000000 not found.'],
    smtp: [554, 'Transaction failed: Tenant none for AwsAccountId 000000000000 not found.'],
  },
);
check(
  'raw: a list that is not there',
  { raw: `${head}X-SES-LIST-MANAGEMENT-OPTIONS: none\r\n\r\nt\r\n` },
  {
    v2: ['NotFoundException', "List with name: none doesn't exist."],
    smtp: [554, "Transaction failed: List with name: none doesn't exist."],
  },
);

test('v1: what is missing is named', async () => {
  const sent = old.send(
    new v1.SendEmailCommand({ Source: undefined, Destination: { ToAddresses: ['to@world.example'] }, Message: body }),
  );
  assert.deepEqual(await refused(sent), [
    'ValidationError',
    "1 validation error detected: Value null at 'source' failed to satisfy constraint: Member must not be null",
  ]);
});

test('v2: without a sender; a field without a name', async () => {
  const post = async (input: object) => {
    const answer = await fetch(`${sesame.url}/v2/email/outbound-emails`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ Destination: { ToAddresses: ['to@world.example'] }, ...input }),
    });
    return [
      answer.status,
      answer.headers.get('x-amzn-errortype'),
      ((await answer.json()) as { message: string | null }).message,
    ];
  };
  assert.deepEqual(await post({ Content: { Simple: body } }), [400, 'BadRequestException', null]);
  const Template = { TemplateContent: { Subject: 's', Text: 't' }, TemplateData: '{}' };
  assert.deepEqual(await post({ Content: { Template } }), [400, 'BadRequestException', 'Source cannot be empty']);
  const Simple = { ...body, Headers: [{ Value: 'v' }] };
  assert.deepEqual(await post({ FromEmailAddress: ann, Content: { Simple } }), [
    400,
    'BadRequestException',
    "1 validation error detected: Value at 'content.simple.headers.1.member.name' failed to satisfy constraint: Member must not be null",
  ]);
});

test('nothing of it was kept, and nothing counts', async () => {
  assert.equal((await sesame.call('GET', '/_sesame/messages')).json.total, 0);
  assert.equal((await old.send(new v1.GetSendQuotaCommand({}))).SentLast24Hours, 0);
});
