/** restJson1: method and path say which operation, JSON both ways. SES v2. */
import type { Request, Response } from '../../http.ts';
import { type Constraints, checkOf } from './constraints.ts';
import {
  bindingReader,
  headerWriter,
  isBodyMember,
  matchPath,
  parseRoute,
  pathSegments,
  type Route,
} from './http-bindings.ts';
import { Invalid, Reading } from './invalid.ts';
import { jsonValues, NOT_NULL } from './json-values.ts';
import { type Call, type Failure, type Protocol, REQUEST_ID } from './protocol.ts';
import { type Member, type Model, membersOf, type Operation } from './schema.ts';
import { pairsOf, utf8 } from './text.ts';

/** A route of an older model that older clients still use; members without a place of their own come in the query. */
export type Alias = readonly [operation: string, method: string, uri: string];

export interface RestJsonOptions {
  readonly model: Model;
  readonly constraints: Constraints;
  readonly aliases?: readonly Alias[];
}

type Labels = Record<string, string>;
type InputReader = (request: Request, labels: Labels) => unknown;
type OutputWriter = (output: unknown, requestId: string) => Response;

interface Endpoint {
  readonly route: Route;
  /** Compiled when the operation is first called. */
  read?: InputReader;
  write?: OutputWriter;
  readonly inQuery: boolean;
}

export function restJsonProtocol({ model, constraints, aliases = [] }: RestJsonOptions): Protocol {
  const json = jsonValues(constraints);
  const endpoints = endpointsByMethod(model, aliases);

  function inputReader({ input }: Operation, inQuery: boolean): InputReader {
    const members = inQuery ? membersOf(input).map(movedToQuery) : membersOf(input);
    const bind = bindingReader(members, { constraints, nullValue: 'Value' });
    const body = members.filter(isBodyMember).map((member) => ({
      ...member,
      wire: member.traits.jsonName ?? member.name,
      read: json.memberReader(member.schema, constraints[member.key]),
      check: checkOf(constraints[member.key]),
    }));
    return (request, labels) => {
      const reading = new Reading();
      const value: Record<string, unknown> = {};
      bind(value, { labels, query: pairsOf(request.query), headers: request.headers }, reading);
      const fields = body.length > 0 ? bodyOf(request.body) : {};
      for (const { name, path, wire, required, read, check } of body) {
        const field = Object.hasOwn(fields, wire) ? fields[wire] : undefined;
        if (field === undefined || field === null) {
          if (!required) continue;
          reading.enter(path);
          reading.violate(NOT_NULL);
        } else {
          reading.enter(path);
          value[name] = read(field, reading);
          check?.(value[name], reading);
        }
        reading.leave();
      }
      reading.finish();
      return value;
    };
  }

  function outputWriter({ output, http }: Operation): OutputWriter {
    const writeHeaders = headerWriter(output, 'http-date');
    const body = membersOf(output)
      .filter(isBodyMember)
      .map(({ name, schema, traits }) => ({ name, wire: traits.jsonName ?? name, write: json.writer(schema) }));
    return (value, requestId) => {
      const headers = jsonHeaders(requestId);
      const members = (value ?? {}) as Record<string, unknown>;
      writeHeaders(members, headers);
      const written: Record<string, unknown> = {};
      for (const { name, wire, write } of body) {
        const member = members[name];
        if (member !== undefined && member !== null) written[wire] = write(member);
      }
      return { status: http![2], headers, body: JSON.stringify(written) };
    };
  }

  return {
    route(request): Call {
      const parts = pathSegments(request.path);
      for (const endpoint of endpoints.get(request.method) ?? []) {
        const labels = matchPath(endpoint.route, parts);
        if (!labels) continue;
        const { operation } = endpoint.route;
        return {
          operation: operation.name,
          input: () => {
            endpoint.read ??= inputReader(operation, endpoint.inQuery);
            return endpoint.read(request, labels);
          },
          reply: (output, requestId) => {
            endpoint.write ??= outputWriter(operation);
            return endpoint.write(output, requestId);
          },
        };
      }
      throw new Invalid('unknown-operation', '');
    },
  };
}

/** More literal segments first: `/tags` before `/{Name}`. */
function endpointsByMethod(model: Model, aliases: readonly Alias[]): Map<string, Endpoint[]> {
  const endpoints = new Map<string, Endpoint[]>();
  const add = (operation: Operation, method: string, uri: string, inQuery: boolean) => {
    const endpoint = { route: parseRoute(operation, uri), inQuery };
    endpoints.set(method, [...(endpoints.get(method) ?? []), endpoint]);
  };
  for (const operation of model.operations.values()) {
    if (operation.http) add(operation, operation.http[0], operation.http[1], false);
  }
  for (const [name, method, uri] of aliases) add(model.operations.get(name)!, method, uri, true);
  for (const list of endpoints.values()) list.sort((one, other) => literals(other) - literals(one));
  return endpoints;
}

function literals({ route }: Endpoint): number {
  return route.segments.filter((segment) => typeof segment === 'string').length;
}

function movedToQuery(member: Member): Member {
  if (!isBodyMember(member) || member.kind === 'structure') return member;
  return { ...member, traits: { ...member.traits, httpQuery: member.name } };
}

/** No body and `null` are an empty object; a body of white space only is not (SES). */
export function bodyOf(body: Buffer): Record<string, unknown> {
  if (body.length === 0) return {};
  const value = parseJson(utf8(body));
  if (value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Invalid('serialization', Array.isArray(value) ? 'Start of list found where not expected' : 'Expected null');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Invalid('serialization', 'The request body is not valid JSON');
  }
}

/** The code stands in a header. */
export function restJsonFailure({ code, status, message, members }: Failure, requestId: string): Response {
  const headers = { ...jsonHeaders(requestId), 'x-amzn-errortype': code };
  return { status, headers, body: JSON.stringify({ message: message || null, ...members }) };
}

function jsonHeaders(requestId: string): Record<string, string> {
  return { 'content-type': 'application/json', [REQUEST_ID]: requestId };
}
