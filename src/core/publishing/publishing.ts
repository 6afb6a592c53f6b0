/**
 * Events as they come into being. An event of sent mail is recorded here and nowhere else: its row, and what it owes, are
 * commands of one batch, so an event is told exactly when it is true. It is told in three ways that do not know of each
 * other (SES): to each destination of the message's configuration set that wants to hear of its kind; to the topic that the
 * identity it was sent with has for its kind; and, a bounce or a complaint, by mail to the sender. The mail goes unless the
 * identity has switched it off, and even then where nobody else would hear of it.
 *
 * What is owed is tried again by the targets and the notices on their own; a destination that is gone, or that cannot take
 * the event, loses it silently and never stops the mail.
 */
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { Refusal } from '../../base/refusal.ts';
import type { HeaderField } from '../../mail/header-fields.ts';
import type { Bytes, Command } from '../../storage/ports.ts';
import type { ConfigurationSets, Destination } from '../configuration-sets/configuration-sets.ts';
import type { Events, EventType, Happening } from '../events/events.ts';
import { type Identities, type NotificationKind, notificationKinds } from '../identities/identities.ts';
import { identityOwner, type Message, submittedFields } from '../messages/messages.ts';
import type { Notices } from '../notices/notices.ts';
import type { MessageToPublish, Publications, TopicTarget } from '../targets/targets.ts';
import { feedbackMail } from './feedback-mail.ts';

/** Something that an outgoing message has come to. */
export interface Occurrence {
  readonly message: Message;
  /** Civil milliseconds. */
  readonly at: number;
  readonly happening: PublishedHappening;
  /** The stored message, where the caller has it in hand: else it is read when somebody wants to hear of it. */
  readonly content?: Buffer | undefined;
}

export type PublishedHappening = Extract<Happening, { type: EventType }>;

/** What a document tells; its shape belongs to the doors. */
export interface EventNotice extends Omit<Occurrence, 'content'> {
  readonly configurationSet: string;
  /** The header as it was submitted; nothing for the kinds that do not show it. */
  readonly header?: readonly HeaderField[] | undefined;
}
export type RenderEvent = (notice: EventNotice) => { readonly subject: string; readonly message: string };

/** What an identity's topic is told; the header only where the identity wants it. */
export interface IdentityNotice extends Omit<EventNotice, 'configurationSet' | 'happening'> {
  readonly happening: Extract<PublishedHappening, { type: NotificationKind }>;
}
export type RenderNotification = (notice: IdentityNotice) => string;

/** SES: these two show no header fields. */
const withoutHeader: ReadonlySet<EventType> = new Set(['delivery-delay', 'rendering-failure']);
/** Headers kept for the next event of the same message, and the largest that is, in characters. */
const MOST_KEPT = 1_000;
const LARGEST_KEPT = 16 * 1_024;

interface Needs {
  readonly events: Events;
  readonly configurationSets: ConfigurationSets;
  readonly identities: Identities;
  readonly topics: TopicTarget;
  readonly publications: Publications;
  readonly notices: Notices;
  readonly bytes: Bytes;
  readonly render: RenderEvent;
  readonly renderNotification: RenderNotification;
  readonly names: OwnNames;
  /** How we greet peers: who reports. */
  readonly hostname: string;
  readonly log: Log;
}

export class Publishing {
  readonly #needs: Needs;
  readonly #headers = new Map<string, readonly HeaderField[]>();
  /** Messages of which something is owed. */
  readonly #owing = new WeakSet<Message>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** To go into the batch that makes it true; `announce` once that is written, with the same message. */
  async record(occurrence: Occurrence): Promise<Command[]> {
    const { message, at, happening } = occurrence;
    const row = this.#needs.events.record(message, at, happening);
    const wanting = await this.#wanting(occurrence);
    const owed = [
      ...(await this.#published(occurrence, wanting)),
      ...(await this.#told(occurrence, wanting.length > 0)),
    ];
    if (owed.length > 0) this.#owing.add(message);
    return [row, ...owed];
  }

  /** What was recorded of this message is written. */
  announce(message: Message): void {
    if (!this.#owing.delete(message)) return;
    this.#needs.publications.loop.wake();
    this.#needs.notices.announce();
  }

  async #wanting({ message, happening }: Occurrence): Promise<readonly Destination[]> {
    const name = message.facts['configurationSet'];
    const set = name === undefined ? undefined : await this.#needs.configurationSets.find(message, name);
    return (set?.destinations ?? []).filter((one) => one.enabled && one.events.includes(happening.type));
  }

  async #published(occurrence: Occurrence, wanting: readonly Destination[]): Promise<Command[]> {
    if (wanting.length === 0) return [];
    const { message, at, happening } = occurrence;
    const configurationSet = message.facts['configurationSet']!;
    const header = withoutHeader.has(happening.type) ? undefined : await this.#header(occurrence);
    const document = this.#needs.render({ message, at, happening, configurationSet, header });
    const owed = wanting.map(({ name, topic }) => topic && this.#owe(message, topic, document, name));
    return (await Promise.all(owed)).flatMap((batch) => batch || []);
  }

  /** By the identity's topic and by mail. Our own mails have no identity, and nobody is told of them. */
  async #told(occurrence: Occurrence, isPublished: boolean): Promise<Command[]> {
    const { message, at, happening } = occurrence;
    const identity = message.facts['identity'];
    if (identity === undefined || !isNotified(happening)) return [];
    const { identities, notices, names, hostname, renderNotification } = this.#needs;
    const kind = happening.type;
    const settings = await identities.notifications.of(identityOwner(message), identity);
    const topic = settings.topics[kind];
    let batch: Command[] | undefined;
    if (topic !== undefined) {
      const header = settings.headers[kind] ? await this.#header(occurrence) : undefined;
      const text = renderNotification({ message, at, happening, header });
      batch = await this.#owe(message, topic, { message: text }, identity);
    }
    if (happening.type === 'delivery' || message.envelopeFrom === '') return batch ?? [];
    // A topic that is gone hears nothing: SES goes back to mail.
    if (!settings.forwarding && (batch || isPublished)) return batch ?? [];
    return [...(batch ?? []), notices.owe(feedbackMail({ message, at, happening, names, hostname }))];
  }

  /** Nothing where the topic cannot take it; `whose`: destination or identity, for the log. */
  async #owe(
    message: Message,
    topic: string,
    document: MessageToPublish,
    whose: string,
  ): Promise<Command[] | undefined> {
    try {
      return (await this.#needs.topics.publishing(topic, document)).batch;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.#needs.log.warn({ message: message.id, whose, topic, reason: refusal.message }, 'an event was dropped');
      return undefined;
    }
  }

  async #header({ message, content }: Occurrence): Promise<readonly HeaderField[]> {
    const kept = this.#headers.get(message.id);
    if (kept) return kept;
    const fields = submittedFields(message, content ?? (await this.#needs.bytes.read(message.segments)));
    const size = fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);
    if (size > LARGEST_KEPT) return fields;
    if (this.#headers.size >= MOST_KEPT) this.#headers.delete(this.#headers.keys().next().value!);
    this.#headers.set(message.id, fields);
    return fields;
  }
}

const isNotified = (happening: PublishedHappening): happening is IdentityNotice['happening'] =>
  notificationKinds.some((kind) => kind === happening.type);
