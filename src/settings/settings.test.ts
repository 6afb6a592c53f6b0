import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveSettings, SettingsError, type Sources } from './settings.ts';

const resolve = (sources: Partial<Sources>) => resolveSettings({ flags: [], environment: {}, ...sources });
const refuses = (sources: Partial<Sources>, sentence: RegExp) =>
  assert.throws(
    () => resolve(sources),
    (error) => error instanceof SettingsError && sentence.test(error.message),
  );

test('flag beats environment beats file beats profile', () => {
  const file = JSON.stringify({ region: 'eu-west-1', hostname: 'from-file', mxPort: 26 });
  const environment = { SESAME_REGION: 'eu-west-2', SESAME_HOSTNAME: 'from-environment' };
  const settings = resolve({ flags: ['--region', 'eu-west-3'], environment, file });
  assert.equal(settings.region, 'eu-west-3');
  assert.equal(settings.hostname, 'from-environment');
  assert.equal(settings.mxPort, 26);
  assert.deepEqual(settings.http, [
    { host: '127.0.0.1', port: 4566 },
    { host: '127.0.0.1', port: 8025 },
  ]);
  assert.deepEqual(settings.given, new Set(['region', 'hostname', 'mxPort']));
});

test('a list is comma-separated, port 0 and IPv6 are allowed', () => {
  assert.deepEqual(resolve({ flags: ['--mx=[::1]:0,127.0.0.1:2526'] }).mx, [
    { host: '::1', port: 0 },
    { host: '127.0.0.1', port: 2526 },
  ]);
  assert.deepEqual(resolve({ flags: ['--mx', 'none'] }).mx, []);
});

test('a smarthost is a URL', () => {
  assert.deepEqual(
    resolve({ environment: { SESAME_DELIVERY: 'smtp://us%40er:pa%3Ass@relay.example:2525' } }).delivery,
    {
      kind: 'smarthost',
      host: 'relay.example',
      port: 2525,
      implicitTls: false,
      user: 'us@er',
      password: 'pa:ss',
    },
  );
});

test('retention is an age or a number', () => {
  assert.deepEqual(resolve({}).retention, { newest: 1000 });
  assert.deepEqual(resolve({ flags: ['--retention', '36h'] }).retention, { age: 36 * 3_600_000 });
});

test('the endpoint variables of the AWS SDKs are none of ours', () => {
  assert.equal(
    resolve({ environment: { AWS_ENDPOINT_URL: 'http://nowhere', AWS_ENDPOINT_URL_SES: 'x' } }).store,
    'embedded',
  );
});

test('a mistake is answered with a sentence', () => {
  refuses(
    { environment: { SESAME_SUBMISION: 'x' } },
    /Unknown variable SESAME_SUBMISION. Did you mean SESAME_SUBMISSION\?/,
  );
  refuses({ flags: ['--profil', 'strict'] }, /Unknown option --profil. Did you mean --profile\?/);
  refuses({ flags: ['--region'] }, /--region needs a value/);
  refuses({ environment: { SESAME_MX_PORT: '99999' } }, /SESAME_MX_PORT: must be a port number/);
  refuses({ environment: { SESAME_HTTP: 'localhost' } }, /SESAME_HTTP: 'localhost' is not host:port/);
  refuses({ flags: ['--profile', 'production'] }, /must be one of development, strict, service/);
  refuses({ file: '{' }, /sesame.config.json: /);
  refuses({ file: '{"colour":1}' }, /unknown setting colour/);
  refuses({ environment: { SESAME_MASTER_KEY_FILE: '/nonexistent' } }, /SESAME_MASTER_KEY_FILE: cannot read/);
  refuses({ environment: { SESAME_REGION_FILE: '/etc/hostname' } }, /Unknown variable SESAME_REGION_FILE/);
});

test('what is not built yet stops the start and says so', () => {
  refuses({ environment: { SESAME_RSPAMD: '127.0.0.1:11333' } }, /SESAME_RSPAMD: Spam scanning is not built yet/);
  refuses({ environment: { SESAME_STORE: 'postgres://x' } }, /The store 'postgres' is not built yet/);
  refuses(
    { environment: { SESAME_TARGET_LAMBDA: 'http://127.0.0.1:9000' } },
    /SESAME_TARGET_LAMBDA: a remote target is not built yet/,
  );
});

test('a target is ours, or an endpoint with its key apart', () => {
  const check = (value: string, expected: unknown) =>
    assert.deepEqual(resolve({ environment: { SESAME_TARGET_S3: value } }).targetS3, expected);
  check('embedded', 'embedded');
  check('http://127.0.0.1:9000', { url: 'http://127.0.0.1:9000' });
  check('https://key:a%2Fb@s3.example/', {
    url: 'https://s3.example',
    credentials: { accessKeyId: 'key', secretAccessKey: 'a/b' },
  });
  refuses({ environment: { SESAME_TARGET_S3: 'ftp://x' } }, /SESAME_TARGET_S3: must be embedded or https/);
});

test('trusted proxies are addresses and networks', () => {
  const { trustProxy } = resolve({ environment: { SESAME_TRUST_PROXY: '10.0.0.0/8,2001:db8::1' } });
  const check = (address: string, family: 'ipv4' | 'ipv6', expected: boolean) =>
    assert.equal(trustProxy?.check(address, family), expected, address);
  check('10.1.2.3', 'ipv4', true);
  check('11.0.0.1', 'ipv4', false);
  check('2001:db8::1', 'ipv6', true);
  check('2001:db8::2', 'ipv6', false);
  refuses({ environment: { SESAME_TRUST_PROXY: '10.0.0.0/33' } }, /'10.0.0.0\/33' is no IP address or network/);
  refuses({ environment: { SESAME_TRUST_PROXY: 'proxy' } }, /'proxy' is no IP address or network/);
});

test('strict checks who calls and what they own', () => {
  const { auth, verify, sandbox } = resolve({ flags: ['--profile', 'strict'] });
  assert.deepEqual([auth, verify, sandbox], ['sigv4', 'real', 'on']);
});

test('service refuses to start unsafe', () => {
  const flags = ['--profile', 'service', '--verify', 'auto', '--sandbox', 'off'];
  refuses({ flags }, /The service profile needs SESAME_DOMAIN/);
  refuses({ flags: [...flags, '--domain', 'mail.example'] }, /SESAME_MASTER_KEY/);
});
