import { type webcrypto, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { X509CertificateGenerator } from '@peculiar/x509';
import { DAY } from '../base/clock.ts';
import type { Random } from '../base/random.ts';

/** PEM texts. */
export interface Certificate {
  /** The server's certificate, and the chain behind it where there is one. */
  readonly cert: string;
  readonly key: string;
  /** The local authority, for clients to trust; none where the certificate was given. */
  readonly ca?: string;
}

/** RFC 8996: TLS 1.0 and 1.1 are no longer spoken. */
export function secureContext({ cert, key }: Certificate): SecureContext {
  return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
}

/** A certificate that somebody else looks after. */
export async function loadCertificate(certPath: string, keyPath: string): Promise<Certificate> {
  const [cert, key] = await Promise.all([readFile(certPath, 'utf8'), readFile(keyPath, 'utf8')]);
  return { cert, key };
}

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2_048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

/** A new RSA key with a certificate that it signed itself: for whoever checks signatures by a certificate that he is told of. */
export async function selfSigned(options: { name: string; now: number; random: Random }): Promise<Pair> {
  const x509 = await builder();
  const keys = await crypto.subtle.generateKey(RSA, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(options.now, AUTHORITY_DAYS),
    serialNumber: serialNumber(options.random),
    name: `CN=${options.name}`,
    keys,
    signingAlgorithm: RSA,
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys.privateKey) };
}

interface LocalCertificateOptions {
  /** Holds ca.pem, ca.key, server.pem and server.key; made where it is missing. The keys are for their owner only. */
  readonly folder: string;
  /** Host names and addresses beside localhost, 127.0.0.1 and ::1. */
  readonly names: readonly string[];
  /** Milliseconds since 1970, real time: certificates are checked by others, who know no moved clock. */
  readonly now: number;
  readonly random: Random;
}

/** Browsers and Apple's systems take no server certificate that lives longer. */
const SERVER_DAYS = 397;
const AUTHORITY_DAYS = 3_650;
/** A certificate is renewed at the first start within a month of its end. */
const RENEW_BEFORE = 30 * DAY;
/** Clocks differ. */
const VALID_SINCE = DAY;

/**
 * A certificate of our own local authority, made at the first start and kept: who trusts ca.pem once trusts every
 * later server certificate. Made anew when it nears its end or does not cover a name.
 */
export async function localCertificate(options: LocalCertificateOptions): Promise<Required<Certificate>> {
  const { folder, now } = options;
  const names = [...new Set(['localhost', '127.0.0.1', '::1', ...options.names])];
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let authority = await readPair(folder, 'ca');
  let server = await readPair(folder, 'server');
  if (!authority || endsSoon(authority.cert, now)) {
    authority = await makeAuthority(options);
    await writePair(folder, 'ca', authority);
    server = undefined;
  }
  if (!server || endsSoon(server.cert, now) || !covers(server.cert, names) || !issuedBy(server.cert, authority.cert)) {
    server = await makeServer(options, authority, names);
    await writePair(folder, 'server', server);
  }
  return { cert: server.cert, key: server.key, ca: authority.cert };
}

interface Pair {
  readonly cert: string;
  readonly key: string;
}

async function readPair(folder: string, name: string): Promise<Pair | undefined> {
  try {
    return await loadCertificate(join(folder, `${name}.pem`), join(folder, `${name}.key`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The key first: a certificate whose key is missing counts as none. */
async function writePair(folder: string, name: string, { cert, key }: Pair): Promise<void> {
  await writeWhole(join(folder, `${name}.key`), key, 0o600);
  await writeWhole(join(folder, `${name}.pem`), cert, 0o644);
}

/** A reader sees the old file or the new one, never half. */
async function writeWhole(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await chmod(`${path}.new`, mode);
  await rename(`${path}.new`, path);
}

function endsSoon(pem: string, now: number): boolean {
  return new X509Certificate(pem).validToDate.getTime() - now < RENEW_BEFORE;
}

function covers(pem: string, names: readonly string[]): boolean {
  const certificate = new X509Certificate(pem);
  return names.every((name) => (isIP(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined);
}

function issuedBy(pem: string, authority: string): boolean {
  return new X509Certificate(pem).verify(new X509Certificate(authority).publicKey);
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

async function makeAuthority({ now, random }: LocalCertificateOptions): Promise<Pair> {
  const x509 = await builder();
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(now, AUTHORITY_DAYS),
    serialNumber: serialNumber(random),
    name: `CN=Sesame local authority ${random.bytes(4).toString('hex')}`,
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys.privateKey) };
}

async function makeServer(
  { now, random }: LocalCertificateOptions,
  authority: Pair,
  names: readonly string[],
): Promise<Pair> {
  const x509 = await builder();
  const issuer = new x509.X509Certificate(authority.cert);
  const signingKey = await importPrivateKey(authority.key);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const parameters: Parameters<typeof X509CertificateGenerator.create>[0] = {
    ...validity(now, SERVER_DAYS),
    serialNumber: serialNumber(random),
    subject: 'CN=Sesame',
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) ? ('ip' as const) : ('dns' as const), value: name })),
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(await issuer.publicKey.export()),
    ],
  };
  const certificate = await x509.X509CertificateGenerator.create(parameters);
  return { cert: `${certificate.toString('pem')}\n`, key: await privateKeyPem(keys.privateKey) };
}

function validity(now: number, days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(now - VALID_SINCE), notAfter: new Date(now - VALID_SINCE + days * DAY) };
}

/** Positive, at most 20 octets (RFC 5280 §4.1.2.2), with 15 octets of chance. */
function serialNumber(random: Random): string {
  return `01${random.bytes(15).toString('hex')}`;
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.match(/.{1,64}/g)!.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  return crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

/** Imported only when there is something to make. */
async function builder(): Promise<typeof import('@peculiar/x509')> {
  provideReflectMetadata();
  return import('@peculiar/x509');
}

/**
 * The builder's dependency injection wants the decorator metadata API (never standardized) on `Reflect`; these three
 * functions are all that it calls, so they take the place of one more package.
 */
function provideReflectMetadata(): void {
  if ('getMetadata' in Reflect) return;
  const book = new WeakMap<object, Map<string, unknown>>();
  const getOwnMetadata = (name: string, target: object): unknown => book.get(target)?.get(name);
  const getMetadata = (name: string, target: object | null): unknown =>
    target && (getOwnMetadata(name, target) ?? getMetadata(name, Object.getPrototypeOf(target)));
  const defineMetadata = (name: string, value: unknown, target: object): void => {
    if (!book.has(target)) book.set(target, new Map());
    book.get(target)!.set(name, value);
  };
  Object.assign(Reflect, { getOwnMetadata, getMetadata, defineMetadata });
}
