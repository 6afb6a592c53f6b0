/**
 * AWS Signature Version 4, the verifying side: header and presigned form.
 * Pure: the time, the key and what the service permits come in, a verdict goes out.
 */
import { createHmac, createSecretKey, hash, type KeyObject, timingSafeEqual } from 'node:crypto';

/** The parts of a request that are signed. Header names in lower case, path and query as on the wire. */
export interface SignedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Where there is one, the hash that stands for the body is left for its reader to compare. */
  readonly stream?: AsyncIterable<Buffer> | undefined;
}

/** What the signer says of itself. */
export interface CredentialScope {
  readonly accessKeyId: string;
  /** `YYYYMMDD` */
  readonly day: string;
  readonly region: string;
  readonly service: string;
}

export interface Signature extends CredentialScope {
  readonly form: 'header' | 'presigned';
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `YYYYMMDDTHHMMSSZ`, as signed. */
  readonly timestamp: string;
  /** Seconds; presigned form only. */
  readonly expires: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken: string | undefined;
  /** What stands for the body: its hash, or a word that says why there is none. Undefined where nothing is said. */
  readonly payload: string | undefined;
}

/**
 *  - missing: the request is not signed
 *  - incomplete: it tries to be, but a part is absent or not in its form
 *  - wrong-service: signed for another service than it was taken to
 *  - skewed, expired: its time is too far from ours, or the presigned URL has run out
 *  - payload: the body is not the one whose hash was signed, or was not hashed where it must be
 *  - mismatch: another secret, or another request
 */
export type SignatureFault =
  | 'missing'
  | 'incomplete'
  | 'wrong-service'
  | 'unknown-key'
  | 'wrong-token'
  | 'skewed'
  | 'expired'
  | 'payload'
  | 'mismatch';

export type Parsed = { readonly ok: true; readonly signature: Signature } | Rejected;
export type Verdict = ({ readonly ok: true } & Pick<CredentialScope, 'accessKeyId' | 'region' | 'service'>) | Rejected;
export interface Rejected {
  readonly ok: false;
  readonly reason: SignatureFault;
}

export interface Key {
  readonly secret: string;
  readonly sessionToken?: string | undefined;
}

export interface Circumstances {
  /** Milliseconds since 1970, of the machine's own clock. */
  readonly now: number;
  /**
   * The service that the request was taken to. S3 is a case of its own: the path is signed as it is, and
   * `UNSIGNED-PAYLOAD` and `STREAMING-…` may stand for the body's hash.
   */
  readonly service: string;
}

/** Milliseconds by which a request's time may differ from ours. */
const MAX_SKEW = 15 * 60 * 1000;
/** Seconds that a presigned URL may live. */
const MAX_EXPIRES = 7 * 24 * 60 * 60;
const ALGORITHM = 'AWS4-HMAC-SHA256';
const MAX_KEYS = 1_000;

/** Whether a request is signed at all, cheaply: the console leaves such a request to the API. */
export function isSigned({ headers, query }: Pick<SignedRequest, 'headers' | 'query'>): boolean {
  return headers['authorization']?.startsWith(ALGORITHM) === true || query.includes('X-Amz-Signature=');
}

/** Enough for an open house, where the signature itself is not looked at. */
export function readScope(request: Pick<SignedRequest, 'headers' | 'query'>): CredentialScope | undefined {
  const { authorization } = request.headers;
  const fromHeader = authorization && /Credential=([^,\s]+)/.exec(authorization)?.[1];
  if (fromHeader) return parseScope(fromHeader);
  const pair = queryPairs(request.query).find(([name]) => name === 'X-Amz-Credential');
  return pair && parseScope(pair[1]);
}

/** `<key>/<day>/<region>/<service>/aws4_request` */
function parseScope(credential: string): CredentialScope | undefined {
  const match = /^([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request$/.exec(credential);
  if (!match) return undefined;
  const [, accessKeyId = '', day = '', region = '', service = ''] = match;
  return { accessKeyId, day, region, service };
}

export function readSignature({ headers, query }: SignedRequest): Parsed {
  const { authorization } = headers;
  if (authorization !== undefined) return fromHeaders(authorization, headers);
  if (!query.includes('X-Amz-')) return { ok: false, reason: 'missing' };
  const parameters = new Map(queryPairs(query));
  if (!parameters.has('X-Amz-Signature') && !parameters.has('X-Amz-Credential'))
    return { ok: false, reason: 'missing' };
  return fromQuery(parameters, headers);
}

function fromHeaders(authorization: string, headers: SignedRequest['headers']): Parsed {
  if (!authorization.startsWith(`${ALGORITHM} `)) return { ok: false, reason: 'incomplete' };
  const fields = new Map<string, string>();
  for (const field of authorization.slice(ALGORITHM.length).split(',')) {
    const equals = field.indexOf('=');
    if (equals > 0) fields.set(field.slice(0, equals).trim(), field.slice(equals + 1).trim());
  }
  return complete({
    form: 'header',
    credential: fields.get('Credential'),
    signedHeaders: fields.get('SignedHeaders'),
    signature: fields.get('Signature'),
    timestamp: headers['x-amz-date'] ?? basicFormat(headers['date']),
    expires: '0',
    sessionToken: headers['x-amz-security-token'],
    payload: headers['x-amz-content-sha256'],
  });
}

function fromQuery(parameters: ReadonlyMap<string, string>, headers: SignedRequest['headers']): Parsed {
  if (parameters.get('X-Amz-Algorithm') !== ALGORITHM) return { ok: false, reason: 'incomplete' };
  return complete({
    form: 'presigned',
    credential: parameters.get('X-Amz-Credential'),
    signedHeaders: parameters.get('X-Amz-SignedHeaders'),
    signature: parameters.get('X-Amz-Signature'),
    timestamp: parameters.get('X-Amz-Date'),
    expires: parameters.get('X-Amz-Expires'),
    sessionToken: parameters.get('X-Amz-Security-Token'),
    payload: parameters.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256'],
  });
}

interface Fields {
  readonly form: Signature['form'];
  readonly credential: string | undefined;
  readonly signedHeaders: string | undefined;
  readonly signature: string | undefined;
  readonly timestamp: string | undefined;
  readonly expires: string | undefined;
  readonly sessionToken: string | undefined;
  readonly payload: string | undefined;
}

function complete(fields: Fields): Parsed {
  const { form, credential = '', signedHeaders = '', signature = '', timestamp = '', expires = '' } = fields;
  const scope = parseScope(credential);
  const time = timeOf(timestamp);
  const names = signedHeaders.toLowerCase().split(';');
  const whole =
    scope !== undefined &&
    time !== undefined &&
    timestamp.startsWith(scope.day) &&
    names.includes('host') &&
    /^[0-9a-f]{64}$/.test(signature) &&
    /^\d{1,6}$/.test(expires) &&
    Number(expires) <= MAX_EXPIRES;
  if (!whole) return { ok: false, reason: 'incomplete' };
  const { sessionToken, payload } = fields;
  const known = {
    form,
    time,
    timestamp,
    expires: Number(expires),
    signedHeaders: names,
    signature,
    sessionToken,
    payload,
  };
  return { ok: true, signature: { ...scope, ...known } };
}

/** `Tue, 24 Nov 2026 05:00:00 GMT` → `20261124T050000Z` */
function basicFormat(date: string | undefined): string | undefined {
  const time = Date.parse(date ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');
}

function timeOf(timestamp: string): number | undefined {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(timestamp);
  if (!match) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/**
 * Verifies signatures; keeps the signing keys that it has derived, the newest `MAX_KEYS` of them, as key objects:
 * Node makes one of every bare key, which costs four times the HMAC itself.
 */
export class SignatureVerifier {
  readonly #signingKeys = new Map<string, KeyObject>();

  verify(request: SignedRequest, signature: Signature, key: Key | undefined, { now, service }: Circumstances): Verdict {
    const { accessKeyId, region } = signature;
    const reason =
      (signature.service === service ? undefined : 'wrong-service') ??
      timeFault(signature, now) ??
      keyFault(signature, key) ??
      payloadFault(request, signature) ??
      headerFault(request, signature) ??
      this.#signatureFault(request, signature, key!);
    return reason ? { ok: false, reason } : { ok: true, accessKeyId, region, service };
  }

  #signatureFault(request: SignedRequest, signature: Signature, key: Key): SignatureFault | undefined {
    const { day, region, service, timestamp } = signature;
    const canonical = sha256(canonicalRequest(request, signature));
    const toSign = `${ALGORITHM}\n${timestamp}\n${day}/${region}/${service}/aws4_request\n${canonical}`;
    const expected = createHmac('sha256', this.#signingKey(key.secret, signature)).update(toSign).digest('hex');
    return sameText(expected, signature.signature) ? undefined : 'mismatch';
  }

  #signingKey(secret: string, { day, region, service }: CredentialScope): KeyObject {
    const name = [secret, day, region, service].join('\0');
    const known = this.#signingKeys.get(name);
    if (known) return known;
    const derived = [day, region, service, 'aws4_request'].reduce<Buffer>(hmac, Buffer.from(`AWS4${secret}`));
    const key = createSecretKey(derived);
    if (this.#signingKeys.size >= MAX_KEYS) this.#signingKeys.delete(this.#signingKeys.keys().next().value!);
    this.#signingKeys.set(name, key);
    return key;
  }
}

function timeFault({ form, time, expires }: Signature, now: number): SignatureFault | undefined {
  if (time - now > MAX_SKEW) return 'skewed';
  if (form === 'presigned') return now > time + expires * 1000 ? 'expired' : undefined;
  return now - time > MAX_SKEW ? 'skewed' : undefined;
}

function keyFault({ sessionToken = '' }: Signature, key: Key | undefined): SignatureFault | undefined {
  if (!key) return 'unknown-key';
  return sameText(sessionToken, key.sessionToken ?? '') ? undefined : 'wrong-token';
}

function payloadFault({ body, stream }: SignedRequest, { payload, service }: Signature): SignatureFault | undefined {
  if (payload === undefined) return undefined;
  if (/^[0-9a-f]{64}$/.test(payload)) return stream || payload === sha256(body) ? undefined : 'payload';
  const unhashed = payload === UNSIGNED || payload.startsWith('STREAMING-');
  return unhashed && service === 's3' ? undefined : 'payload';
}

/** They take part in the signature in another place. */
const signedElsewhere = new Set(['x-amz-date', 'x-amz-content-sha256', 'x-amz-security-token']);

/** S3: who was given a presigned URL must not add what its signer did not say (`x-amz-acl`, `x-amz-copy-source`). */
function headerFault({ headers }: SignedRequest, { service, signedHeaders }: Signature): SignatureFault | undefined {
  if (service !== 's3') return undefined;
  const added = Object.keys(headers).some(
    (name) => name.startsWith('x-amz-') && !signedElsewhere.has(name) && !signedHeaders.includes(name),
  );
  return added ? 'mismatch' : undefined;
}

const UNSIGNED = 'UNSIGNED-PAYLOAD';

function canonicalRequest(request: SignedRequest, signature: Signature): string {
  const { form, signedHeaders } = signature;
  const s3 = signature.service === 's3';
  const { method, path, query, headers, body } = request;
  const canonicalHeaders = signedHeaders.map((name) => `${name}:${canonicalValue(headers[name])}\n`).join('');
  // A presigned URL of S3 cannot know the body; elsewhere what was not claimed is hashed.
  const payload = signature.payload ?? (s3 && form === 'presigned' ? UNSIGNED : sha256(body));
  const canonicalPath = s3 ? path || '/' : encodedTwice(path || '/');
  return `${method}\n${canonicalPath}\n${canonicalQuery(query)}\n${canonicalHeaders}\n${signedHeaders.join(';')}\n${payload}`;
}

function canonicalValue(value = ''): string {
  return value.trim().replace(/ {2,}/g, ' ');
}

/** Services other than S3 sign the normalized path, percent-encoded once more. */
function encodedTwice(path: string): string {
  const normalized = /\/\.|\/\//.test(path) ? withoutDots(path) : path;
  return /^[\w\-.~/]*$/.test(normalized) ? normalized : normalized.split('/').map(encoded).join('/');
}

/** RFC 3986 §5.2.4, and no empty segments. */
function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') kept.pop();
    else if (segment !== '' && segment !== '.') kept.push(segment);
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** Sorted by name, then by value, both encoded. Repeated names stay. */
function canonicalQuery(query: string): string {
  if (query === '') return '';
  return queryPairs(query)
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [encoded(name), encoded(value)])
    .sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function order(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function queryPairs(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter(Boolean)
    .map((pair) => {
      const equals = pair.indexOf('=');
      return equals < 0 ? [decoded(pair), ''] : [decoded(pair.slice(0, equals)), decoded(pair.slice(equals + 1))];
    });
}

/** What is not percent-encoding stays as it is: its signature will not match, and that is answer enough. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

/** RFC 3986 §2.3: all but the unreserved characters. */
function encoded(text: string): string {
  const safe = text.isWellFormed() ? text : text.toWellFormed();
  return encodeURIComponent(safe).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Takes as long for a near miss as for any other text of that length. */
function sameText(one: string, other: string): boolean {
  const [bytes, otherBytes] = [Buffer.from(one), Buffer.from(other)];
  return bytes.length === otherBytes.length && timingSafeEqual(bytes, otherBytes);
}

function sha256(data: string | Buffer): string {
  return hash('sha256', data, 'hex');
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
