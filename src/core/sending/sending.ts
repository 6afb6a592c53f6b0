/**
 * Mail out, first half: may it be sent, compose, accept. What is answered with a message id is on disk, with a row for
 * every recipient, and will end in a final state; what is refused leaves nothing behind.
 */
import { type Clock, SECOND } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { formatDate } from '../../mail/date.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { readMailboxes } from '../../mail/mailboxes.ts';
import type { TrackedLinks } from '../../mail/tracked-links.ts';
import type { Command, Scope, Store } from '../../storage/ports.ts';
import { refusePaused, type SendingLimits, type Standings } from '../accounts/accounts.ts';
import type { ConfigurationSet, ConfigurationSets } from '../configuration-sets/configuration-sets.ts';
import { type Delivery, isSimulated } from '../delivery/delivery.ts';
import type { Identities, Identity } from '../identities/identities.ts';
import { type Message, type Messages, type Tag, takenOffFields } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import type { Reputation, SuppressionReason } from '../reputation/reputation.ts';
import type { Rendering, Templates } from '../templates/templates.ts';
import { type BulkEntry, type BulkOutcome, type BulkSubmission, checkBulk, submissionOf } from './bulk.ts';
import { type Draft, draftFormatted, draftRaw, readEnvelope } from './draft.ts';
import { Quotas } from './quotas.ts';
import type { FormattedMail, RawMail, Submission, TemplatedMail } from './submission.ts';
import { checkTags } from './tags.ts';
import { letterOf } from './templated.ts';

export type { BulkOutcome } from './bulk.ts';
export type { FormattedMail, RawMail, Submission } from './submission.ts';

/** Fields that SES replaces or reads and takes off (SES: header fields; X-SES-* of raw mail). */
const takenOff = new Set([
  'message-id',
  'date',
  'return-path',
  'bcc',
  'x-ses-configuration-set',
  'x-ses-message-tags',
  'x-ses-source-arn',
  'x-ses-from-arn',
  'x-ses-return-path-arn',
  'x-ses-list-management-options',
  'x-ses-tenant',
]);

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
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly reputation: Reputation;
  /** The reasons for which listed recipients of this message are not sent to. */
  readonly suppressing: (message: Message) => Promise<readonly SuppressionReason[]>;
  readonly standings: Standings;
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

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#quotas = new Quotas({ rows: needs.store.rows, clock: needs.clock });
  }

  /** Answers SES's message id. */
  async send(submission: Submission): Promise<string> {
    const { caller, mail, configurationSet } = submission;
    if (mail.kind !== 'templated') {
      const draft = this.#draft(mail, submission);
      const named = await this.#namedSet(caller, configurationSet || draft.configurationSet);
      return this.#submit(submission, draft, named);
    }
    readEnvelope(mail);
    const named = await this.#namedSet(caller, configurationSet);
    const { name, content } = await this.#needs.templates.chosen(caller, mail.template);
    const rendering = await this.#needs.templates.render(content, mail.data);
    return this.#submit(submission, this.#rendered(submission, mail, { name, rendering }), named);
  }

  /** One outcome an entry, in their order; what is wrong with the call as a whole is refused, and nothing is sent. */
  async sendBulk(bulk: BulkSubmission): Promise<BulkOutcome[]> {
    checkBulk(bulk);
    const { caller, letter, defaults, entries } = bulk;
    const set = await this.#namedSet(caller, bulk.configurationSet);
    const { name, content } = await this.#needs.templates.chosen(caller, letter.template);
    const data = { defaults, entries: entries.map((entry) => entry.data) };
    const renderings = await this.#needs.templates.renderMany(content, data);
    return Promise.all(
      entries.map((entry, n) => this.#sendEntry(bulk, entry, { set, name, rendering: renderings[n]! })),
    );
  }

  async #sendEntry(
    bulk: BulkSubmission,
    entry: BulkEntry,
    { set, ...rendered }: Rendered & Pick<Accepting, 'set'>,
  ): Promise<BulkOutcome> {
    try {
      const submission = submissionOf(bulk, entry);
      const draft = this.#rendered(submission, submission.mail, rendered);
      return { ok: true, messageId: await this.#submit(submission, draft, set) };
    } catch (error) {
      if (error instanceof Refusal) return { ok: false, code: error.code, reason: error.message };
      // The others may be on disk: the call must tell which.
      this.#needs.log.error({ err: error }, 'an entry of a bulk send failed');
      return { ok: false, code: 'fault', reason: 'The message could not be accepted because of an internal failure.' };
    }
  }

  /** A letter that was understood: the checks that concern its senders and the account, and then it is accepted. */
  async #submit(submission: Submission, draft: Draft, named: ConfigurationSet | undefined): Promise<string> {
    const { caller } = submission;
    const tags = submission.tags?.length ? submission.tags : (draft.tags ?? []);
    checkTags(tags);
    const standing = await this.#needs.standings.of(caller);
    refusePaused(standing);
    const identity = await this.#verified(caller, draft, standing);
    const set = named ?? (await this.#defaultSet(caller, identity));
    const message = await this.#compose(submission, draft, { tags, identity, set });
    const taken = await this.#quotas.take(caller, standing, {
      recipients: draft.recipients.length,
      counted: draft.recipients.filter((recipient) => !isSimulated(recipient)).length,
    });
    try {
      await this.#accept(message, { set, unrendered: draft.unrendered, count: taken.count });
    } catch (cause) {
      taken.giveBack();
      throw cause;
    }
    return message.id;
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
  #rendered(submission: Submission, mail: TemplatedMail, { name, rendering }: Rendered): Draft {
    const draft = this.#draft(letterOf(mail, rendering), submission);
    return rendering.ok ? draft : { ...draft, unrendered: { template: name, reason: rendering.reason } };
  }

  #draft(mail: FormattedMail | RawMail, { sizeLimit, identityArns }: Submission): Draft {
    const unique = this.#needs.random.uuid();
    const draft = mail.kind === 'raw' ? draftRaw(mail, identityArns) : draftFormatted(mail, unique, identityArns);
    const { length } = draft.content;
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
  async #defaultSet(scope: Scope, { configurationSet }: Identity): Promise<ConfigurationSet | undefined> {
    if (configurationSet === undefined) return undefined;
    const set = await this.#needs.configurationSets.find(scope, configurationSet);
    if (set) return sendingSet(set);
    // It was removed since; another code than for a name that the caller gave (SES).
    throw new Refusal('invalid-parameter', `Configuration set <${configurationSet}> does not exist.`);
  }

  /**
   * Everyone in whose name the mail goes out must be a verified identity, and in the sandbox everyone it goes to as well
   * (but for the mailbox simulator); all that fail are named together. Answers the author's.
   */
  async #verified(scope: Scope, draft: Draft, { sandbox }: SendingLimits): Promise<Identity> {
    const { senders, fromAddress, givenRecipients } = draft;
    const failed: string[] = [];
    let author: Identity | undefined;
    for (const { given } of senders) {
      const addresses = readMailboxes(given).map(({ address }) => address);
      const covering = await Promise.all(addresses.map((address) => this.#needs.identities.covering(scope, address)));
      if (addresses.length === 0 || covering.includes(undefined)) failed.push(given);
      author ??= covering[addresses.indexOf(fromAddress)];
    }
    author ??= await this.#needs.identities.covering(scope, fromAddress);
    for (const { given, address } of sandbox ? givenRecipients : []) {
      if (isSimulated(address) || failed.includes(given)) continue;
      if (!(await this.#needs.identities.covering(scope, address))) failed.push(given);
    }
    if (failed.length === 0 && author) return author;
    const region = scope.region.toUpperCase();
    throw new Refusal(
      'message-rejected',
      `Email address is not verified. The following identities failed the check in region ${region}: ${failed.join(', ')}`,
    );
  }

  async #compose(
    { caller, operation, sourceIp, untracked }: Submission,
    draft: Draft,
    { tags, identity, set }: Decided,
  ): Promise<Composed> {
    const { clock, random, names } = this.#needs;
    const at = clock.civil();
    const { account, region } = caller;
    const id = outgoingMessageId(region, clock, random);
    const content = rewriteHeader({
      ...(await this.#tracked(draft, untracked ? undefined : set, id)),
      remove: takenOff,
      append: [
        ['Message-ID', `<${id}@${names.messageIdDomain(region)}>`],
        ['Date', formatDate(at)],
      ],
    });
    return {
      id,
      account,
      region,
      direction: 'out',
      envelopeFrom: draft.feedback,
      from: draft.from,
      recipients: draft.recipients,
      subject: draft.subject,
      at,
      size: content.length,
      bodyHash: simpleBodyHash(content.subarray(readHeader(content).bodyStart)),
      tags,
      facts: {
        operation,
        callerArn: caller.arn,
        sourceIp,
        fromAddress: draft.fromAddress,
        identity: identity.name,
        ...(set && factsOf(set, draft)),
      },
      content,
    };
  }

  /** Links and a pixel that tell of clicks and opens, where a destination of the set wants to hear of them. */
  async #tracked({ content: message, header }: Draft, set: ConfigurationSet | undefined, messageId: string) {
    const { links, url } = this.#needs;
    const wants = (event: 'open' | 'click') =>
      set?.destinations.some(({ enabled, events }) => enabled && events.includes(event)) ?? false;
    const [opens, clicks] = [wants('open'), wants('click')];
    if (!opens && !clicks) return { message, header };
    // Loaded when it is first wanted: a start should not wait for an HTML parser.
    const { trackMessage } = await import('../../mail/tracked-message.ts');
    const base = { ...set?.tracking, url: url() };
    const tracked = trackMessage(message, links.tracking({ messageId, base, opens, clicks }));
    return { message: tracked, header: tracked === message ? header : readHeader(tracked) };
  }

  /** Bytes, message, a delivery for each recipient, the Send event with what it owes and the quota, in one durable step. */
  async #accept({ content, ...facts }: Composed, { set, unrendered, count }: Accepting): Promise<void> {
    const { store, messages, delivery, publishing, reputation, suppressing } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const { segment, commands } = await store.bytes.stage(content);
    const message: Message = { ...facts, segments: [segment] };
    const { at } = message;
    const sent = await publishing.record({ message, at, happening: { type: 'send' }, content });
    const suppressed = await reputation.among(message, message.recipients, await suppressing(message));
    const lifetime = set?.maxDeliverySeconds && set.maxDeliverySeconds * SECOND;
    const enqueued = await delivery.enqueue(message, { lifetime, suppressed, unrendered, content });
    await store.rows.write([...commands, messages.record(message), ...sent, ...enqueued.batch, ...count], 'durable');
    messages.announce();
    publishing.announce(message);
    if (enqueued.waiting) delivery.loop.wake();
  }
}

/** What a template came to. */
interface Rendered {
  readonly name?: string | undefined;
  readonly rendering: Rendering;
}

interface Accepting extends Pick<Draft, 'unrendered'> {
  readonly set: ConfigurationSet | undefined;
  /** For the quota. */
  readonly count: readonly Command[];
}

type Composed = Omit<Message, 'segments'> & { readonly content: Buffer };

/** What was found out of a submission before it is composed. */
interface Decided {
  readonly tags: readonly Tag[];
  /** Of the author. */
  readonly identity: Identity;
  readonly set: ConfigurationSet | undefined;
}

function sendingSet(set: ConfigurationSet): ConfigurationSet {
  if (set.sendingEnabled) return set;
  throw new Refusal('configuration-set-paused', `Email sending is disabled for configuration set <${set.name}>.`, {
    ConfigurationSetName: set.name,
  });
}

/** What the message keeps of its set: the name, what was promised of its delivery, and the header for its events. */
function factsOf({ name, tls }: ConfigurationSet, { header }: Draft): Message['facts'] {
  const removed = takenOffFields(header, takenOff);
  return {
    configurationSet: name,
    ...(tls === 'require' && { tls }),
    ...(removed !== undefined && { takenOff: removed }),
  };
}
