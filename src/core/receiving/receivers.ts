import type { Scope } from '../../storage/ports.ts';
import { type RuleTrial, tryRules } from './dry-run.ts';
import type { IpFilters } from './ip-filters.ts';
import { type Match, matchRules } from './match.ts';
import type { ReceiveLimit } from './receive-limit.ts';
import type { Rule, RuleSets } from './rules.ts';

/** A transaction at the MX door, before its message came. */
export interface Approach {
  /** MAIL FROM, empty for a bounce. */
  readonly sender: string;
  readonly recipient: string;
  readonly peerAddress: string;
  readonly tls: boolean;
  /** Recipients of the same transaction that were accepted already. */
  readonly accepted: number;
}

/**
 * `unknown`: no active rule matches; `blocked`: all who have one that does block the peer; `needs-tls`: the rules that match
 * demand TLS; `full`: all that are left have received what the sandbox lets them.
 */
export type Welcome = 'yes' | 'unknown' | 'blocked' | 'needs-tls' | 'full';

/** An account and region that takes a message, and what its rules are to handle. */
export interface Receiver {
  readonly scope: Scope;
  readonly matches: readonly Match[];
}

export interface Tryout {
  readonly sender: string;
  readonly recipients: readonly string[];
  readonly peerAddress: string;
  readonly tls: boolean;
  /** Octets. */
  readonly size: number;
}

/** What one account and region would do with a message. */
export interface Tried extends Scope {
  /** Its IP address filters do not let the peer in: its rules are not asked. */
  readonly blocked: boolean;
  /** It has received what the sandbox lets it. */
  readonly full: boolean;
  readonly rules: readonly RuleTrial[];
}

interface Needs {
  readonly ruleSets: RuleSets;
  readonly ipFilters: IpFilters;
  readonly limit: ReceiveLimit;
  /** Whether the scope may receive for the address: it is covered by a verified identity. */
  readonly covers: (scope: Scope, address: string) => Promise<boolean>;
  /** Identities are verified when they are created, so a domain that a rule names needs no further proof. */
  readonly trustRules: boolean;
}

/**
 * Who receives. Several accounts and regions may for one domain, each by its own rules, filters and limit: a recipient is
 * refused where nobody takes its mail, and those who do not take it do not hear of it.
 */
export class Receivers {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Whether anybody could receive from the peer: false where every account with a rule that is in force blocks it. One that
   * has no filters lets everybody in; where nobody receives at all, a recipient is what is refused.
   */
  async admit(peerAddress: string): Promise<boolean> {
    const active = await this.#needs.ruleSets.allActive();
    const receiving = active.filter(({ rules }) => rules.some(({ enabled }) => enabled));
    for (const { scope } of receiving) {
      if (!(await this.#needs.ipFilters.blocks(scope, peerAddress))) return true;
    }
    return receiving.length === 0;
  }

  /** Asked at RCPT. */
  async welcome({ recipient, peerAddress, tls, accepted }: Approach): Promise<Welcome> {
    const receivers = await this.#matching([recipient]);
    if (receivers.length === 0) return 'unknown';
    const open = await this.#openTo(peerAddress, receivers);
    if (open.length === 0) return 'blocked';
    const secure = overLine(open, tls);
    if (secure.length === 0) return 'needs-tls';
    return (await this.#withRoom(secure, accepted)).length > 0 ? 'yes' : 'full';
  }

  /** Asked once more at the end of the message: rules, filters and counts may be others by then. */
  async taking({
    recipients,
    peerAddress,
    tls,
  }: {
    readonly recipients: readonly string[];
    readonly peerAddress: string;
    readonly tls: boolean;
  }): Promise<Receiver[] | 'full'> {
    const open = await this.#openTo(peerAddress, await this.#matching(recipients));
    const secure = overLine(open, tls);
    const taking = await this.#withRoom(secure, 0);
    return secure.length > 0 && taking.length === 0 ? 'full' : taking;
  }

  /** What would happen to a message, for each account and region with an active rule set; nothing is done. */
  async tryOut({ recipients, peerAddress, tls, size, sender }: Tryout): Promise<Tried[]> {
    const { ruleSets, ipFilters, limit } = this.#needs;
    const active = await ruleSets.allActive();
    return Promise.all(
      active.map(async ({ scope, rules }) => ({
        account: scope.account,
        region: scope.region,
        blocked: await ipFilters.blocks(scope, peerAddress),
        full: !(await limit.hasRoom(scope, 0)),
        rules: tryRules({ rules, recipients, tls, size, sender, mayAct: await this.#mayAct(scope, recipients) }),
      })),
    );
  }

  /** Each account and region with an active rule that matches one of the recipients. */
  async #matching(recipients: readonly string[]): Promise<Receiver[]> {
    const active = await this.#needs.ruleSets.allActive();
    const receivers = await Promise.all(
      active.map(async ({ scope, rules }) => ({
        scope,
        matches: matchRules(rules, recipients, await this.#mayAct(scope, recipients)),
      })),
    );
    return receivers.filter(({ matches }) => matches.length > 0);
  }

  async #mayAct(scope: Scope, recipients: readonly string[]): Promise<(recipient: string, rule: Rule) => boolean> {
    const { covers, trustRules } = this.#needs;
    const covered = new Set<string>();
    for (const recipient of recipients) if (await covers(scope, recipient)) covered.add(recipient);
    return (recipient, rule) => covered.has(recipient) || (trustRules && rule.recipients.length > 0);
  }

  /** Those whose IP address filters let the peer in. */
  #openTo(peerAddress: string, receivers: readonly Receiver[]): Promise<Receiver[]> {
    return filtered(receivers, async ({ scope }) => !(await this.#needs.ipFilters.blocks(scope, peerAddress)));
  }

  #withRoom(receivers: readonly Receiver[], underWay: number): Promise<Receiver[]> {
    return filtered(receivers, ({ scope }) => this.#needs.limit.hasRoom(scope, underWay));
  }
}

/** In plain text, rules that demand TLS are not there. */
function overLine(receivers: readonly Receiver[], tls: boolean): Receiver[] {
  if (tls) return [...receivers];
  return receivers
    .map(({ scope, matches }) => ({ scope, matches: matches.filter(({ rule }) => rule.tls === 'optional') }))
    .filter(({ matches }) => matches.length > 0);
}

async function filtered<T>(list: readonly T[], wanted: (one: T) => Promise<boolean>): Promise<T[]> {
  const answers = await Promise.all(list.map(wanted));
  return list.filter((_, i) => answers[i]);
}
