import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function CreateBucket(
  { buckets }: Rooms,
  { Bucket, CreateBucketConfiguration }: In<'CreateBucket'>,
  caller: Caller,
): Promise<Out<'CreateBucket'>> {
  // No location means the region that was asked (S3: us-east-1 has no location constraint).
  const region = CreateBucketConfiguration?.LocationConstraint || caller.region;
  await buckets.create({ account: caller.account, region }, Bucket);
  return { Location: `/${Bucket}` };
}

export async function HeadBucket(
  { buckets }: Rooms,
  { Bucket }: In<'HeadBucket'>,
  caller: Caller,
): Promise<Out<'HeadBucket'>> {
  return { BucketRegion: (await buckets.owned(caller.account, Bucket)).region };
}

export async function GetBucketLocation(
  { buckets }: Rooms,
  { Bucket }: In<'GetBucketLocation'>,
  caller: Caller,
): Promise<Out<'GetBucketLocation'>> {
  const { region } = await buckets.owned(caller.account, Bucket);
  if (region === 'us-east-1') return {};
  return { LocationConstraint: region as Out<'GetBucketLocation'>['LocationConstraint'] };
}

export async function ListBuckets(
  { buckets }: Rooms,
  _input: In<'ListBuckets'>,
  { account }: Caller,
): Promise<Out<'ListBuckets'>> {
  const all = await buckets.list(account);
  return {
    Buckets: all.map(({ name, created, region }) => ({
      Name: name,
      CreationDate: new Date(created),
      BucketRegion: region,
    })),
    Owner: { ID: account },
  };
}

export async function DeleteBucket(
  { buckets }: Rooms,
  { Bucket }: In<'DeleteBucket'>,
  { account }: Caller,
): Promise<Out<'DeleteBucket'>> {
  await buckets.remove(account, Bucket);
  return {};
}

export async function PutObject(
  { buckets }: Rooms,
  { Bucket, Key, Body, ContentType, Metadata }: In<'PutObject'>,
  { account }: Caller,
): Promise<Out<'PutObject'>> {
  const etag = await buckets.put(account, {
    bucket: Bucket,
    key: Key,
    content: Body ?? Buffer.alloc(0),
    contentType: ContentType ?? 'binary/octet-stream',
    metadata: Metadata ?? {},
  });
  return { ETag: quoted(etag) };
}

export async function GetObject(
  { buckets }: Rooms,
  { Bucket, Key, Range }: In<'GetObject'>,
  { account }: Caller,
): Promise<Out<'GetObject'>> {
  if (Range) throw new Refusal('not-built', 'GetObject of a range is not built yet');
  const object = await buckets.get(account, Bucket, Key);
  return {
    Body: object.content,
    ContentLength: object.size,
    ContentType: object.contentType,
    ETag: quoted(object.etag),
    LastModified: new Date(object.modified),
    Metadata: { ...object.metadata },
  };
}

export async function HeadObject(
  { buckets }: Rooms,
  { Bucket, Key }: In<'HeadObject'>,
  { account }: Caller,
): Promise<Out<'HeadObject'>> {
  const object = await buckets.head(account, Bucket, Key);
  return {
    ContentLength: object.size,
    ContentType: object.contentType,
    ETag: quoted(object.etag),
    LastModified: new Date(object.modified),
    Metadata: { ...object.metadata },
  };
}

export async function DeleteObject(
  { buckets }: Rooms,
  { Bucket, Key }: In<'DeleteObject'>,
  { account }: Caller,
): Promise<Out<'DeleteObject'>> {
  await buckets.removeObject(account, Bucket, Key);
  return {};
}

/** Keys of one page. */
const A_PAGE = 1_000;

export async function ListObjectsV2(
  { buckets }: Rooms,
  input: In<'ListObjectsV2'>,
  { account }: Caller,
): Promise<Out<'ListObjectsV2'>> {
  const { Bucket, Prefix, Delimiter, MaxKeys, ContinuationToken, StartAfter } = input;
  const after = ContinuationToken ? Buffer.from(ContinuationToken, 'base64url').toString('utf8') : StartAfter;
  const limit = Math.min(MaxKeys ?? A_PAGE, A_PAGE);
  const page = await buckets.page(account, Bucket, { prefix: Prefix, delimiter: Delimiter, after, limit });
  return {
    Name: Bucket,
    Prefix: Prefix ?? '',
    Delimiter,
    MaxKeys: limit,
    KeyCount: page.objects.length + page.prefixes.length,
    IsTruncated: page.next !== undefined,
    NextContinuationToken: page.next === undefined ? undefined : Buffer.from(page.next).toString('base64url'),
    Contents: page.objects.map(({ key, size, etag, modified }) => ({
      Key: key,
      Size: size,
      ETag: quoted(etag),
      LastModified: new Date(modified),
      StorageClass: 'STANDARD' as const,
    })),
    CommonPrefixes: page.prefixes.map((one) => ({ Prefix: one })),
  };
}

const quoted = (etag: string) => `"${etag}"`;
