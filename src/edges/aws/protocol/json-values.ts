/** JSON values to typed values and back, by schema. The reader coerces as loosely as SES does, and no looser. */
import { type Constraint, type Constraints, checkOf } from './constraints.ts';
import { Invalid, MAX_DEPTH, type Reading } from './invalid.ts';
import {
  blobFromText,
  blobToText,
  booleanFromText,
  checkedDate,
  checkedNumber,
  type NumberKind,
  numberFromText,
  timestampFromText,
} from './scalars.ts';
import { compiled, kindOf, type Member, membersOf, type Schema } from './schema.ts';

export type JsonReader = (value: unknown, reading: Reading) => unknown;
export type JsonWriter = (value: unknown) => unknown;
export type JsonObject = Record<string, unknown>;

export interface JsonValues {
  readonly reader: (schema: Schema) => JsonReader;
  readonly writer: (schema: Schema) => JsonWriter;
  /** Of some members of a structure only: the body of a REST operation. */
  readonly membersReader: (members: readonly Member[]) => MembersReader;
  readonly membersWriter: (members: readonly Member[]) => (value: JsonObject) => JsonObject;
}

/** Reads members out of `fields` into `value`. */
export type MembersReader = (fields: JsonObject, value: JsonObject, reading: Reading) => void;

export function jsonValues(constraints: Constraints): JsonValues {
  const reader: JsonValues['reader'] = compiled<[unknown, Reading], unknown>((schema) => {
    switch (kindOf(schema)) {
      case 'structure':
        return structureReader(schema);
      case 'list':
        return listReader(reader(schema.getValueSchema()));
      case 'map':
        return mapReader(reader(schema.getValueSchema()));
      case 'string':
        return readString;
      case 'boolean':
        return readBoolean;
      case 'number':
        return numberReader('double');
      case 'blob':
        return readBlob;
      case 'timestamp':
        return readTimestamp;
      case 'document':
        return readDocument;
      case 'unit':
        return () => ({});
    }
  });

  function structureReader(structure: Schema): JsonReader {
    const read = membersReader(membersOf(structure));
    return (fields, reading) => {
      const value: JsonObject = {};
      read(objectOf(fields), value, reading);
      return value;
    };
  }

  function membersReader(members: readonly Member[]): MembersReader {
    const readers = members.map((member) => ({
      ...member,
      wire: member.traits.jsonName ?? member.name,
      read: memberReader(member.schema, constraints[member.key]),
      check: checkOf(constraints[member.key]),
    }));
    return (fields, value, reading) => {
      for (const { name, path, wire, required, read, check } of readers) {
        const field = Object.hasOwn(fields, wire) ? fields[wire] : undefined;
        const absent = field === undefined || field === null;
        if (absent && !required) continue;
        reading.enter(path);
        if (absent) reading.violate(NOT_NULL);
        else {
          value[name] = read(field, reading);
          check?.(value[name], reading);
        }
        reading.leave();
      }
    };
  }

  function memberReader(schema: Schema, constraint: Constraint | undefined): JsonReader {
    return constraint?.number ? numberReader(constraint.number) : reader(schema);
  }

  const writer: JsonValues['writer'] = compiled<[unknown], unknown>((schema) => {
    switch (kindOf(schema)) {
      case 'structure':
        return structureWriter(schema);
      case 'list': {
        const item = writer(schema.getValueSchema());
        return (value) => (value as unknown[]).map(item);
      }
      case 'map':
        return mapWriter(writer(schema.getValueSchema()));
      case 'blob':
        return (value) => blobToText(value as Uint8Array);
      case 'timestamp':
        return (value) => (value as Date).getTime() / 1000;
      default:
        return (value) => value;
    }
  });

  function structureWriter(structure: Schema): JsonWriter {
    const write = membersWriter(membersOf(structure));
    return (value) => write(value as JsonObject);
  }

  function membersWriter(members: readonly Member[]): (value: JsonObject) => JsonObject {
    const writers = members.map(({ name, schema, traits }) => ({
      name,
      wire: traits.jsonName ?? name,
      write: writer(schema),
    }));
    return (value) => {
      const fields: JsonObject = {};
      for (const { name, wire, write } of writers) {
        const member = value[name];
        if (member !== undefined && member !== null) fields[wire] = write(member);
      }
      return fields;
    };
  }

  return { reader, writer, membersReader, membersWriter };
}

const NOT_NULL = 'Member must not be null';
const LIST_NOT_EXPECTED = 'Start of list found where not expected';
const STRUCTURE_NOT_EXPECTED = 'Start of structure or map found where not expected.';
const EXPECTED_NULL = 'Expected null';
const EXPECTED_LIST = 'Expected list or null';

export function objectOf(value: unknown): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new Invalid('serialization', Array.isArray(value) ? LIST_NOT_EXPECTED : EXPECTED_NULL);
}

/** SES's words for a value that is not what was wanted: `NUMBER_VALUE can not be converted to a String`. */
function notConvertible(value: unknown, wanted: string): Invalid {
  if (Array.isArray(value)) return new Invalid('serialization', LIST_NOT_EXPECTED);
  if (typeof value === 'object') return new Invalid('serialization', STRUCTURE_NOT_EXPECTED);
  const found = typeof value === 'boolean' ? String(value).toUpperCase() : (typeof value).toUpperCase();
  return new Invalid('serialization', `${found}_VALUE can not be converted to ${wanted}`);
}

function readString(value: unknown): string {
  if (typeof value === 'string') return value;
  throw notConvertible(value, 'a String');
}

function readBoolean(value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string') return booleanFromText(value);
  throw notConvertible(value, 'an Boolean');
}

function numberReader(kind: NumberKind): JsonReader {
  return (value) => {
    if (typeof value === 'number') return checkedNumber(value, String(value), kind);
    if (typeof value === 'string') return numberFromText(value, kind);
    throw notConvertible(value, 'a Number');
  };
}

function readBlob(value: unknown): Buffer {
  if (typeof value === 'string') return blobFromText(value);
  throw notConvertible(value, 'a Blob');
}

function readTimestamp(value: unknown): Date {
  if (typeof value === 'number') return checkedDate(value * 1000);
  if (typeof value === 'string') return timestampFromText(value);
  throw notConvertible(value, 'milliseconds since epoch');
}

/** A document is whatever the caller sends; only its depth is ours to bound. */
function readDocument(value: unknown): unknown {
  boundDepth(value, MAX_DEPTH);
  return value;
}

function boundDepth(value: unknown, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new Invalid('malformed', `Nested deeper than ${MAX_DEPTH} levels`);
  for (const child of Object.values(value)) boundDepth(child, left - 1);
}

function listReader(read: JsonReader): JsonReader {
  return (value, reading) => {
    if (!Array.isArray(value)) throw new Invalid('serialization', EXPECTED_LIST);
    return value.map((item, position) => {
      reading.enter(position);
      const typed = item === null ? reading.violate(NOT_NULL) : read(item, reading);
      reading.leave();
      return typed;
    });
  };
}

function mapReader(read: JsonReader): JsonReader {
  return (value, reading) => {
    const entries: [string, unknown][] = [];
    for (const [key, item] of Object.entries(objectOf(value))) {
      if (item === null) continue;
      reading.enter(key);
      entries.push([key, read(item, reading)]);
      reading.leave();
    }
    // fromEntries defines properties: a key of `__proto__` is a key, nothing else.
    return Object.fromEntries(entries);
  };
}

function mapWriter(write: JsonWriter): JsonWriter {
  return (value) => {
    const present = Object.entries(value as object).filter(([, item]) => item !== undefined && item !== null);
    return Object.fromEntries(present.map(([key, item]) => [key, write(item)]));
  };
}
