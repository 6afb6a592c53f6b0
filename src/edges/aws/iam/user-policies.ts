import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { checkName, encodedPolicy, slice } from './shapes.ts';

export async function PutUserPolicy(
  { users }: Rooms,
  { UserName, PolicyName, PolicyDocument }: In<'PutUserPolicy'>,
  { account }: Caller,
): Promise<Out<'PutUserPolicy'>> {
  checkName('policyName', PolicyName);
  await users.putPolicy(account, UserName, { name: PolicyName, text: PolicyDocument });
  return {};
}

export async function GetUserPolicy(
  { users }: Rooms,
  { UserName, PolicyName }: In<'GetUserPolicy'>,
  { account }: Caller,
): Promise<Out<'GetUserPolicy'>> {
  const policies = await users.policies(account, UserName);
  if (!Object.hasOwn(policies, PolicyName)) {
    throw new Refusal('not-found', `The user policy with name ${PolicyName} cannot be found.`);
  }
  return { UserName, PolicyName, PolicyDocument: encodedPolicy(policies[PolicyName]!) };
}

export async function ListUserPolicies(
  { users }: Rooms,
  input: In<'ListUserPolicies'>,
  { account }: Caller,
): Promise<Out<'ListUserPolicies'>> {
  const names = Object.keys(await users.policies(account, input.UserName));
  const { page, ...paged } = slice('iam-user-policies', names, input, (name) => name);
  return { PolicyNames: page, ...paged };
}

export async function DeleteUserPolicy(
  { users }: Rooms,
  { UserName, PolicyName }: In<'DeleteUserPolicy'>,
  { account }: Caller,
): Promise<Out<'DeleteUserPolicy'>> {
  await users.removePolicy(account, UserName, PolicyName);
  return {};
}

export async function AttachUserPolicy(
  { users }: Rooms,
  { UserName, PolicyArn }: In<'AttachUserPolicy'>,
  { account }: Caller,
): Promise<Out<'AttachUserPolicy'>> {
  await users.attach(account, UserName, PolicyArn);
  return {};
}

export async function DetachUserPolicy(
  { users }: Rooms,
  { UserName, PolicyArn }: In<'DetachUserPolicy'>,
  { account }: Caller,
): Promise<Out<'DetachUserPolicy'>> {
  await users.detach(account, UserName, PolicyArn);
  return {};
}

export async function ListAttachedUserPolicies(
  { users, managedPolicies }: Rooms,
  input: In<'ListAttachedUserPolicies'>,
  { account }: Caller,
): Promise<Out<'ListAttachedUserPolicies'>> {
  const attached = await users.attached(account, input.UserName);
  const policies = await Promise.all(attached.map((arn) => managedPolicies.get(account, arn)));
  const below = policies.filter(({ path }) => path.startsWith(input.PathPrefix ?? '/'));
  const { page, ...paged } = slice('iam-attached', below, input, ({ name }) => name);
  return { AttachedPolicies: page.map(({ name, arn }) => ({ PolicyName: name, PolicyArn: arn })), ...paged };
}
