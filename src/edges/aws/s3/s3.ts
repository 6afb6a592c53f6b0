/** S3: restXml. */
import * as sdk from '@aws-sdk/client-s3';
import { handlersOf } from '../contract.ts';
import { S3_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { restXmlProtocol } from '../protocol/rest-xml.ts';
import { modelOf } from '../protocol/schema.ts';
import { type Service, serviceOf } from '../service.ts';
import * as buckets from './buckets.ts';
import type { Operation, S3Rooms, Sdk } from './contract.ts';
import * as listing from './listing.ts';
import { CopyObject, DeleteObject, DeleteObjects, GetObject, HeadObject, PutObject } from './objects.ts';
import * as uploads from './uploads.ts';

const objects = { CopyObject, DeleteObject, DeleteObjects, GetObject, HeadObject, PutObject };
const table = { ...buckets, ...listing, ...objects, ...uploads };

export const handlers = handlersOf<Sdk, S3Rooms, Exclude<Operation, keyof typeof table>>()(table);

const model = modelOf(sdk);
const protocol = restXmlProtocol({ model, namespace: S3_NAMESPACE, constraints: noConstraints });

/** Every other operation answers "is not built yet". */
export const notBuilt = [...model.operations.keys()].filter((operation) => !Object.hasOwn(handlers, operation));

export function s3(rooms: S3Rooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  PutObject: "no tags, no customer's keys; ACL and storage class are not looked at",
  CreateMultipartUpload: "no tags, no customer's keys; ACL, storage class and checksum type are not looked at",
  CompleteMultipartUpload: 'no checksum of the whole',
  GetObject: 'no PartNumber, no versions',
  HeadObject: 'no PartNumber, no versions',
  ListMultipartUploads: 'no delimiter',
  CopyObject: 'keeps the ETag of an object that came in parts; ACL and tags are not looked at',
  PutBucketPolicy: 'kept, not evaluated',
  DeleteObject: 'no versions, no conditions',
  DeleteObjects: 'no versions, no conditions',
};
