import type * as sdk from '@aws-sdk/client-sesv2';
import type { InputOf, OperationOf, OutputOf } from '../contract.ts';

/** For the handler files beside this one: `export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>>`. */
export type Sdk = typeof sdk;
export type Operation = OperationOf<Sdk>;
export type In<Name extends Operation> = InputOf<Sdk, Name>;
export type Out<Name extends Operation> = OutputOf<Sdk, Name>;
