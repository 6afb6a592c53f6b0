/** SNS, as far as SES's own notifications need it: awsQuery. */
import * as sdk from '@aws-sdk/client-sns';
import { handlersOf } from '../contract.ts';
import { SNS_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import type { Operation, Sdk } from './contract.ts';
import * as topics from './topics.ts';

type Built =
  | 'CreateTopic'
  | 'DeleteTopic'
  | 'ListTopics'
  | 'GetTopicAttributes'
  | 'Subscribe'
  | 'ConfirmSubscription'
  | 'Unsubscribe'
  | 'ListSubscriptionsByTopic'
  | 'Publish';

const handlers = handlersOf<Sdk, Rooms, Exclude<Operation, Built>>()({ ...topics });

export function sns(rooms: Rooms): Service {
  const model = modelOf(sdk);
  const protocol = queryProtocol({
    model,
    version: '2010-03-31',
    namespace: SNS_NAMESPACE,
    constraints: noConstraints,
  });
  return serviceOf({ model, protocol }, handlers, rooms);
}
