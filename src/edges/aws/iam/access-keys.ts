import { Refusal } from '../../../base/refusal.ts';
import { type KeyFacts, userNameOf } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { slice } from './shapes.ts';

/** Whose keys are meant: the caller's own where no name is given. A root has no name. */
async function ownerOf({ users }: Rooms, UserName: string | undefined, caller: Caller) {
  const { account } = caller;
  const given = UserName ?? userNameOf(caller);
  if (given === undefined) return { account, userName: '', shown: undefined };
  const { name } = await users.get(account, given);
  return { account, userName: name.toLowerCase(), shown: name };
}

export async function CreateAccessKey(
  { users }: Rooms,
  { UserName }: In<'CreateAccessKey'>,
  caller: Caller,
): Promise<Out<'CreateAccessKey'>> {
  const { account } = caller;
  const name = UserName ?? userNameOf(caller);
  const key = name === undefined ? await users.createRootKey(account) : await users.createKey(account, name);
  return { AccessKey: { ...shown(key, name), SecretAccessKey: key.secretAccessKey } };
}

export async function ListAccessKeys(
  rooms: Rooms,
  input: In<'ListAccessKeys'>,
  caller: Caller,
): Promise<Out<'ListAccessKeys'>> {
  const owner = await ownerOf(rooms, input.UserName, caller);
  const keys = await rooms.keys.list(owner);
  const { page, ...paged } = slice('iam-keys', keys, input, ({ accessKeyId }) => accessKeyId);
  return { AccessKeyMetadata: page.map((key) => shown(key, owner.shown)), ...paged };
}

export async function UpdateAccessKey(
  rooms: Rooms,
  { UserName, AccessKeyId, Status }: In<'UpdateAccessKey'>,
  caller: Caller,
): Promise<Out<'UpdateAccessKey'>> {
  await rooms.keys.setActive(await ownerOf(rooms, UserName, caller), AccessKeyId, Status === 'Active');
  return {};
}

export async function DeleteAccessKey(
  rooms: Rooms,
  { UserName, AccessKeyId }: In<'DeleteAccessKey'>,
  caller: Caller,
): Promise<Out<'DeleteAccessKey'>> {
  await rooms.keys.remove(await ownerOf(rooms, UserName, caller), AccessKeyId);
  return {};
}

/** A key of another account is as if it were not there. */
export async function GetAccessKeyLastUsed(
  { keys, users }: Rooms,
  { AccessKeyId }: In<'GetAccessKeyLastUsed'>,
  { account }: Caller,
): Promise<Out<'GetAccessKeyLastUsed'>> {
  const key = await keys.facts(AccessKeyId);
  if (key?.account !== account) {
    throw new Refusal('not-found', `The Access Key with id ${AccessKeyId} cannot be found.`);
  }
  const user = key.userName === '' ? undefined : await users.get(account, key.userName);
  return {
    UserName: user?.name,
    AccessKeyLastUsed: {
      LastUsedDate: key.used && new Date(key.used.at),
      ServiceName: key.used?.service ?? 'N/A',
      Region: key.used?.region ?? 'N/A',
    },
  };
}

function shown({ accessKeyId, active, created }: KeyFacts, userName: string | undefined) {
  const Status = active ? ('Active' as const) : ('Inactive' as const);
  return { UserName: userName, AccessKeyId: accessKeyId, Status, CreateDate: new Date(created) };
}
