/**
 * Which messages of a topic a subscriber wants (SNS: subscription filter policies): by their attributes, or by what their
 * text says where it is JSON. Every name of the policy must fit (`$or`: one of several), and of each name one condition.
 */
import { BlockList, isIP } from 'node:net';
import { Refusal } from '../../base/refusal.ts';
import { isBinary, type MessageAttributes } from './message-attributes.ts';

export type FilterPolicy = Readonly<Record<string, unknown>>;
export type FilterScope = 'attributes' | 'body';

/** SNS: names of a policy, and conditions multiplied over its names. */
const MOST_NAMES = 5;
const MOST_COMBINATIONS = 150;

/** A policy as it was sent; an empty object wants everything. */
export function readFilterPolicy(text: string): FilterPolicy {
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refused('failed to parse JSON.');
  }
  if (!isObject(policy)) throw refused('Filter policy must be an object.');
  const leaves = leavesOf(policy);
  if (leaves.length > MOST_NAMES) throw refused(`Filter policy can not have more than ${MOST_NAMES} keys`);
  if (leaves.reduce((product, { length }) => product * Math.max(1, length), 1) > MOST_COMBINATIONS) {
    throw refused('Filter policy is too complex');
  }
  for (const condition of leaves.flat()) checkCondition(condition);
  return policy;
}

export function wants(
  policy: FilterPolicy,
  scope: FilterScope,
  message: string,
  attributes: MessageAttributes,
): boolean {
  if (Object.keys(policy).length === 0) return true;
  if (scope === 'attributes') return fits(policy, attributeValues(attributes));
  try {
    const body: unknown = JSON.parse(message);
    return isObject(body) && fits(policy, body);
  } catch {
    // SNS: what is not JSON fits no policy over the body.
    return false;
  }
}

type Values = Readonly<Record<string, unknown>>;

function attributeValues(attributes: MessageAttributes): Values {
  const readable = Object.entries(attributes).filter(([, attribute]) => !isBinary(attribute));
  return Object.fromEntries(readable.map(([name, { type, value }]) => [name, typed(type, value)]));
}

function typed(type: string, value: string): unknown {
  if (type.startsWith('Number')) return Number(value);
  if (type !== 'String.Array') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function fits(policy: FilterPolicy, values: Values): boolean {
  return Object.entries(policy).every(([name, wanted]) => {
    if (name === '$or') return (wanted as FilterPolicy[]).some((one) => fits(one, values));
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (!Array.isArray(wanted)) return isObject(value) ? fits(wanted as FilterPolicy, value) : false;
    const all = Array.isArray(value) ? value.flat(1) : [value];
    return wanted.some((condition) => all.some((one) => meets(condition, one)));
  });
}

function meets(condition: unknown, value: unknown): boolean {
  if (!isObject(condition)) return value === condition;
  const [[kind, wanted] = ['', undefined]] = Object.entries(condition);
  if (kind === 'exists') return (value !== undefined) === wanted;
  if (value === undefined) return false;
  const text = typeof value === 'string' ? value : undefined;
  switch (kind) {
    case 'prefix':
      return text?.startsWith(wanted as string) === true;
    case 'suffix':
      return text?.endsWith(wanted as string) === true;
    case 'wildcard':
      return text !== undefined && wildcard(wanted as string).test(text);
    case 'equals-ignore-case':
      return text?.toLowerCase() === (wanted as string).toLowerCase();
    case 'numeric':
      return typeof value === 'number' && inRange(value, wanted as unknown[]);
    case 'cidr':
      return text !== undefined && inNetwork(text, wanted as string);
    default:
      return ![wanted].flat().some((not) => meets(not, value));
  }
}

function inRange(value: number, comparisons: readonly unknown[]): boolean {
  for (let n = 0; n < comparisons.length; n += 2) {
    if (!compare[comparisons[n] as string]!(value, comparisons[n + 1] as number)) return false;
  }
  return true;
}

const compare: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function wildcard(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*?')}$`);
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', length] = network.split('/');
  const family = isIP(base) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) !== isIP(base)) return false;
  const list = new BlockList();
  list.addSubnet(base, Number(length), family);
  return list.check(address, family);
}

/** The lists of conditions, wherever they stand. */
function leavesOf(policy: FilterPolicy): unknown[][] {
  return Object.entries(policy).flatMap(([name, wanted]) => {
    if (name === '$or') {
      if (!Array.isArray(wanted) || !wanted.every(isObject)) throw refused('"$or" must be an array of objects');
      return wanted.flatMap(leavesOf);
    }
    if (Array.isArray(wanted)) return [wanted];
    if (isObject(wanted)) return leavesOf(wanted);
    throw refused(`"${name}" must be an object or an array`);
  });
}

const texts = new Set(['prefix', 'suffix', 'wildcard', 'equals-ignore-case']);

function checkCondition(condition: unknown): void {
  if (condition === null || ['string', 'number', 'boolean'].includes(typeof condition)) return;
  const [[kind, wanted] = ['', undefined], more] = isObject(condition) ? Object.entries(condition) : [];
  const known =
    more === undefined &&
    ((texts.has(kind) && typeof wanted === 'string') ||
      (kind === 'exists' && typeof wanted === 'boolean') ||
      (kind === 'cidr' && typeof wanted === 'string' && isNetwork(wanted)) ||
      (kind === 'numeric' && Array.isArray(wanted) && isRange(wanted)) ||
      kind === 'anything-but');
  if (!known) throw refused(`Unrecognized match type ${kind || JSON.stringify(condition)}`);
  if (kind === 'anything-but') for (const one of [wanted].flat()) checkCondition(one);
}

function isRange(comparisons: readonly unknown[]): boolean {
  const pairs = comparisons.length > 0 && comparisons.length % 2 === 0;
  return pairs && comparisons.every((one, n) => (n % 2 === 0 ? String(one) in compare : typeof one === 'number'));
}

function isNetwork(text: string): boolean {
  const [base = '', length = ''] = text.split('/');
  const most = isIP(base) === 6 ? 128 : isIP(base) === 4 ? 32 : -1;
  return /^\d{1,3}$/.test(length) && Number(length) <= most;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(reason: string): Refusal {
  return new Refusal('invalid-parameter', `Invalid parameter: FilterPolicy: ${reason}`);
}
