import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// One story: somebody points the AWS CLI at Sesame and sends mail, with both versions of the API.
let sesame: SesameUnderTest;

const call = (parameters: readonly string[]) => {
  const options = ['--endpoint-url', sesame.url, '--output', 'json', '--no-cli-pager', '--cli-binary-format', 'base64'];
  return run('aws', [...parameters, ...options], { env: awsEnvironment });
};

async function aws(...parameters: string[]): Promise<any> {
  const { status, stdout, stderr } = await call(parameters);
  assert.equal(status, 0, stderr);
  return stdout === '' ? {} : JSON.parse(stdout);
}

async function refused(...parameters: string[]): Promise<string> {
  const { status, stderr } = await call(parameters);
  assert.equal(status, 254, 'the exit status of an error of the service');
  return stderr.trim();
}

const raw = (...lines: string[]) => ({ Data: Buffer.from(lines.join('\n')).toString('base64') });

describe('the AWS CLI', needs('aws'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start();
  });
  after(() => sesame.stop());

  test('identities are made', async () => {
    const [, { IdentityType, VerifiedForSendingStatus, DkimAttributes }] = await Promise.all([
      aws('ses', 'verify-email-identity', '--email-address', 'ann@cli.example'),
      aws('sesv2', 'create-email-identity', '--email-identity', 'v2.example'),
    ]);
    assert.deepEqual([IdentityType, VerifiedForSendingStatus], ['DOMAIN', true]);
    assert.equal(DkimAttributes.Tokens.length, 3);
  });

  test('ses: notification attributes and custom verification templates', async () => {
    const region = ['--region', 'eu-west-1'];
    const identity = ['--identity', 'cli-attributes.example', ...region];
    const name = ['--template-name', 'cli', ...region];
    await aws('ses', 'verify-domain-identity', '--domain', 'cli-attributes.example', ...region);
    await Promise.all([
      aws(
        ...['ses', 'set-identity-headers-in-notifications-enabled', '--enabled', ...identity],
        ...['--notification-type', 'Bounce'],
      ),
      aws(
        ...['ses', 'create-custom-verification-email-template', ...name, '--template-subject', 'Please confirm'],
        ...['--from-email-address', 'a@cli-attributes.example', '--template-content', '<p>Hello</p>'],
        ...['--success-redirection-url', 'https://cli.example/yes'],
        ...['--failure-redirection-url', 'https://cli.example/no'],
      ),
    ]);
    const [{ NotificationAttributes }, { MessageId }, listed, forwarding] = await Promise.all([
      aws('ses', 'get-identity-notification-attributes', '--identities', 'cli-attributes.example', ...region),
      aws('ses', 'send-custom-verification-email', ...name, '--email-address', 'new@cli.example'),
      aws('sesv2', 'list-custom-verification-email-templates', ...region),
      refused('ses', 'set-identity-feedback-forwarding-enabled', '--no-forwarding-enabled', ...identity),
    ]);
    const shown = NotificationAttributes['cli-attributes.example'];
    assert.deepEqual([shown.ForwardingEnabled, shown.HeadersInBounceNotificationsEnabled], [true, true]);
    assert.equal((await sesame.shown(MessageId)).subject, 'Please confirm');
    assert.equal(listed.CustomVerificationEmailTemplates[0].TemplateName, 'cli');
    assert.match(forwarding, /InvalidParameterValue/);
  });

  test('ses: send-email and send-raw-email', async () => {
    const [formatted, whole] = await Promise.all([
      aws(
        ...['ses', 'send-email', '--from', 'Ann <ann@cli.example>', '--to', 'bob@example.org', 'cat@example.org'],
        ...['--cc', 'dan@example.org', '--bcc', 'eve@example.org', '--subject', 'Grüße', '--text', 'Wörld & more'],
        ...['--html', '<p>Hallo</p>', '--tags', 'Name=campaign,Value=spring'],
      ),
      aws(
        ...['ses', 'send-raw-email', '--raw-message'],
        JSON.stringify(raw('From: ann@cli.example', 'To: bob@example.org', 'Subject: Raw by CLI', '', 'One line.', '')),
      ),
    ]);
    const { from, to, subject, text, html, tags, headers, ...rest } = await sesame.shown(formatted.MessageId);
    assert.equal(from, 'Ann <ann@cli.example>');
    assert.deepEqual(to, ['bob@example.org', 'cat@example.org', 'dan@example.org', 'eve@example.org']);
    assert.deepEqual([subject, text.trim(), html.trim()], ['Grüße', 'Wörld & more', '<p>Hallo</p>']);
    assert.deepEqual(tags, { campaign: 'spring' });
    assert.deepEqual([rest.direction, rest.account, rest.region], ['out', '000000000000', 'us-east-1']);
    const names = headers.map(({ name }: { name: string }) => name);
    assert.ok(names.includes('Cc') && !names.includes('Bcc'));
    const second = await sesame.shown(whole.MessageId);
    assert.deepEqual([second.subject, second.to, second.text], ['Raw by CLI', ['bob@example.org'], 'One line.\n']);
  });

  test('sesv2: send-email, Simple and Raw', async () => {
    const send = (content: object, to: string, ...more: string[]) =>
      aws(
        ...['sesv2', 'send-email', '--from-email-address', 'ann@v2.example', '--content', JSON.stringify(content)],
        ...['--destination', `ToAddresses=${to}`, ...more],
      );
    const [formatted, whole] = await Promise.all([
      send(
        { Simple: { Subject: { Data: 'Simple' }, Body: { Text: { Data: 'Simple text.' } } } },
        'bob@example.org',
        ...['--email-tags', 'Name=a,Value=b'],
      ),
      send({ Raw: raw('From: ann@v2.example', 'Subject: Raw by v2', '', 'Raw text.', '') }, 'cat@example.org'),
    ]);
    const first = await sesame.shown(formatted.MessageId);
    assert.deepEqual([first.subject, first.to, first.text.trim()], ['Simple', ['bob@example.org'], 'Simple text.']);
    assert.deepEqual(first.tags, { a: 'b' });
    const second = await sesame.shown(whole.MessageId);
    assert.deepEqual([second.subject, second.to, second.text], ['Raw by v2', ['cat@example.org'], 'Raw text.\n']);
  });

  test('identities are listed, shown and deleted', async () => {
    const [{ Identities }, { EmailIdentities, NextToken }, { IdentityType }] = await Promise.all([
      aws('ses', 'list-identities', '--identity-type', 'EmailAddress'),
      aws('sesv2', 'list-email-identities', '--page-size', '1', '--no-paginate'),
      aws('sesv2', 'get-email-identity', '--email-identity', 'v2.example'),
    ]);
    assert.deepEqual(Identities, ['ann@cli.example']);
    assert.deepEqual([EmailIdentities.length, typeof NextToken, IdentityType], [1, 'string', 'DOMAIN']);
    await Promise.all([
      aws('ses', 'delete-identity', '--identity', 'ann@cli.example'),
      aws('sesv2', 'delete-email-identity', '--email-identity', 'v2.example'),
    ]);
  });

  test('errors are shown as those of SES', async () => {
    const [rejected, missing] = await Promise.all([
      refused(
        'ses',
        'send-email',
        '--from',
        'ann@cli.example',
        '--to',
        'b@example.org',
        '--subject',
        's',
        '--text',
        't',
      ),
      refused('sesv2', 'get-email-identity', '--email-identity', 'v2.example'),
    ]);
    assert.equal(
      rejected,
      'An error occurred (MessageRejected) when calling the SendEmail operation: Email address is not verified. ' +
        'The following identities failed the check in region US-EAST-1: ann@cli.example',
    );
    assert.equal(
      missing,
      'An error occurred (NotFoundException) when calling the GetEmailIdentity operation: ' +
        'Email identity v2.example does not exist.',
    );
  });
});
