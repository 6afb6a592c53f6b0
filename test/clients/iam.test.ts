import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import { GetCallerIdentityCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { refusal } from '../world/refusal.ts';
import { SesameUnderTest } from '../world/sesame.ts';

// Users, keys and policies of an account, by the SDK, where signatures are checked.
let sesame: SesameUnderTest;
let root: iam.IAMClient;

before(async () => {
  sesame = await SesameUnderTest.start({ SESAME_AUTH: 'sigv4' });
  root = new iam.IAMClient({ ...sesame.client, credentials: sesame.secrets.key! });
});
after(async () => {
  root.destroy();
  await sesame.stop();
});

const ACCOUNT = '000000000000';
const sending = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['ses:SendEmail', 'ses:SendRawEmail'], Resource: '*' }],
};
const policyText = JSON.stringify(sending);

/** What the caller is told that has these keys. */
async function whoIs(credentials: { accessKeyId: string; secretAccessKey: string }) {
  const sts = new STSClient({ ...sesame.client, credentials });
  try {
    const { UserId, Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
    return { UserId, Account, Arn };
  } finally {
    sts.destroy();
  }
}

async function refused(call: Promise<unknown>, code: string, message: string | RegExp) {
  const error = await refusal(call, iam.IAMServiceException);
  // The SDK names what is modelled by its shape.
  assert.ok([code, `${code}Exception`].includes(error.name), error.name);
  if (typeof message === 'string') assert.equal(error.message, message);
  else assert.match(error.message, message);
  return error;
}

async function newUser(UserName: string, over: Partial<iam.CreateUserRequest> = {}) {
  const { User } = await root.send(new iam.CreateUserCommand({ UserName, ...over }));
  return User!;
}

describe('users', () => {
  test('are made, shown, changed and taken away', async () => {
    const Tags = [{ Key: 'team', Value: 'mail' }];
    const made = await newUser('ann', { Path: '/people/', Tags });
    assert.match(made.UserId!, /^AIDA[A-Z2-7]{17}$/);
    assert.equal(made.Arn, `arn:aws:iam::${ACCOUNT}:user/people/ann`);
    assert.ok(made.CreateDate instanceof Date);
    const { User } = await root.send(new iam.GetUserCommand({ UserName: 'ann' }));
    assert.deepEqual(User, { ...made, Tags });
    await root.send(new iam.UpdateUserCommand({ UserName: 'ann', NewUserName: 'anna', NewPath: '/' }));
    const { User: changed } = await root.send(new iam.GetUserCommand({ UserName: 'anna' }));
    assert.deepEqual([changed!.Arn, changed!.UserId], [`arn:aws:iam::${ACCOUNT}:user/anna`, made.UserId]);
    await root.send(new iam.DeleteUserCommand({ UserName: 'anna' }));
    const gone = await refused(
      root.send(new iam.GetUserCommand({ UserName: 'anna' })),
      'NoSuchEntity',
      'The user with name anna cannot be found.',
    );
    assert.equal(gone.$metadata.httpStatusCode, 404);
  });

  test('a name is taken once, however it is written', async () => {
    await newUser('Bob');
    await refused(newUser('bob'), 'EntityAlreadyExists', 'User with name bob already exists.');
    await newUser('bill');
    await refused(
      root.send(new iam.UpdateUserCommand({ UserName: 'bill', NewUserName: 'BOB' })),
      'EntityAlreadyExists',
      'User with name BOB already exists.',
    );
    await refused(newUser('no spaces'), 'ValidationError', /^The specified value for userName is invalid\./);
    await refused(newUser('x'.repeat(65)), 'ValidationError', /less than or equal to 64/);
    await refused(
      newUser('slash', { Path: 'people' }),
      'ValidationError',
      /^The specified value for path is invalid\./,
    );
  });

  test('are listed in pages', async () => {
    for (const name of ['l3', 'l1', 'l2']) await newUser(name, { Path: '/listed/' });
    const names: string[] = [];
    const pages = iam.paginateListUsers({ client: root, pageSize: 2 }, { PathPrefix: '/listed/' });
    let count = 0;
    for await (const page of pages) {
      names.push(...page.Users!.map(({ UserName }) => UserName!));
      count++;
    }
    assert.deepEqual([names, count], [['l1', 'l2', 'l3'], 2]);
    await refused(root.send(new iam.ListUsersCommand({ Marker: 'guess' })), 'ValidationError', /Marker/);
  });

  test('have tags', async () => {
    await newUser('tagged');
    const UserName = 'tagged';
    const tags = (count: number, prefix = 'k') =>
      Array.from({ length: count }, (_, n) => ({ Key: `${prefix}${String(n).padStart(2, '0')}`, Value: `${n}` }));
    await root.send(new iam.TagUserCommand({ UserName, Tags: tags(3) }));
    await root.send(new iam.TagUserCommand({ UserName, Tags: [{ Key: 'K01', Value: 'new' }] }));
    await root.send(new iam.UntagUserCommand({ UserName, TagKeys: ['k00', 'nothing'] }));
    const { Tags } = await root.send(new iam.ListUserTagsCommand({ UserName }));
    assert.deepEqual(Tags, [
      { Key: 'K01', Value: 'new' },
      { Key: 'k02', Value: '2' },
    ]);
    await refused(root.send(new iam.TagUserCommand({ UserName, Tags: tags(49, 'm') })), 'LimitExceeded', /50/);
  });

  test('have nothing that cannot be made here', async () => {
    const UserName = 'l1';
    const { Groups } = await root.send(new iam.ListGroupsForUserCommand({ UserName }));
    const { MFADevices } = await root.send(new iam.ListMFADevicesCommand({ UserName }));
    const { VirtualMFADevices } = await root.send(new iam.ListVirtualMFADevicesCommand({}));
    const { SSHPublicKeys } = await root.send(new iam.ListSSHPublicKeysCommand({ UserName }));
    const { Certificates } = await root.send(new iam.ListSigningCertificatesCommand({ UserName }));
    const specific = await root.send(new iam.ListServiceSpecificCredentialsCommand({ UserName }));
    assert.deepEqual(
      [Groups, MFADevices, VirtualMFADevices, SSHPublicKeys, Certificates, specific.ServiceSpecificCredentials],
      [[], [], [], [], [], []],
    );
    const none = 'Login Profile for User l1 cannot be found.';
    await refused(root.send(new iam.GetLoginProfileCommand({ UserName })), 'NoSuchEntity', none);
    await refused(root.send(new iam.DeleteLoginProfileCommand({ UserName })), 'NoSuchEntity', none);
    await refused(
      root.send(new iam.ListGroupsForUserCommand({ UserName: 'nobody' })),
      'NoSuchEntity',
      'The user with name nobody cannot be found.',
    );
  });
});

describe('access keys', () => {
  test('two at once; each can be switched off; nobody is told a secret again', async () => {
    await newUser('keyed');
    const UserName = 'keyed';
    const make = async () => (await root.send(new iam.CreateAccessKeyCommand({ UserName }))).AccessKey!;
    const first = await make();
    const second = await make();
    assert.match(first.AccessKeyId!, /^AKIA[A-Z2-7]{16}$/);
    assert.match(first.SecretAccessKey!, /^[A-Za-z0-9+/]{40}$/);
    assert.equal(first.Status, 'Active');
    await refused(make(), 'LimitExceeded', 'Cannot exceed quota for AccessKeysPerUser: 2');
    const keysOf = ({ AccessKeyId, SecretAccessKey }: iam.AccessKey) => ({
      accessKeyId: AccessKeyId!,
      secretAccessKey: SecretAccessKey!,
    });
    const arn = `arn:aws:iam::${ACCOUNT}:user/keyed`;
    for (const key of [first, second]) assert.equal((await whoIs(keysOf(key))).Arn, arn);
    await root.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: first.AccessKeyId, Status: 'Inactive' }));
    const error = await refusal(whoIs(keysOf(first)), STSServiceException);
    assert.equal(error.name, 'InvalidClientTokenId');
    assert.equal((await whoIs(keysOf(second))).Arn, arn);
    const { AccessKeyMetadata } = await root.send(new iam.ListAccessKeysCommand({ UserName }));
    const shown = AccessKeyMetadata!.map(({ AccessKeyId, Status }) => [AccessKeyId, Status]);
    assert.deepEqual(
      new Map(shown as [string, string][]),
      new Map([
        [first.AccessKeyId!, 'Inactive'],
        [second.AccessKeyId!, 'Active'],
      ]),
    );
    assert.equal(JSON.stringify(AccessKeyMetadata).includes('Secret'), false);
    await root.send(new iam.UpdateAccessKeyCommand({ UserName, AccessKeyId: first.AccessKeyId, Status: 'Active' }));
    await whoIs(keysOf(first));
    await refused(
      root.send(new iam.DeleteUserCommand({ UserName })),
      'DeleteConflict',
      'Cannot delete entity, must delete access keys first.',
    );
    for (const { AccessKeyId } of [first, second]) {
      await root.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    }
    assert.equal((await refusal(whoIs(keysOf(second)), STSServiceException)).name, 'InvalidClientTokenId');
    await refused(
      root.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: first.AccessKeyId })),
      'NoSuchEntity',
      `The Access Key with id ${first.AccessKeyId} cannot be found.`,
    );
    await root.send(new iam.DeleteUserCommand({ UserName }));
  });

  test('two, even if more are asked for at the same time: of a user, of the root', async () => {
    await newUser('hasty');
    for (const [owner, room] of [
      [{ UserName: 'hasty' }, 2],
      [{}, 1],
    ] as const) {
      const calls = Array.from({ length: 5 }, () => root.send(new iam.CreateAccessKeyCommand(owner)));
      const made = (await Promise.allSettled(calls)).filter((answer) => answer.status === 'fulfilled');
      const { AccessKeyMetadata } = await root.send(new iam.ListAccessKeysCommand(owner));
      assert.deepEqual([made.length, AccessKeyMetadata!.length], [room, 2]);
      for (const { value } of made) {
        await root.send(new iam.DeleteAccessKeyCommand({ ...owner, AccessKeyId: value.AccessKey!.AccessKeyId }));
      }
    }
  });

  test('keep speaking for a user whose name changes', async () => {
    const { UserId } = await newUser('before');
    const { AccessKey } = await root.send(new iam.CreateAccessKeyCommand({ UserName: 'before' }));
    const credentials = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    await root.send(new iam.UpdateUserCommand({ UserName: 'before', NewUserName: 'after', NewPath: '/renamed/' }));
    assert.deepEqual(await whoIs(credentials), {
      UserId,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:user/renamed/after`,
    });
  });

  test('tell when they were last used, where and for what', async () => {
    const UserName = 'used';
    await newUser(UserName);
    const { AccessKey } = await root.send(new iam.CreateAccessKeyCommand({ UserName }));
    const { AccessKeyId } = AccessKey!;
    const lastUsed = async () => root.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId }));
    const never = await lastUsed();
    assert.deepEqual([never.UserName, never.AccessKeyLastUsed], [UserName, { ServiceName: 'N/A', Region: 'N/A' }]);
    await whoIs({ accessKeyId: AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! });
    const { AccessKeyLastUsed } = await lastUsed();
    assert.deepEqual([AccessKeyLastUsed!.ServiceName, AccessKeyLastUsed!.Region], ['sts', 'us-east-1']);
    assert.ok(AccessKeyLastUsed!.LastUsedDate! >= AccessKey!.CreateDate!);
    await sesame.restart();
    root.destroy();
    root = new iam.IAMClient({ ...sesame.client, credentials: root.config.credentials });
    assert.equal((await lastUsed()).AccessKeyLastUsed!.ServiceName, 'sts');
    await refused(
      root.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId: 'AKIAUNKNOWNUNKNOWNUN' })),
      'NoSuchEntity',
      'The Access Key with id AKIAUNKNOWNUNKNOWNUN cannot be found.',
    );
  });

  test("the root has keys too, and so has a user who asks for one's own", async () => {
    const { AccessKeyMetadata } = await root.send(new iam.ListAccessKeysCommand({}));
    assert.equal(AccessKeyMetadata!.length, 1);
    const { AccessKey } = await root.send(new iam.CreateAccessKeyCommand({}));
    const second = { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! };
    assert.deepEqual(await whoIs(second), {
      UserId: ACCOUNT,
      Account: ACCOUNT,
      Arn: `arn:aws:iam::${ACCOUNT}:root`,
    });
    await refused(
      root.send(new iam.CreateAccessKeyCommand({})),
      'LimitExceeded',
      'Cannot exceed quota for AccessKeysPerUser: 2',
    );
    const { User } = await root.send(new iam.GetUserCommand({}));
    assert.deepEqual([User!.UserId, User!.Arn], [ACCOUNT, `arn:aws:iam::${ACCOUNT}:root`]);
    await root.send(new iam.DeleteAccessKeyCommand({ AccessKeyId: second.accessKeyId }));
  });
});

describe('policies', () => {
  test("of a user's own", async () => {
    const UserName = 'own';
    await newUser(UserName);
    const put = (PolicyName: string, PolicyDocument: string) =>
      root.send(new iam.PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
    await put('AmazonSesSendingAccess', policyText);
    await put('second', policyText);
    const { PolicyDocument } = await root.send(
      new iam.GetUserPolicyCommand({ UserName, PolicyName: 'AmazonSesSendingAccess' }),
    );
    assert.equal(decodeURIComponent(PolicyDocument!), policyText);
    const { PolicyNames } = await root.send(new iam.ListUserPoliciesCommand({ UserName }));
    assert.deepEqual(PolicyNames, ['AmazonSesSendingAccess', 'second']);
    await refused(put('bad', '{'), 'MalformedPolicyDocument', 'Syntax errors in policy.');
    await refused(put('big', `${policyText.slice(0, -1)},"Id":"${'x'.repeat(2_000)}"}`), 'LimitExceeded', /2048/);
    await refused(
      root.send(new iam.DeleteUserCommand({ UserName })),
      'DeleteConflict',
      'Cannot delete entity, must delete policies first.',
    );
    for (const PolicyName of ['AmazonSesSendingAccess', 'second']) {
      await root.send(new iam.DeleteUserPolicyCommand({ UserName, PolicyName }));
    }
    await refused(
      root.send(new iam.GetUserPolicyCommand({ UserName, PolicyName: 'second' })),
      'NoSuchEntity',
      'The user policy with name second cannot be found.',
    );
  });

  test('of AWS, attached', async () => {
    const UserName = 'attached';
    const PolicyArn = 'arn:aws:iam::aws:policy/AmazonSESFullAccess';
    await newUser(UserName);
    for (const _ of ['once', 'twice']) await root.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
    const { AttachedPolicies } = await root.send(new iam.ListAttachedUserPoliciesCommand({ UserName }));
    assert.deepEqual(AttachedPolicies, [{ PolicyName: 'AmazonSESFullAccess', PolicyArn }]);
    const { Policy } = await root.send(new iam.GetPolicyCommand({ PolicyArn }));
    assert.deepEqual([Policy!.AttachmentCount, Policy!.DefaultVersionId], [1, 'v1']);
    await refused(
      root.send(new iam.DeleteUserCommand({ UserName })),
      'DeleteConflict',
      'Cannot delete entity, must detach all policies first.',
    );
    await root.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn }));
    await refused(
      root.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn })),
      'NoSuchEntity',
      `Policy ${PolicyArn} was not found.`,
    );
    const unknown = 'arn:aws:iam::aws:policy/AmazonSESNoAccess';
    await refused(
      root.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn: unknown })),
      'NoSuchEntity',
      `Policy ${unknown} does not exist or is not attachable.`,
    );
    await refused(root.send(new iam.DeletePolicyCommand({ PolicyArn })), 'AccessDenied', /AWS's/);
    const readOnly = 'arn:aws:iam::aws:policy/AmazonSESReadOnlyAccess';
    const { Policy: later } = await root.send(new iam.GetPolicyCommand({ PolicyArn: readOnly }));
    const VersionId = later!.DefaultVersionId;
    const { PolicyVersion } = await root.send(new iam.GetPolicyVersionCommand({ PolicyArn: readOnly, VersionId }));
    const Action = ['ses:Get*', 'ses:List*', 'ses:BatchGetMetricData'];
    assert.deepEqual(JSON.parse(decodeURIComponent(PolicyVersion!.Document!)).Statement, [
      { Effect: 'Allow', Action, Resource: '*' },
    ]);
    const shown = [later!.CreateDate, later!.UpdateDate, PolicyVersion!.CreateDate].map((date) => date!.toISOString());
    const [made, edited] = ['2015-02-06T18:41:00.000Z', '2024-05-14T12:03:00.000Z'];
    assert.deepEqual([VersionId, later!.PolicyId, ...shown], ['v2', 'ANPAINV2XPFRMWJJNSCGI', made, edited, edited]);
  });

  test('of the account, in versions', async () => {
    const { Policy } = await root.send(
      new iam.CreatePolicyCommand({ PolicyName: 'sending', PolicyDocument: policyText, Description: 'May send' }),
    );
    const PolicyArn = Policy!.Arn!;
    assert.equal(PolicyArn, `arn:aws:iam::${ACCOUNT}:policy/sending`);
    assert.match(Policy!.PolicyId!, /^ANPA[A-Z2-7]{17}$/);
    await refused(
      root.send(new iam.CreatePolicyCommand({ PolicyName: 'Sending', PolicyDocument: policyText })),
      'EntityAlreadyExists',
      'A policy called Sending already exists. Duplicate names are not allowed.',
    );
    const add = (SetAsDefault: boolean) =>
      root.send(new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policyText, SetAsDefault }));
    const { PolicyVersion } = await add(true);
    assert.deepEqual([PolicyVersion!.VersionId, PolicyVersion!.IsDefaultVersion], ['v2', true]);
    await refused(
      root.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' })),
      'DeleteConflict',
      'Cannot delete the default version of a policy.',
    );
    await root.send(new iam.SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }));
    await root.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    await refused(
      root.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' })),
      'NoSuchEntity',
      `Policy ${PolicyArn} version v2 does not exist or is not attachable.`,
    );
    for (let n = 0; n < 4; n++) await add(false);
    await refused(add(false), 'LimitExceeded', /up to 5 versions/);
    const { Versions } = await root.send(new iam.ListPolicyVersionsCommand({ PolicyArn }));
    assert.deepEqual(
      Versions!.map(({ VersionId }) => VersionId),
      ['v6', 'v5', 'v4', 'v3', 'v1'],
    );
    const { PolicyVersion: shown } = await root.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v3' }));
    assert.deepEqual(JSON.parse(decodeURIComponent(shown!.Document!)), sending);

    const UserName = 'holder';
    await newUser(UserName);
    await root.send(new iam.AttachUserPolicyCommand({ UserName, PolicyArn }));
    const { Policies } = await root.send(new iam.ListPoliciesCommand({ Scope: 'Local', OnlyAttached: true }));
    assert.deepEqual(
      Policies!.map(({ PolicyName, AttachmentCount }) => [PolicyName, AttachmentCount]),
      [['sending', 1]],
    );
    const remove = () => root.send(new iam.DeletePolicyCommand({ PolicyArn }));
    await refused(remove(), 'DeleteConflict', 'Cannot delete a policy attached to entities.');
    await root.send(new iam.DetachUserPolicyCommand({ UserName, PolicyArn }));
    await refused(remove(), 'DeleteConflict', /^This policy has more than one version\./);
    for (const VersionId of ['v3', 'v4', 'v5', 'v6']) {
      await root.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    }
    await root.send(
      new iam.TagPolicyCommand({
        PolicyArn,
        Tags: [
          { Key: 'a', Value: 'b' },
          { Key: 'c', Value: 'd' },
        ],
      }),
    );
    await root.send(new iam.UntagPolicyCommand({ PolicyArn, TagKeys: ['a'] }));
    const { Tags } = await root.send(new iam.ListPolicyTagsCommand({ PolicyArn }));
    assert.deepEqual(Tags, [{ Key: 'c', Value: 'd' }]);
    await remove();
    await refused(
      root.send(new iam.GetPolicyCommand({ PolicyArn })),
      'NoSuchEntity',
      `Policy ${PolicyArn} was not found.`,
    );
    const all: string[] = [];
    for await (const { Policies: page } of iam.paginateListPolicies({ client: root, pageSize: 4 }, { Scope: 'AWS' })) {
      all.push(...page!.map(({ PolicyName }) => PolicyName!));
    }
    for (const name of ['AmazonSESFullAccess', 'AmazonSESReadOnlyAccess']) assert.ok(all.includes(name), name);
  });
});

test('another account sees none of it', async () => {
  const { json } = await sesame.call('POST', '/_sesame/accounts', { account: '222222222222', name: 'Two' });
  const other = new iam.IAMClient({ ...sesame.client, credentials: json });
  try {
    assert.deepEqual((await other.send(new iam.ListUsersCommand({}))).Users, []);
    const { Policy } = await root.send(new iam.CreatePolicyCommand({ PolicyName: 'own', PolicyDocument: policyText }));
    const PolicyArn = Policy!.Arn!;
    await refused(
      other.send(new iam.GetPolicyCommand({ PolicyArn })),
      'NoSuchEntity',
      `Policy ${PolicyArn} was not found.`,
    );
    await other.send(new iam.CreateUserCommand({ UserName: 'theirs' }));
    await refused(
      other.send(new iam.AttachUserPolicyCommand({ UserName: 'theirs', PolicyArn })),
      'NoSuchEntity',
      `Policy ${PolicyArn} does not exist or is not attachable.`,
    );
    assert.deepEqual((await other.send(new iam.ListPoliciesCommand({ Scope: 'Local' }))).Policies, []);
    await refused(
      other.send(new iam.GetUserCommand({ UserName: 'l1' })),
      'NoSuchEntity',
      'The user with name l1 cannot be found.',
    );
    const { accessKeyId } = sesame.secrets.key ?? { accessKeyId: (await root.config.credentials()).accessKeyId };
    await refused(
      other.send(new iam.GetAccessKeyLastUsedCommand({ AccessKeyId: accessKeyId })),
      'NoSuchEntity',
      `The Access Key with id ${accessKeyId} cannot be found.`,
    );
    await refused(
      other.send(new iam.UpdateAccessKeyCommand({ AccessKeyId: accessKeyId, Status: 'Inactive' })),
      'NoSuchEntity',
      `The Access Key with id ${accessKeyId} cannot be found.`,
    );
  } finally {
    other.destroy();
  }
});

test('what is not built says so', async () => {
  await refused(
    root.send(new iam.CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: '{}' })),
    'InvalidAction',
    'CreateRole is not built yet',
  );
});
