/** restXml with what is S3's own: buckets in the path or the host, aws-chunked bodies, plain blobs, its error page. */
import type { Headers, Request, Response } from '../../http.ts';
import { decodeAwsChunked, isAwsChunked } from './aws-chunked.ts';
import type { Constraints } from './constraints.ts';
import { bindingReader, headerWriter, isBodyMember, matchPath, parseRoute, type Route } from './http-bindings.ts';
import { Invalid, Reading } from './invalid.ts';
import { type Call, type Failure, type Protocol, REQUEST_ID } from './protocol.ts';
import { type Member, type Model, membersOf, type Operation } from './schema.ts';
import { StreamedBody } from './streamed-body.ts';
import { pairsOf, percentDecoded, utf8 } from './text.ts';
import { escapeXml, parseXml } from './xml-text.ts';
import { expectRoot, namespaceAttribute, xmlReaders, xmlWriters } from './xml-values.ts';

export interface RestXmlOptions {
  readonly model: Model;
  readonly namespace: string;
  readonly constraints: Constraints;
}

/** A request with its bucket taken out of the path or the host. */
interface Located {
  readonly bucket: string | undefined;
  readonly segments: readonly string[];
  readonly query: readonly (readonly [string, string])[];
  readonly headers: Headers;
  readonly body: Buffer;
  readonly stream: StreamedBody | undefined;
}

type InputReader = (request: Located, labels: Record<string, string>) => unknown;
type OutputWriter = (output: unknown, requestId: string) => Response;

interface Endpoint {
  readonly route: Route;
  readonly method: string;
  /** The model's paths leave the bucket out. */
  readonly ofBucket: boolean;
  /** What must be there beside the literals of the route: `uploadId`, `x-amz-copy-source`. */
  readonly requiredQuery: readonly string[];
  readonly requiredHeaders: readonly string[];
  read?: InputReader;
  write?: OutputWriter;
}

export function restXmlProtocol({ model, namespace, constraints }: RestXmlOptions): Protocol {
  const readers = xmlReaders();
  const writers = xmlWriters(constraints);
  const endpoints = [...model.operations.values()].filter(({ http }) => http).map(endpointOf);

  function inputReader({ input }: Operation): InputReader {
    const members = membersOf(input);
    const bind = bindingReader(members, { constraints, nullValue: 'Value null' });
    const payload = members.find(({ traits }) => traits.httpPayload);
    const readPayload = payload && payloadReader(payload);
    return ({ query, headers, body, stream }, labels) => {
      const reading = new Reading();
      const value: Record<string, unknown> = {};
      bind(value, { labels, query, headers }, reading);
      if (payload && readPayload) {
        reading.enter(payload.path);
        const content = payload.kind === 'blob' && stream ? stream : readPayload(body, reading);
        if (content !== undefined) value[payload.name] = content;
        else if (payload.required) reading.violate('Member must not be null', 'Value null');
        reading.leave();
      }
      reading.finish();
      return value;
    };
  }

  function payloadReader({ schema, kind, traits }: Member): (body: Buffer, reading: Reading) => unknown {
    if (kind === 'blob') return (body) => body;
    if (kind !== 'structure') return (body) => utf8(body);
    const root = traits.xmlName ?? schema.getName() ?? '';
    const read = readers(schema);
    return (body, reading) => (body.length === 0 ? undefined : read(expectRoot(parseXml(utf8(body)), root), reading));
  }

  function outputWriter({ name, output, http }: Operation): OutputWriter {
    const writeHeaders = headerWriter(output, 'http-date');
    const writeBody = name === 'GetBucketLocation' ? writeLocation : bodyWriter(output);
    return (value, requestId) => {
      const members = (value ?? {}) as Record<string, unknown>;
      const body = writeBody(members);
      const headers = s3Headers(requestId);
      if (typeof body === 'string' && body !== '') headers['content-type'] = 'application/xml';
      writeHeaders(members, headers);
      // RFC 9110 §15.3.7: a reply with a Content-Range is a partial one.
      return { status: headers['content-range'] ? 206 : http![2], headers, body };
    };
  }

  type Members = Record<string, unknown>;
  type Body = string | Buffer | AsyncIterable<Buffer>;

  function bodyWriter(output: Operation['output']): (members: Members) => Body {
    const members = membersOf(output);
    const payload = members.find(({ traits }) => traits.httpPayload);
    if (payload) return payloadWriter(payload);
    if (!members.some(isBodyMember)) return () => '';
    const root = (output.getMergedTraits().xmlName as string | undefined) ?? output.getName() ?? '';
    const inBody = new Set(members.filter(isBodyMember).map(({ name }) => name));
    const write = writers(output);
    return (value) => {
      const content = Object.fromEntries(Object.entries(value).filter(([name]) => inBody.has(name)));
      return rootElement(root, write(content));
    };
  }

  function payloadWriter({ name, schema, kind, traits }: Member): (members: Members) => Body {
    if (kind === 'structure') {
      const write = writers(schema);
      const root = traits.xmlName ?? schema.getName() ?? '';
      return (value) => (value[name] === undefined ? '' : rootElement(root, write(value[name])));
    }
    return (value) => {
      const content = (value[name] ?? '') as string | Uint8Array | AsyncIterable<Buffer>;
      return content instanceof Uint8Array
        ? Buffer.from(content.buffer, content.byteOffset, content.byteLength)
        : content;
    };
  }

  /** S3 leaves the wrapper of this one reply out. */
  function writeLocation({ LocationConstraint = '' }: Members): string {
    return rootElement('LocationConstraint', escapeXml(LocationConstraint as string));
  }

  function rootElement(tag: string, content: string): string {
    return `${XML_HEAD}<${tag}${namespaceAttribute({ xmlNamespace: namespace })}>${content}</${tag}>`;
  }

  return {
    route(request): Call {
      const located = locate(request);
      const found = bestMatch(endpoints, request.method, located);
      if (!found) throw new Invalid('unknown-operation', 'The specified method is not allowed against this resource.');
      const { endpoint, labels } = found;
      const { operation } = endpoint.route;
      return {
        operation: operation.name,
        input: () => {
          endpoint.read ??= inputReader(operation);
          return endpoint.read(withoutCoding(located), labels);
        },
        reply: (output, requestId) => {
          endpoint.write ??= outputWriter(operation);
          return endpoint.write(output, requestId);
        },
      };
    },
  };
}

function endpointOf(operation: Operation): Endpoint {
  const [method, uri] = operation.http!;
  const required = membersOf(operation.input).filter((member) => member.required);
  return {
    route: parseRoute(operation, uri),
    method,
    ofBucket: required.some(({ name, traits }) => name === 'Bucket' && traits.httpLabel),
    requiredQuery: required.flatMap(({ traits }) => traits.httpQuery ?? []),
    requiredHeaders: required.flatMap(({ traits }) => traits.httpHeader?.toLowerCase() ?? []),
  };
}

/** Several operations share a path: the one of which most is asked, and all of it is there, is meant. */
function bestMatch(endpoints: readonly Endpoint[], method: string, located: Located) {
  let best: { endpoint: Endpoint; labels: Record<string, string> } | undefined;
  let bestScore = -1;
  for (const endpoint of endpoints) {
    if (endpoint.method !== method || endpoint.ofBucket !== (located.bucket !== undefined)) continue;
    const score = scoreOf(endpoint, located);
    if (score === undefined || score <= bestScore) continue;
    const labels = matchPath(endpoint.route, located.segments);
    if (!labels) continue;
    if (located.bucket !== undefined) labels['Bucket'] = located.bucket;
    best = { endpoint, labels };
    bestScore = score;
  }
  return best;
}

function scoreOf({ route, requiredQuery, requiredHeaders }: Endpoint, { query, headers }: Located): number | undefined {
  const has = (name: string) => query.some(([found]) => found === name);
  let score = requiredQuery.length + requiredHeaders.length;
  if (!requiredQuery.every(has) || !requiredHeaders.every((name) => headers[name] !== undefined)) return undefined;
  for (const [name, value] of route.literals) {
    const present = query.some(([found, text]) => found === name && (value === '' || text === value));
    // `x-id` is a hint that only newer clients give.
    if (name === 'x-id') score += present ? 0.5 : 0;
    else if (!present) return undefined;
    else score += 1;
  }
  return score;
}

function locate(request: Request): Located {
  const { query, headers, body, stream: octets } = request;
  const pairs = pairsOf(query);
  const stream = octets && new StreamedBody(octets, headers, isAwsChunked(headers));
  const parts = { query: pairs, headers, body, stream };
  return { ...placeOf(request), ...parts };
}

/** The bucket and the segments of the key, wherever they stand. */
export function placeOf({ path, headers }: Pick<Request, 'path' | 'headers'>): Pick<Located, 'bucket' | 'segments'> {
  const ofHost = bucketOfHost(headers['host'] ?? '');
  // A key may hold empty segments, so only the leading slash goes; a bucket's own page may end with a slash.
  const [first = '', ...rest] = path.slice(1).split('/');
  if (ofHost !== undefined) return { bucket: ofHost, segments: keySegments(path.slice(1)) };
  return { bucket: first === '' ? undefined : percentDecoded(first), segments: keySegments(rest.join('/')) };
}

function keySegments(key: string): string[] {
  return key === '' ? [] : key.split('/');
}

/** `bucket.localhost`, `bucket.s3.us-east-1.example.com`; undefined where the bucket stands in the path. */
function bucketOfHost(host: string): string | undefined {
  return /^(?!s3[.-])(.+?)\.(?:localhost|s3[.-][\w.-]+)(?::\d+)?$/i.exec(host)?.[1];
}

/** A streamed body takes its chunks apart as it is read. */
function withoutCoding(located: Located): Located {
  if (!isAwsChunked(located.headers)) return located;
  const { body, trailers } = located.stream ? { body: located.body, trailers: {} } : decodeAwsChunked(located.body);
  const coding = located.headers['content-encoding']?.replace(/\s*aws-chunked\s*,?\s*/i, '') || undefined;
  return { ...located, body, headers: { ...located.headers, ...trailers, 'content-encoding': coding } };
}

const XML_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** In another region: the header tells clients which one to sign for. */
const BUCKET_REGION = 'Region';

export function restXmlFailure({ code, status, message, members }: Failure, requestId: string): Response {
  const extra = Object.entries(members).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  const error = `<Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message>${extra.join('')}`;
  const body = `${XML_HEAD}<Error>${error}<RequestId>${requestId}</RequestId></Error>`;
  const region = members[BUCKET_REGION];
  const headers = { ...s3Headers(requestId), ...(region !== undefined && { 'x-amz-bucket-region': region }) };
  return { status, headers: { ...headers, 'content-type': 'application/xml' }, body };
}

function s3Headers(requestId: string): Record<string, string> {
  return { 'x-amz-request-id': requestId, [REQUEST_ID]: requestId };
}
