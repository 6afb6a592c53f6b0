/** Reading a policy document (IAM: JSON policy element reference). */
import { type Condition, readCondition } from './conditions.ts';
import { type Pattern, readPattern } from './patterns.ts';

export interface Policy {
  readonly statements: readonly Statement[];
}

export interface Statement {
  readonly effect: 'allow' | 'deny';
  readonly actions: Listed<Pattern>;
  /** Of a policy that hangs at a thing it may be left out: then it is that thing. */
  readonly resources: Listed<Pattern> | undefined;
  /** Of a policy that hangs at a thing: whom it is about. */
  readonly principals: Listed<Principals> | undefined;
  readonly conditions: readonly Condition[];
}

/** `negated`: all but these (NotAction, NotResource, NotPrincipal). */
interface Listed<T> {
  readonly negated: boolean;
  readonly list: readonly T[];
}

/** `*` under a kind is everybody. */
export interface Principals {
  readonly kind: string;
  readonly names: readonly string[];
}

/** `caller`: a policy of a user; `thing`: one of an identity (a bucket, a topic), which says whom it is about. */
export type Kind = 'caller' | 'thing';

export type Read = { readonly ok: true; readonly policy: Policy } | { readonly ok: false; readonly fault: string };

class Fault extends Error {}

/** The fault is in IAM's words. */
export function readPolicy(text: string, kind: Kind): Read {
  try {
    return { ok: true, policy: policyOf(parsed(text), kind) };
  } catch (error) {
    if (error instanceof Fault) return { ok: false, fault: error.message };
    throw error;
  }
}

const SYNTAX = 'Syntax errors in policy.';
const elements = {
  policy: ['Version', 'Id', 'Statement'],
  statement: [
    ...['Sid', 'Effect', 'Action', 'NotAction', 'Resource', 'NotResource', 'Principal', 'NotPrincipal', 'Condition'],
  ],
};

function parsed(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault(SYNTAX);
  }
  return objectOf(value, elements.policy);
}

function policyOf({ Version, Id, Statement }: Record<string, unknown>, kind: Kind): Policy {
  if (Version !== undefined && Version !== '2012-10-17' && Version !== '2008-10-17') throw new Fault(SYNTAX);
  if (Id !== undefined && typeof Id !== 'string') throw new Fault(SYNTAX);
  const variables = Version === '2012-10-17';
  const given = Array.isArray(Statement) ? Statement : [Statement];
  if (given.length === 0) throw new Fault(SYNTAX);
  const statements = given.map((one) => objectOf(one, elements.statement));
  const sids = statements.map(({ Sid }) => Sid).filter((sid) => sid !== undefined && sid !== '');
  if (new Set(sids).size < sids.length) throw new Fault('Statement IDs (SID) in a single policy must be unique.');
  return { statements: statements.map((one) => statementOf(one, { kind, variables })) };
}

interface Reading {
  readonly kind: Kind;
  readonly variables: boolean;
}

function statementOf(statement: Record<string, unknown>, reading: Reading): Statement {
  const { Sid, Effect, Condition: condition } = statement;
  if (Sid !== undefined && typeof Sid !== 'string') throw new Fault(SYNTAX);
  if (Effect !== 'Allow' && Effect !== 'Deny') throw new Fault(SYNTAX);
  return {
    effect: Effect === 'Allow' ? 'allow' : 'deny',
    principals: principalsOf(statement, reading),
    actions: actionsOf(statement),
    resources: resourcesOf(statement, reading),
    conditions: condition === undefined ? [] : conditionsOf(condition, reading),
  };
}

function actionsOf(statement: Record<string, unknown>): Listed<Pattern> {
  const listed = oneOf(statement, 'Action', 'NotAction', textsOf);
  if (!listed || listed.list.length === 0) throw new Fault('Policy statement must contain actions.');
  for (const action of listed.list) {
    if (action === '*' || /^[A-Za-z0-9-]+:[A-Za-z0-9*?]+$/.test(action)) continue;
    throw new Fault('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  // Names of actions have no case.
  const list = listed.list.map((action) => readPattern(action.toLowerCase(), { variables: false, wild: true }));
  return { ...listed, list };
}

function resourcesOf(statement: Record<string, unknown>, { kind, variables }: Reading): Listed<Pattern> | undefined {
  const listed = oneOf(statement, 'Resource', 'NotResource', textsOf);
  if (!listed || listed.list.length === 0) {
    if (kind === 'thing' && !listed) return undefined;
    throw new Fault('Policy statement must contain resources.');
  }
  for (const resource of listed.list) {
    if (/^(\*|\$\{|arn:)/.test(resource) || /[*?]/.test(resource.split(':')[0]!)) continue;
    throw new Fault(`Resource ${resource} must be in ARN format or "*".`);
  }
  return { ...listed, list: listed.list.map((resource) => readPattern(resource, { variables, wild: true })) };
}

function principalsOf(statement: Record<string, unknown>, { kind }: Reading): Listed<Principals> | undefined {
  const listed = oneOf(statement, 'Principal', 'NotPrincipal', (value): Principals[] => {
    if (value === '*') return [{ kind: '*', names: ['*'] }];
    const kinds = Object.entries(objectOf(value));
    if (kinds.length === 0) throw new Fault(SYNTAX);
    return kinds.map(([name, names]) => ({ kind: name, names: textsOf(names) }));
  });
  if (kind === 'caller' && listed) throw new Fault('Policy document should not specify a principal.');
  if (kind === 'thing' && !listed) throw new Fault('Missing required field Principal');
  return listed;
}

function conditionsOf(condition: unknown, { variables }: Reading): Condition[] {
  return Object.entries(objectOf(condition)).flatMap(([operator, keys]) =>
    Object.entries(objectOf(keys)).map(([key, values]) => {
      if (!key.includes(':'))
        throw new Fault('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
      const read = readCondition(operator, { key, values: valuesOf(values), variables });
      if (!read) throw new Fault(`Invalid Condition type : ${operator}.`);
      return read;
    }),
  );
}

/** One of two elements, never both; nothing where there is neither. */
function oneOf<T>(
  statement: Record<string, unknown>,
  name: string,
  negation: string,
  read: (value: unknown) => readonly T[],
): Listed<T> | undefined {
  const [plain, negated] = [statement[name], statement[negation]];
  if (plain !== undefined && negated !== undefined) throw new Fault(SYNTAX);
  if (plain !== undefined) return { negated: false, list: read(plain) };
  return negated === undefined ? undefined : { negated: true, list: read(negated) };
}

function textsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  if (list.every((one) => typeof one === 'string')) return list;
  throw new Fault(SYNTAX);
}

/** Numbers and truths of a condition may stand without quotes. */
function valuesOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map((one) => {
    if (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') return String(one);
    throw new Fault(SYNTAX);
  });
}

function objectOf(value: unknown, names?: readonly string[]): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Fault(SYNTAX);
  if (names && !Object.keys(value).every((name) => names.includes(name))) throw new Fault(SYNTAX);
  return value as Record<string, unknown>;
}
