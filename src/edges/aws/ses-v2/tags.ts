import { parseArn } from '../../../base/arn.ts';
import { Refusal } from '../../../base/refusal.ts';
import { type ResourceTag, withoutResourceTags, withResourceTags } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function TagResource(
  rooms: Rooms,
  { ResourceArn, Tags }: In<'TagResource'>,
  caller: Caller,
): Promise<Out<'TagResource'>> {
  const added = Tags.map(({ Key, Value }) => ({ key: Key, value: Value }));
  const { retag, missing } = resourceOf(rooms, caller, { arn: ResourceArn, elsewhere: 'Failed to tag resource' });
  if (await retag((tags) => withResourceTags(tags, added))) return {};
  throw missing;
}

export async function UntagResource(
  rooms: Rooms,
  { ResourceArn, TagKeys }: In<'UntagResource'>,
  caller: Caller,
): Promise<Out<'UntagResource'>> {
  const { retag, missing } = resourceOf(rooms, caller, { arn: ResourceArn, elsewhere: 'Failed to untag resource' });
  if (await retag((tags) => withoutResourceTags(tags, TagKeys))) return {};
  throw missing;
}

export async function ListTagsForResource(
  rooms: Rooms,
  { ResourceArn }: In<'ListTagsForResource'>,
  caller: Caller,
): Promise<Out<'ListTagsForResource'>> {
  const elsewhere = 'Failed to list tags for resource';
  const { tags, missing } = resourceOf(rooms, caller, { arn: ResourceArn, elsewhere });
  const found = await tags();
  if (!found) throw missing;
  return { Tags: found.map(({ key, value }) => ({ Key: key, Value: value })) };
}

type Tags = readonly ResourceTag[];

interface Resource {
  /** Nothing where there is no such resource. */
  tags(): Promise<Tags | undefined>;
  /** False where there is no such resource. */
  retag(change: (tags: Tags) => Tags): Promise<boolean>;
  readonly missing: Refusal;
}

/** The resource that an ARN names, in the account and region of the caller. */
function resourceOf(
  { identities, configurationSets, templates, contacts }: Rooms,
  caller: Caller,
  { arn: text, elsewhere }: { arn: string; elsewhere: string },
): Resource {
  const arn = parseArn(text);
  const [, type = '', name = ''] = /^([a-z-]+)\/(.+)$/.exec(arn?.resource ?? '') ?? [];
  if (arn?.service !== 'ses' || type === '') throw new Refusal('invalid-parameter', `Invalid resource ARN <${text}>.`);
  if (arn.region !== caller.region || arn.account !== caller.account) throw new Refusal('invalid-parameter', elsewhere);
  const missing = (kind: string) => new Refusal('not-found', `No ${kind} present with name: ${name}`);
  switch (type) {
    case 'identity':
      return {
        tags: async () => (await identities.get(caller, name))?.tags,
        retag: (change) => identities.retag(caller, name, change),
        missing: missing('EmailIdentity'),
      };
    case 'configuration-set':
      return {
        tags: async () => (await configurationSets.find(caller, name))?.tags,
        retag: (change) => configurationSets.retag(caller, name, change),
        missing: missing('ConfigurationSet'),
      };
    case 'template':
      return {
        tags: () => templates.tags(caller, name),
        retag: (change) => templates.retag(caller, name, change),
        missing: missing('Template'),
      };
    case 'contact-list':
      return {
        tags: async () => (await contacts.lists.find(caller, name))?.tags,
        retag: (change) => contacts.lists.retag(caller, name, change),
        missing: missing('ContactList'),
      };
    case 'custom-verification-email-template':
      return {
        tags: async () => (await identities.verificationTemplates.find(caller, name))?.tags,
        retag: (change) => identities.verificationTemplates.retag(caller, name, change),
        missing: missing('CustomVerificationEmailTemplate'),
      };
    default:
      throw new Refusal('invalid-parameter', `Invalid resource ARN <${text}>.`);
  }
}
