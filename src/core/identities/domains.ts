import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';
import { domainChain, identityName } from './covering.ts';
import type { Dkim, Identity, IdentityDocument } from './identity.ts';
import type { Records } from './records.ts';
import type { OwnKey, Signing } from './signing.ts';

interface Needs {
  readonly records: Records;
  readonly signing: Signing;
  readonly random: Random;
  /** `auto`: a domain is verified when it is created. */
  readonly verify: 'auto' | 'real';
}

/** Domain identities: how they come into being and how their ownership is proved. */
export class Domains {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Nothing if there is one of that name. A name that is no domain is refused. */
  async create(
    scope: Scope,
    name: string,
    {
      ownKey,
      easyDkim,
      ...settings
    }: Pick<IdentityDocument, 'tags' | 'configurationSet'> & { ownKey?: OwnKey | undefined; easyDkim?: boolean },
  ): Promise<Identity | undefined> {
    if (!isDomain(name)) throw new Refusal('invalid-parameter', `Invalid domain name ${name}.`);
    const { records, signing, random, verify } = this.#needs;
    const own = ownKey && signing.own(scope, name, ownKey);
    const dkim = own?.dkim ?? (easyDkim ? signing.easy() : undefined);
    const verificationToken = random.bytes(32).toString('base64');
    return records.insert(scope, {
      name: identityName(name),
      type: 'domain',
      status: verify === 'auto' ? 'success' : 'pending',
      document: { ...settings, verificationToken, dkim },
      sealedKey: own?.sealedKey,
    });
  }

  /** The domain identity, made if it is not there yet: the v1 verification calls may be repeated. */
  async ensure(scope: Scope, domain: string): Promise<Identity> {
    if (domain.includes('@')) throw new Refusal('invalid-parameter', `Invalid domain name ${domain}.`);
    for (;;) {
      const present = await this.#needs.records.get(scope, domain);
      const identity = present?.identity ?? (await this.create(scope, domain, { tags: [] }));
      // Otherwise another call made it in between.
      if (identity) return identity;
    }
  }

  /** Three tokens and a key for a domain; the same ones each time. */
  async ensureEasyDkim(scope: Scope, domain: string): Promise<Dkim> {
    for (;;) {
      await this.ensure(scope, domain);
      const dkim = await this.#needs.signing.ensureEasy(scope, domain);
      // Otherwise it was removed in between.
      if (dkim) return dkim;
    }
  }

  /** Every account and region in which the domain, or a parent of it, is a verified identity. */
  scopesReceiving(domain: string): Promise<Scope[]> {
    return this.#needs.records.scopesNaming(domainChain(domain));
  }
}

/** Two labels or more of letters, digits, `-` and `_`; 63 characters a label, 255 in all (RFC 1035 §2.3.4). */
function isDomain(name: string): boolean {
  return (
    name.length <= 255 &&
    /^(?=.*\.)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(
      name,
    )
  );
}
