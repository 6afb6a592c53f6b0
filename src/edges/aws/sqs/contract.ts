import type * as sdk from '@aws-sdk/client-sqs';
import type { InputOf, OperationOf, OutputOf } from '../contract.ts';
import type { Rooms } from '../rooms.ts';

export type Sdk = typeof sdk;
export type Operation = OperationOf<Sdk>;
export type In<Name extends Operation> = InputOf<Sdk, Name>;
export type Out<Name extends Operation> = OutputOf<Sdk, Name>;

/** A queue is named by a URL of ours, so these handlers must know where we are. */
export interface SqsRooms extends Pick<Rooms, 'queues'> {
  readonly url: () => string;
}
