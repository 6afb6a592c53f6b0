import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { DAY } from '../base/clock.ts';
import { systemRandom } from '../base/random.ts';
import { loadCertificate, localCertificate, secureContext } from './certificates.ts';

test('a local authority and its server certificate', async (t) => {
  const home = await mkdtemp(join(tmpdir(), 'sesame-certificates-'));
  t.after(() => rm(home, { recursive: true }));
  const folder = join(home, 'tls');
  const now = Date.now();
  const make = (names: string[], at = now) => localCertificate({ folder, names, now: at, random: systemRandom });
  const first = await make(['email-smtp.us-east-1.mail.example']);

  await t.test('covers every name and chains to the authority', () => {
    const server = new X509Certificate(first.cert);
    const authority = new X509Certificate(first.ca);
    assert.equal(server.checkHost('email-smtp.us-east-1.mail.example'), 'email-smtp.us-east-1.mail.example');
    assert.equal(server.checkHost('localhost'), 'localhost');
    for (const ip of ['127.0.0.1', '::1']) assert.notEqual(server.checkIP(ip), undefined);
    assert.equal(server.checkHost('other.example'), undefined);
    assert.ok(server.checkIssued(authority) && server.verify(authority.publicKey));
    assert.equal(authority.ca, true);
    assert.equal(server.ca, false);
    assert.ok(server.validToDate.getTime() - server.validFromDate.getTime() <= 398 * DAY);
  });

  await t.test('serves TLS, and its files load like any given ones', async () => {
    secureContext(first);
    const loaded = await loadCertificate(join(folder, 'server.pem'), join(folder, 'server.key'));
    assert.deepEqual(loaded, { cert: first.cert, key: first.key });
  });

  await t.test('keys are for their owner only', async () => {
    for (const name of ['ca.key', 'server.key']) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  });

  await t.test('is kept while it fits', async () => {
    assert.deepEqual(await make(['email-smtp.us-east-1.mail.example']), first);
    assert.deepEqual(await make([]), first);
  });

  await t.test('is made anew for a new name, by the same authority', async () => {
    const next = await make(['other.example', 'email-smtp.us-east-1.mail.example']);
    assert.notEqual(next.cert, first.cert);
    assert.equal(next.ca, first.ca);
    assert.equal(new X509Certificate(next.cert).checkHost('other.example'), 'other.example');
  });

  await t.test('is renewed within a month of its end, the authority years later', async () => {
    const before = await readFile(join(folder, 'server.pem'), 'utf8');
    assert.equal((await make([], now + 370 * DAY)).ca, first.ca);
    assert.notEqual(await readFile(join(folder, 'server.pem'), 'utf8'), before);
    const later = await make([], now + 3_640 * DAY);
    assert.notEqual(later.ca, first.ca);
    assert.ok(new X509Certificate(later.cert).verify(new X509Certificate(later.ca).publicKey));
  });
});
