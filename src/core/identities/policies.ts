/**
 * Sending authorization policies of an identity: who else may send with it (SES: policy-anatomy). They are checked, kept
 * and read here; sending asks them.
 */
import { formatArn, parseArn } from '../../base/arn.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';
import { type Policy, readPolicy } from '../accounts/accounts.ts';

/** Texts without insignificant white space, by name. */
export type Policies = Readonly<Record<string, string>>;

/** SES: quotas of sending authorization. */
const MOST_POLICIES = 20;
const MOST_OCTETS = 4_096;

const ACTIONS = [
  'SendEmail',
  'SendRawEmail',
  'SendTemplatedEmail',
  'SendBulkTemplatedEmail',
  'SendBulkEmail',
  'SendBounce',
];

/** @throws Refusal `invalid-parameter` (name), `invalid-policy`, `limit-exceeded` (the 21st of an identity). */
export function withPolicy(
  policies: Policies,
  place: Scope & { identity: string },
  name: string,
  text: string,
): Policies {
  checkPolicyName(name);
  if (!Object.hasOwn(policies, name) && Object.keys(policies).length >= MOST_POLICIES) {
    const most = `Number of policies for ${place.identity} exceeds max allowed number of policies per resource`;
    throw new Refusal('limit-exceeded', most);
  }
  return { ...policies, [name]: checkedPolicy(text, place) };
}

export function withoutPolicy(policies: Policies, name: string): Policies {
  return Object.fromEntries(Object.entries(policies).filter(([one]) => one !== name));
}

function checkPolicyName(name: string): void {
  if (/^[A-Za-z0-9_-]{1,64}$/.test(name) && name !== '__proto__') return;
  const rule = 'Policy names must only include alpha-numeric characters, dashes, and underscores.';
  throw new Refusal('invalid-parameter', `PolicyName is invalid. ${rule}`);
}

/** The text without the white space between its tokens. */
function checkedPolicy(text: string, place: Scope & { identity: string }): string {
  const policy = parsed(text);
  const short = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');
  if (Buffer.byteLength(short) > MOST_OCTETS) throw invalid(`The policy is longer than ${MOST_OCTETS} octets.`);
  const { Version, Statement } = policy;
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') {
    throw invalid('Version must be 2012-10-17 or 2008-10-17.');
  }
  const statements = Array.isArray(Statement) ? Statement : [Statement];
  if (statements.length === 0) throw invalid('The policy has no statement.');
  for (const statement of statements) checkStatement(statement, place);
  const read = readPolicy(short, 'thing');
  if (!read.ok) throw invalid(read.fault);
  return short;
}

/** What was read of the policies of an identity, as long as they are the same. */
const known = new WeakMap<Policies, readonly Policy[]>();

/** They were checked when they were written: one that cannot be read is a fault. */
export function readPolicies(policies: Policies = {}): readonly Policy[] {
  const done = known.get(policies);
  if (done) return done;
  const read = Object.entries(policies).map(([name, text]) => {
    const one = readPolicy(text, 'thing');
    if (!one.ok) throw new Error(`The policy ${name} cannot be read: ${one.fault}`);
    return one.policy;
  });
  known.set(policies, read);
  return read;
}

function checkStatement(statement: unknown, place: Scope & { identity: string }): void {
  if (!isObject(statement)) throw invalid('A statement must be an object.');
  const { Effect, Principal, Action, Resource } = statement;
  if (Effect !== 'Allow' && Effect !== 'Deny') throw invalid('Effect must be Allow or Deny.');
  if (!isPrincipal(Principal)) throw invalid('Principal must be * or name accounts, users or services.');
  if (!texts(Action)?.every(isSending)) throw invalid('Action must name sending actions of SES.');
  if (!texts(Resource)?.every((resource) => isIdentity(resource, place))) {
    throw invalid(`Resource must be ${arnOfIdentity(place, place.identity)}.`);
  }
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return value;
  } catch {
    // Not JSON: worded below.
  }
  throw invalid('The policy is not a JSON object.');
}

function isPrincipal(value: unknown): boolean {
  if (value === '*') return true;
  if (!isObject(value)) return false;
  const kinds = Object.entries(value);
  return (
    kinds.length > 0 && kinds.every(([kind, who]) => (kind === 'AWS' || kind === 'Service') && texts(who) !== undefined)
  );
}

/** `ses:SendEmail` and its kin; `*` and `?` stand for what they match. */
function isSending(action: string): boolean {
  const [service, pattern = ''] = action.split(':');
  if (service?.toLowerCase() !== 'ses' || !/^[A-Za-z*?]+$/.test(pattern)) return false;
  const matcher = new RegExp(`^${pattern.replace(/\*+/g, '.*').replaceAll('?', '.')}$`, 'i');
  return ACTIONS.some((name) => matcher.test(name));
}

function isIdentity(resource: string, place: Scope & { identity: string }): boolean {
  const arn = parseArn(resource);
  return arn !== undefined && formatArn(arn) === arnOfIdentity(place, place.identity);
}

const arnOfIdentity = ({ account, region }: Scope, name: string) =>
  formatArn({ service: 'ses', account, region, resource: `identity/${name}` });

/** One text or several; undefined for everything else. */
function texts(value: unknown): string[] | undefined {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.every((one) => typeof one === 'string' && one !== '') ? (list as string[]) : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const invalid = (text: string) => new Refusal('invalid-policy', text);
