import type { Identities } from '../../core/identities/identities.ts';
import type { RuleSets } from '../../core/receiving/receiving.ts';
import type { Sending } from '../../core/sending/sending.ts';
import type { Buckets, Topics } from '../../core/targets/targets.ts';

/** What the handlers may call: the faces of the core's rooms. */
export interface Rooms {
  readonly identities: Identities;
  readonly sending: Sending;
  readonly ruleSets: RuleSets;
  readonly buckets: Buckets;
  readonly topics: Topics;
}
