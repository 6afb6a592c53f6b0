import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type AccessKey,
  CreateAccessKeyCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteUserPolicyCommand,
  GetUserCommand,
  IAMClient,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
} from '@aws-sdk/client-iam';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { ListServiceQuotasCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetSendQuotaCommand, SESClient, VerifyDomainIdentityCommand } from '@aws-sdk/client-ses';
import { GetAccountCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
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

const send = ({ AccessKeyId, SecretAccessKey }: AccessKey, region = 'us-east-1') => {
  const auth = { user: AccessKeyId!, pass: smtpPassword(SecretAccessKey!, region) };
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
  // Known in two regions: in the other one nothing is verified.
  await assert.rejects(send(keys[0]!, 'eu-central-1'), /554 Message rejected/);
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }));
  await line.follow(`
    ${envelope}
    S: 530 Authentication required
    ${envelope}
    S: 530 Authentication required`);
  line.drop();
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }));
  const late = await ScriptedClient.connect(sesame.port('submissionTls'), { tls: true });
  await late.follow(`
    S: 220 *
    C: HELO client.example
    S: 250 *
    C: AUTH PLAIN ${login}
    S: 235 *
    ${envelope}
    S: 250 Ok
    C: RCPT TO:<bob@example.org>
    S: 250 Ok
    C: DATA
    S: 354 *`);
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }));
  await late.follow(`
    C: From: ann@sender.example
    C: Subject: Hello
    C:
    C: Hello.
    C: .
    S: 530 Authentication required`);
  late.drop();
  for (const region of ['us-east-1', 'eu-central-1']) {
    await assert.rejects(send(keys[0]!, region), /535 Authentication Credentials Invalid/);
  }
  assert.match((await send(keys[1]!)).response, /^250 Ok/);
});

test('a key that is switched off or taken away is none at any service, in any region, nor in a signed link', async () => {
  const UserName = 'everywhere';
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify({ ...sending, Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'all', PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
  const asked = ['us-east-1', 'eu-central-1'].flatMap((region) => {
    const options = { ...client(), region, credentials, forcePathStyle: true };
    const s3 = new S3Client(options);
    const one = (name: string, called: { destroy(): void }, call: () => Promise<unknown>) => ({
      name: `${name} in ${region}`,
      call,
      close: () => called.destroy(),
    });
    const [v1, v2, users, sts, quotas, sns, sqs] = [
      new SESClient(options),
      new SESv2Client(options),
      new IAMClient(options),
      new STSClient(options),
      new ServiceQuotasClient(options),
      new SNSClient(options),
      new SQSClient(options),
    ];
    return [
      one('SES v1', v1, () => v1.send(new GetSendQuotaCommand({}))),
      one('SES v2', v2, () => v2.send(new GetAccountCommand({}))),
      one('IAM', users, () => users.send(new GetUserCommand({}))),
      one('STS', sts, () => sts.send(new GetCallerIdentityCommand({}))),
      one('Service Quotas', quotas, () => quotas.send(new ListServiceQuotasCommand({ ServiceCode: 'ses' }))),
      one('SNS', sns, () => sns.send(new ListTopicsCommand({}))),
      one('SQS', sqs, () => sqs.send(new ListQueuesCommand({}))),
      one('S3', s3, () => s3.send(new ListBucketsCommand({}))),
      one('a link of S3', s3, async () => {
        const { status } = await fetch(await getSignedUrl(s3, new ListBucketsCommand({})));
        assert.equal(status, 200);
      }),
    ];
  });
  const refusing = async () => {
    const answers = await Promise.allSettled(asked.map(({ call }) => call()));
    return asked.filter((_, n) => answers[n]!.status === 'rejected').map(({ name }) => name);
  };
  const { AccessKeyId } = AccessKey!;
  const all = asked.map(({ name }) => name);
  assert.deepEqual(await refusing(), []);
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Inactive' }));
  assert.deepEqual(await refusing(), all);
  await iam.send(new UpdateAccessKeyCommand({ UserName, AccessKeyId, Status: 'Active' }));
  assert.deepEqual(await refusing(), []);
  await iam.send(new DeleteAccessKeyCommand({ UserName, AccessKeyId }));
  assert.deepEqual(await refusing(), all);
  for (const { close } of asked) close();
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
