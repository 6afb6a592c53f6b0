import type * as sdk from '@aws-sdk/client-iam';
import type { InputOf, OperationOf, OutputOf } from '../contract.ts';

export type Sdk = typeof sdk;
export type Operation = OperationOf<Sdk>;
export type In<Name extends Operation> = InputOf<Sdk, Name>;
export type Out<Name extends Operation> = OutputOf<Sdk, Name>;
