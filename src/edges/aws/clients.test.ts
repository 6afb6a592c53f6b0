/** The same protocols through clients that read older models and sign with other code: the AWS CLI and boto3. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import * as s3sdk from '@aws-sdk/client-s3';
import * as sdk1 from '@aws-sdk/client-ses';
import * as sdk2 from '@aws-sdk/client-sesv2';
import { Refusal } from '../../base/refusal.ts';
import { S3_NAMESPACE, SES_NAMESPACE } from './destination.ts';
import { noConstraints } from './protocol/constraints.ts';
import { queryProtocol } from './protocol/query.ts';
import { restJsonProtocol } from './protocol/rest-json.ts';
import { restXmlProtocol } from './protocol/rest-xml.ts';
import { modelOf } from './protocol/schema.ts';
import { constraintsOf } from './protocol/service-constraints.ts';
import { openTestDoor, type TestDoor, testCredentials, testService } from './test-door.ts';

const CLI = '/usr/bin/aws';
const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

let input: Record<string, unknown> = {};
const remember =
  (output: unknown = {}) =>
  (given: unknown) => {
    input = given as typeof input;
    return output;
  };

const services = {
  'ses-v1'() {
    const model = modelOf(sdk1);
    const constraints = constraintsOf('v1');
    const protocol = queryProtocol({ model, version: '2010-12-01', namespace: SES_NAMESPACE, constraints });
    return testService(
      { model, protocol },
      {
        SendEmail: remember({ MessageId: 'v1' }),
        GetSendQuota: () => ({ Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 0 }),
        GetIdentityVerificationAttributes: () => ({
          VerificationAttributes: { 'a@example.com': { VerificationStatus: 'Success' } },
        }),
        DescribeReceiptRuleSet() {
          throw new Refusal('rule-set-not-found', 'Rule set does not exist: x', { Name: 'x' });
        },
      },
    );
  },
  'ses-v2'() {
    const model = modelOf(sdk2);
    const aliases = [['ListEmailIdentities', 'GET', '/v2/email/identities']] as const;
    const protocol = restJsonProtocol({ model, constraints: constraintsOf('v2'), aliases });
    return testService(
      { model, protocol },
      {
        SendEmail: remember({ MessageId: 'v2' }),
        ListEmailIdentities: remember({ EmailIdentities: [{ IdentityName: 'example.com' }] }),
        GetEmailIdentity() {
          throw new Refusal('not-found', 'Email identity x does not exist.');
        },
        UntagResource: remember(),
      },
    );
  },
  s3() {
    const model = modelOf(s3sdk);
    const protocol = restXmlProtocol({ model, namespace: S3_NAMESPACE, constraints: noConstraints });
    return testService(
      { model, protocol },
      {
        PutObject: remember({ ETag: '"e"' }),
        GetObject: () => ({ Body: Buffer.from('stored'), ContentType: 'text/plain' }),
        ListObjectsV2: remember({ Contents: [{ Key: 'a b', Size: 1, LastModified: new Date(0), ETag: '"e"' }] }),
        CreateBucket: remember(),
      },
    );
  },
};

let door: TestDoor;
before(async () => {
  door = await openTestDoor(services, { mode: 'sigv4' });
});
after(() => door[Symbol.asyncDispose]());

const environment = () => ({
  PATH: '/usr/bin:/bin',
  HOME: '/nonexistent',
  AWS_ACCESS_KEY_ID: testCredentials.accessKeyId,
  AWS_SECRET_ACCESS_KEY: testCredentials.secretAccessKey,
  AWS_DEFAULT_REGION: 'eu-west-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_MAX_ATTEMPTS: '1',
});

/** True if the tool is there; where it must be and is not, the test fails. */
function has(tool: string, t: TestContext): boolean {
  if (existsSync(tool)) return true;
  assert.ok(!process.env['CI'], `${tool} is not installed, and CI must have it`);
  t.skip(`${tool} is not installed`);
  return false;
}

async function aws(...parameters: string[]): Promise<{ code: number; out: string; err: string }> {
  const options = ['--endpoint-url', door.endpoint, '--output', 'json', '--no-cli-pager'];
  try {
    const { stdout, stderr } = await run(CLI, [...parameters, ...options], { env: environment() });
    return { code: 0, out: stdout, err: stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, out: stdout, err: stderr };
  }
}

describe('the AWS CLI', () => {
  it('SES v1', async (t) => {
    if (!has(CLI, t)) return;
    const to = [
      '--from',
      'a@example.com',
      '--to',
      'b@example.org',
      'c@example.org',
      '--subject',
      'Hi ü',
      '--text',
      'x & y',
    ];
    const { out, err } = await aws('ses', 'send-email', ...to);
    assert.equal(out && JSON.parse(out).MessageId, 'v1', err);
    assert.deepEqual(input['Destination'], { ToAddresses: ['b@example.org', 'c@example.org'] });
    assert.equal(JSON.parse((await aws('ses', 'get-send-quota')).out).Max24HourSend, 200);
    const refused = await aws('ses', 'describe-receipt-rule-set', '--rule-set-name', 'x');
    assert.match(refused.err, /\(RuleSetDoesNotExist\).*: Rule set does not exist: x/);
  });

  it('SES v2', async (t) => {
    if (!has(CLI, t)) return;
    const content = JSON.stringify({ Raw: { Data: Buffer.from('raw ü').toString('base64') } });
    const { out, err } = await aws(
      'sesv2',
      'send-email',
      '--content',
      content,
      '--from-email-address',
      'a@example.com',
    );
    assert.equal(out && JSON.parse(out).MessageId, 'v2', err);
    assert.deepEqual(input, { FromEmailAddress: 'a@example.com', Content: { Raw: { Data: Buffer.from('raw ü') } } });
    const listed = await aws('sesv2', 'list-email-identities', '--page-size', '5');
    assert.deepEqual(JSON.parse(listed.out).EmailIdentities, [{ IdentityName: 'example.com' }]);
    const refused = await aws('sesv2', 'get-email-identity', '--email-identity', 'a+b@example.com');
    assert.match(refused.err, /\(NotFoundException\).*: Email identity x does not exist\./);
  });

  it('S3', async (t) => {
    if (!has(CLI, t)) return;
    assert.deepEqual(await aws('s3api', 'create-bucket', '--bucket', 'b'), { code: 0, out: '', err: '' });
    const put = await aws('s3api', 'put-object', '--bucket', 'b', '--key', 'x/a b+c', '--body', import.meta.filename);
    assert.equal(JSON.parse(put.out || '{}').ETag, '"e"', put.err);
    assert.equal(input['Key'], 'x/a b+c');
    assert.match(String(input['Body']), /^\/\*\* The same protocols/);
    const { out } = await aws('s3api', 'list-objects-v2', '--bucket', 'b', '--prefix', 'x');
    assert.equal(JSON.parse(out).Contents[0].Key, 'a b');
  });
});

const script = `
import boto3, sys
from botocore.config import Config
from botocore.exceptions import ClientError
endpoint = sys.argv[1]
config = Config(retries={'max_attempts': 0})
ses = boto3.client('ses', endpoint_url=endpoint, config=config)
v2 = boto3.client('sesv2', endpoint_url=endpoint, config=config)
s3 = boto3.client('s3', endpoint_url=endpoint, config=config.merge(Config(signature_version='s3v4')))

sent = ses.send_email(Source='a@example.com', Destination={}, Message={'Subject': {'Data': 's'}, 'Body': {}}, Tags=[])
assert sent['MessageId'] == 'v1', sent
found = ses.get_identity_verification_attributes(Identities=['a@example.com'])['VerificationAttributes']
assert found['a@example.com']['VerificationStatus'] == 'Success', found
try:
    ses.describe_receipt_rule_set(RuleSetName='x')
    raise SystemExit('no error')
except ses.exceptions.RuleSetDoesNotExistException as error:
    assert error.response['Error']['Name'] == 'x', error.response

raw = bytes(range(256))
assert v2.send_email(Content={'Raw': {'Data': raw}}, FromEmailAddress='a@example.com')['MessageId'] == 'v2'
v2.untag_resource(ResourceArn='arn:aws:ses:eu-west-1:1:identity/x', TagKeys=['b', 'a'])
try:
    v2.get_email_identity(EmailIdentity="a+b/ü '~@example.com")
    raise SystemExit('no error')
except v2.exceptions.NotFoundException as error:
    assert error.response['ResponseMetadata']['HTTPStatusCode'] == 404
try:
    v2.get_account()
    raise SystemExit('no error')
except ClientError as error:
    assert error.response['Error'] == {'Code': 'BadRequestException', 'Message': 'GetAccount is not built yet'}, error.response

s3.put_object(Bucket='b', Key='x/ü y', Body=raw, Metadata={'one': 'two'})
assert s3.get_object(Bucket='b', Key='x/ü y')['Body'].read() == b'stored'
print(s3.generate_presigned_url('get_object', Params={'Bucket': 'b', 'Key': 'x/ü y'}))
`;

describe('boto3', () => {
  it('SES v1, v2 and S3', async (t) => {
    if (!has(PYTHON, t)) return;
    const { stdout } = await run(PYTHON, ['-c', script, door.endpoint], { env: environment() });
    assert.deepEqual(input['Body'], Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)));
    assert.deepEqual(input['Metadata'], { one: 'two' });
    assert.equal(await (await fetch(stdout.trim())).text(), 'stored');
  });
});
