/** Service Quotas, as far as SES's own quotas go: awsJson 1.1. */
import * as sdk from '@aws-sdk/client-service-quotas';
import { handlersOf } from '../contract.ts';
import type { Constraints } from '../protocol/constraints.ts';
import { jsonProtocol } from '../protocol/json.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import type { Sdk } from './contract.ts';
import type { notBuilt } from './not-built.ts';
import * as quotas from './quotas.ts';
import * as requests from './requests.ts';

export const handlers = handlersOf<Sdk, Rooms, (typeof notBuilt)[number]>()({ ...quotas, ...requests });

const aPage = { min: 1, max: 100 };

/** What the service's own model says of its members and the schemas leave out. */
const constraints: Constraints = {
  'ListServicesRequest.MaxResults': aPage,
  'ListServiceQuotasRequest.MaxResults': aPage,
  'ListAWSDefaultServiceQuotasRequest.MaxResults': aPage,
  'ListRequestedServiceQuotaChangeHistoryRequest.MaxResults': aPage,
  'ListRequestedServiceQuotaChangeHistoryByQuotaRequest.MaxResults': aPage,
  'RequestServiceQuotaIncreaseRequest.DesiredValue': { min: 0, max: 10_000_000_000 },
};

const model = modelOf(sdk);
const protocol = jsonProtocol({ model, target: 'ServiceQuotasV20190624', version: '1.1', constraints });

export function serviceQuotas(rooms: Rooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}
