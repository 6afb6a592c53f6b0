/**
 * Texts of a policy that stand for many: `*` is any run of characters, `?` is one, `${name}` what the request has under
 * that name (IAM: policy elements, variables and tags). What a variable brings is taken literally.
 */
const ANY = Symbol('*');
const ONE = Symbol('?');

/** A string is one UTF-16 unit. */
type Token = string | typeof ANY | typeof ONE;
interface Variable {
  readonly variable: string;
  readonly fallback: string | undefined;
}
export type Pattern = readonly (Token | Variable)[];
export type Resolved = readonly Token[];

/** `variables`: since version 2012-10-17; before, `${` is two characters like others. */
export function readPattern(text: string, { variables, wild }: { variables: boolean; wild: boolean }): Pattern {
  const pattern: (Token | Variable)[] = [];
  const form = variables ? /\$\{([^}]*)\}|[\s\S]/g : /[\s\S]/g;
  for (const [whole, inside] of text.matchAll(form)) {
    if (inside !== undefined) pattern.push(...variableOf(inside));
    else if (wild && whole === '*') pattern.push(ANY);
    else if (wild && whole === '?') pattern.push(ONE);
    else pattern.push(whole);
  }
  return pattern;
}

/** `${*}`, `${?}` and `${$}` are the characters themselves. */
function variableOf(inside: string): (string | Variable)[] {
  if (inside === '*' || inside === '?' || inside === '$') return [inside];
  const [, name = inside, fallback] = /^([^,]*),\s*'(.*)'$/s.exec(inside) ?? [];
  return [{ variable: name.trim().toLowerCase(), fallback }];
}

/** Nothing where the request has no value for a variable that has no other: the pattern then fits nothing. */
export function resolvePattern(
  pattern: Pattern,
  valueFor: (variable: string) => string | undefined,
): Resolved | undefined {
  if (!pattern.some((piece) => typeof piece === 'object')) return pattern as Resolved;
  const tokens: Token[] = [];
  for (const piece of pattern) {
    if (typeof piece !== 'object') tokens.push(piece);
    else {
      const value = valueFor(piece.variable) ?? piece.fallback;
      if (value === undefined) return undefined;
      tokens.push(...value.split(''));
    }
  }
  return tokens;
}

/** Of a pattern without wildcards. */
export const textOf = (resolved: Resolved): string => resolved.map(String).join('');

/** Goes back to the last `*` only, so it takes at most the product of both lengths. */
export function fits(tokens: Resolved, text: string): boolean {
  let [at, token, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    if (tokens[token] === ANY) {
      star = token++;
      resume = at;
    } else if (tokens[token] === ONE || tokens[token] === text[at]) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else return false;
  }
  while (tokens[token] === ANY) token++;
  return token === tokens.length;
}

/** Colons of an ARN before its resource. */
const ARN_COLONS = 5;

/**
 * An ARN's parts are compared one by one, so that `arn:aws:ses:*:123456789012:identity/x` cannot reach into the next part;
 * the last part of the pattern stands for all that follows (`*`, `arn:aws:ses:*`).
 */
export function fitsArn(tokens: Resolved, arn: string): boolean {
  const parts = splitAtColons(tokens, ARN_COLONS);
  const given = splitAtColons(arn.split(''), parts.length - 1);
  return parts.length === given.length && parts.every((part, n) => fits(part, textOf(given[n]!)));
}

function splitAtColons(tokens: Resolved, most: number): Token[][] {
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token === ':' && parts.length <= most) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  return parts;
}
