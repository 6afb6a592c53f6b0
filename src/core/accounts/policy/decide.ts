/**
 * What policies say to a request (IAM: policy evaluation logic): a statement that denies wins over all that allow, and
 * where none allows it is not allowed.
 */
import { type Context, holds, singleValue } from './conditions.ts';
import type { Policy, Principals, Statement } from './document.ts';
import { fits, fitsArn, isEverything, resolvePattern } from './patterns.ts';

export interface Asked {
  /** `ses:SendEmail`. */
  readonly action: string;
  /** An ARN; `*` where the action knows no resources. */
  readonly resource: string;
  readonly context: Context;
  /** For a policy that hangs at a thing. */
  readonly principal?: Principal | undefined;
}

/** Who asks: somebody of an account, or a service (`ses.amazonaws.com`). */
export type Principal = { readonly account: string; readonly arn: string } | { readonly service: string };

/** `unspoken`: no policy says a word to it, which is a no. */
export type Decision = 'allowed' | 'denied' | 'unspoken';

export function decide(policies: readonly Policy[], asked: Asked): Decision {
  const fitting = policies.flatMap(({ statements }) => statements.filter((one) => isAbout(one, asked)));
  if (fitting.some(({ effect }) => effect === 'deny')) return 'denied';
  return fitting.length > 0 ? 'allowed' : 'unspoken';
}

/**
 * Whether some request of this action could be allowed, whatever its resource and circumstances: for a door that must
 * decide before it knows them.
 */
export function couldAllow(policies: readonly Policy[], action: string): boolean {
  const statements = policies.flatMap((policy) => policy.statements).filter((one) => hasAction(one, action));
  const always = ({ resources, conditions }: Statement) =>
    conditions.length === 0 && resources?.negated === false && resources.list.some(isEverything);
  return (
    statements.some(({ effect }) => effect === 'allow') &&
    !statements.some((one) => one.effect === 'deny' && always(one))
  );
}

function isAbout(statement: Statement, asked: Asked): boolean {
  return (
    hasAction(statement, asked.action) &&
    hasPrincipal(statement, asked) &&
    hasResource(statement, asked) &&
    statement.conditions.every((condition) => holds(condition, asked.context))
  );
}

function hasAction({ actions }: Statement, action: string): boolean {
  const name = action.toLowerCase();
  return actions.list.some((pattern) => fits(resolvePattern(pattern, nothing)!, name)) !== actions.negated;
}
const nothing = () => undefined;

function hasResource({ resources }: Statement, { resource, context }: Asked): boolean {
  if (!resources) return true;
  const found = resources.list.some((pattern) => {
    const resolved = resolvePattern(pattern, (name) => singleValue(context, name));
    return resolved !== undefined && fitsArn(resolved, resource);
  });
  return found !== resources.negated;
}

function hasPrincipal({ principals }: Statement, { principal }: Asked): boolean {
  if (!principals) return true;
  if (!principal) return false;
  return principals.list.some((one) => names(one, principal)) !== principals.negated;
}

/** An account id or the ARN of its root stands for everybody of the account; the ARN of a user for that user. */
function names({ kind, names: listed }: Principals, principal: Principal): boolean {
  if (kind === '*') return true;
  if ('service' in principal) return kind === 'Service' && listed.includes(principal.service);
  if (kind !== 'AWS') return false;
  const { account, arn } = principal;
  return ['*', account, `arn:aws:iam::${account}:root`, arn].some((name) => listed.includes(name));
}
