/** SES API 2010-12-01: awsQuery. */
import * as sdk from '@aws-sdk/client-ses';
import { handlersOf } from '../contract.ts';
import { SES_NAMESPACE } from '../destination.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import { constraintsOf } from '../protocol/service-constraints.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import * as account from './account.ts';
import * as bounces from './bounces.ts';
import * as configurationSets from './configuration-sets.ts';
import type { Sdk } from './contract.ts';
import * as domains from './domains.ts';
import * as identities from './identities.ts';
import * as identityNotifications from './identity-notifications.ts';
import * as identityPolicies from './identity-policies.ts';
import type { notBuilt } from './not-built.ts';
import * as receiptFilters from './receipt-filters.ts';
import * as receiving from './receiving.ts';
import * as sending from './sending.ts';
import * as templates from './templates.ts';
import * as verificationTemplates from './verification-templates.ts';

/** One line a handler file: `...identities`. */
export const handlers = handlersOf<Sdk, Rooms, (typeof notBuilt)[number]>()({
  ...account,
  ...bounces,
  ...configurationSets,
  ...domains,
  ...identities,
  ...identityNotifications,
  ...identityPolicies,
  ...receiptFilters,
  ...receiving,
  ...sending,
  ...templates,
  ...verificationTemplates,
});

const model = modelOf(sdk);
const protocol = queryProtocol({
  model,
  version: '2010-12-01',
  namespace: SES_NAMESPACE,
  constraints: constraintsOf('v1'),
});

export function sesV1(rooms: Rooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}
