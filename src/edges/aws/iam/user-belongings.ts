/**
 * What a user could have beside keys and policies: groups, devices, certificates, a console password. None of it can be
 * made here, so no user has any; those who take a user away ask for each of them first.
 */
import { Refusal } from '../../../base/refusal.ts';
import { userNameOf } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

/** @throws Refusal `not-found`. */
async function expectUser({ users }: Rooms, UserName: string | undefined, caller: Caller): Promise<void> {
  const name = UserName ?? userNameOf(caller);
  if (name !== undefined) await users.get(caller.account, name);
}

export async function ListGroupsForUser(rooms: Rooms, { UserName }: In<'ListGroupsForUser'>, caller: Caller) {
  await expectUser(rooms, UserName, caller);
  return { Groups: [], IsTruncated: false } satisfies Out<'ListGroupsForUser'>;
}

export async function ListMFADevices(rooms: Rooms, { UserName }: In<'ListMFADevices'>, caller: Caller) {
  await expectUser(rooms, UserName, caller);
  return { MFADevices: [], IsTruncated: false } satisfies Out<'ListMFADevices'>;
}

export function ListVirtualMFADevices() {
  return { VirtualMFADevices: [], IsTruncated: false } satisfies Out<'ListVirtualMFADevices'>;
}

export async function ListSSHPublicKeys(rooms: Rooms, { UserName }: In<'ListSSHPublicKeys'>, caller: Caller) {
  await expectUser(rooms, UserName, caller);
  return { SSHPublicKeys: [], IsTruncated: false } satisfies Out<'ListSSHPublicKeys'>;
}

export async function ListSigningCertificates(
  rooms: Rooms,
  { UserName }: In<'ListSigningCertificates'>,
  caller: Caller,
) {
  await expectUser(rooms, UserName, caller);
  return { Certificates: [], IsTruncated: false } satisfies Out<'ListSigningCertificates'>;
}

export async function ListServiceSpecificCredentials(
  rooms: Rooms,
  { UserName }: In<'ListServiceSpecificCredentials'>,
  caller: Caller,
) {
  await expectUser(rooms, UserName, caller);
  return { ServiceSpecificCredentials: [] } satisfies Out<'ListServiceSpecificCredentials'>;
}

export async function GetLoginProfile(rooms: Rooms, { UserName }: In<'GetLoginProfile'>, caller: Caller) {
  return noLoginProfile(rooms, UserName, caller);
}

export async function DeleteLoginProfile(rooms: Rooms, { UserName }: In<'DeleteLoginProfile'>, caller: Caller) {
  return noLoginProfile(rooms, UserName, caller);
}

async function noLoginProfile(rooms: Rooms, UserName: string | undefined, caller: Caller): Promise<never> {
  await expectUser(rooms, UserName, caller);
  throw new Refusal('not-found', `Login Profile for User ${UserName ?? userNameOf(caller)} cannot be found.`);
}
