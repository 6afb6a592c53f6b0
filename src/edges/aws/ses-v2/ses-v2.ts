/** SES API 2019-09-27: restJson1. */
import * as sdk from '@aws-sdk/client-sesv2';
import { handlersOf } from '../contract.ts';
import { type Alias, restJsonProtocol } from '../protocol/rest-json.ts';
import { modelOf } from '../protocol/schema.ts';
import { constraintsOf } from '../protocol/service-constraints.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import * as account from './account.ts';
import * as configurationSets from './configuration-sets.ts';
import * as contacts from './contacts.ts';
import type { Sdk } from './contract.ts';
import * as domains from './domains.ts';
import * as identities from './identities.ts';
import * as identityFeedback from './identity-feedback.ts';
import * as identityPolicies from './identity-policies.ts';
import type { notBuilt } from './not-built.ts';
import * as sending from './sending.ts';
import * as suppression from './suppression.ts';
import * as tags from './tags.ts';
import * as templates from './templates.ts';
import * as verificationTemplates from './verification-templates.ts';

/** One line a handler file: `...identities`. */
export const handlers = handlersOf<Sdk, Rooms, (typeof notBuilt)[number]>()({
  ...account,
  ...configurationSets,
  ...contacts,
  ...domains,
  ...identities,
  ...identityFeedback,
  ...identityPolicies,
  ...sending,
  ...suppression,
  ...tags,
  ...templates,
  ...verificationTemplates,
});

/** Where boto3 and the CLI still look for what newer models have moved to a POST. */
const aliases: readonly Alias[] = [
  ['ListEmailIdentities', 'GET', '/v2/email/identities'],
  ['ListConfigurationSets', 'GET', '/v2/email/configuration-sets'],
];

const model = modelOf(sdk);
const protocol = restJsonProtocol({ model, constraints: constraintsOf('v2'), aliases });

export function sesV2(rooms: Rooms): Service {
  return serviceOf({ model, protocol }, handlers, rooms);
}
