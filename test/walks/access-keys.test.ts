import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type AccessKey,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteUserPolicyCommand,
  IAMClient,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { SESClient, VerifyDomainIdentityCommand } from '@aws-sdk/client-ses';
import { createTransport } from 'nodemailer';
import { smtpPassword } from '../../src/core/accounts/smtp-password.ts';
import { ScriptedClient } from '../../src/wire/smtp/script.ts';
import { SesameProcess } from '../world/process.ts';

// One story: somebody gets SMTP credentials, sends with both of two keys, and loses one while being on the line.
const key = { accessKeyId: 'AKIAROOTROOTROOTROOT', secretAccessKey: 'the-secret-of-the-root-that-nobody-guesses' };
const masterKey = 'a master key that lies elsewhere';
let folder: string;
let sesame: SesameProcess;
let iam: IAMClient;

const client = () => ({ endpoint: sesame.url, region: 'us-east-1', credentials: key, maxAttempts: 1 });

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sesame-keys-'));
  sesame = new SesameProcess(folder, {
    SESAME_AUTH: 'sigv4',
    SESAME_LOG: 'debug',
    SESAME_MASTER_KEY: masterKey,
    SESAME_ACCESS_KEY_ID: key.accessKeyId,
    SESAME_SECRET_ACCESS_KEY: key.secretAccessKey,
  });
  await sesame.start();
  iam = new IAMClient(client());
  const ses = new SESClient(client());
  await ses.send(new VerifyDomainIdentityCommand({ Domain: 'sender.example' }));
  ses.destroy();
});
after(async () => {
  iam?.destroy();
  await sesame.stop();
  await rm(folder, { recursive: true });
});

/** As the console's "create SMTP credentials" does. */
const UserName = 'ses-smtp-user.20261124-120000';
const policy = { UserName, PolicyName: 'AmazonSesSendingAccess' };
const sending = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'ses:SendRawEmail', Resource: '*' }] };
const keys: AccessKey[] = [];

const send = ({ AccessKeyId, SecretAccessKey }: AccessKey) => {
  const auth = { user: AccessKeyId!, pass: smtpPassword(SecretAccessKey!, 'us-east-1') };
  const port = sesame.port('submissionTls');
  const transport = createTransport({
    host: '127.0.0.1',
    port,
    secure: true,
    tls: { rejectUnauthorized: false },
    auth,
  });
  return transport.sendMail({ from: 'ann@sender.example', to: 'bob@example.org', subject: 'Hello', text: 'Hello.' });
};

test('a user, two keys, and a password of each', async () => {
  await iam.send(new CreateUserCommand({ UserName }));
  for (const _ of ['first', 'second']) {
    keys.push((await iam.send(new CreateAccessKeyCommand({ UserName }))).AccessKey!);
  }
  // Without the permission to send a login is good for nothing.
  await assert.rejects(send(keys[0]!), /535 Authentication Credentials Invalid/);
  await iam.send(new PutUserPolicyCommand({ ...policy, PolicyDocument: JSON.stringify(sending) }));
  for (const one of keys) assert.match((await send(one)).response, /^250 Ok \S+-000000$/);
});

test('a key that is switched off while its owner is on the line sends nothing more', async () => {
  const { AccessKeyId, SecretAccessKey } = keys[0]!;
  const login = Buffer.from(`\0${AccessKeyId}\0${smtpPassword(SecretAccessKey!, 'us-east-1')}`).toString('base64');
  const line = await ScriptedClient.connect(sesame.port('submissionTls'), { tls: true });
  const envelope = 'C: MAIL FROM:<ann@sender.example>';
  await line.follow(`
    S: 220 *
    C: HELO client.example
    S: 250 *
    C: AUTH PLAIN ${login}
    S: 235 *
    ${envelope}
    S: 250 Ok
    C: RSET
    S: 250 Ok`);
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }));
  await line.follow(`
    ${envelope}
    S: 530 Authentication required
    ${envelope}
    S: 530 Authentication required`);
  line.drop();
  await assert.rejects(send(keys[0]!), /535 Authentication Credentials Invalid/);
  assert.match((await send(keys[1]!)).response, /^250 Ok/);
});

test('a policy that is taken away counts at once', async () => {
  await iam.send(new DeleteUserPolicyCommand(policy));
  await assert.rejects(send(keys[1]!), /535 Authentication Credentials Invalid/);
});

test('no part of a secret is in the data folder or was logged', async () => {
  const check = async () => {
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((one) => one.isFile());
    assert.ok(files.length > 1);
    const kept = await Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')));
    const places = [...kept, sesame.said];
    for (const { AccessKeyId, SecretAccessKey } of keys) {
      assert.ok(
        kept.some((text) => text.includes(AccessKeyId!)),
        'the key itself is kept',
      );
      const password = smtpPassword(SecretAccessKey!, 'us-east-1');
      for (const secret of [SecretAccessKey!, Buffer.from(SecretAccessKey!).toString('base64'), password]) {
        for (let from = 0; from + 10 <= secret.length; from++) {
          const part = secret.slice(from, from + 10);
          assert.ok(!places.some((text) => text.includes(part)), 'a part of a secret was found');
        }
      }
    }
    assert.ok(!places.some((text) => text.includes(key.secretAccessKey) || text.includes(masterKey)));
  };
  await check();
  await sesame.stop();
  await check();
});
