import type * as sdk from '@aws-sdk/client-s3';
import type { InputOf, OperationOf, OutputOf } from '../contract.ts';
import type { Rooms } from '../rooms.ts';

export type Sdk = typeof sdk;
export type Operation = OperationOf<Sdk>;
export type In<Name extends Operation> = InputOf<Sdk, Name>;
export type Out<Name extends Operation> = OutputOf<Sdk, Name>;
export type S3Rooms = Pick<Rooms, 'buckets' | 'uploads'>;
