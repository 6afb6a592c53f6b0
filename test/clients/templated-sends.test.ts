import assert from 'node:assert/strict';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import PostalMime from 'postal-mime';
import { SesameUnderTest } from '../world/sesame.ts';

// Mail that templates make, in both versions; what rendering can do is tested in its room.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

const FromEmailAddress = 'Ann <ann@sender.example>';
const Destination = { ToAddresses: ['to@world.example'] };

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const TemplateContent = { Subject: 'Hi {{name}} ☃', Text: 'Dear {{name}}', Html: '<b>{{name}}</b>' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'greeting', TemplateContent }));
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

const send = async (Template: v2.Template, more: Partial<v2.SendEmailCommandInput> = {}) => {
  const input = { FromEmailAddress, Destination, Content: { Template }, ...more };
  return (await ses.send(new v2.SendEmailCommand(input))).MessageId!;
};
const sendOld = async (more: Partial<v1.SendTemplatedEmailCommandInput> = {}) => {
  const named = { Source: FromEmailAddress, Destination, Template: 'greeting', TemplateData: '{"name":"Bob"}' };
  return (await old.send(new v1.SendTemplatedEmailCommand({ ...named, ...more }))).MessageId!;
};
const parsed = async (id: string) => PostalMime.parse(await sesame.raw(id));
const facts = async (id: string) => {
  const { subject, text, html } = await parsed(id);
  return [subject, text?.trim(), html?.trim()];
};

async function check(call: Promise<unknown>, name: string, message: string): Promise<void> {
  await assert.rejects(call, { name, message });
}

test('a stored template is named by its name or its ARN; nothing is escaped', async () => {
  const bob = ['Hi Bob ☃', 'Dear Bob', '<b>Bob</b>'];
  assert.deepEqual(await facts(await send({ TemplateName: 'greeting', TemplateData: '{"name":"Bob"}' })), bob);
  assert.deepEqual(await facts(await sendOld()), bob);
  const TemplateArn = 'arn:aws:ses:us-east-1:000000000000:template/greeting';
  const marked = await facts(await send({ TemplateArn, TemplateData: '{"name":"<i>&"}' }));
  assert.deepEqual(marked, ['Hi <i>& ☃', 'Dear <i>&', '<b><i>&</b>']);
});

test('content that is sent along is filled in; it can have simple substitutions only', async () => {
  const content = { Subject: 'S {{a.b}}', Text: 'T {{a.b}}' };
  const id = await send({ TemplateContent: content, TemplateData: '{"a":{"b":"c"}}' });
  assert.deepEqual(await facts(id), ['S c', 'T c', undefined]);
  const blocks = { Subject: 'S', Text: '{{#if a}}x{{/if}}' };
  await check(
    send({ TemplateContent: blocks }),
    'BadRequestException',
    'Template content that is sent along can have simple substitutions only.',
  );
  const large = { Subject: 'S', Text: 'x'.repeat(1_048_576) };
  await assert.rejects(send({ TemplateContent: large }), { name: 'BadRequestException', message: /1048576/ });
});

test('fields, tags, answers and copies are as in other mail', async () => {
  const id = await send(
    { TemplateName: 'greeting', TemplateData: '{"name":"B"}', Headers: [{ Name: 'X-Order', Value: '7' }] },
    {
      Destination: { ...Destination, CcAddresses: ['cc@world.example'], BccAddresses: ['bcc@world.example'] },
      ReplyToAddresses: ['answers@sender.example'],
      EmailTags: [{ Name: 'kind', Value: 'greeting' }],
    },
  );
  const { headers, replyTo, cc, bcc } = await parsed(id);
  assert.deepEqual(
    [headers.find(({ key }) => key === 'x-order')?.value, replyTo?.[0]?.address, cc?.[0]?.address, bcc],
    ['7', 'answers@sender.example', 'cc@world.example', undefined],
  );
  const { recipients, tags } = await sesame.shown(id);
  assert.deepEqual(
    recipients.map(({ recipient }: { recipient: string }) => recipient),
    ['to@world.example', 'cc@world.example', 'bcc@world.example'],
  );
  assert.deepEqual(tags, { kind: 'greeting' });
});

test('what is wrong is refused, in the order of SES: address, configuration set, template, tags, verification', async () => {
  const wrong = {
    address: { Destination: { ToAddresses: ['nobody'] } },
    set: { ConfigurationSetName: 'none' },
    tags: { EmailTags: [{ Name: 'a b', Value: 'c' }] },
    sender: { FromEmailAddress: 'ann@elsewhere.example' },
  };
  const none = { TemplateName: 'none' };
  const there = { TemplateName: 'greeting', TemplateData: '{"name":"Bob"}' };
  await check(send(none, { ...wrong.address, ...wrong.set }), 'BadRequestException', "Missing final '@domain'");
  await check(
    send(none, { ...wrong.set, ...wrong.tags }),
    'NotFoundException',
    'Configuration set <none> does not exist.',
  );
  await check(send(none, { ...wrong.tags, ...wrong.sender }), 'NotFoundException', 'Template none does not exist.');
  await check(
    send(there, { ...wrong.tags, ...wrong.sender }),
    'BadRequestException',
    "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed.",
  );
  await assert.rejects(send(there, wrong.sender), { name: 'MessageRejected' });
  await check(send(there, { FromEmailAddress: undefined }), 'BadRequestException', 'Source cannot be empty');
  await check(sendOld({ Template: 'none' }), 'TemplateDoesNotExistException', 'Template none does not exist.');
});

const entry = (to: string, more: Partial<v2.BulkEmailEntry> = {}): v2.BulkEmailEntry => ({
  Destination: { ToAddresses: [to] },
  ...more,
});
const replacing = (ReplacementTemplateData: string) => ({
  ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData } },
});
const sendBulk = async (BulkEmailEntries: v2.BulkEmailEntry[], more: Partial<v2.SendBulkEmailCommandInput> = {}) => {
  const Template = { TemplateName: 'greeting', TemplateData: '{"name":"you"}' };
  const input = { FromEmailAddress, DefaultContent: { Template }, BulkEmailEntries, ...more };
  return (await ses.send(new v2.SendBulkEmailCommand(input))).BulkEmailEntryResults!;
};
const sendBulkOld = async (
  Destinations: v1.BulkEmailDestination[],
  more: Partial<v1.SendBulkTemplatedEmailCommandInput> = {},
) => {
  const named = { Source: FromEmailAddress, Template: 'greeting', DefaultTemplateData: '{"name":"you"}' };
  return (await old.send(new v1.SendBulkTemplatedEmailCommand({ ...named, Destinations, ...more }))).Status!;
};

test('v2 bulk: data, tags and fields of an entry are laid over those of the call', async () => {
  const Template = {
    TemplateName: 'greeting',
    TemplateData: '{"name":"you"}',
    Headers: [
      { Name: 'X-Kept', Value: 'kept' },
      { Name: 'X-Own', Value: 'common' },
    ],
  };
  const results = await sendBulk(
    [
      entry('a@world.example'),
      entry('b@world.example', {
        ...replacing('{"name":"Bea"}'),
        ReplacementTags: [{ Name: 'kind', Value: 'own' }],
        ReplacementHeaders: [{ Name: 'x-own', Value: 'own' }],
      }),
      entry('c@world.example', replacing('')),
    ],
    {
      DefaultContent: { Template },
      DefaultEmailTags: [
        { Name: 'kind', Value: 'common' },
        { Name: 'team', Value: 't' },
      ],
    },
  );
  assert.deepEqual(
    results.map(({ Status }) => Status),
    ['SUCCESS', 'SUCCESS', 'SUCCESS'],
  );
  const [a, b, c] = await Promise.all(
    results.map(async ({ MessageId }) => {
      const { headers, text, to } = await parsed(MessageId!);
      const own = ['x-kept', 'x-own'].map((name) => headers.find(({ key }) => key === name)?.value);
      return [to?.[0]?.address, text?.trim(), ...own, (await sesame.shown(MessageId!)).tags];
    }),
  );
  const common = { kind: 'common', team: 't' };
  assert.deepEqual(a, ['a@world.example', 'Dear you', 'kept', 'common', common]);
  assert.deepEqual(b, ['b@world.example', 'Dear Bea', 'kept', 'own', { kind: 'own', team: 't' }]);
  assert.deepEqual(c, ['c@world.example', 'Dear you', 'kept', 'common', common]);
});

test('bulk: each entry has its status, in the order of the call', async () => {
  const fifty = Array.from({ length: 51 }, (_, n) => `r${n}@world.example`);
  const invalid = (reason: string) => ({ Status: 'INVALID_PARAMETER', Error: reason });
  const [good, wrong, many, tagged, last] = await sendBulk([
    entry('a@world.example'),
    entry('nobody'),
    { Destination: { ToAddresses: fifty } },
    entry('b@world.example', { ReplacementTags: [{ Name: 'a b', Value: 'c' }] }),
    entry('b@world.example', replacing('{"name":"Bea"}')),
  ]);
  assert.deepEqual([good?.Status, last?.Status], ['SUCCESS', 'SUCCESS']);
  assert.equal((await facts(last!.MessageId!))[1], 'Dear Bea');
  assert.deepEqual(
    [wrong, many, tagged],
    [
      invalid("Missing final '@domain'"),
      invalid('Recipient count exceeds 50.'),
      invalid("Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed."),
    ],
  );
  const [first, second, third] = await sendBulkOld([
    { Destination: { ToAddresses: ['nobody'] } },
    { Destination, ReplacementTemplateData: '{"name":"Bea"}' },
    { Destination, ReplacementTemplateData: '' },
  ]);
  assert.deepEqual(first, { Status: 'InvalidParameterValue', Error: "Missing final '@domain'" });
  assert.deepEqual([second?.Status, third?.Status], ['Success', 'Success']);
  assert.deepEqual(
    [(await facts(second!.MessageId!))[1], (await facts(third!.MessageId!))[1]],
    ['Dear Bea', 'Dear you'],
  );
  const Source = 'ann@elsewhere.example';
  const [unverified] = await sendBulkOld([{ Destination }], { Source });
  assert.equal(unverified?.Status, 'MessageRejected');
  const [rejected] = await sendBulk([entry('a@world.example')], { FromEmailAddress: Source });
  assert.equal(rejected?.Status, 'MESSAGE_REJECTED');
});

test('v1 bulk: tags of an entry are laid over those of the call, its data over the defaults', async () => {
  const [own, common] = await sendBulkOld(
    [
      {
        Destination,
        ReplacementTags: [
          { Name: 'kind', Value: 'own' },
          { Name: 'more', Value: 'm' },
        ],
      },
      { Destination },
    ],
    {
      DefaultTags: [
        { Name: 'kind', Value: 'common' },
        { Name: 'team', Value: 't' },
      ],
    },
  );
  const tags = async ({ MessageId }: v1.BulkEmailDestinationStatus) => (await sesame.shown(MessageId!)).tags;
  assert.deepEqual(await tags(own!), { team: 't', kind: 'own', more: 'm' });
  assert.deepEqual(await tags(common!), { kind: 'common', team: 't' });
  const [wrong] = await sendBulkOld([{ Destination, ReplacementTags: [{ Name: 'a b', Value: 'c' }] }]);
  assert.deepEqual(wrong, {
    Status: 'InvalidParameterValue',
    Error: "Invalid tag name <a b>: only alphanumeric ASCII characters, '_',  '-' are allowed.",
  });
});

test('bulk: what cannot be stored of one entry leaves the others right', async () => {
  // Large letters are files of their own; while there is no place for files, only they fail.
  const segments = join(sesame.folder, 'segments');
  await rename(segments, `${segments}.away`);
  const data = JSON.stringify({ name: 'x'.repeat(100_000) });
  const entries = (name: string) => [
    entry('a@world.example', replacing('{"name":"Ann"}')),
    entry('b@world.example', replacing(data)),
    entry('c@world.example', replacing(`{"name":"${name}"}`)),
  ];
  const [first, failed, last] = await sendBulk(entries('Cat')).finally(() => rename(`${segments}.away`, segments));
  assert.deepEqual(failed, {
    Status: 'FAILED',
    Error: 'The message could not be accepted because of an internal failure.',
  });
  assert.deepEqual([first?.Status, last?.Status], ['SUCCESS', 'SUCCESS']);
  assert.deepEqual([(await facts(first!.MessageId!))[1], (await facts(last!.MessageId!))[1]], ['Dear Ann', 'Dear Cat']);
  assert.equal((await sesame.shown(last!.MessageId!)).state, 'captured');
  const again = await sendBulk(entries('Cat'));
  assert.ok(again.every(({ Status }) => Status === 'SUCCESS'));
});

test('bulk: data that is missing fails one message, after it was taken', async () => {
  const Template = { TemplateName: 'greeting' };
  const [without, given] = await sendBulk(
    [entry('a@world.example'), entry('b@world.example', replacing('{"name":"B"}'))],
    {
      DefaultContent: { Template },
    },
  );
  assert.deepEqual([without?.Status, given?.Status], ['SUCCESS', 'SUCCESS']);
  assert.equal((await sesame.shown(without!.MessageId!)).state, 'render-failed');
  assert.equal((await sesame.shown(given!.MessageId!)).state, 'captured');
});

test('bulk: what is wrong with the whole call is refused, and nothing is sent', async () => {
  const one = [entry('a@world.example')];
  const Template = { TemplateName: 'none' };
  await check(sendBulk(one, { DefaultContent: { Template } }), 'NotFoundException', 'Template none does not exist.');
  await check(
    sendBulk(one, { ConfigurationSetName: 'none' }),
    'NotFoundException',
    'Configuration set <none> does not exist.',
  );
  await check(sendBulk(one, { FromEmailAddress: 'nobody' }), 'BadRequestException', 'Invalid email address<nobody>.');
  await check(sendBulk(one, { FromEmailAddress: undefined }), 'BadRequestException', 'Source cannot be empty');
  const many = Array.from({ length: 51 }, (_, n) => `r${n}@world.example`);
  await assert.rejects(sendBulk(many.map((to) => entry(to))), { name: 'BadRequestException' });
  await assert.rejects(sendBulk([]), { name: 'BadRequestException' });
  const destinations = many.map((to) => ({ Destination: { ToAddresses: [to] } }));
  await assert.rejects(sendBulkOld(destinations), { name: 'MessageRejected' });
  await check(sendBulkOld([]), 'MessageRejected', 'There are no destinations specified.');
  await check(
    sendBulkOld([{ Destination }], { ReturnPath: 'nobody' }),
    'InvalidParameterValue',
    'Invalid email address<nobody>.',
  );
  await check(
    sendBulkOld([{ Destination }], { Template: 'none' }),
    'TemplateDoesNotExistException',
    'Template none does not exist.',
  );
});
