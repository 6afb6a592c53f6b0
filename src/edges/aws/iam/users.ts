import { Refusal } from '../../../base/refusal.ts';
import { type User, userNameOf } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { checkedPath, checkName, pagedBy, pageOf, shownTags, slice, tagsOf } from './shapes.ts';

export async function CreateUser(
  { users }: Rooms,
  { UserName, Path, Tags, PermissionsBoundary }: In<'CreateUser'>,
  { account }: Caller,
): Promise<Out<'CreateUser'>> {
  checkName('userName', UserName);
  if (PermissionsBoundary !== undefined) throw new Refusal('not-built', 'Permissions boundaries are not built yet');
  const user = await users.create(account, { name: UserName, path: checkedPath('path', Path), tags: tagsOf(Tags) });
  return { User: shown(user) };
}

/** Without a name: who calls; a root has no name. */
export async function GetUser({ users }: Rooms, input: In<'GetUser'>, caller: Caller): Promise<Out<'GetUser'>> {
  const { account, arn } = caller;
  const name = input.UserName ?? userNameOf(caller);
  if (name !== undefined) return { User: shown(await users.get(account, name)) };
  return { User: { Path: undefined, UserName: undefined, UserId: account, Arn: arn, CreateDate: undefined } };
}

const USERS = 'iam-users';

export async function ListUsers(
  { users }: Rooms,
  input: In<'ListUsers'>,
  { account }: Caller,
): Promise<Out<'ListUsers'>> {
  const page = await users.page(account, { pathPrefix: input.PathPrefix ?? '/', ...pageOf(USERS, input) });
  // IAM shows the tags of a user with GetUser only.
  return { Users: page.users.map((user) => shown({ ...user, tags: [] })), ...pagedBy(USERS, page.next) };
}

export async function UpdateUser(
  { users }: Rooms,
  { UserName, NewUserName, NewPath }: In<'UpdateUser'>,
  { account }: Caller,
): Promise<Out<'UpdateUser'>> {
  if (NewUserName !== undefined) checkName('newUserName', NewUserName);
  const path = NewPath === undefined ? undefined : checkedPath('newPath', NewPath);
  await users.change(account, UserName, { name: NewUserName, path });
  return {};
}

export async function DeleteUser(
  { users }: Rooms,
  { UserName }: In<'DeleteUser'>,
  { account }: Caller,
): Promise<Out<'DeleteUser'>> {
  await users.remove(account, UserName);
  return {};
}

export async function TagUser(
  { users }: Rooms,
  { UserName, Tags }: In<'TagUser'>,
  { account }: Caller,
): Promise<Out<'TagUser'>> {
  await users.tag(account, UserName, tagsOf(Tags));
  return {};
}

export async function UntagUser(
  { users }: Rooms,
  { UserName, TagKeys }: In<'UntagUser'>,
  { account }: Caller,
): Promise<Out<'UntagUser'>> {
  await users.untag(account, UserName, TagKeys);
  return {};
}

export async function ListUserTags(
  { users }: Rooms,
  input: In<'ListUserTags'>,
  { account }: Caller,
): Promise<Out<'ListUserTags'>> {
  const { tags } = await users.get(account, input.UserName);
  const { page, ...paged } = slice('iam-user-tags', tags, input, ({ key }) => key);
  return { Tags: shownTags(page), ...paged };
}

function shown({ name, id, path, arn, created, tags }: User) {
  return {
    Path: path,
    UserName: name,
    UserId: id,
    Arn: arn,
    CreateDate: new Date(created),
    Tags: tags.length > 0 ? shownTags(tags) : undefined,
  };
}
