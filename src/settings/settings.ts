import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as as from './values.ts';

/**
 * Every setting: its type, its default, its sentence, in one place. A value comes from the flag `--name`, else the
 * environment's `SESAME_NAME` (or, for a secret, the file that `SESAME_NAME_FILE` names), else `sesame.config.json`, else
 * the profile's default. What is not built yet stops the start with a sentence.
 */

const profiles = ['development', 'strict', 'service'] as const;
export type Profile = (typeof profiles)[number];

type Fallback = string | Readonly<Record<Profile, string>>;

interface Definition<T> {
  parse(value: string): T;
  /** One text for every profile, or one each; nothing means that the setting has no value unless it is set. */
  readonly fallback?: Fallback;
  readonly sentence: string;
  /** Never shown, never logged; may be given as a file. */
  readonly secret?: true;
  /** A sentence for a value that the design names and the code does not have yet. */
  notBuilt?(value: T): string | undefined;
}

function define<T>(definition: Definition<T> & { fallback: Fallback }): Definition<T> & { fallback: Fallback };
function define<T>(definition: Definition<T>): Definition<T>;
function define<T>(definition: Definition<T>): Definition<T> {
  return definition;
}

const credentials =
  "`https://key:secret@host:port`; without a key in it AWS's usual places are looked at (environment, profile, machine).";

const whenSet = (what: string) => () => `${what} is not built yet`;

const definitions = {
  profile: define({
    parse: as.choice(...profiles),
    fallback: 'development',
    sentence: 'A bundle of the settings below.',
  }),
  data: define({
    parse: as.text,
    fallback: './data',
    sentence: 'The folder that holds everything; a second process on it refuses to start.',
  }),
  http: define({
    parse: as.endpoints,
    fallback: '127.0.0.1:4566,127.0.0.1:8025',
    sentence: 'AWS APIs, console, inbox API, health, metrics: all on each.',
  }),
  https: define({
    parse: as.endpoints,
    sentence: 'TLS listeners of the same doors.',
  }),
  trustProxy: define({
    parse: as.networks,
    sentence: 'Addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count.',
  }),
  submission: define({
    parse: as.endpoints,
    fallback: {
      development: '127.0.0.1:1025,127.0.0.1:2587',
      strict: '127.0.0.1:1025,127.0.0.1:2587',
      service: '0.0.0.0:25,0.0.0.0:587,0.0.0.0:2587',
    },
    sentence: 'SMTP submission, STARTTLS.',
  }),
  submissionTls: define({
    parse: as.endpoints,
    fallback: { development: '127.0.0.1:2465', strict: '127.0.0.1:2465', service: '0.0.0.0:465,0.0.0.0:2465' },
    sentence: 'SMTP submission, TLS from the first byte.',
  }),
  mx: define({
    parse: as.endpoints,
    fallback: { development: '127.0.0.1:2525', strict: '127.0.0.1:2525', service: '0.0.0.0:25' },
    sentence:
      'SMTP from the world. An address in both lists is one listener: before AUTH it is the MX, after AUTH submission.',
  }),
  domain: define({
    parse: as.text,
    sentence:
      "Zone of everything that Sesame itself owns: inbound hosts, Return-Path, Message-ID, DKIM targets. SES's own names when not set; required in service.",
  }),
  hostname: define({
    parse: as.text,
    fallback: hostname(),
    sentence: "EHLO name and Received lines (default: the machine's).",
  }),
  url: define({
    parse: as.url,
    sentence: 'Base of every link that Sesame hands out (default: the first HTTP address).',
  }),
  region: define({ parse: as.region, fallback: 'us-east-1', sentence: 'The region where a caller does not say.' }),
  account: define({
    parse: as.account,
    fallback: '000000000000',
    sentence: 'The account where a caller does not say.',
  }),
  accessKeyId: define({ parse: as.text, sentence: "The first account's root key; made at first start." }),
  secretAccessKey: define({
    parse: as.text,
    secret: true,
    sentence: 'Its secret; made and printed once at first start.',
  }),
  operatorToken: define({
    parse: as.text,
    secret: true,
    sentence: 'Bearer token of the operator; made and printed once at first start.',
  }),
  masterKey: define({
    parse: as.text,
    secret: true,
    sentence:
      'Encrypts secrets at rest (default: <data>/master.key, mode 0600); required from outside the data folder in service.',
  }),
  auth: define({
    parse: as.choice('open', 'sigv4'),
    fallback: { development: 'open', strict: 'sigv4', service: 'sigv4' },
    sentence: 'open: anybody on loopback; sigv4: signatures and SMTP passwords are checked.',
  }),
  verify: define({
    parse: as.choice('auto', 'real'),
    fallback: { development: 'auto', strict: 'real', service: 'real' },
    sentence: 'auto: an identity is verified when it is created; real: mailed link, DNS.',
  }),
  sandbox: define({
    parse: as.choice('off', 'on'),
    fallback: { development: 'off', strict: 'on', service: 'on' },
    sentence: 'Whether accounts begin in the sandbox: verified recipients only, 200 a day, 1 a second.',
  }),
  review: define({
    parse: as.choice('auto', 'manual'),
    fallback: { development: 'auto', strict: 'manual', service: 'manual' },
    sentence: 'Who decides on production access.',
  }),
  sandboxReceive: define({
    parse: as.numberOrOff,
    fallback: '200',
    sentence: 'Recipients received per sliding 24 h, account and region, while in the sandbox; `off` lifts it.',
  }),
  verificationMails: define({
    parse: as.numberOrOff,
    fallback: { development: 'off', strict: 'off', service: '1000' },
    sentence:
      'Verification mails of ours that an account may cause per sliding 24 h and region; custom ones count as what the account sends.',
  }),
  apiRate: define({
    parse: as.choice('off', '1'),
    fallback: 'off',
    sentence:
      "1: SES's one call a second of each management operation, by account and region; custom verification mails have it outside development in any case.",
  }),
  delivery: define({
    parse: as.deliveryWay,
    fallback: { development: 'capture', strict: 'capture', service: 'direct' },
    sentence: 'capture, direct (MX), or smtp://user:pass@host:port (smarthost).',
    secret: true,
  }),
  dns: define({
    parse: as.list,
    sentence: 'Every DNS question goes to these host:port (default: the system resolver).',
  }),
  mxPort: define({ parse: as.port, fallback: '25', sentence: 'The port that direct delivery connects to.' }),
  dnsListen: define({
    parse: as.endpoints,
    sentence: 'Built-in authoritative DNS (UDP and TCP) for our own domain and for names that domains delegate to us.',
  }),
  addresses: define({
    parse: as.addresses,
    sentence:
      'IP addresses at which the world reaches us, for the built-in DNS and our SPF record (default: those of the machine).',
  }),
  privateTargets: define({
    parse: as.choice('allow', 'deny'),
    fallback: { development: 'allow', strict: 'allow', service: 'deny' },
    sentence: 'Loopback and private addresses for delivery and webhooks.',
  }),
  tlsCert: define({
    parse: as.text,
    sentence: 'PEM file of our certificate (default: a local CA made at first start).',
  }),
  tlsKey: define({ parse: as.text, sentence: 'PEM file of its key.' }),
  ca: define({ parse: as.list, sentence: 'PEM files of further CAs to trust.' }),
  retention: define({
    parse: as.retention,
    fallback: { development: 'newest 1000', strict: '7d', service: '7d' },
    sentence: 'How long messages are kept after their outcome: an age, or the newest so many.',
  }),
  diskReserve: define({
    parse: as.octets,
    fallback: '1GiB',
    sentence: 'Below this much free disk nothing more is accepted: SMTP 452, HTTP 503.',
  }),
  functions: define({ parse: as.text, sentence: 'Embedded functions.', notBuilt: whenSet('Running functions') }),
  rspamd: define({ parse: as.text, sentence: 'Spam scanner address.', notBuilt: whenSet('Spam scanning') }),
  clamav: define({ parse: as.text, sentence: 'Virus scanner address.', notBuilt: whenSet('Virus scanning') }),
  store: define({
    parse: as.text,
    fallback: 'embedded',
    sentence: 'Home of the rows.',
    notBuilt: (value) => (value === 'embedded' ? undefined : `The store '${value.split(':')[0]}' is not built yet`),
  }),
  blobs: define({
    parse: as.text,
    fallback: 'embedded',
    sentence: 'Home of the bytes.',
    notBuilt: (value) => (value === 'embedded' ? undefined : `Bytes in '${value.split(':')[0]}' are not built yet`),
  }),
  targetS3: define({
    parse: as.target,
    fallback: 'embedded',
    secret: true,
    sentence: `Whose buckets mail is written to: ours, or those of an AWS-compatible endpoint. ${credentials}`,
  }),
  targetSns: define({
    parse: as.target,
    fallback: 'embedded',
    secret: true,
    sentence: `Whose topics are published to. ${credentials}`,
  }),
  targetSqs: define({
    parse: as.target,
    fallback: 'embedded',
    secret: true,
    sentence: `Whose queues our topics send to. ${credentials}`,
  }),
  log: define({
    parse: as.choice('debug', 'info', 'warn', 'error', 'silent'),
    fallback: 'warn',
    sentence: 'Least severity of the lines on standard error.',
  }),
};

type Definitions = typeof definitions;
export type SettingName = keyof Definitions;
type ValueOf<D> = D extends { parse(value: string): infer T }
  ? D extends { fallback: unknown }
    ? T
    : T | undefined
  : never;
export type Settings = { readonly [Name in SettingName]: ValueOf<Definitions[Name]> } & {
  /** Settings that somebody set, as opposed to defaults: a set address that is taken stops the start. */
  readonly given: ReadonlySet<SettingName>;
};

/** The remote endpoints of design §2 that no code reads yet; each is refused by name. */
const targets = ['LAMBDA', 'FIREHOSE', 'EVENTS', 'CLOUDWATCH'].map((t) => `SESAME_TARGET_${t}`);

export class SettingsError extends Error {}

export interface Sources {
  /** Without the program's name and sub-command. */
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Contents of `sesame.config.json`, if there is one. */
  readonly file?: string | undefined;
}

const environmentName = (name: string) => `SESAME_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;
const flagName = (name: string) => `--${name.replace(/[A-Z]/g, (c) => `-${c}`).toLowerCase()}`;

const names = Object.keys(definitions) as SettingName[];
const byFlag = new Map(names.map((name) => [flagName(name), name]));
const byEnvironment = new Map(names.map((name) => [environmentName(name), name]));

export function resolveSettings(sources: Sources): Settings {
  const given = new Map<SettingName, { value: string; source: string }>();
  for (const read of [readFile, readEnvironment, readFlags]) {
    for (const [name, value, source] of read(sources)) given.set(name, { value, source });
  }
  const { value: profileText, source } = given.get('profile') ?? { value: 'development', source: 'SESAME_PROFILE' };
  const profile = parse(definitions.profile as Definition<unknown>, profileText, source) as Profile;
  const settings: Record<string, unknown> = {};
  for (const name of names) {
    const definition = definitions[name] as Definition<unknown>;
    const { fallback } = definition;
    const set = given.get(name);
    const value = set?.value ?? (typeof fallback === 'object' ? fallback[profile] : fallback);
    if (value === undefined) continue;
    settings[name] = parse(definition, value, set?.source ?? `the ${profile} profile (${environmentName(name)})`);
  }
  const resolved = { ...settings, given: new Set(given.keys()) } as unknown as Settings;
  refuseUnsafe(resolved);
  return resolved;
}

function parse(definition: Definition<unknown>, value: string, source: string): unknown {
  let parsed: unknown;
  try {
    parsed = definition.parse(value);
  } catch (cause) {
    throw new SettingsError(`${source}: ${(cause as Error).message}`);
  }
  const missing = definition.notBuilt?.(parsed);
  if (missing) throw new SettingsError(`${source}: ${missing}.`);
  return parsed;
}

/** The service profile refuses to start where mail or keys would be in danger. */
function refuseUnsafe(settings: Settings): void {
  if (settings.profile !== 'service') return;
  const wanted: [SettingName, string][] = [
    ['domain', 'the names in mail that leaves must be yours'],
    ['masterKey', 'the key of the secrets must not lie beside them'],
    ['tlsCert', 'passwords need a certificate that clients trust'],
    ['tlsKey', 'passwords need a certificate that clients trust'],
    ['secretAccessKey', 'a default secret is no secret'],
    ['operatorToken', 'a default secret is no secret'],
  ];
  for (const [name, reason] of wanted) {
    if (settings[name] === undefined) {
      throw new SettingsError(`The service profile needs ${environmentName(name)}: ${reason}.`);
    }
  }
}

type Given = [SettingName, value: string, source: string];

function readFlags({ flags }: Sources): Given[] {
  const found: Given[] = [];
  for (let i = 0; i < flags.length; i++) {
    const [flag = '', inline] = splitOnce(flags[i]!, '=');
    const name = byFlag.get(flag);
    if (!name) throw new SettingsError(`Unknown option ${flag}.${nearest(flag, [...byFlag.keys()])}`);
    const value = inline ?? flags[++i];
    if (value === undefined) throw new SettingsError(`${flag} needs a value.`);
    found.push([name, value, flag]);
  }
  return found;
}

function readEnvironment({ environment }: Sources): Given[] {
  const found: Given[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('SESAME_') || value === undefined || value === '') continue;
    const name = byEnvironment.get(variable);
    const fileOf = variable.endsWith('_FILE') ? byEnvironment.get(variable.slice(0, -'_FILE'.length)) : undefined;
    if (name) found.push([name, value, variable]);
    else if (fileOf && (definitions[fileOf] as Definition<unknown>).secret) {
      found.push([fileOf, readSecretFile(variable, value), variable]);
    } else if (targets.includes(variable)) {
      if (value !== 'embedded') throw new SettingsError(`${variable}: a remote target is not built yet; use embedded.`);
    } else throw new SettingsError(`Unknown variable ${variable}.${nearest(variable, [...byEnvironment.keys()])}`);
  }
  return found;
}

function readSecretFile(variable: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new SettingsError(`${variable}: cannot read ${path}: ${(cause as Error).message}`);
  }
}

function readFile({ file }: Sources): Given[] {
  if (file === undefined) return [];
  let content: unknown;
  try {
    content = JSON.parse(file);
  } catch (cause) {
    throw new SettingsError(`sesame.config.json: ${(cause as Error).message}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new SettingsError('sesame.config.json: must be an object of settings.');
  }
  return Object.entries(content).map(([name, value]) => {
    if (!names.includes(name as SettingName)) {
      throw new SettingsError(`sesame.config.json: unknown setting ${name}.${nearest(name, names)}`);
    }
    return [name as SettingName, Array.isArray(value) ? value.join(',') : String(value), `sesame.config.json: ${name}`];
  });
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

/** ` Did you mean X?`, or nothing where no name is near. */
function nearest(word: string, candidates: readonly string[]): string {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .sort((a, b) => a.distance - b.distance)[0];
  return ranked && ranked.distance <= Math.max(3, word.length / 3) ? ` Did you mean ${ranked.candidate}?` : '';
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** What the generated page of the documentation shows. */
export function describedSettings() {
  return names.map((name) => {
    const { fallback, sentence, secret = false } = definitions[name] as Definition<unknown>;
    const shown =
      name === 'hostname' || fallback === undefined
        ? ''
        : typeof fallback === 'string'
          ? `\`${fallback}\``
          : profiles.map((profile) => `${profile}: \`${fallback[profile]}\``).join('<br>');
    return { variable: environmentName(name), flag: flagName(name), fallback: shown, sentence, secret };
  });
}

/** Paths inside the data folder. */
export function dataPath(settings: Settings, ...parts: string[]): string {
  return join(settings.data, ...parts);
}
