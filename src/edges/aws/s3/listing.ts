import type { ObjectFacts } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import type { In, Out, S3Rooms } from './contract.ts';
import { bucketHere, keyWriter, quoted } from './places.ts';

/** Keys of one page, common prefixes among them. */
const A_PAGE = 1_000;

type Search = Pick<In<'ListObjects'>, 'Bucket' | 'Prefix' | 'Delimiter' | 'MaxKeys' | 'EncodingType'>;

async function page({ buckets }: S3Rooms, input: Search, after: string | undefined, caller: Caller) {
  await bucketHere(buckets, input, caller);
  const { Bucket, Prefix, Delimiter, MaxKeys, EncodingType } = input;
  const limit = Math.max(0, Math.min(MaxKeys ?? A_PAGE, A_PAGE));
  const found = await buckets.page(caller.account, Bucket, { prefix: Prefix, delimiter: Delimiter, after, limit });
  const written = keyWriter(EncodingType);
  const shown = (text: string | undefined) => (text === undefined ? undefined : written(text));
  return {
    found,
    shown,
    members: {
      Name: Bucket,
      Prefix: written(Prefix ?? ''),
      Delimiter: shown(Delimiter),
      MaxKeys: limit,
      EncodingType,
      IsTruncated: found.next !== undefined,
      Contents: found.objects.map((object) => entryOf(object, written)),
      CommonPrefixes: found.prefixes.map((one) => ({ Prefix: written(one) })),
    },
  };
}

function entryOf({ key, size, etag, modified }: ObjectFacts, written: (key: string) => string) {
  return {
    Key: written(key),
    Size: size,
    ETag: quoted(etag),
    LastModified: new Date(modified),
    StorageClass: 'STANDARD' as const,
  };
}

export async function ListObjectsV2(
  rooms: S3Rooms,
  input: In<'ListObjectsV2'>,
  caller: Caller,
): Promise<Out<'ListObjectsV2'>> {
  const { ContinuationToken, StartAfter, FetchOwner } = input;
  const after = ContinuationToken ? Buffer.from(ContinuationToken, 'base64url').toString('utf8') : StartAfter;
  const { found, shown, members } = await page(rooms, input, after, caller);
  return {
    ...members,
    ...(FetchOwner && { Contents: members.Contents.map((one) => ({ ...one, Owner: { ID: caller.account } })) }),
    KeyCount: found.objects.length + found.prefixes.length,
    StartAfter: shown(StartAfter),
    ContinuationToken,
    NextContinuationToken: found.next === undefined ? undefined : Buffer.from(found.next).toString('base64url'),
  };
}

export async function ListObjects(
  rooms: S3Rooms,
  input: In<'ListObjects'>,
  caller: Caller,
): Promise<Out<'ListObjects'>> {
  const { Marker, Delimiter } = input;
  const { found, shown, members } = await page(rooms, input, Marker, caller);
  return {
    ...members,
    Contents: members.Contents.map((one) => ({ ...one, Owner: { ID: caller.account } })),
    Marker: shown(Marker ?? ''),
    // S3: only where there is a delimiter; else the last key is the marker.
    ...(Delimiter && { NextMarker: shown(found.next) }),
  };
}
