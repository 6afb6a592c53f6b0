import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { In, Out, S3Rooms } from './contract.ts';
import { bucketHere } from './places.ts';

/** Octets (S3: a bucket policy). */
const LONGEST_POLICY = 20_480;

export async function CreateBucket(
  { buckets }: S3Rooms,
  { Bucket, CreateBucketConfiguration }: In<'CreateBucket'>,
  caller: Caller,
): Promise<Out<'CreateBucket'>> {
  // No location means the region that was asked (S3: us-east-1 has no location constraint).
  const region = CreateBucketConfiguration?.LocationConstraint || caller.region;
  await buckets.create({ account: caller.account, region }, Bucket);
  return { Location: `/${Bucket}` };
}

export async function HeadBucket(
  { buckets }: S3Rooms,
  input: In<'HeadBucket'>,
  caller: Caller,
): Promise<Out<'HeadBucket'>> {
  return { BucketRegion: (await bucketHere(buckets, input, caller)).region };
}

/** From any region: it is how clients find the right one. */
export async function GetBucketLocation(
  { buckets }: S3Rooms,
  { Bucket }: In<'GetBucketLocation'>,
  caller: Caller,
): Promise<Out<'GetBucketLocation'>> {
  const { region } = await buckets.owned(caller.account, Bucket);
  if (region === 'us-east-1') return {};
  return { LocationConstraint: region as Out<'GetBucketLocation'>['LocationConstraint'] };
}

export async function ListBuckets(
  { buckets }: S3Rooms,
  { Prefix = '', BucketRegion, MaxBuckets = 10_000, ContinuationToken = '' }: In<'ListBuckets'>,
  { account }: Caller,
): Promise<Out<'ListBuckets'>> {
  const after = Buffer.from(ContinuationToken, 'base64url').toString('utf8');
  const found = (await buckets.list(account)).filter(
    ({ name, region }) =>
      name > after && name.startsWith(Prefix) && (BucketRegion === undefined || BucketRegion === region),
  );
  const shown = found.slice(0, MaxBuckets);
  return {
    Buckets: shown.map(({ name, created, region }) => ({
      Name: name,
      CreationDate: new Date(created),
      BucketRegion: region,
    })),
    Owner: { ID: account },
    ...(found.length > shown.length && {
      ContinuationToken: Buffer.from(shown.at(-1)!.name).toString('base64url'),
    }),
  };
}

export async function DeleteBucket(
  { buckets, uploads }: S3Rooms,
  input: In<'DeleteBucket'>,
  caller: Caller,
): Promise<Out<'DeleteBucket'>> {
  await bucketHere(buckets, input, caller);
  await buckets.remove(caller.account, input.Bucket);
  await uploads.forget(input.Bucket);
  return {};
}

/** Kept and shown; what it allows nobody evaluates: an account's buckets are its own, and SES may write to them. */
export async function PutBucketPolicy(
  { buckets }: S3Rooms,
  input: In<'PutBucketPolicy'>,
  caller: Caller,
): Promise<Out<'PutBucketPolicy'>> {
  await bucketHere(buckets, input, caller);
  const { Policy } = input;
  if (Buffer.byteLength(Policy) > LONGEST_POLICY || !isObject(Policy)) {
    throw new Refusal('malformed-policy', 'This policy contains invalid Json');
  }
  await buckets.changePolicy(caller.account, input.Bucket, Policy);
  return {};
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

export async function GetBucketPolicy(
  { buckets }: S3Rooms,
  input: In<'GetBucketPolicy'>,
  caller: Caller,
): Promise<Out<'GetBucketPolicy'>> {
  const { policy } = await bucketHere(buckets, input, caller);
  if (policy === undefined) {
    throw new Refusal('no-such-bucket-policy', 'The bucket policy does not exist', { BucketName: input.Bucket });
  }
  return { Policy: policy };
}

export async function DeleteBucketPolicy(
  { buckets }: S3Rooms,
  input: In<'DeleteBucketPolicy'>,
  caller: Caller,
): Promise<Out<'DeleteBucketPolicy'>> {
  await bucketHere(buckets, input, caller);
  await buckets.changePolicy(caller.account, input.Bucket, undefined);
  return {};
}
