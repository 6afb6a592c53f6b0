import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import { CreateEmailIdentityCommand, SESv2Client, SendEmailCommand } from '@aws-sdk/client-sesv2';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { SesameUnderTest } from '../world/sesame.ts';

// One letter with all that a letter may have, through each of nodemailer's transports.
let sesame: SesameUnderTest;
let ses: SESv2Client;
let ca: string;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESv2Client(sesame.client);
  await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
  ca = await readFile(sesame.doors.caPath!, 'utf8');
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

const picture = Buffer.from(Array.from({ length: 300 }, (_, i) => i % 256));

const letter: SendMailOptions = {
  from: { name: 'Änn Müller 🌻', address: 'ann@sender.example' },
  to: ['Bob <bob@example.org>'],
  cc: 'cat@example.org',
  bcc: 'eve@example.org',
  replyTo: 'desk@sender.example',
  subject: 'Grüße aus Köln 🌻, in einem Betreff, der länger ist als eine Zeile in einer Mail sein sollte',
  text: 'Fußnote 🌻\n.\n..\n.Punkt am Zeilenanfang\nFrom hier an\n',
  html: '<p>Fußnote <img src="cid:sun"></p>',
  attachments: [
    { filename: 'Übersicht 2026.csv', content: 'a;b\n1;2\n' },
    { filename: 'sun.png', content: picture, cid: 'sun' },
  ],
};

async function checkArrived(id: string): Promise<void> {
  const { from, to, subject, text, html, attachments, headers } = await sesame.shown(id);
  assert.equal(from, 'Änn Müller 🌻 <ann@sender.example>');
  assert.deepEqual(to.toSorted(), ['bob@example.org', 'cat@example.org', 'eve@example.org']);
  assert.equal(subject, letter.subject);
  assert.equal(text.trimEnd(), String(letter.text).trimEnd());
  assert.match(html, /^<p>Fußnote <img src="cid:sun"><\/p>/);
  assert.deepEqual(
    attachments.map(({ name, contentType, size }: Record<string, unknown>) => [name, contentType, size]).toSorted(),
    [
      ['sun.png', 'image/png', 300],
      ['Übersicht 2026.csv', 'text/csv', 8],
    ],
  );
  const names = headers.map(({ name }: { name: string }) => name.toLowerCase());
  assert.equal(names.includes('bcc'), false);
  assert.match(await sesame.raw(id), /^[\t\r\n -~]+$/);
}

const accepted = (response: string) => /^250 Ok (\S+)$/.exec(response)?.[1] ?? assert.fail(response);

test('the SES transport', async () => {
  const transport = createTransport({ SES: { sesClient: ses, SendEmailCommand } });
  assert.equal(await transport.verify(), true);
  const { messageId, response } = await transport.sendMail(letter);
  assert.equal(messageId, `<${response}@email.amazonses.com>`);
  await checkArrived(response);
  await assert.rejects(transport.sendMail({ ...letter, from: 'x@nowhere.example' }), { name: 'MessageRejected' });
});

test('the SES transport with options of SES', async () => {
  const transport = createTransport({ SES: { sesClient: ses, SendEmailCommand } });
  const { response } = await transport.sendMail({
    ...letter,
    ses: { EmailTags: [{ Name: 'campaign', Value: 'spring' }] },
  } as SendMailOptions);
  assert.deepEqual((await sesame.shown(response)).tags, { campaign: 'spring' });
});

describe('the SMTP transport', () => {
  const connect = (port: number, over: object = {}) =>
    createTransport({ host: '127.0.0.1', port, tls: { ca, servername: 'localhost' }, ...over });

  test('STARTTLS with our authority trusted, AUTH', async () => {
    const transport = connect(sesame.port('submission'), {
      requireTLS: true,
      auth: { user: '123456789012', pass: 'anything' },
    });
    assert.equal(await transport.verify(), true);
    await assert.rejects(transport.sendMail(letter), /554 Message rejected: Email address is not verified\./);
    const other = new SESv2Client({
      ...sesame.client,
      credentials: { accessKeyId: '123456789012', secretAccessKey: 'x' },
    });
    await other.send(new CreateEmailIdentityCommand({ EmailIdentity: 'sender.example' }));
    other.destroy();
    const { response } = await transport.sendMail(letter);
    await checkArrived(accepted(response));
    assert.equal((await sesame.shown(accepted(response))).account, '123456789012');
  });

  test('TLS from the first byte', async () => {
    const transport = connect(sesame.port('submissionTls'), { secure: true });
    const { response } = await transport.sendMail(letter);
    await checkArrived(accepted(response));
  });

  test('an authority that is not trusted stops the client', async () => {
    const strange = connect(sesame.port('submissionTls'), { secure: true, tls: { servername: 'localhost' } });
    await assert.rejects(strange.sendMail(letter), /certificate|self.signed/i);
  });

  test('many letters over one connection', async () => {
    const transport = connect(sesame.port('submission'), { pool: true, maxConnections: 1 });
    const sent = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        transport.sendMail({ from: 'ann@sender.example', to: `to${i}@example.org`, text: 'x' }),
      ),
    );
    transport.close();
    assert.equal(new Set(sent.map(({ response }) => accepted(response))).size, 20);
  });
});
