/**
 * What happened to a message, recorded with its cause in the same transaction as the outcome itself. An event is a fact
 * and is never changed; who wants to hear of it is another room's business.
 */
import type { Command, Rows } from '../../storage/ports.ts';
import { deleteEvents, eventsOfMessage, insertEvent } from './table.ts';

/** Why a recipient cannot be reached, in SES's terms. */
export interface Bounce {
  readonly type: 'Undetermined' | 'Permanent' | 'Transient';
  readonly subType:
    | 'Undetermined'
    | 'General'
    | 'NoEmail'
    | 'MailboxFull'
    | 'MessageTooLarge'
    | 'ContentRejected'
    | 'AttachmentRejected';
}

interface RecipientOutcome {
  readonly recipient: string;
  /** The peer's reply, code first. */
  readonly reply: string;
  /** Enhanced status code (RFC 3463). */
  readonly status: string;
}

/** Each kind with what is known of it. */
export type Happening =
  | { readonly type: 'send' }
  | {
      readonly type: 'delivery';
      readonly recipients: readonly string[];
      readonly reply: string;
      /** Milliseconds from accept to the peer's answer. */
      readonly processingTime: number;
      readonly peer: string;
    }
  | {
      readonly type: 'bounce';
      readonly feedbackId: string;
      readonly bounce: Bounce;
      readonly recipients: readonly RecipientOutcome[];
      readonly peer: string;
    }
  | {
      readonly type: 'delivery-delay';
      readonly recipients: readonly RecipientOutcome[];
      readonly peer: string;
      /** Civil milliseconds: when delivery is given up. */
      readonly expires: number;
    }
  | { readonly type: 'received'; readonly peer: string }
  | { readonly type: 'action'; readonly rule: string; readonly action: string; readonly result: string }
  | { readonly type: 'action-failed'; readonly rule: string; readonly action: string; readonly reason: string };

export type Event = Happening & { readonly at: number };

interface Subject {
  readonly id: string;
  readonly account: string;
  readonly region: string;
}

export class Events {
  readonly #rows: Rows;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** To go into the batch that makes it true. `at` in civil milliseconds. */
  record({ id, account, region }: Subject, at: number, { type, ...document }: Happening): Command {
    return insertEvent({ message_id: id, account, region, type, at, document: JSON.stringify(document) });
  }

  /** In the order of happening. */
  async ofMessage(messageId: string): Promise<Event[]> {
    const rows = await this.#rows.all(eventsOfMessage({ messageId }));
    return rows.map(({ type, at, document }) => ({ type, at, ...JSON.parse(document) }) as Event);
  }

  forget(messageId: string): Command {
    return deleteEvents({ messageId });
  }
}
