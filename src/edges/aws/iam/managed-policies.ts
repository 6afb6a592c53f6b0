import { type ManagedPolicy, type PolicyVersion, versionOf } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { checkedPath, checkName, encodedPolicy, shownTags, slice, tagsOf } from './shapes.ts';

export async function CreatePolicy(
  { managedPolicies }: Rooms,
  { PolicyName, Path, PolicyDocument, Description, Tags }: In<'CreatePolicy'>,
  { account }: Caller,
): Promise<Out<'CreatePolicy'>> {
  checkName('policyName', PolicyName);
  const policy = await managedPolicies.create(account, {
    name: PolicyName,
    path: checkedPath('path', Path),
    description: Description,
    tags: tagsOf(Tags),
    text: PolicyDocument,
  });
  return { Policy: { ...shown(policy, 0), Description: undefined, Tags: tagged(policy) } };
}

export async function GetPolicy(
  { users, managedPolicies }: Rooms,
  { PolicyArn }: In<'GetPolicy'>,
  { account }: Caller,
): Promise<Out<'GetPolicy'>> {
  const policy = await managedPolicies.get(account, PolicyArn);
  const attachments = await users.attachments(account);
  return {
    Policy: { ...shown(policy, attachments.get(PolicyArn)), Description: policy.description, Tags: tagged(policy) },
  };
}

export async function ListPolicies(
  { users, managedPolicies }: Rooms,
  input: In<'ListPolicies'>,
  { account }: Caller,
): Promise<Out<'ListPolicies'>> {
  const { Scope = 'All', OnlyAttached = false, PathPrefix = '/', PolicyUsageFilter } = input;
  const [own, attachments] = await Promise.all([managedPolicies.list(account), users.attachments(account)]);
  const all = [...(Scope === 'AWS' ? [] : own), ...(Scope === 'Local' ? [] : managedPolicies.builtIn())];
  // A permissions boundary cannot be set here, so no policy is used as one.
  const wanted = all.filter(
    ({ arn, path }) =>
      path.startsWith(PathPrefix) &&
      (!OnlyAttached || attachments.has(arn)) &&
      PolicyUsageFilter !== 'PermissionsBoundary',
  );
  const { page, ...paged } = slice('iam-policies', wanted, input, ({ arn }) => arn);
  return { Policies: page.map((policy) => shown(policy, attachments.get(policy.arn))), ...paged };
}

export async function DeletePolicy(
  { users, managedPolicies }: Rooms,
  { PolicyArn }: In<'DeletePolicy'>,
  { account }: Caller,
): Promise<Out<'DeletePolicy'>> {
  const isAttached = async () => (await users.attachments(account)).has(PolicyArn);
  await managedPolicies.remove(account, PolicyArn, isAttached);
  return {};
}

export async function CreatePolicyVersion(
  { managedPolicies }: Rooms,
  { PolicyArn, PolicyDocument, SetAsDefault = false }: In<'CreatePolicyVersion'>,
  { account }: Caller,
): Promise<Out<'CreatePolicyVersion'>> {
  const given = { text: PolicyDocument, inForce: SetAsDefault };
  const version = await managedPolicies.addVersion(account, PolicyArn, given);
  return { PolicyVersion: shownVersion(version, SetAsDefault) };
}

export async function GetPolicyVersion(
  { managedPolicies }: Rooms,
  { PolicyArn, VersionId }: In<'GetPolicyVersion'>,
  { account }: Caller,
): Promise<Out<'GetPolicyVersion'>> {
  const policy = await managedPolicies.get(account, PolicyArn);
  const version = versionOf(policy, PolicyArn, numberOf(VersionId));
  const shownOne = shownVersion(version, version.number === policy.inForce);
  return { PolicyVersion: { Document: encodedPolicy(version.text), ...shownOne } };
}

export async function ListPolicyVersions(
  { managedPolicies }: Rooms,
  input: In<'ListPolicyVersions'>,
  { account }: Caller,
): Promise<Out<'ListPolicyVersions'>> {
  const { versions, inForce } = await managedPolicies.get(account, input.PolicyArn);
  // The newest first, as IAM lists them; there are five at most.
  const page = versions.toReversed().map((version) => shownVersion(version, version.number === inForce));
  return { Versions: page, IsTruncated: false };
}

export async function SetDefaultPolicyVersion(
  { managedPolicies }: Rooms,
  { PolicyArn, VersionId }: In<'SetDefaultPolicyVersion'>,
  { account }: Caller,
): Promise<Out<'SetDefaultPolicyVersion'>> {
  await managedPolicies.putInForce(account, PolicyArn, numberOf(VersionId));
  return {};
}

export async function DeletePolicyVersion(
  { managedPolicies }: Rooms,
  { PolicyArn, VersionId }: In<'DeletePolicyVersion'>,
  { account }: Caller,
): Promise<Out<'DeletePolicyVersion'>> {
  await managedPolicies.removeVersion(account, PolicyArn, numberOf(VersionId));
  return {};
}

export async function TagPolicy(
  { managedPolicies }: Rooms,
  { PolicyArn, Tags }: In<'TagPolicy'>,
  { account }: Caller,
): Promise<Out<'TagPolicy'>> {
  await managedPolicies.tag(account, PolicyArn, tagsOf(Tags));
  return {};
}

export async function UntagPolicy(
  { managedPolicies }: Rooms,
  { PolicyArn, TagKeys }: In<'UntagPolicy'>,
  { account }: Caller,
): Promise<Out<'UntagPolicy'>> {
  await managedPolicies.untag(account, PolicyArn, TagKeys);
  return {};
}

export async function ListPolicyTags(
  { managedPolicies }: Rooms,
  input: In<'ListPolicyTags'>,
  { account }: Caller,
): Promise<Out<'ListPolicyTags'>> {
  const { tags } = await managedPolicies.get(account, input.PolicyArn);
  const { page, ...paged } = slice('iam-policy-tags', tags, input, ({ key }) => key);
  return { Tags: shownTags(page), ...paged };
}

const numberOf = (versionId: string) => Number.parseInt(versionId.slice(1), 10);

const tagged = ({ tags }: ManagedPolicy) => (tags.length > 0 ? shownTags(tags) : undefined);

function shown({ name, id, arn, path, inForce, created, updated }: ManagedPolicy, attachments = 0) {
  return {
    PolicyName: name,
    PolicyId: id,
    Arn: arn,
    Path: path,
    DefaultVersionId: `v${inForce}`,
    AttachmentCount: attachments,
    PermissionsBoundaryUsageCount: 0,
    IsAttachable: true,
    CreateDate: new Date(created),
    UpdateDate: new Date(updated),
  };
}

function shownVersion({ number, created }: PolicyVersion, isDefault: boolean) {
  return { VersionId: `v${number}`, IsDefaultVersion: isDefault, CreateDate: new Date(created) };
}
