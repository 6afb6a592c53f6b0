/** The limits of members that the SDK's schemas leave out, and how SES words a breach of them. */
import type { Reading } from './invalid.ts';

export interface Constraint {
  readonly enum?: readonly string[];
  /** Characters of a string, items of a list, value of a number. */
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** The schemas say only that it is a number. */
  readonly number?: 'integer' | 'long' | 'double';
  /** What each item of a list must satisfy. */
  readonly item?: Constraint;
}

/** By `Shape.Member`. */
export type Constraints = Readonly<Record<string, Constraint>>;

export const noConstraints: Constraints = {};

type Check = (value: unknown, report: (constraint: string) => void) => void;

/** A string longer than this does not match a pattern, whatever the pattern: no quadratic search over megabytes. */
const MAX_PATTERN_INPUT = 8_192;

/** Undefined where there is nothing to check. */
export function checkOf(constraint: Constraint | undefined): ((value: unknown, reading: Reading) => void) | undefined {
  if (!constraint) return undefined;
  const checks = [...checksOf(constraint), ...(constraint.item ? [itemCheck(constraint.item)] : [])];
  if (checks.length === 0) return undefined;
  return (value, reading) => {
    for (const check of checks) check(value, (text) => reading.violate(text));
  };
}

function checksOf({ enum: values, min, max, pattern }: Constraint): Check[] {
  const checks: Check[] = [];
  if (values) checks.push(enumCheck(values));
  if (min !== undefined) checks.push(minimumCheck(min));
  if (max !== undefined) checks.push(maximumCheck(max));
  if (pattern !== undefined) checks.push(patternCheck(pattern, max ?? MAX_PATTERN_INPUT));
  return checks;
}

function enumCheck(values: readonly string[]): Check {
  const allowed = new Set<unknown>(values);
  const text = `Member must satisfy enum value set: [${values.join(', ')}]`;
  return (value, report) => {
    if (!allowed.has(value)) report(text);
  };
}

function minimumCheck(min: number): Check {
  return (value, report) => {
    if (sizeOf(value) < min) report(`Member must have ${measure(value)} greater than or equal to ${min}`);
  };
}

function maximumCheck(max: number): Check {
  return (value, report) => {
    if (sizeOf(value) > max) report(`Member must have ${measure(value)} less than or equal to ${max}`);
  };
}

function patternCheck(pattern: string, longest: number): Check {
  const whole = new RegExp(`^(?:${pattern})$`);
  return (value, report) => {
    if (typeof value !== 'string' || (value.length <= longest && whole.test(value))) return;
    report(`Member must satisfy regular expression pattern: ${pattern}`);
  };
}

/** SES names the list, not the item, and says so once. */
function itemCheck(item: Constraint): Check {
  const checks = checksOf(item);
  return (list, report) => {
    const broken = new Set<string>();
    for (const value of list as unknown[]) for (const check of checks) check(value, (text) => broken.add(text));
    if (broken.size > 0) report(`Member must satisfy constraint: [${[...broken].join(', ')}]`);
  };
}

function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' || Array.isArray(value) ? value.length : Object.keys(value as object).length;
}

function measure(value: unknown): string {
  return typeof value === 'number' ? 'value' : 'length';
}
