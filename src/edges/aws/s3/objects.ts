import { Refusal } from '../../../base/refusal.ts';
import type { StoredObject } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import { percentDecoded } from '../protocol/text.ts';
import { checkedBody, shownChecksums } from './bodies.ts';
import { checkReading, mayReplace, rangeOf } from './conditions.ts';
import type { In, Out, S3Rooms } from './contract.ts';
import { bucketHere, quoted } from './places.ts';

/** S3: keys of one DeleteObjects. */
const MOST_DELETED = 1_000;
/** S3: octets of names and values of an object's metadata. */
const MOST_METADATA = 2_048;

/** Header fields that an object keeps, by their members. */
const keptHeaders = {
  CacheControl: 'cache-control',
  ContentDisposition: 'content-disposition',
  ContentEncoding: 'content-encoding',
  ContentLanguage: 'content-language',
} as const;

type Described = Pick<
  In<'PutObject'>,
  keyof typeof keptHeaders | 'ContentType' | 'Metadata' | 'Expires' | 'Tagging' | 'SSECustomerAlgorithm' | 'SSEKMSKeyId'
>;

/** What stands beside the content; what we would have to act on and cannot is refused. */
export function described(input: Described) {
  if (input.Tagging) throw new Refusal('not-built', 'Tags of objects are not built yet');
  if (input.SSECustomerAlgorithm || input.SSEKMSKeyId) {
    throw new Refusal('not-built', "Encryption with a customer's key is not built yet");
  }
  const metadata = { ...input.Metadata };
  const size = Object.entries(metadata).reduce((sum, [name, value]) => sum + name.length + Buffer.byteLength(value), 0);
  if (size > MOST_METADATA) {
    throw new Refusal('metadata-too-large', 'Your metadata headers exceed the maximum allowed metadata size');
  }
  const headers: Record<string, string> = {};
  for (const [member, name] of Object.entries(keptHeaders)) {
    const value = input[member as keyof typeof keptHeaders];
    if (value) headers[name] = value;
  }
  if (input.Expires) headers['expires'] = new Date(input.Expires).toUTCString();
  return { contentType: input.ContentType || 'binary/octet-stream', metadata, headers };
}

export async function PutObject(
  { buckets }: S3Rooms,
  input: In<'PutObject'>,
  caller: Caller,
): Promise<Out<'PutObject'>> {
  await bucketHere(buckets, input, caller);
  const { content, checksums } = checkedBody(input);
  const allowed = mayReplace(input);
  const etag = await buckets.put(caller.account, {
    bucket: input.Bucket,
    key: input.Key,
    content,
    checksums,
    ...described(input),
    ...(allowed && { mayReplace: allowed }),
  });
  return { ETag: quoted(etag), ...shownChecksums(checksums()), ...typeOf(checksums()) };
}

const typeOf = (checksums: object) =>
  Object.keys(checksums).length > 0 ? { ChecksumType: 'FULL_OBJECT' as const } : {};

type Shown = Pick<In<'GetObject'>, 'ChecksumMode' | 'Range' | 'PartNumber'> & {
  readonly [Name in `Response${keyof typeof keptHeaders | 'ContentType'}`]?: string | undefined;
} & { readonly ResponseExpires?: Date | undefined };

/** What GetObject and HeadObject say of an object; presigned URLs may say how it is to be served. */
function shown(object: StoredObject, input: Shown) {
  if (input.PartNumber !== undefined) throw new Refusal('not-built', 'GetObject by PartNumber is not built yet');
  const range = rangeOf(input.Range, object.size);
  const { from, to } = range ?? { from: 0, to: object.size };
  const headers = Object.entries(keptHeaders).map(([member, name]) => [
    member,
    input[`Response${member as keyof typeof keptHeaders}`] ?? object.headers[name],
  ]);
  return {
    range: { from, to },
    members: {
      AcceptRanges: 'bytes',
      ContentLength: to - from,
      ...(range && { ContentRange: `bytes ${from}-${to - 1}/${object.size}` }),
      ContentType: input.ResponseContentType ?? object.contentType,
      ETag: quoted(object.etag),
      LastModified: new Date(object.modified),
      Metadata: { ...object.metadata },
      ...(Object.fromEntries(headers) as { [Name in keyof typeof keptHeaders]?: string }),
      ExpiresString: input.ResponseExpires?.toUTCString() ?? object.headers['expires'],
      ...(input.ChecksumMode === 'ENABLED' && !range && shownChecksums(object.checksums)),
      ...(input.ChecksumMode === 'ENABLED' && !range && typeOf(object.checksums)),
    },
  };
}

export async function GetObject(
  { buckets }: S3Rooms,
  input: In<'GetObject'>,
  caller: Caller,
): Promise<Out<'GetObject'>> {
  await bucketHere(buckets, input, caller);
  const object = await buckets.open(caller.account, input.Bucket, input.Key);
  checkReading(object, input);
  const { range, members } = shown(object, input);
  return { ...members, Body: object.read(range) };
}

export async function HeadObject(
  { buckets }: S3Rooms,
  input: In<'HeadObject'>,
  caller: Caller,
): Promise<Out<'HeadObject'>> {
  await bucketHere(buckets, input, caller);
  const object = await buckets.head(caller.account, input.Bucket, input.Key);
  checkReading(object, input);
  return shown(object, input).members;
}

export async function DeleteObject(
  { buckets }: S3Rooms,
  input: In<'DeleteObject'>,
  caller: Caller,
): Promise<Out<'DeleteObject'>> {
  await bucketHere(buckets, input, caller);
  await buckets.removeObject(caller.account, input.Bucket, input.Key);
  return {};
}

export async function DeleteObjects(
  { buckets }: S3Rooms,
  input: In<'DeleteObjects'>,
  caller: Caller,
): Promise<Out<'DeleteObjects'>> {
  await bucketHere(buckets, input, caller);
  const { Objects, Quiet } = input.Delete;
  if (Objects.length === 0 || Objects.length > MOST_DELETED) {
    throw new Refusal(
      'malformed-xml',
      'The XML you provided was not well-formed or did not validate against our published schema',
    );
  }
  for (const { Key } of Objects) await buckets.removeObject(caller.account, input.Bucket, Key);
  return Quiet ? {} : { Deleted: Objects.map(({ Key }) => ({ Key })) };
}

/** `bucket/key` or `/bucket/key`, percent-encoded; maybe with a version, of which there is only the one. */
export function copySource(text: string): { bucket: string; key: string } {
  const [path = ''] = text.split('?versionId=');
  const [, bucket, key] = /^\/?([^/]+)\/(.+)$/s.exec(percentDecoded(path)) ?? [];
  if (bucket === undefined || key === undefined) {
    throw new Refusal(
      'invalid-parameter',
      'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
    );
  }
  return { bucket, key };
}

/** The content gets another name; no octet is copied. */
export async function CopyObject(
  { buckets }: S3Rooms,
  input: In<'CopyObject'>,
  caller: Caller,
): Promise<Out<'CopyObject'>> {
  await bucketHere(buckets, input, caller);
  const source = copySource(input.CopySource);
  const before = await buckets.head(caller.account, source.bucket, source.key);
  checkReading(before, conditionsOfSource(input), { copying: true });
  const replaced = input.MetadataDirective === 'REPLACE';
  if (!replaced && source.bucket === input.Bucket && source.key === input.Key) {
    const text =
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
    throw new Refusal('illegal-copy', text);
  }
  const { contentType, metadata, headers } = replaced ? described(input) : before;
  const target = { bucket: input.Bucket, key: input.Key, contentType, metadata, headers };
  const copy = await buckets.copy(caller.account, source, target);
  return { CopyObjectResult: { ETag: quoted(copy.etag), LastModified: new Date(copy.modified) } };
}

type SourceConditions = {
  readonly [Name in 'CopySourceIfMatch' | 'CopySourceIfNoneMatch']?: string | undefined;
} & { readonly [Name in 'CopySourceIfModifiedSince' | 'CopySourceIfUnmodifiedSince']?: Date | undefined };

export function conditionsOfSource(input: SourceConditions) {
  return {
    IfMatch: input.CopySourceIfMatch,
    IfNoneMatch: input.CopySourceIfNoneMatch,
    IfModifiedSince: input.CopySourceIfModifiedSince,
    IfUnmodifiedSince: input.CopySourceIfUnmodifiedSince,
  };
}
