import { SECOND } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Command, Segment, Store } from '../../storage/ports.ts';
import type { Added } from '../../storage/sliding-days.ts';
import type { ConfigurationSet } from '../configuration-sets/configuration-sets.ts';
import type { Delivery, Unsent } from '../delivery/delivery.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import type { Reputation, SuppressionReason } from '../reputation/reputation.ts';
import type { Composed } from './composing.ts';

/** A message that may be sent. */
export interface Ready {
  readonly composed: Composed;
  readonly set: ConfigurationSet | undefined;
  readonly unsent: Unsent | undefined;
  /** Recipients that do not want it, and what else goes into the accept batch. */
  readonly optedOut: ReadonlySet<string> | undefined;
  readonly commands: readonly Command[];
  readonly taken: Added;
}

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly reputation: Reputation;
  /** The reasons for which listed recipients of this message are not sent to. */
  readonly suppressing: (message: Message) => Promise<readonly SuppressionReason[]>;
}

/** Takes responsibility for messages. */
export class Acceptance {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Bytes, messages, a delivery for each recipient, the Send events with what they owe and the quota, in one durable step.
   * All of one account, region and configuration set; all are accepted, or none.
   */
  async accept(all: readonly Ready[]): Promise<void> {
    const { store, messages, delivery, publishing, reputation, suppressing } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const batch: Command[] = [];
    const staged: { ready: Ready; message: Message }[] = [];
    const rests = new Map<readonly Buffer[], Segment>();
    for (const ready of all) {
      const segments = await this.#stage(ready.composed, rests, batch);
      const { content: _content, rest: _rest, ...facts } = ready.composed;
      staged.push({ ready, message: { ...facts, segments } });
    }
    const first = staged[0]!.message;
    const recipients = staged.flatMap(({ message }) => message.recipients);
    const suppressed = await reputation.among(first, recipients, await suppressing(first));
    let waiting = false;
    for (const { ready, message } of staged) {
      const { content } = ready.composed;
      const { set, unsent, optedOut } = ready;
      const lifetime = set?.maxDeliverySeconds && set.maxDeliverySeconds * SECOND;
      batch.push(messages.record(message));
      batch.push(...(await publishing.record({ message, at: message.at, happening: { type: 'send' }, content })));
      const enqueued = await delivery.enqueue(message, { lifetime, suppressed, optedOut, unsent, content });
      batch.push(...enqueued.batch, ...ready.commands, ...ready.taken.count);
      waiting ||= enqueued.waiting;
    }
    const outcome = await store.rows.write(batch, 'durable');
    if (!outcome.applied) throw new Error(`A message was not accepted: ${outcome.failed}`);
    messages.announce();
    for (const { message } of staged) publishing.announce(message);
    if (waiting) delivery.loop.wake();
  }

  /** What letters share is stored once. */
  async #stage({ content, rest }: Composed, rests: Map<readonly Buffer[], Segment>, batch: Command[]) {
    const { bytes } = this.#needs.store;
    const own = await bytes.stage(content);
    batch.push(...own.commands);
    if (!rest) return [own.segment];
    const known = rests.get(rest);
    if (known) {
      batch.push(...bytes.share([known]));
      return [own.segment, known];
    }
    const shared = await bytes.stage(Buffer.concat(rest));
    batch.push(...shared.commands);
    rests.set(rest, shared.segment);
    return [own.segment, shared.segment];
  }
}
