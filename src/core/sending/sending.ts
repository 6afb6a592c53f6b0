/**
 * Mail out, first half: may it be sent, compose, accept. What is answered with a message id is on disk, with a row for
 * every recipient, and will end in a final state; what is refused leaves nothing behind.
 */
import { type Clock, DAY } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { formatDate } from '../../mail/date.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { readHeader, rewriteHeader } from '../../mail/header-fields.ts';
import { readMailboxes } from '../../mail/mailboxes.ts';
import { counters } from '../../storage/counters.ts';
import type { Scope, Store } from '../../storage/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Events } from '../events/events.ts';
import type { Identities } from '../identities/identities.ts';
import type { Message, Messages, Tag } from '../messages/messages.ts';
import { type Draft, draftFormatted, draftRaw } from './draft.ts';
import type { Submission } from './submission.ts';
import { checkTags } from './tags.ts';

export type { FormattedMail, RawMail, Submission } from './submission.ts';

/** Recipients that were accepted, by minute. */
const SENT = 'sent';

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

/** In recipients. */
export interface Quota {
  readonly perDay: number;
  readonly perSecond: number;
  readonly sentLastDay: number;
}

interface Needs {
  readonly store: Store;
  readonly identities: Identities;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly events: Events;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

export class Sending {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Answers SES's message id. */
  async send(submission: Submission): Promise<string> {
    const draft = this.#read(submission);
    this.#configurationSet(submission.configurationSet ?? draft.configurationSet);
    const tags = submission.tags?.length ? submission.tags : (draft.tags ?? []);
    checkTags(tags);
    await this.#verifiedSenders(submission.caller, draft);
    const message = this.#compose(submission, draft, tags);
    await this.#accept(message);
    return message.id;
  }

  /** What the account may send, and what it has sent in the last 24 hours; -1 is without limit (SES: GetSendQuota). */
  async quota(scope: Scope): Promise<Quota> {
    const now = this.#needs.clock.civil();
    const window = { counter: SENT, from: now - DAY, to: now + 1 };
    const sentLastDay = await counters.sum(this.#needs.store.rows, scope, window);
    return { perDay: -1, perSecond: -1, sentLastDay };
  }

  #read({ mail, sizeLimit }: Submission): Draft {
    const draft = mail.kind === 'raw' ? draftRaw(mail) : draftFormatted(mail, this.#needs.random.uuid());
    const { length } = draft.content;
    if (length > sizeLimit) {
      throw new Refusal('message-too-large', `Message length is more than ${sizeLimit} bytes long: '${length}'.`);
    }
    return draft;
  }

  /** None can be made yet, so none that is named exists. */
  #configurationSet(name: string | undefined): void {
    if (!name) return;
    throw new Refusal('configuration-set-not-found', `Configuration set <${name}> does not exist.`, {
      ConfigurationSetName: name,
    });
  }

  /** Everyone in whose name the mail goes out must be a verified identity; all that fail are named together. */
  async #verifiedSenders(scope: Scope, { senders }: Draft): Promise<void> {
    const failed: string[] = [];
    for (const sender of senders) {
      const addresses = readMailboxes(sender).map(({ address }) => address);
      const covering = await Promise.all(addresses.map((address) => this.#needs.identities.covering(scope, address)));
      if (addresses.length === 0 || covering.includes(undefined)) failed.push(sender);
    }
    if (failed.length === 0) return;
    const region = scope.region.toUpperCase();
    throw new Refusal(
      'message-rejected',
      `Email address is not verified. The following identities failed the check in region ${region}: ${failed.join(', ')}`,
    );
  }

  #compose({ caller, operation, sourceIp }: Submission, draft: Draft, tags: readonly Tag[]): Composed {
    const { clock, random, names } = this.#needs;
    const at = clock.civil();
    const { account, region } = caller;
    const id = outgoingMessageId(region, clock, random);
    const content = rewriteHeader({
      message: draft.content,
      header: draft.header,
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
      facts: { operation, callerArn: caller.arn, sourceIp, fromAddress: draft.fromAddress },
      content,
    };
  }

  /** Bytes, message, a delivery for each recipient, the Send event and the quota, in one durable step. */
  async #accept({ content, ...facts }: Composed): Promise<void> {
    const { store, messages, delivery, events } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const { segment, commands } = await store.bytes.stage(content);
    const message: Message = { ...facts, segments: [segment] };
    const { at } = message;
    await store.rows.write(
      [
        ...commands,
        messages.record(message),
        ...delivery.enqueue(message),
        events.record(message, at, { type: 'send' }),
        counters.add(message, SENT, at, message.recipients.length),
      ],
      'durable',
    );
    messages.announce();
    delivery.loop.wake();
  }
}

type Composed = Omit<Message, 'segments'> & { readonly content: Buffer };
