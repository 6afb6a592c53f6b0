/** STS, as far as callers with long-lived keys need it: awsQuery. */
import * as sdk from '@aws-sdk/client-sts';
import { userNameOf } from '../../../core/accounts/accounts.ts';
import type { Caller } from '../caller.ts';
import { handlersOf } from '../contract.ts';
import { STS_NAMESPACE } from '../destination.ts';
import { noConstraints } from '../protocol/constraints.ts';
import { queryProtocol } from '../protocol/query.ts';
import { modelOf } from '../protocol/schema.ts';
import type { Rooms } from '../rooms.ts';
import { type Service, serviceOf } from '../service.ts';
import type { In, Operation, Out, Sdk } from './contract.ts';

type Built = 'GetCallerIdentity';

async function GetCallerIdentity(
  { users }: Rooms,
  _input: In<'GetCallerIdentity'>,
  caller: Caller,
): Promise<Out<'GetCallerIdentity'>> {
  const { account, arn } = caller;
  const name = userNameOf(caller);
  const user = name === undefined ? undefined : await users.find(account, name);
  return { UserId: user?.id ?? account, Account: account, Arn: arn };
}

export const handlers = handlersOf<Sdk, Rooms, Exclude<Operation, Built>>()({ GetCallerIdentity });

const model = modelOf(sdk);

/** Operations that answer "is not built yet". */
export const notBuilt = [...model.operations.keys()].filter((operation) => !Object.hasOwn(handlers, operation));

export function sts(rooms: Rooms): Service {
  const protocol = queryProtocol({
    model,
    version: '2011-06-15',
    namespace: STS_NAMESPACE,
    constraints: noConstraints,
  });
  return serviceOf({ model, protocol }, handlers, rooms);
}
