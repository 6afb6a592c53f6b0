/** IAM, as far as users, their keys and their policies go: awsQuery. */
import * as sdk from '@aws-sdk/client-iam';
import { handlersOf } from '../contract.ts';
import { IAM_NAMESPACE } from '../destination.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import * as accessKeys from './access-keys.ts';
import { constraints } from './constraints.ts';
import type { Operation, Sdk } from './contract.ts';
import * as managedPolicies from './managed-policies.ts';
import * as userBelongings from './user-belongings.ts';
import * as userPolicies from './user-policies.ts';
import * as users from './users.ts';

type Built =
  | keyof typeof accessKeys
  | keyof typeof managedPolicies
  | keyof typeof userBelongings
  | keyof typeof userPolicies
  | keyof typeof users;

export const handlers = handlersOf<Sdk, Rooms, Exclude<Operation, Built>>()({
  ...accessKeys,
  ...managedPolicies,
  ...userBelongings,
  ...userPolicies,
  ...users,
});

const model = modelOf(sdk);

/** Operations that answer "is not built yet". */
export const notBuilt = [...model.operations.keys()].filter((operation) => !Object.hasOwn(handlers, operation));

/** Operations that are built in part, and what they lack, in a sentence. */
export const partial: Partial<Record<Operation, string>> = {
  CreateUser: 'no permissions boundary',
  ListPolicies: "of AWS's own the few that people attach",
};

export function iam(rooms: Rooms): Service {
  const protocol = queryProtocol({ model, version: '2010-05-08', namespace: IAM_NAMESPACE, constraints });
  return serviceOf({ model, protocol }, handlers, rooms);
}
