import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { smtpPassword } from '../../src/core/accounts/smtp-password.ts';
import { SesameUnderTest } from '../world/sesame.ts';
import { awsEnvironment, needs, run } from '../world/tools.ts';

// Users and keys by the clients that administrators have: the AWS CLI, and boto3.
let sesame: SesameUnderTest;

const environment = (key: { accessKeyId: string; secretAccessKey: string }) => ({
  ...awsEnvironment,
  AWS_ACCESS_KEY_ID: key.accessKeyId,
  AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
});

const call = (env: Record<string, string>, parameters: readonly string[]) =>
  run('aws', [...parameters, '--endpoint-url', sesame.url, '--output', 'json', '--no-cli-pager'], { env });

async function aws(env: Record<string, string>, ...parameters: string[]): Promise<any> {
  const { status, stdout, stderr } = await call(env, parameters);
  assert.equal(status, 0, stderr);
  return stdout === '' ? {} : JSON.parse(stdout);
}

async function refused(env: Record<string, string>, ...parameters: string[]): Promise<string> {
  const { status, stderr } = await call(env, parameters);
  assert.equal(status, 254, 'the exit status of an error of the service');
  return stderr.trim();
}

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_AUTH: 'sigv4' });
});
after(() => sesame.stop());

const user = ['--user-name', 'cli'];

describe('the AWS CLI', needs('aws'), () => {
  test('makes a user who may send, shows and removes him', async () => {
    const root = environment(sesame.secrets.key!);
    // Each call is a Python that starts: those that need not wait for each other run beside each other.
    const [{ Arn }, { User }] = await Promise.all([
      aws(root, 'sts', 'get-caller-identity'),
      aws(root, 'iam', 'create-user', ...user, '--tags', 'Key=team,Value=mail'),
    ]);
    assert.equal(Arn, 'arn:aws:iam::000000000000:root');
    assert.equal(User.Arn, 'arn:aws:iam::000000000000:user/cli');
    const statement = { Effect: 'Allow', Action: 'ses:SendRawEmail', Resource: '*' };
    const policy = { Version: '2012-10-17', Statement: [statement] };
    const named = [...user, '--policy-name', 'AmazonSesSendingAccess'];
    const [, { AccessKey }] = await Promise.all([
      aws(root, 'iam', 'put-user-policy', ...named, '--policy-document', JSON.stringify(policy)),
      aws(root, 'iam', 'create-access-key', ...user),
    ]);
    const key = { accessKeyId: AccessKey.AccessKeyId, secretAccessKey: AccessKey.SecretAccessKey };
    const [{ PolicyDocument }, own, conflict] = await Promise.all([
      aws(root, 'iam', 'get-user-policy', ...named),
      aws(environment(key), 'sts', 'get-caller-identity'),
      refused(root, 'iam', 'delete-user', ...user),
    ]);
    assert.deepEqual(PolicyDocument, policy);
    assert.deepEqual(own, { UserId: User.UserId, Account: '000000000000', Arn: User.Arn });
    assert.equal(
      conflict,
      'An error occurred (DeleteConflict) when calling the DeleteUser operation: ' +
        'Cannot delete entity, must delete policies first.',
    );
    await Promise.all([
      aws(root, 'iam', 'delete-user-policy', ...named),
      aws(root, 'iam', 'delete-access-key', ...user, '--access-key-id', key.accessKeyId),
    ]);
    const [, unknown] = await Promise.all([
      aws(root, 'iam', 'delete-user', ...user),
      refused(environment(key), 'sts', 'get-caller-identity'),
    ]);
    assert.match(unknown, /\(InvalidClientTokenId\)/);
  });
});

describe('boto3', needs('python3', 'boto3'), () => {
  test('makes SMTP credentials as a script would', async () => {
    const story = join(import.meta.dirname, 'iam-story.py');
    const env = environment(sesame.secrets.key!);
    const { status, stdout, stderr } = await run('python3', [story, sesame.url], { env });
    assert.equal(status, 0, stderr);
    const { secret, password } = JSON.parse(stdout);
    assert.equal(password, smtpPassword(secret, 'eu-central-1'));
  });
});
