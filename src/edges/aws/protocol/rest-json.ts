/** restJson1: method and path say which operation, JSON both ways. SES v2. */
import type { Request, Response } from '../../http.ts';
import type { Constraints } from './constraints.ts';
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
import { type JsonObject, jsonValues, objectOf } from './json-values.ts';
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
    const inBody = members.filter(isBodyMember);
    const readBody = json.membersReader(inBody);
    return (request, labels) => {
      const reading = new Reading();
      const value: JsonObject = {};
      bind(value, { labels, query: pairsOf(request.query), headers: request.headers }, reading);
      if (inBody.length > 0) readBody(bodyOf(request.body), value, reading);
      reading.finish();
      return value;
    };
  }

  function outputWriter({ output, http }: Operation): OutputWriter {
    const writeHeaders = headerWriter(output, 'http-date');
    const writeBody = json.membersWriter(membersOf(output).filter(isBodyMember));
    return (output, requestId) => {
      const headers = jsonHeaders(requestId);
      const value = (output ?? {}) as JsonObject;
      writeHeaders(value, headers);
      return { status: http![2], headers, body: JSON.stringify(writeBody(value)) };
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
export function bodyOf(body: Buffer): JsonObject {
  if (body.length === 0) return {};
  const value = parseJson(utf8(body));
  return value === null ? {} : objectOf(value);
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
