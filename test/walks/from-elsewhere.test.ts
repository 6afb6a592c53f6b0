import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { SESClient, SendEmailCommand, SendRawEmailCommand, VerifyDomainIdentityCommand } from '@aws-sdk/client-ses';
import { SesameUnderTest } from '../world/sesame.ts';

// For people who come from LocalStack or aws-ses-v2-local: what they ask is answered in the shapes that they know.
let sesame: SesameUnderTest;
let ses: SESClient;
let id: string;

before(async () => {
  sesame = await SesameUnderTest.start();
  ses = new SESClient(sesame.client);
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
});
after(async () => {
  ses.destroy();
  await sesame.stop();
});

beforeEach(async () => {
  await sesame.call('DELETE', '/_sesame/messages');
  const { MessageId = '' } = await ses.send(
    new SendEmailCommand({
      Source: 'Ann <ann@sender.example>',
      Destination: {
        ToAddresses: ['Bob <bob@example.org>', '"Cat, the" <cat@example.org>'],
        CcAddresses: ['dan@example.org'],
        BccAddresses: ['eve@example.org'],
      },
      ReplyToAddresses: ['desk@sender.example'],
      Message: { Subject: { Data: 'Hello' }, Body: { Text: { Data: 'Text.' }, Html: { Data: '<p>Html.</p>' } } },
    }),
  );
  id = MessageId;
  await sesame.advance('0s');
});

async function sendRaw(): Promise<string> {
  const lines = [
    'From: ann@sender.example',
    'To: bob@example.org',
    'Subject: Raw',
    'Content-Type: text/csv; name=a.csv',
    'Content-Disposition: attachment; filename=a.csv',
    '',
    '1,2',
    '',
  ];
  const RawMessage = { Data: Buffer.from(lines.join('\n')) };
  const { MessageId } = await ses.send(new SendRawEmailCommand({ RawMessage }));
  await sesame.advance('0s');
  return MessageId!;
}

const get = async (path: string) => {
  const { status, json } = await sesame.call('GET', path);
  assert.equal(status, 200);
  return json;
};
const idsOf = ({ messages }: { messages: { Id: string }[] }) => messages.map(({ Id }) => Id);

describe('LocalStack', () => {
  test('GET /_aws/ses tells what was sent', async () => {
    const { messages } = await get('/_aws/ses');
    const { Timestamp, Body, ...message } = messages[0];
    assert.deepEqual(message, {
      Id: id,
      Region: 'us-east-1',
      Source: 'Ann <ann@sender.example>',
      Destination: {
        ToAddresses: ['Bob <bob@example.org>', '"Cat, the" <cat@example.org>'],
        CcAddresses: ['dan@example.org'],
      },
      Subject: 'Hello',
    });
    assert.deepEqual([Body.text_part.trim(), Body.html_part.trim()], ['Text.', '<p>Html.</p>']);
    assert.ok(!Number.isNaN(Date.parse(Timestamp)));
  });

  test('by id, by source, oldest first', async () => {
    const second = await sendRaw();
    assert.deepEqual(idsOf(await get('/_aws/ses')), [id, second]);
    assert.deepEqual(idsOf(await get(`/_aws/ses?id=${second}`)), [second]);
    assert.deepEqual(idsOf(await get('/_aws/ses?email=ann@sender.example')), [id, second]);
    assert.deepEqual(idsOf(await get('/_aws/ses?email=zoe@sender.example')), []);
  });

  test('DELETE /_aws/ses forgets one, or all', async () => {
    const second = await sendRaw();
    assert.equal((await sesame.call('DELETE', `/_aws/ses?id=${id}`)).status, 204);
    assert.deepEqual(idsOf(await get('/_aws/ses')), [second]);
    assert.equal((await sesame.call('DELETE', `/_aws/ses?id=${id}`)).status, 404);
    assert.equal((await sesame.call('DELETE', '/_aws/ses')).status, 204);
    assert.deepEqual(await get('/_aws/ses'), { messages: [] });
  });

  test('GET /_localstack/health', async () => {
    const { services } = await get('/_localstack/health');
    assert.equal(services.ses, 'running');
  });
});

describe('aws-ses-v2-local', () => {
  test('GET /store tells what was sent', async () => {
    const { emails } = await get('/store');
    const { at, body, ...email } = emails[0];
    assert.deepEqual(email, {
      messageId: id,
      from: 'Ann <ann@sender.example>',
      replyTo: ['desk@sender.example'],
      destination: {
        to: ['Bob <bob@example.org>', '"Cat, the" <cat@example.org>'],
        cc: ['dan@example.org'],
        bcc: ['eve@example.org'],
      },
      subject: 'Hello',
      attachments: [],
    });
    assert.deepEqual([body.text.trim(), body.html.trim()], ['Text.', '<p>Html.</p>']);
    assert.ok(Number.isInteger(at));
  });

  test('with attachments, and since a time', async () => {
    await sesame.advance('1h');
    const second = await sendRaw();
    const { emails } = await get('/store');
    const [{ at }, raw] = emails;
    assert.deepEqual(
      raw.attachments.map(({ filename, contentType }: Record<string, string>) => [filename, contentType]),
      [['a.csv', 'text/csv']],
    );
    const later = await get(`/store?since=${at + 1}`);
    assert.deepEqual(
      later.emails.map(({ messageId }: { messageId: string }) => messageId),
      [second],
    );
  });

  test('POST /clear-store, GET /health-check', async () => {
    assert.deepEqual((await sesame.call('POST', '/clear-store')).json, { message: 'Emails cleared' });
    assert.deepEqual((await get('/store')).emails, []);
    assert.deepEqual(await get('/health-check'), { status: 'ok' });
  });
});
