import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { coveringNames, domainOf } from './covering.ts';
import { isDomain } from './domains.ts';
import { isVerified, type MailFrom } from './identity.ts';
import { type Proof, restarted } from './proof.ts';
import type { Records } from './records.ts';

interface Needs {
  readonly rows: Rows;
  readonly records: Records;
  /** How every proof begins. */
  readonly proof: () => Proof;
  readonly clock: Clock;
}

export interface MailFromWish {
  /** Nothing takes it away. */
  readonly domain?: string | undefined;
  readonly onFailure: MailFrom['onFailure'];
}

/** Custom MAIL FROM domains: whose envelope sender receivers see, so that SPF speaks for the author's domain. */
export class MailFroms {
  readonly #needs: Needs;
  readonly #kept: Answers<MailFrom | undefined>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#kept = new Answers(needs.rows);
  }

  /**
   * A search that ended begins anew. False where there is no such identity.
   *
   * @throws Refusal `invalid-parameter`: not a domain beneath the identity's.
   */
  async set(scope: Scope, name: string, { domain: given, onFailure }: MailFromWish): Promise<boolean> {
    const domain = given?.toLowerCase();
    const changed = await this.#needs.records.change(scope, name, (identity) => {
      if (!domain) return identity.mailFrom && { identity: { ...identity, mailFrom: undefined } };
      if (!isDomain(domain) || !domain.endsWith(`.${domainOf(identity.name)}`)) {
        const text = `Provided MAIL-FROM domain <${given}> or its parents are not verified for identity <${name}>.`;
        throw new Refusal('invalid-parameter', text);
      }
      const before = identity.mailFrom?.domain === domain ? identity.mailFrom.proof : undefined;
      const proof = before ? restarted(before, this.#needs.clock.civil()) : this.#needs.proof();
      return { identity: { ...identity, mailFrom: { domain, onFailure, proof } } };
    });
    return changed !== undefined;
  }

  /**
   * The MAIL FROM domain of mail from an address: that of the most specific verified identity that has one. Nothing means
   * our own.
   *
   * @throws Refusal `mail-from-not-verified` where it is not proved and the identity rather wants no mail (SES: BehaviorOnMXFailure).
   */
  async domainFor(scope: Scope, address: string): Promise<string | undefined> {
    const set = await this.#kept.of(scope, address, async () => {
      const identities = await this.#needs.records.named(scope, coveringNames(address));
      return identities.filter(isVerified).find(({ mailFrom }) => mailFrom)?.mailFrom;
    });
    if (!set || set.proof.status === 'success') return set?.domain;
    if (set.onFailure === 'default') return undefined;
    throw new Refusal('mail-from-not-verified', `The MAIL FROM domain ${set.domain} is not verified.`);
  }
}
