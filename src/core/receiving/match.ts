import type { Rule } from './rules.ts';

/** What one rule is to handle. */
export interface Match {
  readonly rule: Rule;
  /** The envelope recipients that it matched. */
  readonly recipients: readonly string[];
}

/**
 * Whether a recipient condition matches an address (SES: receipt rules): an address (with or without a plus label), a
 * domain but not its sub-domains, or `.domain` for sub-domains of any depth but not the domain. Without regard to case.
 */
export function conditionMatches(condition: string, address: string): boolean {
  const wanted = condition.toLowerCase();
  const given = address.toLowerCase();
  const at = given.lastIndexOf('@');
  const domain = given.slice(at + 1);
  if (wanted.startsWith('.')) return domain.endsWith(wanted);
  if (!wanted.includes('@')) return domain === wanted;
  const plus = given.indexOf('+');
  const base = plus > 0 && plus < at ? given.slice(0, plus) + given.slice(at) : given;
  return wanted === given || wanted === base;
}

/** Pure: every enabled rule that matches a recipient, in order. `covered` says for whom a rule may act at all. */
export function matchRules(
  rules: readonly Rule[],
  recipients: readonly string[],
  covered: (recipient: string, rule: Rule) => boolean,
): Match[] {
  return rules
    .filter((rule) => rule.enabled)
    .map((rule) => ({
      rule,
      recipients: recipients.filter((recipient) => covered(recipient, rule) && ruleMatches(rule, recipient)),
    }))
    .filter(({ recipients: matched }) => matched.length > 0);
}

/** A rule without conditions is for every recipient. */
export function ruleMatches({ recipients }: Rule, recipient: string): boolean {
  return recipients.length === 0 || recipients.some((condition) => conditionMatches(condition, recipient));
}
