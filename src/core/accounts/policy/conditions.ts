/**
 * Conditions of a statement (IAM: condition operators, multivalued context keys). All operators and keys of one must hold;
 * of the values that a key may have one is enough, for a negated operator none may hold.
 */
import { BlockList, isIP } from 'node:net';
import { fits, fitsArn, type Pattern, type Resolved, readPattern, resolvePattern, textOf } from './patterns.ts';

/** What is known of a request, by condition key in lower case: `aws:sourceip`, `ses:recipients`. */
export type Context = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Condition {
  readonly operator: Operator;
  /** `ForAnyValue:`, `ForAllValues:`. */
  readonly quantifier: 'any' | 'all' | undefined;
  readonly ifExists: boolean;
  readonly key: string;
  readonly values: readonly Pattern[];
}

type Test = (actual: string, wanted: Resolved) => boolean;
interface Operator {
  readonly test: Test;
  readonly negated: boolean;
  /** `*` and `?` in its values stand for others. */
  readonly wild: boolean;
}

const is = (test: Test, wild = false): Operator => ({ test, negated: false, wild });
const isNot = ({ test, wild }: Operator): Operator => ({ test, negated: true, wild });

const equals = is((actual, wanted) => actual === textOf(wanted));
const equalsIgnoreCase = is((actual, wanted) => actual.toLowerCase() === textOf(wanted).toLowerCase());
const like = is((actual, wanted) => fits(wanted, actual), true);
const arnLike = is((actual, wanted) => fitsArn(wanted, actual), true);
const inRange = is((actual, wanted) => isInRange(actual, textOf(wanted)));

const numberOf = (text: string) => (text.trim() === '' ? Number.NaN : Number(text));
/** ISO 8601, or seconds since 1970. */
const timeOf = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text));

type Compare = (a: number, b: number) => boolean;
/** What is no number (no date) compares with nothing. */
const compared = (read: (text: string) => number, compare: Compare) =>
  is((actual, wanted) => compare(read(actual), read(textOf(wanted))));
const numeric = (compare: Compare) => compared(numberOf, compare);
const date = (compare: Compare) => compared(timeOf, compare);

const same: Compare = (a, b) => a === b;

const operators: Readonly<Record<string, Operator>> = {
  StringEquals: equals,
  StringNotEquals: isNot(equals),
  StringEqualsIgnoreCase: equalsIgnoreCase,
  StringNotEqualsIgnoreCase: isNot(equalsIgnoreCase),
  StringLike: like,
  StringNotLike: isNot(like),
  NumericEquals: numeric(same),
  NumericNotEquals: isNot(numeric(same)),
  NumericLessThan: numeric((a, b) => a < b),
  NumericLessThanEquals: numeric((a, b) => a <= b),
  NumericGreaterThan: numeric((a, b) => a > b),
  NumericGreaterThanEquals: numeric((a, b) => a >= b),
  DateEquals: date(same),
  DateNotEquals: isNot(date(same)),
  DateLessThan: date((a, b) => a < b),
  DateLessThanEquals: date((a, b) => a <= b),
  DateGreaterThan: date((a, b) => a > b),
  DateGreaterThanEquals: date((a, b) => a >= b),
  Bool: equalsIgnoreCase,
  BinaryEquals: equals,
  IpAddress: inRange,
  NotIpAddress: isNot(inRange),
  ArnEquals: arnLike,
  ArnLike: arnLike,
  ArnNotEquals: isNot(arnLike),
  ArnNotLike: isNot(arnLike),
};

/** Asks whether the request has the key at all; its values are `true` (it has not) or `false`. */
const NULL: Operator = { test: () => false, negated: false, wild: false };

/** Undefined where the operator is none of IAM's. */
export function readCondition(
  name: string,
  { key, values, variables }: { key: string; values: readonly string[]; variables: boolean },
): Condition | undefined {
  const [, quantifier, base = '', ifExists] = /^(?:(ForAnyValue|ForAllValues):)?(.*?)(IfExists)?$/s.exec(name) ?? [];
  if (base === 'Null' && ifExists) return undefined;
  const operator = base === 'Null' ? NULL : Object.hasOwn(operators, base) ? operators[base] : undefined;
  if (!operator) return undefined;
  return {
    operator,
    quantifier: quantifier && (quantifier === 'ForAnyValue' ? 'any' : 'all'),
    ifExists: ifExists !== undefined,
    key: key.toLowerCase(),
    values: values.map((value) => readPattern(value, { variables, wild: operator.wild })),
  } as Condition;
}

export function holds({ operator, quantifier, ifExists, key, values }: Condition, context: Context): boolean {
  const given = context[key];
  const actual = given === undefined ? [] : typeof given === 'string' ? [given] : given;
  const wanted = values.map((value) => resolvePattern(value, (name) => singleValue(context, name)));
  if (operator === NULL) return wanted.some((one) => one && textOf(one).toLowerCase() === String(actual.length === 0));
  const fitsOne = (value: string) => wanted.some((one) => one !== undefined && operator.test(value, one));
  if (quantifier === 'all') return actual.every((value) => fitsOne(value) !== operator.negated);
  if (actual.length === 0) return ifExists || (operator.negated && quantifier !== 'any');
  if (quantifier === 'any') return actual.some((value) => fitsOne(value) !== operator.negated);
  return actual.some(fitsOne) !== operator.negated;
}

/** A key with several values has none that a variable could stand for. */
export function singleValue(context: Context, name: string): string | undefined {
  const value = context[name];
  return typeof value === 'string' ? value : undefined;
}

function isInRange(address: string, range: string): boolean {
  const [net = '', length] = range.split('/');
  const [family, own] = [isIP(net), isIP(address)];
  if (family === 0 || own === 0) return false;
  const kind = (version: number) => (version === 6 ? 'ipv6' : 'ipv4');
  const longest = family === 6 ? 128 : 32;
  const bits = length === undefined ? longest : Number(length);
  if (!Number.isInteger(bits) || bits < 0 || bits > longest) return false;
  const list = new BlockList();
  list.addSubnet(net, bits, kind(family));
  return list.check(address, kind(own));
}
