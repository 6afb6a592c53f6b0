/**
 * Mail out, first half: may it be sent, compose, accept. What is answered with a message id is on disk, with a row for
 * every recipient, and will end in a final state; what is refused leaves nothing behind.
 */
import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { TrackedLinks } from '../../mail/tracked-links.ts';
import type { Scope, Store } from '../../storage/ports.ts';
import { type Authority, refusePaused, type SendingLimits, type Standings } from '../accounts/accounts.ts';
import type { ConfigurationSet, ConfigurationSets } from '../configuration-sets/configuration-sets.ts';
import type { Contacts } from '../contacts/contacts.ts';
import { type Delivery, isSimulated } from '../delivery/delivery.ts';
import type { Identities } from '../identities/identities.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import type { Reputation, SuppressionReason } from '../reputation/reputation.ts';
import type { Rendering, Templates } from '../templates/templates.ts';
import { Acceptance, type Ready } from './acceptance.ts';
import { type Enclosing, enclose } from './attachments.ts';
import { type BounceSubmission, draftBounce } from './bounces.ts';
import { type BulkEntry, type BulkOutcome, type BulkSubmission, checkBulk, grouped, submissionOf } from './bulk.ts';
import { Composing } from './composing.ts';
import { type Draft, draftFormatted, draftRaw, readEnvelope } from './draft.ts';
import { Quotas } from './quotas.ts';
import { type Author, Senders, verifiedAuthor } from './senders.ts';
import type { FormattedMail, Occasion, RawMail, Submission, TemplatedMail } from './submission.ts';
import { checkTags } from './tags.ts';
import { letterOf } from './templated.ts';

export type { BulkOutcome } from './bulk.ts';
export type { Owed, OwnLetter, OwnMail } from './own-mail.ts';
export type { FormattedMail, GivenAttachment, RawMail, Submission } from './submission.ts';

export interface Quota extends SendingLimits {
  /** Recipients. */
  readonly sentLastDay: number;
}

interface Needs {
  readonly store: Store;
  readonly identities: Identities;
  readonly configurationSets: ConfigurationSets;
  readonly messages: Messages;
  readonly templates: Templates;
  readonly contacts: Contacts;
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly reputation: Reputation;
  /** The reasons for which listed recipients of this message are not sent to. */
  readonly suppressing: (message: Message) => Promise<readonly SuppressionReason[]>;
  readonly standings: Standings;
  readonly authority: Authority;
  readonly links: TrackedLinks;
  /** Base of the links that we hand out. */
  readonly url: () => string;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Sending {
  readonly #needs: Needs;
  readonly #quotas: Quotas;
  readonly #composing: Composing;
  readonly #acceptance: Acceptance;
  readonly #senders: Senders;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#quotas = new Quotas({ rows: needs.store.rows, clock: needs.clock });
    this.#composing = new Composing(needs);
    this.#acceptance = new Acceptance(needs);
    this.#senders = new Senders(needs);
  }

  /** Answers SES's message id. */
  async send(submission: Submission): Promise<string> {
    const { caller, mail, configurationSet } = submission;
    checkTenant(submission);
    if (mail.kind !== 'templated') {
      const draft = this.#draft(submission, mail);
      checkTenant({ caller, tenant: draft.tenant });
      const named = await this.#namedSet(caller, configurationSet || draft.configurationSet);
      return this.#accept(await this.#ready(submission, draft, named), submission);
    }
    readEnvelope(mail);
    const enclosing = this.#enclose(mail);
    const named = await this.#namedSet(caller, configurationSet);
    const { name, content } = await this.#needs.templates.chosen(caller, mail.template);
    const rendering = await this.#needs.templates.render(caller, content, mail.data);
    const draft = this.#rendered(submission, mail, { name, rendering, enclosing });
    return this.#accept(await this.#ready(submission, draft, named), submission);
  }

  /** One outcome an entry, in their order; what is wrong with the call as a whole is refused, and nothing is sent. */
  async sendBulk(bulk: BulkSubmission): Promise<BulkOutcome[]> {
    checkTenant(bulk);
    checkBulk(bulk);
    const { caller, letter, defaults, entries } = bulk;
    const enclosing = this.#enclose(letter);
    const set = await this.#namedSet(caller, bulk.configurationSet);
    const { name, content } = await this.#needs.templates.chosen(caller, letter.template);
    const data = { defaults, entries: entries.map((entry) => entry.data) };
    const renderings = await this.#needs.templates.renderMany(caller, content, data);
    const prepared = await Promise.all(
      entries.map((entry, n) => this.#readyEntry(bulk, entry, { set, name, rendering: renderings[n]!, enclosing })),
    );
    refuseDenied(prepared);
    const accepted = new Map<Ready, BulkOutcome>();
    for (const group of grouped(prepared.filter(isReady))) await this.#acceptGroup(group, accepted);
    return prepared.map((one) => (isReady(one) ? accepted.get(one)! : one));
  }

  /** A report on a received message to whoever sent it. */
  async sendBounce(bounce: BounceSubmission): Promise<string> {
    const draft = await draftBounce(bounce, { ...this.#needs, bytes: this.#needs.store.bytes });
    return this.#accept(await this.#ready(bounce, draft, undefined), bounce);
  }

  async #readyEntry(
    bulk: BulkSubmission,
    entry: BulkEntry,
    { set, ...rendered }: Rendered & { readonly set: ConfigurationSet | undefined },
  ): Promise<Ready | BulkOutcome> {
    try {
      const submission = submissionOf(bulk, entry);
      return await this.#ready(submission, this.#rendered(submission, submission.mail, rendered), set);
    } catch (error) {
      return this.#failed(error);
    }
  }

  /** Together; where that fails each by itself, so that a fault in one of them leaves the others right. */
  async #acceptGroup(group: readonly Ready[], outcomes: Map<Ready, BulkOutcome>): Promise<void> {
    try {
      await this.#acceptance.accept(group);
      for (const ready of group) outcomes.set(ready, { ok: true, messageId: ready.composed.id });
    } catch (error) {
      if (group.length > 1 && !(error instanceof Refusal)) {
        for (const ready of group) await this.#acceptGroup([ready], outcomes);
        return;
      }
      for (const ready of group) {
        ready.taken.giveBack();
        outcomes.set(ready, this.#failed(error));
      }
    }
  }

  #failed(error: unknown): BulkOutcome {
    if (error instanceof Refusal) return { ok: false, code: error.code, reason: error.message };
    // The others may be on disk: the call must tell which.
    this.#needs.log.error({ err: error }, 'an entry of a bulk send failed');
    return { ok: false, code: 'fault', reason: 'The message could not be accepted because of an internal failure.' };
  }

  /** A letter that was understood: the checks that concern its senders and the account, and then it is composed. */
  async #ready(occasion: Occasion, draft: Draft, named: ConfigurationSet | undefined): Promise<Ready> {
    const { caller } = occasion;
    const { contacts, standings } = this.#needs;
    const tags = occasion.tags?.length ? occasion.tags : (draft.tags ?? []);
    checkTags(tags);
    const list = occasion.list ?? draft.list;
    const subscription = list && (await contacts.subscription(caller, list, draft.recipients));
    const standing = await standings.of(caller);
    refusePaused(standing);
    const meant = await this.#senders.meant(caller, draft, standing);
    const setName = named?.name ?? defaultSetName(caller, meant.author);
    await this.#senders.authorize(occasion, draft, { meant, set: setName });
    const author = verifiedAuthor(caller, meant);
    const set = named ?? (await this.#defaultSet(caller, setName));
    const mailFrom = await this.#needs.identities.mailFroms.domainFor(author.owner, draft.fromAddress);
    const composed = await this.#composing.compose(occasion, draft, { tags, author, mailFrom, set, list });
    const taken = await this.#quotas.take(caller, standing, {
      recipients: draft.recipients.length,
      counted: draft.recipients.filter((recipient) => !isSimulated(recipient)).length,
    });
    const { optedOut, commands = [] } = subscription ?? {};
    return { composed, set, unsent: draft.unsent, optedOut, commands, taken };
  }

  async #accept(ready: Ready, { beforeAccept }: Occasion): Promise<string> {
    try {
      await beforeAccept?.();
      await this.#acceptance.accept([ready]);
    } catch (cause) {
      ready.taken.giveBack();
      throw cause;
    }
    return ready.composed.id;
  }

  /** What the account may send, and what it has sent in the last 24 hours (SES: GetSendQuota). */
  async quota(scope: Scope): Promise<Quota> {
    const { sandbox, perDay, perSecond } = await this.#needs.standings.of(scope);
    return { sandbox, perDay, perSecond, sentLastDay: await this.#quotas.sentLastDay(scope) };
  }

  /** After the state beneath was erased. */
  forgetQuotas(): void {
    this.#quotas.forget();
  }

  /** The letter that a template made; where it failed, what can be kept of it, with the failure. */
  #rendered(submission: Submission, mail: TemplatedMail, { name, rendering, enclosing }: Rendered): Draft {
    const letter = letterOf(mail, rendering);
    if (rendering.ok) return { ...this.#draft(submission, letter, enclosing), template: name };
    const unsent = { state: 'render-failed', template: name, reason: rendering.reason } as const;
    return { ...this.#draft(submission, letter, { ...enclosing, enclosure: undefined }), template: name, unsent };
  }

  #enclose({ attachments }: Pick<TemplatedMail, 'attachments'>): Enclosure {
    const unique = this.#needs.random.uuid();
    return { ...enclose(attachments, unique), unique };
  }

  #draft({ sizeLimit, identityArns: arns }: Submission, mail: FormattedMail | RawMail, enclosing?: Enclosure): Draft {
    const draft =
      mail.kind === 'raw'
        ? draftRaw(mail, arns)
        : draftFormatted(mail, { ...(enclosing ?? this.#enclose(mail)), arns });
    const length = [draft.content, ...(draft.rest ?? [])].reduce((sum, piece) => sum + piece.length, 0);
    if (length > sizeLimit) {
      throw new Refusal('message-too-large', `Message length is more than ${sizeLimit} bytes long: '${length}'.`);
    }
    return draft;
  }

  async #namedSet(scope: Scope, name: string | undefined): Promise<ConfigurationSet | undefined> {
    if (!name) return undefined;
    const set = await this.#needs.configurationSets.find(scope, name);
    if (set) return sendingSet(set);
    throw new Refusal('configuration-set-not-found', `Configuration set <${name}> does not exist.`, {
      ConfigurationSetName: name,
    });
  }

  /** The identity's own, for mail that names none. */
  async #defaultSet(scope: Scope, name: string | undefined): Promise<ConfigurationSet | undefined> {
    if (name === undefined) return undefined;
    const set = await this.#needs.configurationSets.find(scope, name);
    if (set) return sendingSet(set);
    // It was removed since; another code than for a name that the caller gave (SES).
    throw new Refusal('invalid-parameter', `Configuration set <${name}> does not exist.`);
  }
}

/** What is attached to the letters of a call, and what makes their boundaries their own. */
interface Enclosure extends Enclosing {
  readonly unique: string;
}

/** What a template came to. */
interface Rendered {
  readonly name?: string | undefined;
  readonly rendering: Rendering;
  readonly enclosing: Enclosure;
}

/** That of an identity of one's own; another account's set is nobody else's. */
function defaultSetName({ account }: Scope, author: Author | undefined): string | undefined {
  return author?.owner.account === account ? author.identity.configurationSet : undefined;
}

/** Who may not send one of the letters sends none of them: a lack of permission is told of the call, not of an entry. */
function refuseDenied(prepared: readonly (Ready | BulkOutcome)[]): void {
  for (const one of prepared) {
    if (isReady(one) || one.ok || one.code !== 'access-denied') continue;
    for (const ready of prepared.filter(isReady)) ready.taken.giveBack();
    throw new Refusal('access-denied', one.reason);
  }
}

const isReady = (one: Ready | BulkOutcome): one is Ready => !('ok' in one);

/** There are no tenants yet, so nobody has the one that is named. */
function checkTenant({ caller, tenant }: Pick<Occasion, 'caller' | 'tenant'>): void {
  if (!tenant) return;
  throw new Refusal('not-found', `Tenant ${tenant} for AwsAccountId ${caller.account} not found.`);
}

function sendingSet(set: ConfigurationSet): ConfigurationSet {
  if (set.sendingEnabled) return set;
  throw new Refusal('configuration-set-paused', `Email sending is disabled for configuration set <${set.name}>.`, {
    ConfigurationSetName: set.name,
  });
}
