import type { Keys, ManagedPolicies, Standings, Users } from '../../core/accounts/accounts.ts';
import type { ConfigurationSets } from '../../core/configuration-sets/configuration-sets.ts';
import type { Contacts } from '../../core/contacts/contacts.ts';
import type { Identities } from '../../core/identities/identities.ts';
import type { IpFilters, RuleSets } from '../../core/receiving/receiving.ts';
import type { Reputation } from '../../core/reputation/reputation.ts';
import type { Reviews } from '../../core/reviews/reviews.ts';
import type { Sending } from '../../core/sending/sending.ts';
import type { Buckets, Queues, Topics, Uploads } from '../../core/targets/targets.ts';
import type { Templates } from '../../core/templates/templates.ts';

/** What the handlers may call: the faces of the core's rooms. */
export interface Rooms {
  readonly keys: Keys;
  readonly users: Users;
  readonly managedPolicies: ManagedPolicies;
  readonly standings: Standings;
  readonly reviews: Reviews;
  readonly identities: Identities;
  readonly contacts: Contacts;
  readonly configurationSets: ConfigurationSets;
  readonly sending: Sending;
  readonly reputation: Reputation;
  readonly templates: Templates;
  readonly ruleSets: RuleSets;
  readonly ipFilters: IpFilters;
  readonly buckets: Buckets;
  readonly uploads: Uploads;
  readonly topics: Topics;
  readonly queues: Queues;
}
