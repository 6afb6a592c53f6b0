import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import { ownIdentity } from '../identity-names.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const MOST_ASKED = 20;

export async function PutIdentityPolicy(
  { identities }: Rooms,
  { Identity, PolicyName, Policy }: In<'PutIdentityPolicy'>,
  caller: Caller,
): Promise<Out<'PutIdentityPolicy'>> {
  const name = ownIdentity(caller, Identity);
  if (name === undefined) throw new Refusal('not-found', `Identity <${Identity}> does not exist.`);
  await identities.setPolicy(caller, name, { policy: PolicyName, text: Policy, how: 'put' });
  return {};
}

export async function GetIdentityPolicies(
  rooms: Rooms,
  { Identity, PolicyNames }: In<'GetIdentityPolicies'>,
  caller: Caller,
): Promise<Out<'GetIdentityPolicies'>> {
  if (PolicyNames.length > MOST_ASKED) {
    throw new Refusal('invalid-parameter', `At most ${MOST_ASKED} policies can be asked for at once.`);
  }
  const policies = await policiesOf(rooms, Identity, caller);
  return { Policies: Object.fromEntries(Object.entries(policies).filter(([name]) => PolicyNames.includes(name))) };
}

export async function ListIdentityPolicies(
  rooms: Rooms,
  { Identity }: In<'ListIdentityPolicies'>,
  caller: Caller,
): Promise<Out<'ListIdentityPolicies'>> {
  return { PolicyNames: Object.keys(await policiesOf(rooms, Identity, caller)).sort() };
}

/** What is not there is not missed. */
export async function DeleteIdentityPolicy(
  { identities }: Rooms,
  { Identity, PolicyName }: In<'DeleteIdentityPolicy'>,
  caller: Caller,
): Promise<Out<'DeleteIdentityPolicy'>> {
  const name = ownIdentity(caller, Identity);
  if (name !== undefined && (await identities.get(caller, name)))
    await identities.removePolicy(caller, name, PolicyName);
  return {};
}

async function policiesOf({ identities }: Rooms, identity: string, caller: Caller) {
  const name = ownIdentity(caller, identity);
  return (name === undefined ? undefined : await identities.get(caller, name))?.policies ?? {};
}
