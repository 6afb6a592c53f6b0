import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { formatDate } from '../../mail/date.ts';
import type { Command, Segment, Store } from '../../storage/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';

/** A mail that nobody submitted. */
export interface OwnLetter
  extends Pick<Message, 'account' | 'region' | 'envelopeFrom' | 'from' | 'subject' | 'bodyHash' | 'facts'> {
  readonly to: string;
  /** `fields`: Message-ID and Date, for what is new. Stored pieces are shared. */
  readonly pieces: (fields: readonly (readonly [name: string, value: string])[]) => readonly (Buffer | Segment)[];
}

/** A message to go into a batch; `announce` once that is written. */
export interface Owed {
  readonly id: string;
  readonly batch: readonly Command[];
  announce(): void;
}

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Mail of our own: notices, reports, what is sent on. It is listed with the mail of the account that it concerns, and goes
 * past sandbox, quota, suppression list and configuration sets.
 */
export class OwnMail {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Message, Send event and delivery.
   *
   * @throws Refusal `busy`: the disk is full.
   */
  async owe({ to, pieces, ...letter }: OwnLetter): Promise<Owed> {
    const { store, messages, delivery, publishing, names, clock, random } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const { region } = letter;
    const id = outgoingMessageId(region, clock, random);
    const at = clock.civil();
    const segments: Segment[] = [];
    const keep: Command[] = [];
    for (const piece of pieces([
      ['Message-ID', `<${id}@${names.messageIdDomain(region)}>`],
      ['Date', formatDate(at)],
    ])) {
      const isNew = Buffer.isBuffer(piece);
      const kept = isNew ? await store.bytes.stage(piece) : { segment: piece, commands: store.bytes.share([piece]) };
      segments.push(kept.segment);
      keep.push(...kept.commands);
    }
    const size = segments.reduce((sum, segment) => sum + segment.size, 0);
    const message: Message = { ...letter, id, direction: 'out', recipients: [to], at, size, segments, tags: [] };
    const sent = await publishing.record({ message, at, happening: { type: 'send' } });
    const enqueued = await delivery.enqueue(message);
    return {
      id,
      batch: [...keep, messages.record(message), ...sent, ...enqueued.batch],
      announce: () => {
        messages.announce();
        publishing.announce(message);
        if (enqueued.waiting) delivery.loop.wake();
      },
    };
  }
}
