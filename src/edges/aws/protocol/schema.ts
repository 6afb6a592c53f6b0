/**
 * What the SDK packages say about their services: every operation's input, output and errors, as Smithy schemas.
 * Only their public face is used (`NormalizedSchema` and the exported arrays); `schema.test.ts` compares it with a
 * snapshot, so that a new SDK shows as a difference.
 */
import { NormalizedSchema } from '@smithy/core/schema';

export type Schema = NormalizedSchema;

export type Kind =
  | 'structure'
  | 'list'
  | 'map'
  | 'string'
  | 'boolean'
  | 'number'
  | 'blob'
  | 'timestamp'
  | 'document'
  | 'unit';

export interface Member {
  readonly name: string;
  /** As SES's validation texts spell it: `EmailIdentity` → `emailIdentity`. */
  readonly path: string;
  readonly schema: Schema;
  readonly kind: Kind;
  readonly traits: Traits;
  readonly required: boolean;
  /** `Shape.Member`, the key of the constraint tables. */
  readonly key: string;
}

/** The traits that the protocols look at. */
export interface Traits {
  readonly httpLabel?: 1;
  readonly httpQuery?: string;
  readonly httpQueryParams?: 1;
  readonly httpHeader?: string;
  readonly httpPrefixHeaders?: string;
  readonly httpPayload?: 1;
  readonly httpResponseCode?: 1;
  readonly jsonName?: string;
  readonly xmlName?: string;
  readonly xmlFlattened?: 1;
  readonly xmlAttribute?: 1;
  readonly xmlNamespace?: readonly [prefix: string, uri: string] | string;
}

export interface Operation {
  readonly name: string;
  readonly http?: readonly [method: string, uri: string, status: number];
  readonly input: Schema;
  readonly output: Schema;
}

export interface ErrorShape {
  readonly name: string;
  /** What stands on the wire of awsQuery. */
  readonly queryCode: string;
  readonly status: number | undefined;
  readonly fault: 'client' | 'server';
  /** Names of the members beside the message. */
  readonly members: readonly string[];
}

export interface Model {
  readonly operations: ReadonlyMap<string, Operation>;
  /** By name and by code. */
  readonly errors: ReadonlyMap<string, ErrorShape>;
}

export function traitsOf(schema: Schema): Traits {
  return schema.getMergedTraits() as Traits;
}

export function kindOf(schema: Schema): Kind {
  if (schema.isUnitSchema()) return 'unit';
  if (schema.isListSchema()) return 'list';
  if (schema.isMapSchema()) return 'map';
  if (schema.isStructSchema()) return 'structure';
  if (schema.isBlobSchema()) return 'blob';
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isNumericSchema()) return 'number';
  if (schema.isStringSchema()) return 'string';
  return 'document';
}

/** In the order of the model: the required ones first. */
export function membersOf(structure: Schema): readonly Member[] {
  if (!structure.isStructSchema()) return [];
  const [, , shape, , , , requiredCount = 0] = structure.getSchema() as unknown[] as [0, 0, string, 0, 0, 0, number?];
  return [...structure.structIterator()].map(([name, schema], position) => ({
    name,
    path: lowerFirst(name),
    schema,
    kind: kindOf(schema),
    traits: traitsOf(schema),
    required: position < requiredCount,
    key: `${shape}.${name}`,
  }));
}

/**
 * Turns a schema into a function once and keeps it. A shape that contains itself is met again while it is being
 * built: it then gets a function that looks the finished one up when it is called.
 */
export function compiled<Args extends unknown[], Result>(
  build: (schema: Schema) => (...args: Args) => Result,
): (schema: Schema) => (...args: Args) => Result {
  const byShape = new Map<unknown, (...args: Args) => Result>();
  return (schema) => {
    const shape = schema.getSchema();
    const known = byShape.get(shape);
    if (known) return known;
    byShape.set(shape, (...args) => byShape.get(shape)!(...args));
    const built = build(schema);
    byShape.set(shape, built);
    return built;
  };
}

const OPERATION = 9;
const ERROR = -3;

export function modelOf(sdk: object): Model {
  const operations = new Map<string, Operation>();
  const errors = new Map<string, ErrorShape>();
  for (const exported of Object.values(sdk)) {
    if (!Array.isArray(exported)) continue;
    const [type, , name, traits, fourth, fifth] = exported;
    if (type === OPERATION) {
      const input = NormalizedSchema.of(fourth);
      operations.set(name, { name, http: traits?.http, input, output: NormalizedSchema.of(fifth) });
    }
    if (type === ERROR) {
      const shape = errorShape(name, traits || {}, fourth);
      errors.set(shape.name, shape).set(shape.queryCode, shape);
    }
  }
  return { operations, errors };
}

type ErrorTraits = { error?: 'client' | 'server'; httpError?: number; awsQueryError?: [string, number] };

function errorShape(name: string, traits: ErrorTraits, members: string[]): ErrorShape {
  return {
    name,
    queryCode: traits.awsQueryError?.[0] ?? name,
    status: traits.httpError ?? traits.awsQueryError?.[1],
    fault: traits.error ?? 'client',
    members: members.filter((member) => member.toLowerCase() !== 'message'),
  };
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}
