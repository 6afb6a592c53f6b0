import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// One story: somebody points the AWS CLI at Sesame and sends mail, with both versions of the API.
let sesame: SesameUnderTest;

async function aws(...parameters: string[]): Promise<any> {
  const options = ['--endpoint-url', sesame.url, '--output', 'json', '--no-cli-pager'];
  const { status, stdout, stderr } = await run('aws', [...parameters, ...options], { env: awsEnvironment });
  assert.equal(status, 0, stderr);
  return stdout === '' ? {} : JSON.parse(stdout);
}

async function refused(...parameters: string[]): Promise<string> {
  const { status, stderr } = await run('aws', [...parameters, '--endpoint-url', sesame.url], { env: awsEnvironment });
  assert.equal(status, 254, 'a service error is exit status 254 of the CLI');
  return stderr.trim();
}

const shown = async (id: string) => (await sesame.call('GET', `/_sesame/messages/${id}`)).json;
const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('the AWS CLI', needs('aws'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
  });
  after(() => sesame.stop());

  test('ses: verify an address, send, find the mail', async () => {
    await aws('ses', 'verify-email-identity', '--email-address', 'ann@cli.example');
    const { MessageId } = await aws(
      ...['ses', 'send-email', '--from', 'Ann <ann@cli.example>', '--to', 'bob@example.org', 'cat@example.org'],
      ...['--cc', 'dan@example.org', '--bcc', 'eve@example.org', '--subject', 'Grüße', '--text', 'Hallo Wörld & more'],
      ...['--html', '<p>Hallo</p>', '--tags', 'Name=campaign,Value=spring'],
    );
    const { from, to, subject, text, html, tags, direction, headers, account, region } = await shown(MessageId);
    assert.equal(from, 'Ann <ann@cli.example>');
    assert.deepEqual(to, ['bob@example.org', 'cat@example.org', 'dan@example.org', 'eve@example.org']);
    assert.deepEqual([subject, text.trim(), html.trim()], ['Grüße', 'Hallo Wörld & more', '<p>Hallo</p>']);
    assert.deepEqual(tags, { campaign: 'spring' });
    assert.deepEqual([direction, account, region], ['out', '000000000000', 'us-east-1']);
    assert.deepEqual(headers.find((header: any) => header.name === 'Cc')?.value, 'dan@example.org');
    assert.equal(headers.some((header: any) => header.name === 'Bcc'), false);
  });

  test('ses: send-raw-email', async () => {
    const Data = base64('From: ann@cli.example\nTo: bob@example.org\nSubject: Raw by CLI\n\nOne line.\n');
    const [, { MessageId }] = await Promise.all([
      aws('ses', 'verify-email-identity', '--email-address', 'ann@cli.example'),
      aws('ses', 'send-raw-email', '--cli-binary-format', 'base64', '--raw-message', JSON.stringify({ Data })),
    ]);
    const { subject, to, text } = await shown(MessageId);
    assert.deepEqual([subject, to, text], ['Raw by CLI', ['bob@example.org'], 'One line.\n']);
  });

  test('sesv2: create an identity, send Simple and Raw', async () => {
    const created = await aws('sesv2', 'create-email-identity', '--email-identity', 'v2.example');
    assert.deepEqual([created.IdentityType, created.VerifiedForSendingStatus], ['DOMAIN', true]);
    assert.equal(created.DkimAttributes.Tokens.length, 3);
    const send = (content: object, ...more: string[]) =>
      aws('sesv2', 'send-email', '--from-email-address', 'ann@v2.example', '--content', JSON.stringify(content), ...more);
    const Data = base64('From: ann@v2.example\r\nSubject: Raw by v2\r\n\r\nRaw text.\r\n');
    const [simple, raw] = await Promise.all([
      send(
        { Simple: { Subject: { Data: 'Simple' }, Body: { Text: { Data: 'Simple text.' } } } },
        ...['--destination', 'ToAddresses=bob@example.org', '--email-tags', 'Name=a,Value=b'],
      ),
      send({ Raw: { Data } }, '--cli-binary-format', 'base64', '--destination', 'ToAddresses=cat@example.org'),
    ]);
    const first = await shown(simple.MessageId);
    assert.deepEqual([first.subject, first.to, first.text.trim()], ['Simple', ['bob@example.org'], 'Simple text.']);
    assert.deepEqual(first.tags, { a: 'b' });
    const second = await shown(raw.MessageId);
    assert.deepEqual([second.subject, second.to, second.text], ['Raw by v2', ['cat@example.org'], 'Raw text.\n']);
  });

  test('identities are listed, shown and deleted', async () => {
    await Promise.all([
      aws('ses', 'verify-domain-identity', '--domain', 'list.example'),
      aws('ses', 'verify-email-identity', '--email-address', 'gone@list.example'),
    ]);
    const [v1, v2, one] = await Promise.all([
      aws('ses', 'list-identities', '--identity-type', 'EmailAddress'),
      aws('sesv2', 'list-email-identities', '--page-size', '2'),
      aws('sesv2', 'get-email-identity', '--email-identity', 'list.example'),
      aws('ses', 'delete-identity', '--identity', 'nobody@list.example'),
    ]);
    assert.ok(v1.Identities.includes('gone@list.example') && !v1.Identities.includes('list.example'));
    assert.ok(v2.EmailIdentities.length >= 2);
    assert.equal(one.IdentityType, 'DOMAIN');
    await aws('sesv2', 'delete-email-identity', '--email-identity', 'gone@list.example');
    assert.equal((await sesame.app.rooms.identities.get({ account: '000000000000', region: 'us-east-1' }, 'gone@list.example')), undefined);
  });

  test('errors are shown as those of SES', async () => {
    const send = ['--to', 'bob@example.org', '--subject', 's', '--text', 't'];
    const unverified =
      'Email address is not verified. The following identities failed the check in region US-EAST-1: x@nowhere.example';
    const [rejected, missing] = await Promise.all([
      refused('ses', 'send-email', '--from', 'x@nowhere.example', ...send),
      refused('sesv2', 'get-email-identity', '--email-identity', 'nowhere.example'),
    ]);
    assert.equal(rejected, `An error occurred (MessageRejected) when calling the SendEmail operation: ${unverified}`);
    assert.equal(
      missing,
      'An error occurred (NotFoundException) when calling the GetEmailIdentity operation: Email identity nowhere.example does not exist.',
    );
  });
});
