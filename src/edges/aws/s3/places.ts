import { Refusal } from '../../../base/refusal.ts';
import type { Bucket, Buckets } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';

interface Named {
  readonly Bucket: string;
  readonly ExpectedBucketOwner?: string | undefined;
}

/** The caller's bucket, asked for in its own region; elsewhere S3 says where it is. */
export async function bucketHere(
  buckets: Buckets,
  { Bucket, ExpectedBucketOwner: owner }: Named,
  { account, region }: Caller,
): Promise<Bucket> {
  const bucket = await buckets.owned(account, Bucket);
  if (owner !== undefined && owner !== account) throw new Refusal('access-denied', 'Access Denied');
  if (bucket.region !== region) {
    const text =
      'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.';
    throw new Refusal('wrong-region', text, { Bucket, Region: bucket.region });
  }
  return bucket;
}

export const quoted = (etag: string) => `"${etag}"`;
export const unquoted = (etag: string) => etag.trim().replace(/^(?:W\/)?"(.*)"$/, '$1');

/** `encoding-type=url`: for keys that XML has no place for. */
export function keyWriter(encoding: string | undefined): (key: string) => string {
  if (encoding !== 'url') return (key) => key;
  return (key) => encodeURIComponent(key.toWellFormed()).replaceAll('%2F', '/');
}
