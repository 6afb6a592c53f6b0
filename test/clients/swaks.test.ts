import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { SESClient, VerifyDomainIdentityCommand } from '@aws-sdk/client-ses';
import { smtpPassword } from '../../src/core/accounts/smtp-password.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { needs, type Ran, run } from '../world/tools.ts';

// SMTP submission as SES demands it: TLS, then a password derived from the secret access key, then mail.
let sesame: SesameUnderTest;

const swaks = (door: 'submission' | 'submissionTls', ...parameters: string[]): Promise<Ran> =>
  run('swaks', [
    ...['--server', '127.0.0.1', '--port', String(sesame.port(door)), '--ehlo', 'client.example'],
    ...['--from', 'ann@sender.example', '--to', 'bob@example.org', '--header', 'Subject: By swaks'],
    ...['--tls-verify', '--tls-ca-path', sesame.doors.caPath!],
    ...parameters,
  ]);

/** Not a made one: swaks takes a word that begins with `+`, as a secret may, for an option. */
const key = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const user = () => ['--auth-user', key.accessKeyId];
const derived = (region: string) => smtpPassword(key.secretAccessKey, region);
const password = (text = derived('us-east-1')) => [...user(), '--auth-password', text];

/** Lines of the server, without swaks's marks. */
const said = ({ stdout }: Ran) => [...stdout.matchAll(/^<[-~* ]*[ ](.*)$/gm)].map(([, line]) => line!.trim());

async function accepted(ran: Ran) {
  assert.equal(ran.status, 0, ran.stdout + ran.stderr);
  const id = said(ran)
    .map((line) => /^250 Ok (\S+-000000)$/.exec(line)?.[1])
    .find(Boolean);
  return sesame.shown(id ?? assert.fail(ran.stdout));
}

describe('swaks', needs('swaks'), () => {
  before(async () => {
    sesame = await SesameUnderTest.start({
      SESAME_AUTH: 'sigv4',
      SESAME_ACCESS_KEY_ID: key.accessKeyId,
      SESAME_SECRET_ACCESS_KEY: key.secretAccessKey,
    });
    for (const region of ['us-east-1', 'eu-central-1']) {
      const ses = new SESClient({ ...sesame.client, region, credentials: key });
      await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
      ses.destroy();
    }
  });
  after(() => sesame.stop());

  test('STARTTLS and AUTH LOGIN', async () => {
    const ran = await swaks('submission', '--tls', '--auth', 'LOGIN', ...password());
    const { subject, to, from, account, region } = await accepted(ran);
    assert.deepEqual([subject, to, from], ['By swaks', ['bob@example.org'], 'ann@sender.example']);
    assert.deepEqual([account, region], ['000000000000', 'us-east-1']);
    const lines = said(ran);
    assert.match(lines[0]!, /^220 email-smtp\.amazonaws\.com ESMTP SimpleEmailService-d-[A-Z0-9]{9} [A-Za-z0-9]{20}$/);
    for (const line of [
      '250-STARTTLS',
      '220 Ready to start TLS',
      '334 VXNlcm5hbWU6',
      '334 UGFzc3dvcmQ6',
      '235 Authentication successful.',
      '354 End data with <CR><LF>.<CR><LF>',
      '221 Bye',
    ]) {
      assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`);
    }
  });

  test('TLS from the first byte and AUTH PLAIN', async () => {
    const ran = await swaks('submissionTls', '--tls-on-connect', '--auth', 'PLAIN', ...password());
    assert.equal((await accepted(ran)).subject, 'By swaks');
    assert.equal(said(ran).includes('250-STARTTLS'), false);
  });

  test('the password tells the region', async () => {
    const ran = await swaks('submission', '--tls', '--auth', 'PLAIN', ...password(derived('eu-central-1')));
    assert.equal((await accepted(ran)).region, 'eu-central-1');
  });

  test('pipelined', async () => {
    const ran = await swaks('submission', '--tls', '--auth', 'PLAIN', ...password(), '--pipeline');
    assert.equal((await accepted(ran)).subject, 'By swaks');
  });

  test('a wrong password: 535; the secret access key itself is one', async () => {
    for (const wrong of ['guess', key.secretAccessKey]) {
      const ran = await swaks('submission', '--tls', '--auth', 'PLAIN', ...password(wrong));
      assert.notEqual(ran.status, 0);
      assert.ok(said(ran).includes('535 Authentication Credentials Invalid'), ran.stdout);
    }
  });

  test('MAIL before AUTH: 530', async () => {
    const ran = await swaks('submission', '--tls');
    assert.ok(said(ran).includes('530 Authentication required'), ran.stdout);
    assert.notEqual(ran.status, 0);
  });

  test('MAIL and AUTH before TLS: 530', async () => {
    const needsTls = '530 Must issue a STARTTLS command first';
    for (const parameters of [[], ['--auth', 'PLAIN', ...password()]]) {
      const ran = await swaks('submission', ...parameters);
      assert.ok(said(ran).includes(needsTls), ran.stdout);
      assert.notEqual(ran.status, 0);
    }
  });

  test('an address that is not verified: 554 in the words of SES', async () => {
    const ran = await swaks('submission', '--tls', '--auth', 'PLAIN', ...password(), '--from', 'x@nowhere.example');
    const rejected =
      '554 Message rejected: Email address is not verified. ' +
      'The following identities failed the check in region US-EAST-1: x@nowhere.example';
    assert.ok(said(ran).includes(rejected), ran.stdout);
  });
});
