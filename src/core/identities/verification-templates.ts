import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { checkResourceTags, type ResourceTag } from '../accounts/accounts.ts';
import { type Addresses, checkAddress } from './addresses.ts';
import { checkContent, composeVerification } from './verification-content.ts';

export interface VerificationTemplate {
  readonly name: string;
  /** Of a verified identity, when the template is made and when it is used. */
  readonly from: string;
  readonly subject: string;
  /** HTML. */
  readonly content: string;
  /** Where whoever follows the link arrives. */
  readonly success: string;
  readonly failure: string;
  readonly tags: readonly ResourceTag[];
}
type Document = Omit<VerificationTemplate, 'name'>;

interface Needs {
  readonly rows: Rows;
  readonly addresses: Addresses;
  readonly isVerified: (scope: Scope, address: string) => Promise<boolean>;
  /** Only who is out of the sandbox may send with a template (SES). */
  readonly isSandboxed: (scope: Scope) => Promise<boolean>;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/** SES: of an account and region. */
const MOST_TEMPLATES = 50;
const KIND = 'verification-template';

/**
 * Custom verification templates: an account's own words around the link that proves an address. One state for both APIs.
 * The link is made here; the mail around it is the account's own, and sent as such.
 */
export class VerificationTemplates {
  readonly #needs: Needs;
  readonly #documents: Documents<Document>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#documents = documents(needs.rows, KIND);
  }

  /**
   * False where there is one of that name.
   *
   * @throws Refusal `invalid-parameter`, `from-address-not-verified`, `invalid-verification-content`, `limit-exceeded`
   */
  async create(scope: Scope, { name, ...template }: VerificationTemplate): Promise<boolean> {
    if (!/^[\w-]{1,64}$/.test(name)) {
      const rule = 'Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.';
      throw new Refusal('invalid-parameter', `TemplateName can contain up to 64 characters. ${rule}`);
    }
    if (await this.#documents.get(scope, name)) return false;
    checkResourceTags(template.tags);
    await this.#check(scope, template);
    if ((await this.#documents.count(scope)) >= MOST_TEMPLATES) {
      const most = `At most ${MOST_TEMPLATES} custom verification email templates can exist in a region.`;
      throw new Refusal('limit-exceeded', most);
    }
    const batch = this.#documents.create(scope, name, template, this.#needs.clock.civil());
    return (await this.#needs.rows.write(batch, 'durable')).applied;
  }

  /** What is not given stays. False where there is none of that name. */
  async update(scope: Scope, name: string, changes: Partial<Omit<Document, 'tags'>>): Promise<boolean> {
    if (!(await this.#documents.get(scope, name))) return false;
    const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
    await this.#check(scope, given);
    return this.#change(scope, name, (template) => ({ ...template, ...given }));
  }

  /** False where there is none of that name. */
  retag(scope: Scope, name: string, change: (tags: Document['tags']) => Document['tags']): Promise<boolean> {
    return this.#change(scope, name, (template) => ({ ...template, tags: change(template.tags) }));
  }

  async find(scope: Scope, name: string): Promise<VerificationTemplate | undefined> {
    const found = await this.#documents.get(scope, name);
    return found && templateOf(found);
  }

  /** Whether there was one. */
  async remove(scope: Scope, name: string): Promise<boolean> {
    return (await this.#needs.rows.write(this.#documents.remove(scope, name), 'durable')).applied;
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    scope: Scope,
    { limit, token }: { limit: number; token?: string | undefined },
  ): Promise<{ templates: VerificationTemplate[]; next?: string }> {
    const list = pagedList(KIND, scope);
    const after = token === undefined ? '' : readPageToken(list, token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid nextToken <${token}>.`);
    const found = (await this.#documents.list(scope, { after, limit: limit + 1 })).map(templateOf);
    const templates = found.slice(0, limit);
    return found.length <= limit ? { templates } : { templates, next: pageToken(list, templates.at(-1)!.name) };
  }

  /**
   * The mail that asks for the proof of an address, and what makes the address an identity that waits for it: `keep`, to be
   * called once nothing refuses the mail. Nothing where there is no such template.
   *
   * @throws Refusal `invalid-parameter`, `production-access-not-granted`, `from-address-not-verified`
   */
  async invite(
    scope: Scope,
    { address, template: name }: { address: string; template: string },
  ): Promise<{ from: string; to: string; content: Buffer; keep: () => Promise<void> } | undefined> {
    const { addresses, isSandboxed, isVerified, names, random } = this.#needs;
    if (address.trim() === '') throw new Refusal('invalid-parameter', 'Email address not specified.');
    checkAddress(address);
    const template = await this.find(scope, name);
    if (!template) return undefined;
    if (await isSandboxed(scope)) {
      const text = 'Custom verification emails can be sent once the account has production access.';
      throw new Refusal('production-access-not-granted', text);
    }
    const { from, subject, content } = template;
    if (!(await isVerified(scope, from))) {
      const region = scope.region.toUpperCase();
      const text = `Email address is not verified. The following identities failed the check in region ${region}: ${from}`;
      throw new Refusal('from-address-not-verified', text, { FromEmailAddress: from });
    }
    const { link, keep } = addresses.invite(scope, address, name);
    const contact = names.verificationContact;
    const mail = { from, to: address, subject, content, link, contact, unique: random.uuid() };
    return { from, to: address, content: composeVerification(mail), keep };
  }

  async #change(scope: Scope, name: string, next: (template: Document) => Document): Promise<boolean> {
    for (;;) {
      const present = await this.#documents.get(scope, name);
      if (!present) return false;
      const batch = this.#documents.replace(scope, present, next(present.value), this.#needs.clock.civil());
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return true;
    }
  }

  async #check(scope: Scope, { from, content, success, failure }: Partial<Document>): Promise<void> {
    for (const [kind, url] of [['success', success] as const, ['failure', failure] as const]) {
      if (url === undefined || isWebAddress(url)) continue;
      throw new Refusal('invalid-parameter', `The ${kind} redirection URL is invalid`);
    }
    if (from !== undefined) await this.#checkFrom(scope, from);
    if (content !== undefined) await checkContent(content);
  }

  /** An address and nothing else: no display name (SES). */
  async #checkFrom(scope: Scope, from: string): Promise<void> {
    const parsed = parseAddress(from);
    if (!parsed.ok || parsed.address.address !== from) {
      throw new Refusal('invalid-parameter', `Invalid email address<${from}>.`);
    }
    if (await this.#needs.isVerified(scope, from)) return;
    const text = `The from email address <${from}> is not verified`;
    throw new Refusal('from-address-not-verified', text, { FromEmailAddress: from });
  }
}

const templateOf = ({ name, value }: Versioned<Document>): VerificationTemplate => ({ name, ...value });

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
