import { copySource as copySourceOf } from '../s3/objects.ts';
import type { Asked, Permission } from './permissions.ts';

/** Operations whose action has another name (S3: policy actions). */
const actions: Readonly<Record<string, string>> = {
  ListBuckets: 'ListAllMyBuckets',
  HeadBucket: 'ListBucket',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  HeadObject: 'GetObject',
  CopyObject: 'PutObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
  DeleteObjects: 'DeleteObject',
};

export function s3Permission(asked: Asked): readonly Permission[] {
  const { CopySource } = asked.input;
  const source = typeof CopySource === 'string' ? [reading(CopySource)] : [];
  return [...source, targetOf(asked)];
}

/** Who copies an object must be allowed to read it. */
function reading(copySource: string): Permission {
  const { bucket, key } = copySourceOf(copySource);
  return { action: 's3:GetObject', resources: [`arn:aws:s3:::${bucket}/${key}`] };
}

function targetOf({ operation, input }: Asked): Permission {
  const action = `s3:${actions[operation] ?? operation}`;
  const bucket = typeof input['Bucket'] === 'string' ? `arn:aws:s3:::${input['Bucket']}` : undefined;
  if (bucket === undefined) return { action, resources: ['*'] };
  if (operation === 'DeleteObjects') {
    const { Objects = [] } = (input['Delete'] ?? {}) as { Objects?: { Key: string }[] };
    return { action, resources: Objects.map(({ Key }) => `${bucket}/${Key}`) };
  }
  return { action, resources: [typeof input['Key'] === 'string' ? `${bucket}/${input['Key']}` : bucket] };
}
