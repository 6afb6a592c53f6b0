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
export interface Pattern {
  readonly pieces: readonly (Token | Variable)[];
  /** The same, where no piece is a variable. */
  readonly resolved: Resolved | undefined;
}
export type Resolved = readonly Token[];

/** `variables`: since version 2012-10-17; before, `${` is two characters like others. */
export function readPattern(text: string, { variables, wild }: { variables: boolean; wild: boolean }): Pattern {
  const pieces: (Token | Variable)[] = [];
  const form = variables ? /\$\{([^}]*)\}|[\s\S]/g : /[\s\S]/g;
  for (const [whole, inside] of text.matchAll(form)) {
    if (inside !== undefined) pieces.push(...variableOf(inside));
    else if (wild && whole === '*') pieces.push(ANY);
    else if (wild && whole === '?') pieces.push(ONE);
    else pieces.push(whole);
  }
  return { pieces, resolved: pieces.every((piece) => typeof piece !== 'object') ? (pieces as Resolved) : undefined };
}

/** `${*}`, `${?}` and `${$}` are the characters themselves. */
function variableOf(inside: string): (string | Variable)[] {
  if (inside === '*' || inside === '?' || inside === '$') return [inside];
  const [, name = inside, fallback] = /^([^,]*),\s*'(.*)'$/s.exec(inside) ?? [];
  return [{ variable: name.trim().toLowerCase(), fallback }];
}

/** Nothing where the request has no value for a variable that has no other: the pattern then fits nothing. */
export function resolvePattern(
  { pieces, resolved }: Pattern,
  valueFor: (variable: string) => string | undefined,
): Resolved | undefined {
  if (resolved) return resolved;
  const tokens: Token[] = [];
  for (const piece of pieces) {
    if (typeof piece !== 'object') tokens.push(piece);
    else {
      const value = valueFor(piece.variable) ?? piece.fallback;
      if (value === undefined) return undefined;
      tokens.push(...value.split(''));
    }
  }
  return tokens;
}

export const isEverything = ({ pieces }: Pattern): boolean =>
  pieces.length > 0 && pieces.every((piece) => piece === ANY);

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
  const parts = partsOf(tokens);
  const given = arn.split(':');
  if (given.length < parts.length) return false;
  const rest = given.splice(parts.length - 1).join(':');
  return parts.every((part, n) => fits(part, given[n] ?? rest));
}

/** Of patterns without variables, which are asked again and again. */
const known = new WeakMap<Resolved, Resolved[]>();

function partsOf(tokens: Resolved): Resolved[] {
  const done = known.get(tokens);
  if (done) return done;
  const parts: Token[][] = [[]];
  for (const token of tokens) {
    if (token === ':' && parts.length <= ARN_COLONS) parts.push([]);
    else parts.at(-1)!.push(token);
  }
  known.set(tokens, parts);
  return parts;
}
