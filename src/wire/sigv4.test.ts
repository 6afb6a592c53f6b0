import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { readScope, readSignature, type SignatureFault, SignatureVerifier, type SignedRequest } from './sigv4.ts';

const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const signedAt = new Date('2026-11-24T05:00:00Z');
const MINUTE = 60_000;

class Sha256 {
  readonly #hash;
  constructor(secret?: ArrayBuffer | ArrayBufferView | string) {
    const bytes = ArrayBuffer.isView(secret)
      ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
      : secret;
    this.#hash = secret ? createHmac('sha256', bytes as Buffer | string) : createHash('sha256');
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}

interface Wanted {
  method?: string;
  path?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  body?: string;
  service?: string;
  sessionToken?: string;
}

function signer({ service = 'ses', sessionToken }: Wanted) {
  return new SignatureV4({
    credentials: { ...key, ...(sessionToken ? { sessionToken } : {}) },
    region: 'eu-west-1',
    service,
    sha256: Sha256 as never,
    uriEscapePath: service !== 's3',
  });
}

function unsigned({ method = 'POST', path = '/', query = {}, headers = {}, body = '' }: Wanted) {
  const all = { host: 'localhost:4566', ...headers };
  return { method, path, query, headers: all, body, protocol: 'http:', hostname: 'localhost', port: 4566 };
}

type Signed = Awaited<ReturnType<SignatureV4['sign']>>;

function received({ method, path, query, headers, body }: Signed): SignedRequest {
  const pairs = Object.entries(query ?? {}).flatMap(([name, value]) =>
    [value ?? ''].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  const lower = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  // Neither the order of a query nor that of headers is kept on the way.
  return {
    method,
    path,
    query: pairs.reverse().join('&'),
    headers: Object.fromEntries(lower),
    body: Buffer.from(body ?? ''),
  };
}

async function sign(wanted: Wanted = {}): Promise<SignedRequest> {
  return received(await signer(wanted).sign(unsigned(wanted), { signingDate: signedAt }));
}

async function presign(wanted: Wanted = {}, expiresIn = 600): Promise<SignedRequest> {
  return received(await signer(wanted).presign(unsigned(wanted), { signingDate: signedAt, expiresIn }));
}

interface Circumstances {
  now?: number;
  service?: string;
  known?: { secret: string; sessionToken?: string } | undefined;
}

const verifier = new SignatureVerifier();

function verdict(request: SignedRequest, circumstances: Circumstances = {}): 'ok' | SignatureFault {
  const { now = signedAt.getTime(), service = 'ses' } = circumstances;
  const known = 'known' in circumstances ? circumstances.known : { secret: key.secretAccessKey };
  const parsed = readSignature(request);
  if (!parsed.ok) return parsed.reason;
  const result = verifier.verify(request, parsed.signature, known, { now, service });
  if (!result.ok) return result.reason;
  assert.deepEqual([result.accessKeyId, result.region], [key.accessKeyId, 'eu-west-1']);
  return 'ok';
}

describe('the header form', () => {
  it('accepts what the SDK signs', async () => {
    const check = async (wanted: Wanted) => assert.equal(verdict(await sign(wanted)), 'ok', JSON.stringify(wanted));
    await check({});
    await check({ body: 'Action=SendEmail' });
    await check({ method: 'GET', path: '/v2/email/identities/a%2Bb%40example.com' });
    await check({ method: 'GET', path: "/v2/email/identities/a!'()*~b" });
    await check({ method: 'GET', path: '/a/./b/../c//d/' });
    await check({ method: 'GET', query: { b: ['2', '1', '2'], a: '', 'A ü': "!'()*+/=" } });
    await check({ headers: { 'x-amz-meta': '  two   blanks  ' } });
  });

  it('refuses another request', async () => {
    const request = await sign({ path: '/a', query: { x: '1' }, body: 'b' });
    const check = (change: Partial<SignedRequest>, expected: SignatureFault) =>
      assert.equal(verdict({ ...request, ...change }), expected);
    check({ method: 'GET' }, 'mismatch');
    check({ path: '/b' }, 'mismatch');
    check({ query: 'x=2' }, 'mismatch');
    check({ headers: { ...request.headers, host: 'elsewhere' } }, 'mismatch');
    check({ body: Buffer.from('c') }, 'payload');
    check({ body: Buffer.from('c'), headers: { ...request.headers, 'x-amz-content-sha256': undefined } }, 'mismatch');
  });

  it('refuses another caller', async () => {
    const check = async (wanted: Wanted, known: Circumstances['known'], expected: 'ok' | SignatureFault) =>
      assert.equal(verdict(await sign(wanted), { known }), expected);
    await check({}, undefined, 'unknown-key');
    await check({}, { secret: 'other' }, 'mismatch');
    await check({}, { secret: key.secretAccessKey, sessionToken: 't' }, 'wrong-token');
    await check({ sessionToken: 't' }, { secret: key.secretAccessKey }, 'wrong-token');
    await check({ sessionToken: 't' }, { secret: key.secretAccessKey, sessionToken: 't' }, 'ok');
  });

  it('refuses what was signed for another service', async () => {
    assert.equal(verdict(await sign({ service: 's3' }), { service: 'ses' }), 'wrong-service');
    const request = await sign();
    const other = request.headers['authorization']!.replace(
      /Credential=([^,]+)/,
      (one) => `${one.replace('/ses/', '/s3/')}, ${one}`,
    );
    const twice = { ...request, headers: { ...request.headers, authorization: other } };
    assert.equal(readScope(twice)?.service, 's3');
    assert.equal(verdict(twice, { service: 's3' }), 'wrong-service');
  });

  it('allows fifteen minutes either way', async () => {
    const request = await sign();
    const check = (minutes: number, expected: 'ok' | SignatureFault) =>
      assert.equal(verdict(request, { now: signedAt.getTime() + minutes * MINUTE }), expected);
    check(15, 'ok');
    check(-15, 'ok');
    check(15.1, 'skewed');
    check(-15.1, 'skewed');
  });

  it('wants every part, and the host among the signed headers', async () => {
    const request = await sign();
    const authorization = request.headers['authorization']!;
    const check = (change: (text: string) => string, expected: SignatureFault) =>
      assert.equal(
        verdict({ ...request, headers: { ...request.headers, authorization: change(authorization) } }),
        expected,
      );
    check((text) => text.replace('host;', ''), 'incomplete');
    check((text) => text.replace(/Signature=.*/, ''), 'incomplete');
    check((text) => text.replace(/Signature=.*/, 'Signature=00'), 'incomplete');
    check((text) => text.replace('/aws4_request', ''), 'incomplete');
    check((text) => text.replace('20261124', '20261123'), 'incomplete');
    check((text) => text.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'), 'incomplete');
    check(() => 'Bearer token', 'incomplete');
    assert.equal(verdict({ ...request, headers: { ...request.headers, authorization: undefined } }), 'missing');
    assert.equal(verdict({ ...request, headers: { ...request.headers, 'x-amz-date': undefined } }), 'incomplete');
  });
});

describe('the presigned form', () => {
  it('accepts what the SDK signs, until it has run out', async () => {
    const check = async (wanted: Wanted, minutes: number, expected: 'ok' | SignatureFault) =>
      assert.equal(verdict(await presign(wanted), { now: signedAt.getTime() + minutes * MINUTE }), expected);
    await check({ method: 'GET', query: { Action: 'GetSendQuota' } }, 0, 'ok');
    await check({ method: 'GET' }, 10, 'ok');
    await check({ method: 'GET' }, 10.1, 'expired');
    await check({ method: 'GET' }, -15.1, 'skewed');
    assert.equal(verdict({ ...(await presign({ method: 'GET' })), method: 'PUT' }), 'mismatch');
  });

  it('refuses a life of more than a week', async () => {
    const request = await presign({ method: 'GET' });
    assert.equal(verdict({ ...request, query: request.query.replace('Expires=600', 'Expires=604801') }), 'incomplete');
    assert.equal(verdict({ ...request, query: request.query.replace('Expires=600', 'Expires=x') }), 'incomplete');
  });
});

describe('what only S3 may', () => {
  it('leaves the body unhashed', async () => {
    const check = async (payload: string, s3: boolean, expected: 'ok' | SignatureFault) => {
      const wanted = { service: s3 ? 's3' : 'ses', headers: { 'x-amz-content-sha256': payload }, body: 'anything' };
      assert.equal(verdict(await sign(wanted), { service: wanted.service }), expected);
    };
    await check('UNSIGNED-PAYLOAD', true, 'ok');
    await check('UNSIGNED-PAYLOAD', false, 'payload');
    await check('STREAMING-UNSIGNED-PAYLOAD-TRAILER', true, 'ok');
    await check('STREAMING-UNSIGNED-PAYLOAD-TRAILER', false, 'payload');
    await check('anything', true, 'payload');
  });

  it('lets nobody add to a presigned URL', async () => {
    const wanted = { method: 'PUT', service: 's3', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } };
    const request = await presign(wanted);
    assert.equal(verdict(request, { service: 's3' }), 'ok');
    const headers = { ...request.headers, 'x-amz-acl': 'public-read' };
    assert.equal(verdict({ ...request, headers }, { service: 's3' }), 'mismatch');
  });

  it('signs the path as it is', async () => {
    assert.equal(verdict(await sign({ service: 's3', path: '/b/a%20b/../%2B//c' }), { service: 's3' }), 'ok');
  });
});

describe('the scope alone', () => {
  it('is read from both forms', async () => {
    const expected = { accessKeyId: key.accessKeyId, day: '20261124', region: 'eu-west-1', service: 'ses' };
    assert.deepEqual(readScope(await sign()), expected);
    assert.deepEqual(readScope(await presign()), expected);
    assert.equal(readScope({ headers: {}, query: '' }), undefined);
    assert.equal(readScope({ headers: { authorization: 'AWS4-HMAC-SHA256 Credential=a/b' }, query: '' }), undefined);
  });
});

it('no request makes it throw', () => {
  const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constant('AWS4-HMAC-SHA256 Credential='));
  const request = fc.record({
    method: text,
    path: text,
    query: fc.oneof(text, fc.constant('X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=%&X-Amz-Signature=%ff')),
    headers: fc.dictionary(fc.constantFrom('authorization', 'x-amz-date', 'date', 'host'), text),
    body: fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(request, (random) => {
      readScope(random);
      assert.notEqual(verdict(random), 'ok');
    }),
  );
});

it('any query survives the way', async () => {
  const anyText = fc.string({ unit: 'grapheme' });
  const query = fc.dictionary(
    anyText.filter((name) => !/^x-amz-|^__proto__$/i.test(name)),
    fc.oneof(anyText, fc.array(anyText)),
  );
  await fc.assert(
    fc.asyncProperty(query, async (random) =>
      assert.equal(verdict(await sign({ method: 'GET', query: random })), 'ok'),
    ),
    { numRuns: 50 },
  );
});
