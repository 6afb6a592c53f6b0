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
    | 'AttachmentRejected'
    /** The sender's own limit (a configuration set's) ran out, not ours. */
    | 'CustomTimeoutExceeded'
    /** Not tried: on the list of all accounts, of the account, of the tenant. */
    | 'Suppressed'
    | 'OnAccountSuppressionList'
    | 'OnTenantSuppressionList'
    | 'EmailValidationSuppressed'
    | 'UnsubscribedRecipient';
}

interface RecipientOutcome {
  readonly recipient: string;
  /** The peer's reply, code first. */
  readonly reply: string;
  /** Enhanced status code (RFC 3463). */
  readonly status: string;
}

/** Who opened or clicked. */
interface Visit {
  readonly userAgent: string;
  readonly ipAddress: string;
  readonly bot: boolean;
}

/** What a contact wants of a list. */
export interface Preferences {
  readonly unsubscribedFromAll: boolean;
  readonly topics: readonly { readonly topic: string; readonly subscribed: boolean }[];
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
      /** Address that we spoke from, and the one that we spoke to; nothing where nobody was spoken to. */
      readonly outgoingIp?: string | undefined;
      readonly peerAddress?: string | undefined;
    }
  | {
      readonly type: 'bounce';
      readonly feedbackId: string;
      readonly bounce: Bounce;
      readonly recipients: readonly RecipientOutcome[];
      readonly peer: string;
      readonly outgoingIp?: string | undefined;
      readonly peerAddress?: string | undefined;
    }
  | {
      readonly type: 'delivery-delay';
      readonly recipients: readonly RecipientOutcome[];
      readonly peer: string;
      /** Civil milliseconds: when delivery is given up. */
      readonly expires: number;
      readonly outgoingIp?: string | undefined;
    }
  | {
      readonly type: 'complaint';
      readonly feedbackId: string;
      readonly recipients: readonly string[];
      /** Nobody complained just now: the recipient is on a list because of an earlier complaint. */
      readonly subType?: 'OnAccountSuppressionList' | 'OnTenantSuppressionList' | undefined;
      /** Of the report, where there was one (RFC 5965). */
      readonly userAgent?: string | undefined;
      readonly feedbackType?: string | undefined;
      /** Civil milliseconds. */
      readonly arrived?: number | undefined;
    }
  /** Taken, and then not sent because of what is in it. */
  | { readonly type: 'reject'; readonly reason: string }
  | ({ readonly type: 'open' } & Visit)
  | ({
      readonly type: 'click';
      readonly link: string;
      readonly linkTags?: Readonly<Record<string, readonly string[]>> | undefined;
    } & Visit)
  | { readonly type: 'rendering-failure'; readonly template?: string | undefined; readonly reason: string }
  | {
      readonly type: 'subscription';
      readonly contactList: string;
      readonly source: string;
      readonly before: Preferences;
      readonly after: Preferences;
    }
  | { readonly type: 'received'; readonly peer: string }
  /** By the name of the check. */
  | { readonly type: 'judged'; readonly verdicts: Readonly<Record<string, string>> }
  | { readonly type: 'action'; readonly rule: string; readonly action: string; readonly result: string }
  | { readonly type: 'action-failed'; readonly rule: string; readonly action: string; readonly reason: string };

export type Event = Happening & { readonly at: number };

/** What SES publishes of sent mail; the others are notes of our own on received mail. */
export type EventType = Exclude<Happening['type'], 'received' | 'judged' | 'action' | 'action-failed'>;

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

  forget(messageIds: readonly string[]): Command {
    return deleteEvents(messageIds);
  }
}
