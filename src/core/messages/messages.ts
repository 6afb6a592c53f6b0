/**
 * What was accepted, out or in: envelope, a few header fields for the listing, and the bytes. A message never changes
 * after it was accepted; what becomes of it is told by its deliveries, its receipt and its events.
 */
import type { Command, Rows, Segment } from '../../storage/ports.ts';
import {
  beyondNewest,
  countMessages,
  deleteMessages,
  insertMessage,
  type MessageRow,
  messageById,
  messagesById,
  olderThan,
  oldestTime,
  type Search,
  searchMessages,
} from './table.ts';

export { submittedFields, takenOffFields } from './submitted.ts';
export type { Search } from './table.ts';

export interface Tag {
  readonly name: string;
  readonly value: string;
}

export interface Message {
  /** SES's outgoing or inbound message id. */
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly direction: 'out' | 'in';
  /** Out: where feedback goes; in: the MAIL FROM of the peer, empty for a bounce. */
  readonly envelopeFrom: string;
  /** The From field as given, display name kept. */
  readonly from: string;
  /** The envelope's. */
  readonly recipients: readonly string[];
  /** Decoded. */
  readonly subject: string;
  /** Civil milliseconds. */
  readonly at: number;
  /** Octets. */
  readonly size: number;
  readonly segments: readonly Segment[];
  /** DKIM's simple body hash, base64, so that nobody reads the body again to sign it. */
  readonly bodyHash: string;
  readonly tags: readonly Tag[];
  /** What the door knew (operation, caller, peer), and what was decided at accept: identity, configuration set, TLS. */
  readonly facts: Readonly<Record<string, string>>;
}

/** Whose identity it was sent with: another account's, where that lets its account send with it (SES: delegate sending). */
export const identityOwner = ({ account, region, facts }: Pick<Message, 'account' | 'region' | 'facts'>) => ({
  account: facts['identityAccount'] ?? account,
  region,
});

/** A message in the order of the listing. */
export interface Listed extends Message {
  readonly place: number;
}

type Watcher = () => void;

export class Messages {
  readonly #rows: Rows;
  readonly #watchers = new Set<Watcher>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** Part of an accept batch; `announce` once the batch is written. */
  record(message: Message): Command {
    return insertMessage({
      id: message.id,
      account: message.account,
      region: message.region,
      direction: message.direction,
      envelope_from: message.envelopeFrom,
      header_from: message.from,
      recipients: JSON.stringify(message.recipients),
      subject: message.subject,
      at: message.at,
      size: message.size,
      segments: JSON.stringify(message.segments),
      body_hash: message.bodyHash,
      tags: JSON.stringify(message.tags),
      facts: JSON.stringify(message.facts),
    });
  }

  async get(id: string): Promise<Message | undefined> {
    const row = await this.#rows.first(messageById({ id }));
    return row && messageOf(row as MessageRow);
  }

  /** Those that exist, by id: one question for all of them. */
  async getMany(ids: readonly string[]): Promise<Map<string, Message>> {
    if (ids.length === 0) return new Map();
    const rows = (await this.#rows.all(messagesById(ids))) as MessageRow[];
    return new Map(rows.map((row) => [row.id, messageOf(row)]));
  }

  /** Newest first. */
  async search(search: Search): Promise<Listed[]> {
    const rows = await this.#rows.all(searchMessages(search));
    return (rows as MessageRow[]).map(messageOf);
  }

  async count(search: Search): Promise<number> {
    return (await this.#rows.first(countMessages(search)))?.total ?? 0;
  }

  /** The rows only; who owns the bytes releases them in the same batch. */
  forget(ids: readonly string[]): Command {
    return deleteMessages(ids);
  }

  /** Ids of messages that fall out of a retention, oldest first. */
  async outlived(retention: { newest: number } | { before: number }, limit: number): Promise<string[]> {
    const call =
      'newest' in retention
        ? beyondNewest({ keep: retention.newest, limit })
        : olderThan({ time: retention.before, limit });
    return (await this.#rows.all<{ id: string }>(call)).map((row) => row.id);
  }

  async oldest(): Promise<number | undefined> {
    return (await this.#rows.first(oldestTime({})))?.at;
  }

  /** Tells the watchers that there is something new to list. */
  announce(): void {
    for (const watcher of this.#watchers) watcher();
  }

  /** Calls back at each announcement until the answer is called. */
  watch(watcher: Watcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }
}

function messageOf(row: MessageRow): Listed {
  return {
    place: row.seq,
    id: row.id,
    account: row.account,
    region: row.region,
    direction: row.direction,
    envelopeFrom: row.envelope_from,
    from: row.header_from,
    recipients: JSON.parse(row.recipients),
    subject: row.subject,
    at: row.at,
    size: row.size,
    segments: JSON.parse(row.segments),
    bodyHash: row.body_hash,
    tags: JSON.parse(row.tags),
    facts: JSON.parse(row.facts),
  };
}
