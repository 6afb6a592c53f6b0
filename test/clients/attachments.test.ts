import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import PostalMime from 'postal-mime';
import { SmtpClient } from '../../src/wire/smtp/client.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// What is attached to mail of SES v2, and what may not be attached to any.
let sesame: SesameUnderTest;
let old: v1.SESClient;
let ses: v2.SESv2Client;

const FromEmailAddress = 'ann@sender.example';
const Destination = { ToAddresses: ['to@world.example'] };
const picture = Buffer.from(Array.from({ length: 300 }, (_, n) => n % 256));

before(async () => {
  sesame = await SesameUnderTest.start();
  old = new v1.SESClient(sesame.client);
  ses = new v2.SESv2Client(sesame.client);
  await ses.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  const TemplateContent = { Subject: 'Hi {{name}}', Text: 'Dear {{name}}', Html: '<b>{{name}}</b>' };
  await ses.send(new v2.CreateEmailTemplateCommand({ TemplateName: 'greeting', TemplateContent }));
});
after(async () => {
  old?.destroy();
  ses?.destroy();
  await sesame?.stop();
});

const simple = async (...Attachments: v2.Attachment[]) => {
  const Simple = { Subject: { Data: 's' }, Body: { Html: { Data: '<img src="cid:sun">' } }, Attachments };
  return (await ses.send(new v2.SendEmailCommand({ FromEmailAddress, Destination, Content: { Simple } }))).MessageId!;
};
const templated = async (Template: v2.Template) =>
  (await ses.send(new v2.SendEmailCommand({ FromEmailAddress, Destination, Content: { Template } }))).MessageId!;
const bulk = async (Attachments: v2.Attachment[], names: string[]) => {
  const input = {
    FromEmailAddress,
    DefaultContent: { Template: { TemplateName: 'greeting', Attachments } },
    BulkEmailEntries: names.map((name) => ({
      Destination,
      ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: JSON.stringify({ name }) } },
    })),
  };
  return (await ses.send(new v2.SendBulkEmailCommand(input))).BulkEmailEntryResults!.map(({ MessageId }) => MessageId!);
};
const parsed = async (id: string) => PostalMime.parse(await sesame.raw(id));
const content = (one: { content: ArrayBuffer | string | Uint8Array }) => Buffer.from(one.content as ArrayBuffer);

test('a file: its name decides the type, unless one is given; a picture that the HTML shows', async () => {
  const id = await simple(
    { FileName: 'Übersicht.PDF', RawContent: picture, ContentDescription: 'Die Übersicht' },
    { FileName: 'a.unknown', RawContent: Buffer.from('a') },
    { FileName: 'b.bin', RawContent: Buffer.from('b'), ContentType: 'application/x-own' },
    { FileName: 'sun.png', RawContent: picture, ContentDisposition: 'INLINE', ContentId: 'sun' },
  );
  const { attachments } = await parsed(id);
  assert.deepEqual(
    attachments.map(({ filename, mimeType, disposition, contentId, related }) =>
      [filename, mimeType, disposition, contentId, related].filter(Boolean),
    ),
    [
      ['sun.png', 'image/png', 'inline', '<sun>', true],
      ['Übersicht.PDF', 'application/pdf', 'attachment'],
      ['a.unknown', 'application/octet-stream', 'attachment'],
      ['b.bin', 'application/x-own', 'attachment'],
    ],
  );
  assert.deepEqual([content(attachments[0]!), content(attachments[1]!)], [picture, picture]);
  assert.match(await sesame.raw(id), /^Content-Description: =\?UTF-8\?/im);
});

test('encodings are wishes: octets arrive as they were sent', async () => {
  const text = Buffer.from('a line\nand one=more\r\n');
  const encodings = [undefined, 'SEVEN_BIT', 'QUOTED_PRINTABLE', 'BASE64'] as const;
  for (const [RawContent, expected] of [
    [Buffer.from('plain\r\n'), ['7bit', '7bit', 'quoted-printable', 'base64']],
    [text, ['base64', 'base64', 'quoted-printable', 'base64']],
    [picture, ['base64', 'base64', 'quoted-printable', 'base64']],
  ] as const) {
    const id = await simple(
      ...encodings.map((ContentTransferEncoding) => ({ FileName: 'a.dat', RawContent, ContentTransferEncoding })),
    );
    const { attachments } = await parsed(id);
    // The reader makes line ends of text its own.
    const read = (octets: Buffer) => octets.toString('latin1').replaceAll('\r\n', '\n').trimEnd();
    assert.deepEqual(
      attachments.map((one) => read(content(one))),
      encodings.map(() => read(RawContent)),
    );
    const found = [...(await sesame.raw(id)).matchAll(/^Content-Transfer-Encoding: (\S+)/gm)].map(([, name]) => name);
    assert.deepEqual(found.slice(-4), expected);
  }
});

test('a template has them too', async () => {
  const id = await templated({
    TemplateName: 'greeting',
    TemplateData: '{"name":"Bob"}',
    Attachments: [{ FileName: 'a.pdf', RawContent: picture }],
  });
  const { text, html, attachments } = await parsed(id);
  assert.deepEqual([text?.trim(), html?.trim(), content(attachments[0]!)], ['Dear Bob', '<b>Bob</b>', picture]);
});

test('a bulk call stores its attachments once, and keeps them while one letter is left', async () => {
  for (const RawContent of [picture, Buffer.alloc(200_000, 'large')]) {
    const ids = await bulk([{ FileName: 'a.pdf', RawContent }], ['Ann', 'Bob', 'Cat']);
    const stored = await Promise.all(ids.map(async (id) => (await sesame.app.messages.get(id))!.segments));
    const shared = new Set(stored.map(([, rest]) => rest!.id));
    assert.deepEqual([stored.map(({ length }) => length), shared.size], [[2, 2, 2], 1]);
    assert.ok(stored.every(([own]) => own!.size < 2_000));
    for (const [n, name] of ['Ann', 'Bob', 'Cat'].entries()) {
      const { text, attachments } = await parsed(ids[n]!);
      assert.deepEqual([text?.trim(), content(attachments[0]!)], [`Dear ${name}`, RawContent]);
    }
    await sesame.call('DELETE', `/_sesame/messages/${ids[0]}`);
    await sesame.call('DELETE', `/_sesame/messages/${ids[2]}`);
    assert.deepEqual(content((await parsed(ids[1]!)).attachments[0]!), RawContent);
  }
});

test('what cannot be attached is refused, in every version', async () => {
  const wrong = async (attachment: Partial<v2.Attachment>, message: string) => {
    const whole = { FileName: 'a.pdf', RawContent: picture, ...attachment };
    await assert.rejects(simple(whole), { name: 'BadRequestException', message });
    await assert.rejects(bulk([whole], ['Ann']), { name: 'BadRequestException', message });
  };
  await wrong({ FileName: 'a/b.pdf' }, "Invalid attachment file name 'a/b.pdf'.");
  await wrong({ FileName: 'Setup.EXE' }, "Illegal filename 'Setup.EXE'.");
  await wrong({ FileName: 'setup.exe. ' }, "Illegal filename 'setup.exe. '.");
  await wrong({ ContentType: 'pdf' }, "Invalid attachment content type 'pdf'.");
  await wrong({ ContentType: 'multipart/mixed' }, "Invalid attachment content type 'multipart/mixed'.");
  await wrong({ ContentId: 'a\r\nb' }, "Invalid attachment content id 'a\r\nb'.");
  const Data = Buffer.from(
    [
      'From: ann@sender.example\r\nTo: to@world.example\r\nContent-Type: multipart/mixed; boundary=b\r\n',
      '--b\r\nContent-Type: message/rfc822\r\n',
      'Content-Type: application/octet-stream; name="=?UTF-8?Q?a=2Ebat?="\r\n',
      'x\r\n--b--\r\n',
    ].join('\r\n'),
  );
  const message = "Illegal filename 'a.bat'.";
  const raw = old.send(new v1.SendRawEmailCommand({ RawMessage: { Data } }));
  await assert.rejects(raw, { name: 'InvalidParameterValue', message });
  const Content = { Raw: { Data } };
  await assert.rejects(ses.send(new v2.SendEmailCommand({ Content })), { name: 'BadRequestException', message });
  const port = sesame.port('submission');
  const client = await SmtpClient.connect({ host: '127.0.0.1', port, ehloName: 'test', tls: 'never' });
  assert.ok(client instanceof SmtpClient);
  const [answer] = await client.deliver({ from: FromEmailAddress, to: ['to@world.example'], content: Data });
  client.close();
  assert.deepEqual([answer?.code, answer?.text], [554, `Transaction failed: ${message}`]);
});

test('the whole message may have 40 MB, after encoding', async () => {
  const RawContent = Buffer.alloc(14 * 2 ** 20, 0xff);
  const sent = simple({ FileName: 'a.zip', RawContent, ContentTransferEncoding: 'QUOTED_PRINTABLE' });
  await assert.rejects(sent, { name: 'BadRequestException', message: /^Message length is more than 41943040 bytes/ });
});
