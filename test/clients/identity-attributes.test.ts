import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import * as v1 from '@aws-sdk/client-ses';
import * as v2 from '@aws-sdk/client-sesv2';
import { SesameUnderTest } from '../world/sesame.ts';

// What is set on an identity: one state, whichever version of the API sets or shows it.
const EmailIdentity = 'example.com';
const Identity = EmailIdentity;

let sesame: SesameUnderTest;
let one: v1.SESClient;
let two: v2.SESv2Client;

before(async () => {
  sesame = await SesameUnderTest.start();
  one = new v1.SESClient(sesame.client);
  two = new v2.SESv2Client(sesame.client);
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }));
});
after(async () => {
  one?.destroy();
  two?.destroy();
  await sesame?.stop();
});

const shown = (name = EmailIdentity) => two.send(new v2.GetEmailIdentityCommand({ EmailIdentity: name }));

async function arnOf(name: string): Promise<string> {
  const text = JSON.stringify({ Statement: [{ Effect: 'Allow', Principal: '*', Action: 'ses:*', Resource: 'x' }] });
  const refused = v1.InvalidPolicyException;
  try {
    await one.send(new v1.PutIdentityPolicyCommand({ Identity: name, PolicyName: 'p', Policy: text }));
  } catch (error) {
    assert.ok(error instanceof refused, String(error));
    return /arn:\S+[^.]/.exec(error.message)![0].replace(/\.$/, '');
  }
  throw new assert.AssertionError({ message: 'a policy of another resource was taken' });
}

const statement = (Resource: string, over: object = {}) => ({
  Sid: 'let them  in',
  Effect: 'Allow',
  Principal: { AWS: ['444455556666'] },
  Action: ['ses:SendEmail', 'ses:SendRawEmail'],
  Resource,
  Condition: { StringLike: { 'ses:FromAddress': 'news*@example.com' } },
  ...over,
});
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement }, undefined, 2);

test('policies are created, shown, updated and deleted, in both versions', async () => {
  const arn = await arnOf(Identity);
  assert.match(arn, /^arn:aws:ses:[a-z0-9-]+:\d{12}:identity\/example\.com$/);
  const text = policy(statement(arn));
  const short = JSON.stringify(JSON.parse(text));
  await one.send(new v1.PutIdentityPolicyCommand({ Identity, PolicyName: 'first', Policy: text }));
  await two.send(new v2.CreateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'second', Policy: text }));
  await assert.rejects(
    two.send(new v2.CreateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'first', Policy: text })),
    { name: 'AlreadyExistsException', message: 'Policy first already exists' },
  );
  const both = { first: short, second: short };
  assert.deepEqual((await two.send(new v2.GetEmailIdentityPoliciesCommand({ EmailIdentity }))).Policies, both);
  assert.deepEqual((await shown()).Policies, both);
  const listed = await one.send(new v1.ListIdentityPoliciesCommand({ Identity: arn }));
  assert.deepEqual(listed.PolicyNames, ['first', 'second']);
  const asked = new v1.GetIdentityPoliciesCommand({ Identity, PolicyNames: ['second', 'third'] });
  assert.deepEqual((await one.send(asked)).Policies, { second: short });

  const denied = policy(statement(arn, { Effect: 'Deny' }));
  await two.send(new v2.UpdateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'first', Policy: denied }));
  await one.send(new v1.PutIdentityPolicyCommand({ Identity: arn, PolicyName: 'second', Policy: denied }));
  const now = JSON.stringify(JSON.parse(denied));
  assert.deepEqual((await shown()).Policies, { first: now, second: now });

  for (let time = 0; time < 2; time++) {
    await one.send(new v1.DeleteIdentityPolicyCommand({ Identity, PolicyName: 'first' }));
  }
  const remove = (EmailIdentity: string, PolicyName: string) =>
    two.send(new v2.DeleteEmailIdentityPolicyCommand({ EmailIdentity, PolicyName }));
  await remove(EmailIdentity, 'second');
  await assert.rejects(remove(EmailIdentity, 'second'), {
    name: 'NotFoundException',
    message: 'Policy second does not exist',
  });
  await assert.rejects(remove('absent.example.com', 'second'), {
    name: 'NotFoundException',
    message: 'Email identity absent.example.com does not exist.',
  });
  assert.deepEqual((await shown()).Policies, {});
});

test('policies that cannot be kept are refused in the words of SES', async () => {
  const arn = await arnOf(Identity);
  const good = policy(statement(arn));
  const put = (PolicyName: string, Policy: string, name = Identity) =>
    one.send(new v1.PutIdentityPolicyCommand({ Identity: name, PolicyName, Policy }));
  const wrong = [
    'no json',
    '[]',
    policy(),
    policy(statement(arn, { Effect: 'allow' })),
    policy(statement(arn, { Action: 'sns:Publish' })),
    policy(statement(arn, { Action: 'ses:DeleteIdentity' })),
    policy(statement(arn, { Principal: undefined })),
    policy(statement(arn, { Condition: 'always' })),
    policy(statement(`${arn}.other`)),
    policy(statement(arn), statement(arn, { Resource: '*' })),
    policy(statement(arn, { Sid: 'x'.repeat(4_096) })),
  ];
  for (const text of wrong) await assert.rejects(put('p', text), { name: 'InvalidPolicyException' }, text);
  await assert.rejects(
    two.send(new v2.CreateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'p', Policy: 'no json' })),
    { name: 'BadRequestException' },
  );
  await assert.rejects(put('a.b', good), {
    name: 'InvalidParameterValue',
    message: 'PolicyName is invalid. Policy names must only include alpha-numeric characters, dashes, and underscores.',
  });
  await assert.rejects(put('p', good, 'absent.example.com'), { name: 'InvalidParameterValue' });
  await assert.rejects(
    two.send(new v2.UpdateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'p', Policy: good })),
    { name: 'NotFoundException', message: 'Policy p does not exist' },
  );
  await assert.rejects(two.send(new v2.GetEmailIdentityPoliciesCommand({ EmailIdentity: 'absent.example.com' })), {
    name: 'NotFoundException',
    message: 'Email identity absent.example.com does not exist.',
  });
  for (let n = 0; n < 20; n++) await put(`p${n}`, good);
  const most = `Number of policies for ${Identity} exceeds max allowed number of policies per resource`;
  await assert.rejects(put('p20', good), { name: 'InvalidParameterValue', message: most });
  await assert.rejects(
    two.send(new v2.CreateEmailIdentityPolicyCommand({ EmailIdentity, PolicyName: 'p20', Policy: good })),
    { name: 'LimitExceededException', message: most },
  );
  await put('p19', good);
});

test('policies go with their identity', async () => {
  const name = 'brief.example.com';
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: name }));
  const Policy = policy(statement(await arnOf(name)));
  await two.send(new v2.CreateEmailIdentityPolicyCommand({ EmailIdentity: name, PolicyName: 'p', Policy }));
  await two.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity: name }));
  await two.send(new v2.CreateEmailIdentityCommand({ EmailIdentity: name }));
  assert.deepEqual((await shown(name)).Policies, {});
});
