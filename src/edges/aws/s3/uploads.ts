import { Refusal } from '../../../base/refusal.ts';
import { MOST_PARTS } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';
import { checkedBody, shownChecksums } from './bodies.ts';
import { checkReading, mayReplace, rangeOf } from './conditions.ts';
import type { In, Out, S3Rooms } from './contract.ts';
import { conditionsOfSource, copySource, described } from './objects.ts';
import { bucketHere, keyWriter, quoted, unquoted } from './places.ts';

const A_PAGE = 1_000;

interface Named {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

const placeOf = ({ Bucket, Key, UploadId }: Named) => ({ bucket: Bucket, key: Key, id: UploadId });

export async function CreateMultipartUpload(
  { buckets, uploads }: S3Rooms,
  input: In<'CreateMultipartUpload'>,
  caller: Caller,
): Promise<Out<'CreateMultipartUpload'>> {
  await bucketHere(buckets, input, caller);
  const { Bucket, Key } = input;
  const UploadId = await uploads.begin(caller.account, { bucket: Bucket, key: Key, ...described(input) });
  return { Bucket, Key, UploadId };
}

function checkedNumber(n: number): number {
  if (Number.isInteger(n) && n >= 1 && n <= MOST_PARTS) return n;
  const text = `Part number must be an integer between 1 and ${MOST_PARTS}, inclusive`;
  throw new Refusal('invalid-parameter', text, { ArgumentName: 'partNumber', ArgumentValue: String(n) });
}

export async function UploadPart(
  { buckets, uploads }: S3Rooms,
  input: In<'UploadPart'>,
  caller: Caller,
): Promise<Out<'UploadPart'>> {
  await bucketHere(buckets, input, caller);
  const { content, checksums } = checkedBody(input);
  const part = { n: checkedNumber(input.PartNumber), content, checksums };
  const { etag } = await uploads.put(caller.account, placeOf(input), part);
  return { ETag: quoted(etag), ...shownChecksums(checksums()) };
}

export async function UploadPartCopy(
  { buckets, uploads }: S3Rooms,
  input: In<'UploadPartCopy'>,
  caller: Caller,
): Promise<Out<'UploadPartCopy'>> {
  await bucketHere(buckets, input, caller);
  const source = copySource(input.CopySource);
  const object = await buckets.open(caller.account, source.bucket, source.key);
  checkReading(object, conditionsOfSource(input), { copying: true });
  const content = object.read(rangeOf(input.CopySourceRange, object.size));
  const { etag, modified } = await uploads.put(caller.account, placeOf(input), {
    n: checkedNumber(input.PartNumber),
    content,
  });
  return { CopyPartResult: { ETag: quoted(etag), LastModified: new Date(modified) } };
}

export async function CompleteMultipartUpload(
  { buckets, uploads }: S3Rooms,
  input: In<'CompleteMultipartUpload'>,
  caller: Caller,
): Promise<Out<'CompleteMultipartUpload'>> {
  await bucketHere(buckets, input, caller);
  const { Parts = [] } = input.MultipartUpload ?? {};
  if (Parts.length === 0) throw new Refusal('malformed-xml', 'You must specify at least one part');
  const parts = Parts.map(({ PartNumber = 0, ETag = '' }) => ({ n: PartNumber, etag: unquoted(ETag) }));
  const allowed = mayReplace(input);
  const etag = await uploads.complete(caller.account, placeOf(input), {
    parts,
    ...(allowed && { mayReplace: allowed }),
  });
  const { Bucket, Key } = input;
  return { Bucket, Key, ETag: quoted(etag), Location: `/${Bucket}/${keyWriter('url')(Key)}` };
}

export async function AbortMultipartUpload(
  { buckets, uploads }: S3Rooms,
  input: In<'AbortMultipartUpload'>,
  caller: Caller,
): Promise<Out<'AbortMultipartUpload'>> {
  await bucketHere(buckets, input, caller);
  await uploads.abort(caller.account, placeOf(input));
  return {};
}

export async function ListParts(
  { buckets, uploads }: S3Rooms,
  input: In<'ListParts'>,
  caller: Caller,
): Promise<Out<'ListParts'>> {
  await bucketHere(buckets, input, caller);
  const { Bucket, Key, UploadId, PartNumberMarker = '0', MaxParts = A_PAGE } = input;
  const limit = Math.max(0, Math.min(MaxParts, A_PAGE));
  const after = Number(PartNumberMarker) || 0;
  const found = await uploads.parts(caller.account, placeOf(input), { after, limit: limit + 1 });
  const parts = found.slice(0, limit);
  return {
    Bucket,
    Key,
    UploadId,
    PartNumberMarker,
    MaxParts: limit,
    IsTruncated: found.length > limit,
    ...(found.length > limit && { NextPartNumberMarker: String(parts.at(-1)?.n ?? after) }),
    Parts: parts.map(({ n, size, etag, modified, checksums }) => ({
      PartNumber: n,
      Size: size,
      ETag: quoted(etag),
      LastModified: new Date(modified),
      ...shownChecksums(checksums),
    })),
    Initiator: { ID: caller.account },
    Owner: { ID: caller.account },
    StorageClass: 'STANDARD',
  };
}

export async function ListMultipartUploads(
  { buckets, uploads }: S3Rooms,
  input: In<'ListMultipartUploads'>,
  caller: Caller,
): Promise<Out<'ListMultipartUploads'>> {
  await bucketHere(buckets, input, caller);
  const { Bucket, Prefix = '', KeyMarker = '', UploadIdMarker = '', MaxUploads = A_PAGE, EncodingType } = input;
  if (input.Delimiter) throw new Refusal('not-built', 'ListMultipartUploads with a delimiter is not built yet');
  const limit = Math.max(0, Math.min(MaxUploads, A_PAGE));
  // A marker of a key alone leaves out all uploads of that key.
  const id = UploadIdMarker || (KeyMarker === '' ? '' : '\u{10ffff}');
  const found = await uploads.list(caller.account, Bucket, { prefix: Prefix, key: KeyMarker, id, limit: limit + 1 });
  const written = keyWriter(EncodingType);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : undefined;
  return {
    Bucket,
    Prefix: written(Prefix),
    KeyMarker: written(KeyMarker),
    UploadIdMarker,
    MaxUploads: limit,
    EncodingType,
    IsTruncated: found.length > limit,
    ...(last && { NextKeyMarker: written(last.key), NextUploadIdMarker: last.id }),
    Uploads: shown.map(({ key, id: UploadId, begun }) => ({
      Key: written(key),
      UploadId,
      Initiated: new Date(begun),
      Initiator: { ID: caller.account },
      Owner: { ID: caller.account },
      StorageClass: 'STANDARD' as const,
    })),
  };
}
