import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function CreateEmailIdentityPolicy(
  { identities }: Rooms,
  { EmailIdentity, PolicyName, Policy }: In<'CreateEmailIdentityPolicy'>,
  caller: Caller,
): Promise<Out<'CreateEmailIdentityPolicy'>> {
  await identities.setPolicy(caller, EmailIdentity, { policy: PolicyName, text: Policy, how: 'create' });
  return {};
}

export async function UpdateEmailIdentityPolicy(
  { identities }: Rooms,
  { EmailIdentity, PolicyName, Policy }: In<'UpdateEmailIdentityPolicy'>,
  caller: Caller,
): Promise<Out<'UpdateEmailIdentityPolicy'>> {
  await identities.setPolicy(caller, EmailIdentity, { policy: PolicyName, text: Policy, how: 'update' });
  return {};
}

export async function DeleteEmailIdentityPolicy(
  { identities }: Rooms,
  { EmailIdentity, PolicyName }: In<'DeleteEmailIdentityPolicy'>,
  caller: Caller,
): Promise<Out<'DeleteEmailIdentityPolicy'>> {
  if (await identities.removePolicy(caller, EmailIdentity, PolicyName)) return {};
  throw new Refusal('not-found', `Policy ${PolicyName} does not exist`);
}

export async function GetEmailIdentityPolicies(
  { identities }: Rooms,
  { EmailIdentity }: In<'GetEmailIdentityPolicies'>,
  caller: Caller,
): Promise<Out<'GetEmailIdentityPolicies'>> {
  const identity = await identities.get(caller, EmailIdentity);
  if (!identity) throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
  return { Policies: { ...identity.policies } };
}
