/**
 * The contract with AWS, as types: every command of an SDK package is an operation, with that command's input and
 * output. The compiler reports an operation that is neither built nor listed as not built, one that is both, a
 * handler that is misspelt, and every member that is.
 */
import type { Caller } from './caller.ts';
import type { StreamedBody } from './protocol/streamed-body.ts';

/** `SendEmail` of `SendEmailCommand`. */
export type OperationOf<Sdk> = {
  [Exported in keyof Sdk]: Exported extends `${infer Operation}Command`
    ? Operation extends '' | '$'
      ? never
      : Operation
    : never;
}[keyof Sdk];

type Command<Sdk, Operation extends string> = `${Operation}Command` extends keyof Sdk
  ? Sdk[`${Operation}Command`] extends new (
      ...parameters: never[]
    ) => infer Instance
    ? Instance
    : never
  : never;

export type InputOf<Sdk, Operation extends string> =
  Command<Sdk, Operation> extends { readonly input: infer Input } ? Read<Input> : never;

export type OutputOf<Sdk, Operation extends string> =
  Command<Sdk, Operation> extends {
    resolveMiddleware(...parameters: never[]): (input: never) => Promise<{ output: infer Output }>;
  }
    ? Written<Omit<Output, '$metadata'>>
    : never;

/** What the protocol hands over: a required member is there (it was checked), a blob is a Buffer, a large one may stream. */
export type Read<T> = [Extract<T, NodeJS.ReadableStream>] extends [never]
  ? T extends Uint8Array
    ? Buffer
    : T extends Date
      ? Date
      : T extends readonly (infer Item)[]
        ? Read<Item>[]
        : T extends object
          ? { [Name in keyof T]: object extends Pick<T, Name> ? Read<T[Name]> : Read<Exclude<T[Name], undefined>> }
          : T
  : Buffer | StreamedBody;

/** What a handler may return: a body that the SDK would stream is bytes or text here. */
export type Written<T> = T extends { transformToByteArray(): unknown }
  ? Uint8Array | string | AsyncIterable<Buffer>
  : T extends Uint8Array | Date
    ? T
    : T extends readonly (infer Item)[]
      ? Written<Item>[]
      : T extends object
        ? { [Name in keyof T]: Written<T[Name]> }
        : T;

export type HandlerOf<Sdk, Rooms, Operation extends string> = (
  rooms: Rooms,
  input: InputOf<Sdk, Operation>,
  caller: Caller,
) => OutputOf<Sdk, Operation> | Promise<OutputOf<Sdk, Operation>>;

export type Handlers<Sdk, Rooms, NotBuilt extends string = never> = {
  [Operation in Exclude<OperationOf<Sdk>, NotBuilt>]: HandlerOf<Sdk, Rooms, Operation>;
};

/**
 * Checks a table against its service and hands it back: `handlersOf<typeof sdk, Rooms, NotBuilt>()({ ...identities })`.
 * The compiler does not look for surplus names in a spread by itself, hence the second half of the type.
 */
export function handlersOf<Sdk, Rooms, NotBuilt extends OperationOf<Sdk> = never>() {
  return <Table extends Handlers<Sdk, Rooms, NotBuilt>>(
    table: Table & { [Surplus in Exclude<keyof Table, keyof Handlers<Sdk, Rooms, NotBuilt>>]: never },
  ): Handlers<Sdk, Rooms, NotBuilt> => table;
}
