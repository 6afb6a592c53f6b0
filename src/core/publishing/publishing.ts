/**
 * Events as they come into being. An event of sent mail is recorded here and nowhere else: its row, and what it owes to each
 * destination of the message's configuration set that wants to hear of its kind, are commands of one batch, so an event is
 * published exactly when it is true. What is owed is tried again by the targets on its own; a destination that is gone, or
 * that cannot take the event, loses it silently and never stops the mail.
 */
import type { Log } from '../../base/log.ts';
import { Refusal } from '../../base/refusal.ts';
import type { HeaderField } from '../../mail/header-fields.ts';
import type { Bytes, Command } from '../../storage/ports.ts';
import type { ConfigurationSets, Destination } from '../configuration-sets/configuration-sets.ts';
import type { Events, EventType, Happening } from '../events/events.ts';
import { type Message, submittedFields } from '../messages/messages.ts';
import type { Publications, TopicTarget } from '../targets/targets.ts';

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

/** SES: these two show no header fields. */
const withoutHeader: ReadonlySet<EventType> = new Set(['delivery-delay', 'rendering-failure']);
/** Headers kept for the next event of the same message, and the largest that is, in characters. */
const MOST_KEPT = 1_000;
const LARGEST_KEPT = 16 * 1_024;

interface Needs {
  readonly events: Events;
  readonly configurationSets: ConfigurationSets;
  readonly topics: TopicTarget;
  readonly publications: Publications;
  readonly bytes: Bytes;
  readonly render: RenderEvent;
  readonly log: Log;
}

export class Publishing {
  readonly #needs: Needs;
  readonly #headers = new Map<string, readonly HeaderField[]>();

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** To go into the batch that makes it true; `announce` once that is written. */
  async record(occurrence: Occurrence): Promise<Command[]> {
    const { message, at, happening } = occurrence;
    const row = this.#needs.events.record(message, at, happening);
    const name = message.facts['configurationSet'];
    if (name === undefined) return [row];
    const set = await this.#needs.configurationSets.find(message, name);
    const wanting = (set?.destinations ?? []).filter((one) => one.enabled && one.events.includes(happening.type));
    if (wanting.length === 0) return [row];
    const header = withoutHeader.has(happening.type) ? undefined : await this.#header(occurrence);
    const document = this.#needs.render({ message, at, happening, configurationSet: name, header });
    const owed = await Promise.all(wanting.map((destination) => this.#owe(message, destination, document)));
    return [row, ...owed.flat()];
  }

  /** What was recorded of this message is written. */
  announce(message: Message): void {
    if (message.facts['configurationSet'] !== undefined) this.#needs.publications.loop.wake();
  }

  async #owe(message: Message, { name, topic }: Destination, document: ReturnType<RenderEvent>): Promise<Command[]> {
    if (topic === undefined) return [];
    try {
      return (await this.#needs.topics.publishing(topic, document)).batch;
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      this.#needs.log.warn({ message: message.id, destination: name, reason: refusal.message }, 'an event was dropped');
      return [];
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
