import { policyArn, userArn, userNameOf } from '../../../core/accounts/accounts.ts';
import type { Asked, Directory, Permission } from './permissions.ts';

/** They know no resources. */
const aboutAll = new Set(['ListUsers', 'ListPolicies', 'ListVirtualMFADevices']);

export async function iamPermission(asked: Asked, directory: Directory): Promise<Permission> {
  const action = `iam:${asked.operation}`;
  if (aboutAll.has(asked.operation)) return { action, resources: ['*'] };
  return { action, resources: [await resourceOf(asked, directory)] };
}

async function resourceOf({ operation, input, caller }: Asked, { users, keys }: Directory): Promise<string> {
  const { account } = caller;
  const text = (member: string) => (typeof input[member] === 'string' ? (input[member] as string) : undefined);
  if (operation === 'CreatePolicy') return policyArn(account, text('Path') ?? '/', text('PolicyName')!);
  if (operation === 'CreateUser') return userArn(account, text('Path') ?? '/', text('UserName')!);
  // What is attached to a user is about the user.
  if (text('UserName') === undefined && text('PolicyArn') !== undefined) return text('PolicyArn')!;
  if (operation === 'GetAccessKeyLastUsed') {
    const key = await keys.facts(text('AccessKeyId')!);
    const owner = key?.account === account && key.userName !== '' ? key.userName : undefined;
    return userOf(owner ?? '*');
  }
  return userOf(text('UserName') ?? userNameOf(caller)!);

  async function userOf(name: string): Promise<string> {
    return (await users.find(account, name))?.arn ?? userArn(account, '/', name);
  }
}
