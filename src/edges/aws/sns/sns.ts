/** SNS: awsQuery. */
import * as sdk from '@aws-sdk/client-sns';
import { handlersOf } from '../contract.ts';
import { SNS_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import type { Sdk } from './contract.ts';
import type { notBuilt } from './not-built.ts';
import * as publishing from './publishing.ts';
import * as subscriptions from './subscriptions.ts';
import * as topics from './topics.ts';

export const handlers = handlersOf<Sdk, Rooms, (typeof notBuilt)[number]>()({
  ...publishing,
  ...subscriptions,
  ...topics,
});

const model = modelOf(sdk);
const protocol = queryProtocol({
  model,
  version: '2010-03-31',
  namespace: SNS_NAMESPACE,
  constraints: noConstraints,
});

export function sns(rooms: Rooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}
