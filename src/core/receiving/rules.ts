import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import { generation, raiseGeneration } from '../../storage/generations.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';

/** A topic that is told that the action ran, without the content. */
interface Announced {
  readonly topic?: string | undefined;
}

/** What a rule does with a message, one after the other (SES: ReceiptAction). */
export type Action =
  | ({ readonly kind: 's3'; readonly bucket: string; readonly prefix?: string | undefined } & Announced)
  | { readonly kind: 'sns'; readonly topic: string; readonly encoding: 'utf-8' | 'base64' }
  | ({
      readonly kind: 'bounce';
      /** Three digits, 4xx or 5xx. */
      readonly replyCode: string;
      /** Enhanced status code (RFC 3463). */
      readonly statusCode?: string | undefined;
      readonly message: string;
      /** A verified identity, from which the bounce comes. */
      readonly sender: string;
    } & Announced)
  | ({ readonly kind: 'lambda'; readonly functionArn: string; readonly invocation: 'event' | 'wait' } & Announced)
  | ({ readonly kind: 'stop' } & Announced)
  | { readonly kind: 'add-header'; readonly name: string; readonly value: string };

/** What a rule does beside SES's actions; AWS clients neither see nor change it. */
export type Extension =
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** Signs what is posted; sealed. */
      readonly secret: string;
    }
  | { readonly kind: 'forward'; readonly to: string };

export interface Rule {
  readonly name: string;
  readonly enabled: boolean;
  readonly tls: 'optional' | 'require';
  readonly scan: boolean;
  readonly recipients: readonly string[];
  readonly actions: readonly Action[];
  readonly extensions?: readonly Extension[] | undefined;
}

export interface RuleSet {
  readonly name: string;
  /** Civil milliseconds. */
  readonly created: number;
  readonly rules: readonly Rule[];
}

/** SES: quotas of receiving. */
const MOST_RULE_SETS = 40;
const MOST_RULES = 200;
const MOST_ACTIONS = 10;
const MOST_RECIPIENTS = 500;
const MOST_EXTENSIONS = 10;

/** Which rule set is active is asked at every RCPT, over all scopes: its changes have a number of their own. */
const EVERYWHERE: Scope = { account: '*', region: 'receiving' };
const MOST_ACTIVE = 100_000;

interface Active {
  readonly scope: Scope;
  readonly ruleSet: string;
}

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  /** Refuses an action that cannot be, or whose target does not exist or may not be written. */
  readonly checkAction: (scope: Scope, action: Action) => Promise<void>;
}

/** Rule sets of every account and region; at most one of each is active. */
export class RuleSets {
  readonly #needs: Needs;
  readonly #sets: Documents<{ rules: readonly Rule[] }>;
  readonly #active: Documents<Active>;
  #known:
    | { readonly generation: number; readonly active: readonly { scope: Scope; rules: readonly Rule[] }[] }
    | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#sets = documents(needs.rows, 'receipt-rule-set');
    this.#active = documents(needs.rows, 'active-receipt-rule-set');
  }

  /** Empty and inactive. */
  create(scope: Scope, name: string): Promise<void> {
    return this.#make(scope, name, []);
  }

  /** The rules as they are in the original now; a set of its own from then on, inactive. */
  async clone(scope: Scope, { name, original }: { name: string; original: string }): Promise<void> {
    const { value } = await this.#existing(scope, original);
    await this.#make(scope, name, value.rules);
  }

  async get(scope: Scope, name: string): Promise<RuleSet> {
    const { created, value } = await this.#existing(scope, name);
    return { name, created, rules: value.rules };
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    scope: Scope,
    { limit, token }: { limit: number; token?: string | undefined },
  ): Promise<{ ruleSets: Omit<RuleSet, 'rules'>[]; next?: string }> {
    const list = pagedList('receipt-rule-set', scope);
    const after = token === undefined ? '' : readPageToken(list, token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${token}>.`);
    const found = await this.#sets.list(scope, { after, limit: limit + 1 });
    const ruleSets = found.slice(0, limit).map(({ name, created }) => ({ name, created }));
    if (found.length <= limit) return { ruleSets };
    return { ruleSets, next: pageToken(list, ruleSets.at(-1)!.name) };
  }

  /** Nothing happens where there is none; the active one is refused. */
  async remove(scope: Scope, name: string): Promise<void> {
    if ((await this.activeName(scope)) === name) {
      throw new Refusal('cannot-delete', `Cannot delete active rule set: ${name}`, { Name: name });
    }
    await this.#needs.rows.write(this.#sets.remove(scope, name), 'durable');
  }

  /** No name makes none active. */
  async activate(scope: Scope, name: string | undefined): Promise<void> {
    const { rows, clock } = this.#needs;
    const { account, region } = scope;
    if (name !== undefined) await this.#existing(scope, name);
    for (;;) {
      const present = await this.#active.get(EVERYWHERE, activeKey(scope));
      const next = name === undefined ? undefined : { scope: { account, region }, ruleSet: name };
      if (!present && !next) return;
      const batch = !next
        ? this.#active.remove(EVERYWHERE, activeKey(scope))
        : present
          ? this.#active.replace(EVERYWHERE, present, next, clock.civil())
          : this.#active.create(EVERYWHERE, activeKey(scope), next, clock.civil());
      if ((await rows.write(batch, 'durable')).applied) return;
    }
  }

  async activeName(scope: Scope): Promise<string | undefined> {
    return (await this.#active.get(EVERYWHERE, activeKey(scope)))?.value.ruleSet;
  }

  /** First in the list where `after` is not given (SES: CreateReceiptRule). */
  async addRule(scope: Scope, setName: string, rule: Rule, after?: string): Promise<void> {
    await this.#changeRule(scope, setName, rule, (rules) => {
      if (rules.some(({ name }) => name === rule.name)) {
        throw new Refusal('already-exists', `Rule already exists: ${rule.name}`, { Name: rule.name });
      }
      if (rules.length >= MOST_RULES) throw new Refusal('limit-exceeded', 'Too many rules');
      return placed(rules, rule, after);
    });
  }

  /** First in the list where `after` is not given; after itself it stays (SES: SetReceiptRulePosition). */
  async moveRule(scope: Scope, setName: string, ruleName: string, after?: string): Promise<void> {
    await this.#change(scope, setName, (rules) => {
      const place = placeOf(rules, ruleName);
      return after === ruleName ? rules : placed(rules.toSpliced(place, 1), rules[place]!, after);
    });
  }

  /** The names must be those of all rules of the set, each once (SES: ReorderReceiptRuleSet). */
  async reorder(scope: Scope, setName: string, ruleNames: readonly string[]): Promise<void> {
    await this.#change(scope, setName, (rules) => {
      const given = new Set<string>();
      for (const name of ruleNames) {
        if (given.has(name)) throw new Refusal('invalid-parameter', `Multiple positions found for rule: ${name}`);
        given.add(name);
      }
      const ordered = ruleNames.map((name) => rules[placeOf(rules, name)]!);
      const missing = rules.map(({ name }) => name).filter((name) => !given.has(name));
      if (missing.length > 0) {
        throw new Refusal('invalid-parameter', `Positions for rules not found: ${missing.join(', ')}`);
      }
      return ordered;
    });
  }

  /** The whole rule is replaced; its place stays, and so do its extensions. */
  async replaceRule(scope: Scope, setName: string, rule: Rule): Promise<void> {
    await this.#changeRule(scope, setName, rule, (rules) => {
      const place = placeOf(rules, rule.name);
      return rules.with(place, { ...rule, extensions: rules[place]!.extensions });
    });
  }

  /** In place of those that the rule has; none takes them away. */
  async extend(scope: Scope, setName: string, ruleName: string, extensions: readonly Extension[]): Promise<void> {
    if (extensions.length > MOST_EXTENSIONS) throw new Refusal('limit-exceeded', 'Too many extensions');
    await this.#change(scope, setName, (rules) => {
      const place = placeOf(rules, ruleName);
      return rules.with(place, { ...rules[place]!, extensions });
    });
  }

  /** A missing rule is fine, a missing set is not. */
  async removeRule(scope: Scope, setName: string, ruleName: string): Promise<void> {
    await this.#change(scope, setName, (rules) => rules.filter(({ name }) => name !== ruleName));
  }

  async rule(scope: Scope, setName: string, ruleName: string): Promise<Rule> {
    const { rules } = await this.get(scope, setName);
    return rules[placeOf(rules, ruleName)]!;
  }

  /** The rules of every active set, as they are now. Asked at every RCPT, so they are kept until one changes. */
  async allActive(): Promise<readonly { readonly scope: Scope; readonly rules: readonly Rule[] }[]> {
    const current = await generation(this.#needs.rows, EVERYWHERE);
    if (this.#known?.generation === current) return this.#known.active;
    const active = await this.#active.list(EVERYWHERE, { limit: MOST_ACTIVE });
    const read = await Promise.all(
      active.map(async ({ value: { scope, ruleSet } }) => {
        const set = await this.#sets.get(scope, ruleSet);
        return { scope, rules: set?.value.rules ?? [] };
      }),
    );
    this.#known = { generation: current, active: read };
    return read;
  }

  async #make(scope: Scope, name: string, rules: readonly Rule[]): Promise<void> {
    if (!isName(name)) throw new Refusal('invalid-parameter', `Not a valid ruleSetName: ${name}`);
    if (await this.#sets.get(scope, name)) throw ruleSetExists(name);
    if ((await this.#sets.count(scope)) >= MOST_RULE_SETS) throw new Refusal('limit-exceeded', 'Too many rule sets');
    const batch = this.#sets.create(scope, name, { rules }, this.#needs.clock.civil());
    if (!(await this.#needs.rows.write(batch, 'durable')).applied) throw ruleSetExists(name);
  }

  /** Targets are tried last: who names no rule set, or a rule that is not there, has written nothing to them. */
  async #changeRule(scope: Scope, setName: string, rule: Rule, next: Change): Promise<void> {
    if (!isName(rule.name)) throw new Refusal('invalid-parameter', `Not a valid ruleName: ${rule.name}`);
    if (rule.actions.length > MOST_ACTIONS) throw new Refusal('limit-exceeded', 'Too many actions');
    if (rule.recipients.length > MOST_RECIPIENTS) throw new Refusal('limit-exceeded', 'Too many recipients');
    next((await this.#existing(scope, setName)).value.rules);
    for (const action of rule.actions) await this.#needs.checkAction(scope, action);
    await this.#change(scope, setName, next);
  }

  async #change(scope: Scope, setName: string, next: Change): Promise<void> {
    for (;;) {
      const present = await this.#existing(scope, setName);
      const value = { rules: next(present.value.rules) };
      const batch: Command[] = this.#sets.replace(scope, present, value, this.#needs.clock.civil());
      if ((await this.#needs.rows.write([...batch, raiseGeneration(EVERYWHERE)], 'durable')).applied) return;
    }
  }

  async #existing(scope: Scope, name: string): Promise<Versioned<{ rules: readonly Rule[] }>> {
    const found = await this.#sets.get(scope, name);
    if (!found) throw new Refusal('rule-set-not-found', `Rule set does not exist: ${name}`, { Name: name });
    return found;
  }
}

type Change = (rules: readonly Rule[]) => readonly Rule[];

const activeKey = ({ account, region }: Scope) => `${account} ${region}`;

/** At most 64 of letters, digits, `_`, `-`, `.`, a letter or digit at both ends. */
export const isName = (name: string) => /^[A-Za-z0-9]([A-Za-z0-9_.-]{0,62}[A-Za-z0-9])?$/.test(name);

const ruleSetExists = (name: string) =>
  new Refusal('already-exists', `Rule set already exists: ${name}`, { Name: name });

/** In front where `after` is not given. */
function placed(rules: readonly Rule[], rule: Rule, after: string | undefined): readonly Rule[] {
  return rules.toSpliced(after === undefined ? 0 : placeOf(rules, after) + 1, 0, rule);
}

function placeOf(rules: readonly Rule[], ruleName: string): number {
  const place = rules.findIndex(({ name }) => name === ruleName);
  if (place < 0) throw new Refusal('rule-not-found', `Rule does not exist: ${ruleName}`, { Name: ruleName });
  return place;
}
