/**
 * Who may be written in a From: domains and addresses of an account and region, how they were verified, and the keys that
 * sign their mail.
 *
 * States: `pending` → `success`, `failed`, `temporary-failure`. With automatic verification an identity is `success` from
 * its creation; otherwise an address is proved by a mailed link, a domain by DNS, which is asked again and again
 * (`proof.ts`). What an identity owes to its owner (the mail with the link) is written with it. A private key never leaves
 * this room except as a key object that can sign.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { SignedTokens } from '../../base/signed-token.ts';
import { Answers } from '../../storage/answers.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import type { Dns } from '../../wire/dns/dns.ts';
import { type Accounts, checkResourceTags, type Vault } from '../accounts/accounts.ts';
import type { Notices } from '../notices/notices.ts';
import type { Publications, TopicTarget } from '../targets/targets.ts';
import { Addresses, type Followed } from './addresses.ts';
import { Checks } from './checks.ts';
import { coveringNames, domainChain, identityName } from './covering.ts';
import { Doctor } from './doctor.ts';
import { type DkimWish, Domains } from './domains.ts';
import { type Identity, isVerified } from './identity.ts';
import { MailFroms } from './mail-from.ts';
import { Notifications, type RenderSubscribed } from './notifications.ts';
import { OwnKey } from './own-key.ts';
import { withoutPolicy, withPolicy } from './policies.ts';
import { Records } from './records.ts';
import { Signing, type SigningKey } from './signing.ts';
import { VerificationTemplates } from './verification-templates.ts';
import { Zones } from './zones.ts';

export type { Followed } from './addresses.ts';
export type { KeyLength } from './dkim.ts';
export type { Doctor, Examined, Patient } from './doctor.ts';
export type { DkimWish, ShownDkim } from './domains.ts';
export type { Dkim, Identity } from './identity.ts';
export { type NotificationKind, notificationKinds, notificationsOf, type RenderSubscribed } from './notifications.ts';
export { readPolicies } from './policies.ts';
export type { SigningKey } from './signing.ts';
export { VERIFICATION_PATH } from './verification-links.ts';
export type { VerificationTemplate } from './verification-templates.ts';
export { nameServer } from './zone.ts';

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly dns: Dns;
  readonly accounts: Accounts;
  readonly notices: Notices;
  readonly topics: TopicTarget;
  readonly publications: Publications;
  readonly subscribed: RenderSubscribed;
  /** `auto`: an identity is verified when it is created. */
  readonly verify: 'auto' | 'real';
  /** Verification mails of ours that an account may cause in any 24 hours, by region; nothing where nobody counts them. */
  readonly mailsPerDay: number | undefined;
  readonly isSandboxed: (scope: Scope) => Promise<boolean>;
  /** Refuses the name of a configuration set that is not there. */
  readonly requireSet: (scope: Scope, name: string) => Promise<void>;
  /** Base of the links that we hand out. */
  readonly url: () => string;
  readonly names: OwnNames;
  readonly own: Own;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** SES: names in one question. */
const MOST_ASKED = 100;

/** What is ours beside our names. */
interface Own {
  /** Nothing where we only carry SES's names: then we do not sign. */
  readonly domain: string | undefined;
  /** At which the world reaches us. */
  readonly addresses: readonly string[];
  /** EHLO name. */
  readonly hostname: string;
  /** Where mail to our own addresses goes. */
  readonly region: string;
}

export class Identities {
  readonly addresses: Addresses;
  readonly domains: Domains;
  readonly mailFroms: MailFroms;
  readonly checks: Checks;
  readonly ownKey: OwnKey;
  readonly zones: Zones;
  readonly doctor: Doctor;
  readonly verificationTemplates: VerificationTemplates;
  readonly notifications: Notifications;
  readonly #records: Records;
  readonly #signing: Signing;
  readonly #requireSet: Needs['requireSet'];
  readonly #covering: Answers<Identity | undefined>;

  constructor(needs: Needs) {
    const { rows, vault } = needs;
    const tokens = new SignedTokens(vault.keyFor('verification links'));
    const records = new Records({ ...needs, wake: () => this.checks.loop.wake() });
    const signing = new Signing({ ...needs, records });
    this.#records = records;
    this.#covering = new Answers(rows);
    this.#signing = signing;
    this.#requireSet = needs.requireSet;
    this.addresses = new Addresses({ ...needs, records, tokens });
    this.domains = new Domains({ ...needs, records, signing });
    this.mailFroms = new MailFroms({ ...needs, records, proof: () => this.domains.proof() });
    this.checks = new Checks({ ...needs, records, signing });
    this.ownKey = new OwnKey({ ...needs, domain: needs.own.domain });
    this.zones = new Zones({ ...needs, ...needs.own, records, signing, ownKey: this.ownKey });
    this.doctor = new Doctor({ ...needs, domain: needs.own.domain, records, zones: this.zones });
    this.notifications = new Notifications({ ...needs, records, render: needs.subscribed });
    this.verificationTemplates = new VerificationTemplates({
      ...needs,
      addresses: this.addresses,
      isVerified: async (scope, address) => (await this.covering(scope, address)) !== undefined,
    });
  }

  /**
   * Makes an identity, to be verified if it is not at once. A name that is neither an address nor a domain is refused; so is
   * a wish for DKIM of an address. Checks in SES's order: the name, the tags, the configuration set.
   *
   * @throws Refusal `already-exists`, `invalid-parameter`, `limit-exceeded`, and whatever `requireSet` throws
   */
  async create(
    scope: Scope,
    name: string,
    { dkim, tags = [], configurationSet }: Partial<Pick<Identity, 'tags' | 'configurationSet'>> & { dkim?: DkimWish },
  ): Promise<Identity> {
    if (await this.get(scope, name)) throw alreadyExists(name);
    checkResourceTags(tags);
    if (configurationSet !== undefined) await this.#requireSet(scope, configurationSet);
    const settings = { tags, configurationSet };
    const isAddress = name.includes('@');
    if (isAddress && dkim) {
      throw new Refusal('invalid-parameter', 'The EmailIdentity value must be a valid domain.');
    }
    const identity = isAddress
      ? await this.addresses.create(scope, name, settings)
      : await this.domains.create(scope, name, { ...settings, dkim: dkim ?? {} });
    if (!identity) throw alreadyExists(name);
    return identity;
  }

  async get(scope: Scope, name: string): Promise<Identity | undefined> {
    return this.#records.get(scope, name);
  }

  /**
   * Those that exist, in the order of the names, each with the name by which it was asked for.
   *
   * @throws Refusal `invalid-parameter`: 100 names at most (SES)
   */
  async getMany(
    scope: Scope,
    names: readonly string[],
  ): Promise<readonly (readonly [asked: string, identity: Identity])[]> {
    if (names.length === 0) return [];
    if (names.length > MOST_ASKED) {
      throw new Refusal('invalid-parameter', `At most ${MOST_ASKED} identities can be asked about at once.`);
    }
    const found = await this.#records.named(scope, [...new Set(names.map(identityName))]);
    const byName = new Map(found.map((identity) => [identity.name, identity]));
    return names.flatMap((asked) => {
      const identity = byName.get(identityName(asked));
      return identity ? [[asked, identity] as const] : [];
    });
  }

  /** The names of those that may be sent from: verified themselves, or at a verified domain (SES: CreateEmailIdentity). */
  async sendable(scope: Scope, identities: readonly Identity[]): Promise<ReadonlySet<string>> {
    const others = identities.filter((identity) => !isVerified(identity));
    const names = others.flatMap((identity) => aboveOf(identity));
    const found = names.length > 0 ? await this.#records.named(scope, [...new Set(names)]) : [];
    const verified = new Set(found.filter(isVerified).map(({ name }) => name));
    const covered = others.filter((identity) => aboveOf(identity).some((name) => verified.has(name)));
    return new Set([...identities.filter(isVerified), ...covered].map(({ name }) => name));
  }

  /** By name, `limit` at most, from where the page before ended. */
  page(...search: Parameters<Records['page']>): ReturnType<Records['page']> {
    return this.#records.page(...search);
  }

  /** False if there is no such identity. */
  async retag(scope: Scope, name: string, change: (tags: Identity['tags']) => Identity['tags']): Promise<boolean> {
    const changed = await this.#records.change(scope, name, (identity) => ({
      identity: { ...identity, tags: change(identity.tags) },
    }));
    return changed !== undefined;
  }

  /** The configuration set of mail that names none; nothing clears it. False if there is no such identity. */
  async setConfigurationSet(scope: Scope, name: string, configurationSet: string | undefined): Promise<boolean> {
    const changed = await this.#records.change(scope, name, (identity) => ({
      identity: { ...identity, configurationSet },
    }));
    return changed !== undefined;
  }

  /**
   * Checks and keeps a policy of the identity: a new one (`create`), one that is there (`update`), or either (`put`).
   *
   * @throws Refusal `not-found`, `already-exists`, `invalid-policy`, `limit-exceeded`: 20 policies of 4,096 octets.
   */
  async setPolicy(
    scope: Scope,
    name: string,
    { policy, text, how }: { policy: string; text: string; how: 'create' | 'update' | 'put' },
  ): Promise<void> {
    await this.#change(scope, name, (identity) => {
      const { policies = {} } = identity;
      const present = Object.hasOwn(policies, policy);
      if (how === 'create' && present) throw new Refusal('already-exists', `Policy ${policy} already exists`);
      if (how === 'update' && !present) throw new Refusal('not-found', `Policy ${policy} does not exist`);
      return { ...identity, policies: withPolicy(policies, { ...scope, identity: identity.name }, policy, text) };
    });
  }

  /** Whether there was one. Refused where there is no such identity. */
  async removePolicy(scope: Scope, name: string, policy: string): Promise<boolean> {
    let found = false;
    await this.#change(scope, name, (identity) => {
      found = identity.policies !== undefined && Object.hasOwn(identity.policies, policy);
      return found ? { ...identity, policies: withoutPolicy(identity.policies ?? {}, policy) } : undefined;
    });
    return found;
  }

  /** False if there was none. */
  remove(scope: Scope, name: string): Promise<boolean> {
    return this.#records.remove(scope, name);
  }

  /** The most specific verified identity that covers the address. */
  covering(scope: Scope, address: string): Promise<Identity | undefined> {
    return this.#covering.of(scope, address, async () => {
      const found = await this.#records.named(scope, coveringNames(address));
      return found.find(isVerified);
    });
  }

  /** The identity of that name, if it is verified and covers the address. */
  async coveringAs(scope: Scope, name: string, address: string): Promise<Identity | undefined> {
    if (!coveringNames(address).includes(name)) return undefined;
    const identity = await this.get(scope, name);
    return identity && isVerified(identity) ? identity : undefined;
  }

  /** Somebody follows a mailed link; nothing where it is none of ours. */
  async follow(token: string): Promise<Followed | undefined> {
    const followed = await this.addresses.follow(token);
    if (followed?.link.template === undefined) return followed;
    const { scope, template: name } = followed.link;
    const template = await this.verificationTemplates.find(scope, name);
    return { ...followed, redirect: followed.outcome === 'verified' ? template?.success : template?.failure };
  }

  /** The key that signs mail from this address: of its domain, or the nearest parent that has one. */
  signingKey(scope: Scope, address: string): Promise<SigningKey | undefined> {
    return this.#signing.keyFor(scope, address);
  }

  async #change(scope: Scope, name: string, next: (identity: Identity) => Identity | undefined): Promise<Identity> {
    const changed = await this.#records.change(scope, name, (identity) => {
      const after = next(identity);
      return after && { identity: after };
    });
    if (changed) return changed;
    throw new Refusal('not-found', `Email identity ${name} does not exist.`);
  }
}

/** What may cover an identity that is not verified itself. */
const aboveOf = ({ name, type }: Identity) =>
  (type === 'domain' ? domainChain(name) : coveringNames(name)).filter((one) => one !== name);

const alreadyExists = (name: string) => new Refusal('already-exists', `Email identity ${name} already exist.`);
