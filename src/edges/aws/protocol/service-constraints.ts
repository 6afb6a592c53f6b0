/**
 * What SES's own model says about its members and the SDK's schemas leave out: service-constraints.json, by
 * `Shape.Member`. It is kept by hand: the sets of an enum stand in the order in which SES prints them where that was
 * seen, and members whose breach SES words in its own way are left to the rooms.
 */
import type { Constraints } from './constraints.ts';
import data from './service-constraints.json' with { type: 'json' };

export function constraintsOf(version: 'v1' | 'v2'): Constraints {
  return data[version] as Constraints;
}
