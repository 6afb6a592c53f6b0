/** S3, as far as SES's own receiving needs it: restXml. */
import * as sdk from '@aws-sdk/client-s3';
import { handlersOf } from '../contract.ts';
import { S3_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { restXmlProtocol } from '../protocol/rest-xml.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import * as buckets from './buckets.ts';
import type { Operation, Sdk } from './contract.ts';

type Built =
  | 'CreateBucket'
  | 'HeadBucket'
  | 'GetBucketLocation'
  | 'ListBuckets'
  | 'DeleteBucket'
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'DeleteObject'
  | 'ListObjectsV2';

export const handlers = handlersOf<Sdk, Rooms, Exclude<Operation, Built>>()({ ...buckets });

export function s3(rooms: Rooms): Service {
  const model = modelOf(sdk);
  const protocol = restXmlProtocol({ model, namespace: S3_NAMESPACE, constraints: noConstraints });
  return serviceOf({ model, protocol }, handlers, rooms);
}
