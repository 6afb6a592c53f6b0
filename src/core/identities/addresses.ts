import { type Clock, DAY } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { SignedTokens } from '../../base/signed-token.ts';
import { parseAddress } from '../../mail/address.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import { type Added, SlidingDays } from '../../storage/sliding-days.ts';
import type { Notices } from '../notices/notices.ts';
import { identityName } from './covering.ts';
import type { Identity, IdentityDocument } from './identity.ts';
import { verificationLetter } from './letters.ts';
import type { Records } from './records.ts';
import { readVerificationToken, type VerificationLink, verificationUrl } from './verification-links.ts';

interface Needs {
  readonly rows: Rows;
  readonly records: Records;
  readonly notices: Notices;
  readonly tokens: SignedTokens;
  /** `auto`: an address is verified when it is created, and no link is mailed. */
  readonly verify: 'auto' | 'real';
  /** Mails of ours that an account may cause in any 24 hours, by region; nothing where nobody counts them. */
  readonly mailsPerDay: number | undefined;
  /** Base of the links that we hand out. */
  readonly url: () => string;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/** SES: how long a mailed link works. */
const LINK_LIFETIME = DAY;
/** Of one address that work at a time: each mail has its own, the oldest goes. */
const MOST_LINKS = 10;
/** Verification mails of ours that an account caused, by minute. */
const MAILS = 'verification-mails';
/** Identities read at a time. */
const A_PAGE = 1_000;

/** What came of a link that somebody followed. */
export interface Followed {
  readonly link: VerificationLink;
  /** `used`: it, or another that was mailed with it, has done its work; or the identity that it was for is gone. */
  readonly outcome: 'verified' | 'expired' | 'used';
  /** Whether the address is verified, be it by this link or another. */
  readonly isVerified: boolean;
  /** Where the author of a custom mail wants whoever follows it to arrive. */
  readonly redirect?: string | undefined;
}

/**
 * Address identities, and the mailed link by which their ownership is proved. Each mail has a link of its own; whoever
 * follows one of them within a day makes the address `success`, and no link that was mailed before works any more. An
 * address whose links have all expired is `failed` from that moment on, until it is asked for again.
 */
export class Addresses {
  readonly #needs: Needs;
  readonly #days: SlidingDays;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#days = new SlidingDays({ ...needs, counter: MAILS });
  }

  /**
   * Mails the link. Nothing if there is one of that name.
   *
   * @throws Refusal `invalid-parameter`: no address; `limit-exceeded`: too many mails in a day, or too many identities
   */
  create(
    scope: Scope,
    name: string,
    settings: Pick<IdentityDocument, 'tags' | 'configurationSet'>,
  ): Promise<Identity | undefined> {
    return this.#asking(scope, name, (asked) => this.#insert(scope, name, { settings, asked }));
  }

  /** As `create`, but the link of an address that is there already is mailed again. */
  ensure(scope: Scope, address: string): Promise<Identity> {
    return this.#asking(scope, address, (asked) => this.#put(scope, address, asked));
  }

  /** As `ensure`, but the mail is another's: the link that belongs into it works once `keep` was called. */
  invite(scope: Scope, address: string, template: string): Invited {
    checkAddress(address);
    const link = this.#link(scope, address, template);
    const status = this.#needs.verify === 'auto' ? 'success' : 'pending';
    return {
      link: verificationUrl(this.#needs.url(), this.#needs.tokens, link),
      keep: async () => void (await this.#put(scope, address, { status, link, owed: [] })),
    };
  }

  /** By name. */
  async verified(scope: Scope): Promise<string[]> {
    const names: string[] = [];
    for (let token: string | undefined; ; ) {
      const page = await this.#needs.records.page(scope, { type: 'address', limit: A_PAGE, token });
      names.push(...page.identities.filter(({ status }) => status === 'success').map(({ name }) => name));
      if (page.next === undefined) return names;
      token = page.next;
    }
  }

  /** Somebody brings a link back; nothing where it is none of ours. */
  async follow(token: string): Promise<Followed | undefined> {
    const link = readVerificationToken(this.#needs.tokens, token);
    if (!link) return undefined;
    if (this.#needs.clock.civil() >= link.expires) return { link, outcome: 'expired', isVerified: false };
    let outcome: Followed['outcome'] = 'used';
    const changed = await this.#needs.records.change(link.scope, link.address, (identity) => {
      outcome = identity.links?.some(({ id }) => id === link.id) ? 'verified' : 'used';
      return outcome === 'verified' ? { identity: { ...identity, status: 'success', links: undefined } } : undefined;
    });
    return { link, outcome, isVerified: changed?.status === 'success' };
  }

  /** After the state beneath was erased. */
  forgetCounts(): void {
    this.#days.forget();
  }

  /** Asks for the proof of an address. A mail that nothing was kept for is neither owed nor counted. */
  async #asking<Kept extends Identity | undefined>(
    scope: Scope,
    address: string,
    keep: (asked: Asked) => Promise<Kept>,
  ): Promise<Kept> {
    const asked = this.#ask(scope, address);
    const counted = asked.owed.length > 0 ? await this.#count(scope) : undefined;
    let kept: Kept | undefined;
    try {
      kept = await keep({ ...asked, owed: [...asked.owed, ...(counted?.count ?? [])] });
    } finally {
      if (!kept) counted?.giveBack();
    }
    this.#needs.notices.announce();
    return kept;
  }

  async #count(scope: Scope): Promise<Added> {
    const { mailsPerDay = Number.POSITIVE_INFINITY } = this.#needs;
    const day = await this.#days.of(scope);
    if (day.total >= mailsPerDay) {
      throw new Refusal('limit-exceeded', `At most ${mailsPerDay} verification emails can be sent in 24 hours.`);
    }
    return day.add(1);
  }

  /** What makes an address wait for its proof, and the mail that is owed for it. */
  #ask(scope: Scope, address: string): Asked {
    checkAddress(address);
    const { notices, tokens, url, names, verify } = this.#needs;
    if (verify === 'auto') return { status: 'success', owed: [] };
    const link = this.#link(scope, address);
    const letter = verificationLetter(names, {
      address: link.address,
      region: scope.region,
      link: verificationUrl(url(), tokens, link),
    });
    const { account, region } = scope;
    const notice = { account, region, kind: 'address-verification', to: link.address, letter };
    return { status: 'pending', link, owed: [notices.owe(notice)] };
  }

  #link({ account, region }: Scope, address: string, template?: string): VerificationLink {
    const { clock, random } = this.#needs;
    return {
      scope: { account, region },
      address: identityName(address),
      id: random.bytes(12).toString('base64url'),
      expires: clock.civil() + LINK_LIFETIME,
      template,
    };
  }

  async #put(scope: Scope, address: string, asked: Asked): Promise<Identity> {
    for (;;) {
      const present = await this.#needs.records.change(scope, address, (identity) => ({
        identity: {
          ...identity,
          status: identity.status === 'success' ? 'success' : asked.status,
          links: this.#linksWith(asked, identity.links),
        },
        also: asked.owed,
      }));
      const identity = present ?? (await this.#insert(scope, address, { settings: { tags: [] }, asked }));
      // Otherwise another call made it in between.
      if (identity) return identity;
    }
  }

  #insert(
    scope: Scope,
    name: string,
    { settings, asked }: { settings: Pick<IdentityDocument, 'tags' | 'configurationSet'>; asked: Asked },
  ): Promise<Identity | undefined> {
    return this.#needs.records.insert(scope, {
      name: identityName(name),
      type: 'address',
      status: asked.status,
      document: { ...settings, links: this.#linksWith(asked) },
      also: asked.owed,
    });
  }

  #linksWith({ link }: Asked, links: Identity['links'] = []): Identity['links'] {
    const now = this.#needs.clock.civil();
    const live = links.filter(({ expires }) => expires > now);
    return link ? [...live, { id: link.id, expires: link.expires }].slice(-MOST_LINKS) : live;
  }
}

interface Invited {
  readonly link: string;
  /** Makes the address an identity that waits for its proof. */
  readonly keep: () => Promise<void>;
}

interface Asked {
  readonly status: Identity['status'];
  readonly link?: VerificationLink;
  readonly owed: readonly Command[];
}

/** @throws Refusal `invalid-parameter` for what is no address. */
export function checkAddress(address: string): void {
  if (address.includes('@') && parseAddress(address).ok) return;
  throw new Refusal('invalid-parameter', `Invalid email address<${address}>.`);
}
