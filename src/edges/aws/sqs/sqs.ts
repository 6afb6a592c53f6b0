/** SQS: awsJson, and awsQuery for clients from before 2023, over the same schemas. */
import * as sdk from '@aws-sdk/client-sqs';
import { handlersOf } from '../contract.ts';
import { isJson, SQS_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { jsonProtocol } from '../protocol/json.ts';
import type { Protocol } from '../protocol/protocol.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import { type Service, serviceOf } from '../service.ts';
import type { Sdk, SqsRooms } from './contract.ts';
import * as messages from './messages.ts';
import type { notBuilt } from './not-built.ts';
import * as queues from './queues.ts';

export const handlers = handlersOf<Sdk, SqsRooms, (typeof notBuilt)[number]>()({ ...messages, ...queues });

const model = modelOf(sdk);
const constraints = noConstraints;
const json = jsonProtocol({ model, target: 'AmazonSQS', version: '1.0', constraints });
const query = queryProtocol({ model, version: '2012-11-05', namespace: SQS_NAMESPACE, constraints });
const protocol: Protocol = { route: (request) => (isJson(request) ? json : query).route(request) };

export function sqs(rooms: SqsRooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}
