import type { Caller } from './caller.ts';
import type { Protocol } from './protocol/protocol.ts';
import type { Model } from './protocol/schema.ts';

/** A service of AWS that is (partly) built: how it is spoken, and who answers. */
export interface Service {
  readonly model: Model;
  readonly protocol: Protocol;
  /** The answer to an operation; undefined where it is not built yet. */
  handler(operation: string): Answer | undefined;
}

export type Answer = (input: unknown, caller: Caller) => unknown;

// biome-ignore lint/suspicious/noExplicitAny: the contract has checked every handler; here they are only called
type Table = Readonly<Record<string, (rooms: any, input: any, caller: Caller) => unknown>>;

/** Binds a checked table to the rooms that its handlers call. */
export function serviceOf<Rooms>(
  { model, protocol }: Pick<Service, 'model' | 'protocol'>,
  table: object,
  rooms: Rooms,
): Service {
  const answers = new Map<string, Answer>();
  for (const [operation, handle] of Object.entries(table as Table)) {
    answers.set(operation, (input, caller) => handle(rooms, input, caller));
  }
  return { model, protocol, handler: (operation) => answers.get(operation) };
}
