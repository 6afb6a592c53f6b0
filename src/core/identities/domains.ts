import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Command, Scope } from '../../storage/ports.ts';
import { domainChain, domainOf, identityName } from './covering.ts';
import { easyDkim, type KeyLength, nextToken, ownDkim, turned, withLength } from './dkim.ts';
import type { Dkim, Identity, IdentityDocument } from './identity.ts';
import { SELECTOR_ALPHABET } from './keys.ts';
import { assumed, begun, holds, type Proof, restarted } from './proof.ts';
import type { Change, Records } from './records.ts';
import { type CheckedKey, checkedKey, type OwnKey, type Signing } from './signing.ts';

interface Needs {
  readonly records: Records;
  readonly signing: Signing;
  readonly names: OwnNames;
  /** Whether DNS is asked; otherwise everything is proved at its creation. */
  readonly verify: 'auto' | 'real';
  readonly clock: Clock;
  readonly random: Random;
}

/** How a domain's mail is signed: with keys of ours, or with the customer's. */
export type DkimWish = { readonly ownKey: OwnKey } | { readonly bits?: KeyLength | undefined };

/** An identity's DKIM as it is shown: an address has that of its domain. */
export interface ShownDkim {
  readonly signing: boolean;
  readonly dkim: Dkim | undefined;
}

/** Domain identities: how they come into being, how their ownership is proved and how their mail is signed. */
export class Domains {
  /** Zone of the keys of Easy DKIM. */
  readonly hostedZone: string;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.hostedZone = needs.names.dkimZone;
  }

  /** Nothing if there is one of that name. A name that is no domain is refused. */
  async create(
    scope: Scope,
    name: string,
    { dkim: wish, ...settings }: Pick<IdentityDocument, 'tags' | 'configurationSet'> & { dkim?: DkimWish },
  ): Promise<Identity | undefined> {
    if (!isDomain(name)) throw new Refusal('invalid-parameter', `Invalid domain name ${name}.`);
    const proof = this.proof();
    const { dkim, also } = this.#signed(scope, identityName(name), wish);
    const verificationToken = this.#needs.random.bytes(32).toString('base64');
    const document = { ...settings, proof, verificationToken, dkim, signing: dkim && true };
    const made = { name: identityName(name), type: 'domain', status: proof.status, document, also } as const;
    return this.#needs.records.insert(scope, made);
  }

  /** The domain identity, made if it is not there yet: the v1 verification calls may be repeated, and begin the search anew. */
  async ensure(scope: Scope, domain: string): Promise<Identity> {
    if (domain.includes('@')) throw new Refusal('invalid-parameter', `Invalid domain name ${domain}.`);
    const now = this.#needs.clock.civil();
    for (;;) {
      const present = await this.#needs.records.change(scope, domain, (identity) => {
        const proof = restarted(identity.proof!, now);
        return proof === identity.proof ? undefined : { identity: proved(identity, proof) };
      });
      const identity = present ?? (await this.create(scope, domain, { tags: [] }));
      // Otherwise another call made it in between.
      if (identity) return identity;
    }
  }

  /** Three tokens for a domain; the same ones each time, and a search that ended begins anew. */
  async ensureEasyDkim(scope: Scope, domain: string): Promise<Dkim> {
    for (;;) {
      await this.ensure(scope, domain);
      const identity = await this.#needs.records.change(scope, domain, (one) =>
        one.dkim ? this.#sought(one, one.dkim) : this.#withEasy(scope, one, undefined),
      );
      // Otherwise it was removed in between.
      if (identity?.dkim) return identity.dkim;
    }
  }

  /**
   * Changes how the domain's mail is signed. What is so already stays; a search that ended begins anew.
   *
   * @throws Refusal `not-found`, `invalid-parameter`: no domain, no RSA key of 1024 to 2048 bits, a second change of the
   *   length within 24 hours.
   */
  async setDkim(scope: Scope, name: string, wish: DkimWish): Promise<Dkim> {
    if (name.includes('@')) throw new Refusal('invalid-parameter', 'The EmailIdentity value must be a valid domain.');
    const key = 'ownKey' in wish ? checkedKey(wish.ownKey) : undefined;
    const identity = await this.#needs.records.change(scope, name, (one) => {
      if (key) return this.#withKey(scope, one, key);
      return this.#withEasy(scope, one, (wish as { bits?: KeyLength }).bits);
    });
    if (!identity?.dkim) throw new Refusal('not-found', `Email identity ${name} does not exist.`);
    return identity.dkim;
  }

  /** Whether mail of a domain or an address is signed. False where there is no such identity. */
  async setSigning(scope: Scope, name: string, signing: boolean): Promise<boolean> {
    return (
      (await this.#needs.records.change(scope, name, (identity) => ({ identity: { ...identity, signing } }))) !==
      undefined
    );
  }

  /** Whether a domain, or one above it, has DKIM that was proved. */
  async canSign(scope: Scope, name: string): Promise<boolean> {
    const identities = await this.#needs.records.named(scope, domainChain(domainOf(name)));
    return identities.some(({ dkim }) => dkim !== undefined && holds(dkim.proof));
  }

  /** Nothing where neither the identity nor, for an address, its domain is there. */
  async dkimOf(scope: Scope, name: string): Promise<ShownDkim | undefined> {
    const [domain, identity] = [domainOf(name), identityName(name)];
    const found = await this.#needs.records.named(scope, [...new Set([identity, domain])]);
    if (found.length === 0) return undefined;
    const dkim = found.find((one) => one.name === domain)?.dkim;
    const signing = found.find((one) => one.signing !== undefined)?.signing ?? dkim !== undefined;
    return { signing, dkim };
  }

  /** Every account and region in which the domain, or a parent of it, is a verified identity. */
  scopesReceiving(domain: string): Promise<Scope[]> {
    return this.#needs.records.scopesNaming(domainChain(domain));
  }

  /** How every proof begins. */
  proof(): Proof {
    const now = this.#needs.clock.civil();
    return this.#needs.verify === 'real' ? begun(now) : assumed(now);
  }

  #signed(scope: Scope, name: string, wish: DkimWish | undefined): { dkim: Dkim | undefined; also: Command[] } {
    if (!wish) return { dkim: undefined, also: [] };
    if (!('ownKey' in wish)) {
      const dkim = this.#easy(wish.bits);
      return { dkim, also: this.#needs.signing.reserve(scope, name, dkim.tokens) };
    }
    const key = checkedKey(wish.ownKey);
    const dkim = ownDkim(key, { now: this.#needs.clock.civil(), proof: this.proof() });
    return { dkim, also: this.#needs.signing.keep(scope, name, key) };
  }

  #withKey(scope: Scope, identity: Identity, key: CheckedKey): Change {
    const dkim = ownDkim(key, { now: this.#needs.clock.civil(), proof: this.proof() });
    return { identity: { ...this.#anew(identity), dkim }, also: this.#needs.signing.keep(scope, identity.name, key) };
  }

  #withEasy(scope: Scope, identity: Identity, bits: KeyLength | undefined): Change | undefined {
    const { signing } = this.#needs;
    const { dkim, name } = identity;
    if (dkim?.origin !== 'easy') {
      const easy = this.#easy(bits);
      return { identity: { ...this.#anew(identity), dkim: easy }, also: signing.reserve(scope, name, easy.tokens) };
    }
    if (bits === undefined || bits === dkim.nextBits) return this.#sought(identity, dkim);
    const after = this.#withLength(dkim, bits);
    const sought = this.#sought(identity, after) ?? { identity: { ...identity, dkim: after } };
    // The key that was to come had the other length.
    return { ...sought, also: [signing.forget(scope, name, nextToken(dkim))] };
  }

  /** With another way of signing the domain is sought again, and is signed unless somebody said that it must not be. */
  #anew(identity: Identity): Identity {
    const proof = restarted(identity.proof!, this.#needs.clock.civil());
    return { ...proved(identity, proof), signing: identity.signing ?? true };
  }

  #easy(bits: KeyLength = 2048): Dkim {
    const tokens = Array.from({ length: 3 }, () => randomText(this.#needs.random, SELECTOR_ALPHABET, 32));
    return easyDkim(tokens, { bits, now: this.#needs.clock.civil(), proof: this.proof() });
  }

  /** Where nobody asks DNS, the next key need not wait until it is seen there. */
  #withLength(dkim: Dkim, bits: KeyLength): Dkim {
    const now = this.#needs.clock.civil();
    const after = withLength(dkim, bits, now);
    return this.#needs.verify === 'real' ? after : turned(after, now);
  }

  /** Nothing where the search need not begin anew. */
  #sought(identity: Identity, dkim: Dkim): Change | undefined {
    const now = this.#needs.clock.civil();
    const proof = restarted(dkim.proof, now);
    if (proof === dkim.proof) return undefined;
    return { identity: { ...proved(identity, restarted(identity.proof!, now)), dkim: { ...dkim, proof } } };
  }
}

/** The status of a domain is that of its ownership. */
export const proved = (identity: Identity, proof: Proof): Identity => ({ ...identity, proof, status: proof.status });

/** Two labels or more of letters, digits, `-` and `_`; 63 characters a label, 255 in all (RFC 1035 §2.3.4). */
export function isDomain(name: string): boolean {
  return (
    name.length <= 255 &&
    /^(?=.*\.)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/.test(
      name,
    )
  );
}
