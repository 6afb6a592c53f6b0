/** The REST half that restJson1 and restXml share: routes, and members in labels, queries and headers. */
import type { Headers } from '../../http.ts';
import { type Constraints, checkOf } from './constraints.ts';
import type { Reading } from './invalid.ts';
import { type TimestampFormat, textReader, textWriter } from './scalars.ts';
import { kindOf, type Member, membersOf, type Operation, type Schema } from './schema.ts';
import { percentDecoded } from './text.ts';

/** Where a request's members come from, beside its body. */
export interface RequestParts {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: Headers;
}

export function isBodyMember({ traits }: Member): boolean {
  const { httpLabel, httpQuery, httpQueryParams, httpHeader, httpPrefixHeaders, httpPayload, httpResponseCode } =
    traits;
  return !(
    httpLabel ||
    httpQuery ||
    httpQueryParams ||
    httpHeader ||
    httpPrefixHeaders ||
    httpPayload ||
    httpResponseCode
  );
}

type Bind = (parts: RequestParts) => unknown;

export interface BindingOptions {
  readonly constraints: Constraints;
  /** How the protocol reports an absent required member: v2 `Value`, elsewhere `Value null`. */
  readonly nullValue: string;
}

/** Puts the members that stand outside of the body into the input. */
export function bindingReader(
  members: readonly Member[],
  { constraints, nullValue }: BindingOptions,
): (input: Record<string, unknown>, parts: RequestParts, reading: Reading) => void {
  const bound = members.flatMap((member) => {
    const bind = bindingOf(member, constraints);
    return bind ? [{ ...member, bind, check: checkOf(constraints[member.key]) }] : [];
  });
  return (input, parts, reading) => {
    for (const { name, path, required, bind, check } of bound) {
      const value = bind(parts);
      reading.enter(path);
      if (value !== undefined) {
        input[name] = value;
        check?.(value, reading);
      } else if (required) reading.violate('Member must not be null', nullValue);
      reading.leave();
    }
  };
}

function bindingOf({ name, schema, kind, traits, key }: Member, constraints: Constraints): Bind | undefined {
  if (traits.httpLabel) {
    const read = textReader(schema, undefined);
    return ({ labels }) => (labels[name] === undefined ? undefined : read(labels[name]));
  }
  if (traits.httpQuery) {
    const wire = traits.httpQuery;
    if (kind === 'list') {
      const read = textReader(schema.getValueSchema(), undefined);
      return ({ query }) => orNothing(query.filter(([found]) => found === wire).map(([, value]) => read(value)));
    }
    const read = textReader(schema, constraints[key]?.number);
    return ({ query }) => {
      const pair = query.find(([found]) => found === wire);
      return pair && read(pair[1]);
    };
  }
  if (traits.httpHeader) {
    const wire = traits.httpHeader.toLowerCase();
    if (kind === 'list') return ({ headers }) => headers[wire]?.split(/\s*,\s*/);
    const read = textReader(schema, constraints[key]?.number);
    return ({ headers }) => (headers[wire] === undefined ? undefined : read(headers[wire]));
  }
  if (traits.httpPrefixHeaders) {
    const prefix = traits.httpPrefixHeaders.toLowerCase();
    return ({ headers }) => prefixed(headers, prefix);
  }
  return undefined;
}

function orNothing<Item>(items: Item[]): Item[] | undefined {
  return items.length > 0 ? items : undefined;
}

function prefixed(headers: Headers, prefix: string): Record<string, string> | undefined {
  const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
  if (found.length === 0) return undefined;
  return Object.fromEntries(found.map(([name, value]) => [name.slice(prefix.length), value ?? '']));
}

/** The headers of a reply, from the members of the output that belong there. */
export function headerWriter(
  output: Schema,
  timestamp: TimestampFormat,
): (value: Record<string, unknown>, headers: Record<string, string>) => void {
  const plain = membersOf(output).flatMap(({ name, schema, traits }) =>
    traits.httpHeader
      ? [{ name, header: traits.httpHeader.toLowerCase(), write: headerTextWriter(schema, timestamp) }]
      : [],
  );
  const maps = membersOf(output).filter(({ traits }) => traits.httpPrefixHeaders);
  return (value, headers) => {
    for (const { name, header, write } of plain) {
      if (value[name] !== undefined && value[name] !== null) headers[header] = write(value[name]);
    }
    for (const { name, traits } of maps) {
      for (const [key, text] of Object.entries((value[name] as Record<string, string>) ?? {})) {
        headers[traits.httpPrefixHeaders! + key] = text;
      }
    }
  };
}

function headerTextWriter(schema: Schema, timestamp: TimestampFormat): (value: unknown) => string {
  if (kindOf(schema) === 'list') return (values) => (values as unknown[]).join(', ');
  return textWriter(schema, { timestamp });
}

type Segment = string | { readonly label: string; readonly greedy: boolean };

/** A path as the model writes it: `/v2/email/identities/{EmailIdentity}/dkim`, `/{Key+}?uploads`. */
export interface Route {
  readonly operation: Operation;
  readonly segments: readonly Segment[];
  /** `uploads`, `list-type=2`. */
  readonly literals: readonly (readonly [name: string, value: string])[];
}

export function parseRoute(operation: Operation, uri: string): Route {
  const [path = '', query = ''] = uri.split('?');
  const segments = path.split('/').filter(Boolean).map(parseSegment);
  const literals = query
    .split('&')
    .filter(Boolean)
    .map((pair): [string, string] => {
      const [name = '', value = ''] = pair.split('=');
      return [name, value];
    });
  return { operation, segments, literals };
}

function parseSegment(segment: string): Segment {
  const label = /^\{(\w+)(\+?)\}$/.exec(segment);
  return label ? { label: label[1]!, greedy: label[2] === '+' } : segment;
}

/** Segments of a path that came in; a closing slash does not count. */
export function pathSegments(path: string): string[] {
  return path.split('/').filter(Boolean);
}

/** The labels where the path fits the route, decoded. Only the last segment of a route may be greedy. */
export function matchPath({ segments }: Route, parts: readonly string[]): Record<string, string> | undefined {
  const last = segments[segments.length - 1];
  const greedy = typeof last === 'object' && last.greedy;
  if (greedy ? parts.length < segments.length : parts.length !== segments.length) return undefined;
  const labels: Record<string, string> = {};
  for (let position = 0; position < segments.length; position++) {
    const segment = segments[position]!;
    if (typeof segment === 'string') {
      if (segment !== parts[position]) return undefined;
    } else {
      const text = segment.greedy ? parts.slice(position).join('/') : parts[position]!;
      labels[segment.label] = percentDecoded(text);
    }
  }
  return labels;
}
