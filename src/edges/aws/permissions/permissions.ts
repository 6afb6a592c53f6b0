/**
 * What a user must be allowed for an operation: an action, and the resources that it is about (AWS: service authorization
 * reference). A service that has no table here asks for its own name of the operation, on everything.
 */
import { Refusal } from '../../../base/refusal.ts';
import type { Authority, Context, Keys, Users } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import { iamPermission } from './iam.ts';
import { s3Permission } from './s3.ts';
import { serviceQuotasPermission } from './service-quotas.ts';
import { sesPermission } from './ses.ts';
import { snsPermission } from './sns.ts';
import { sqsPermission } from './sqs.ts';

export interface Permission {
  /** `ses:GetEmailIdentity`. */
  readonly action: string;
  /** ARNs; `*` alone where the action knows no resources. */
  readonly resources: readonly string[];
}

/** An operation that was read and is not answered yet. The input is what the protocol made of the request. */
export interface Asked {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
}

/** Where the account's users and their keys are found, to name them. */
export interface Directory {
  readonly users: Users;
  readonly keys: Keys;
}

/** All of them are needed; none where the operation is everybody's, or is judged where more is known. */
type Needed = Permission | readonly Permission[];
type NeededFor = (asked: Asked, directory: Directory) => Needed | Promise<Needed>;

/** By the names of `destination.ts`. */
const tables: Readonly<Record<string, NeededFor>> = {
  'ses-v1': sesPermission,
  'ses-v2': sesPermission,
  iam: iamPermission,
  // Nobody can be kept from asking who he is (STS: GetCallerIdentity), and nothing else is built.
  sts: () => [],
  s3: s3Permission,
  sns: snsPermission,
  sqs: sqsPermission,
  servicequotas: serviceQuotasPermission,
};

/** @throws Refusal `access-denied`. */
export async function authorize(
  { authority, ...directory }: Directory & { readonly authority: Authority },
  service: string,
  asked: Asked,
): Promise<void> {
  if (!authority.isBound(asked.caller)) return;
  const otherwise: NeededFor = ({ operation }) => ({ action: `${service}:${operation}`, resources: ['*'] });
  const needed = await (Object.hasOwn(tables, service) ? tables[service]! : otherwise)(asked, directory);
  for (const permission of [needed].flat()) await expectAllowed(authority, asked, permission);
}

async function expectAllowed(
  authority: Authority,
  { caller, input }: Asked,
  { action, resources }: Permission,
): Promise<void> {
  const context = tagContext(input);
  for (const resource of resources) {
    const decision = await authority.decide(caller, { action, resource, context });
    if (decision === 'allowed') continue;
    const on = resource === '*' ? '' : ` on resource: ${resource}`;
    const why =
      decision === 'denied'
        ? 'with an explicit deny in an identity-based policy'
        : `because no identity-based policy allows the ${action} action`;
    throw new Refusal('access-denied', `User: ${caller.arn} is not authorized to perform: ${action}${on} ${why}`);
  }
}

/** Tags that a request gives to something new (IAM: `aws:RequestTag`, `aws:TagKeys`). */
function tagContext({ Tags }: Asked['input']): Context {
  if (!Array.isArray(Tags)) return {};
  const tags = Tags as { Key: string; Value: string }[];
  return {
    'aws:tagkeys': tags.map(({ Key }) => Key),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:requesttag/${Key.toLowerCase()}`, Value])),
  };
}
