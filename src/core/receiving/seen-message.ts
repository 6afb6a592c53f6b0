import { type HeaderField, readHeader } from '../../mail/header-fields.ts';
import type { Bytes, Segment } from '../../storage/ports.ts';
import type { Message } from '../messages/messages.ts';

/** Octets of a header that are read to tell of it; notifications and bounces show far less. */
const MOST_HEADER = 1_048_576;
const END_OF_HEADER = '\r\n\r\n';

/** The stored octets of a received message, read when somebody first wants them. */
export class StoredContent {
  readonly #bytes: Bytes;
  readonly message: Message;
  #head: Promise<Buffer> | undefined;

  constructor(bytes: Bytes, message: Message) {
    this.#bytes = bytes;
    this.message = message;
  }

  /** As much of the beginning as holds the header. */
  head(): Promise<Buffer> {
    this.#head ??= this.#readHead();
    return this.#head;
  }

  whole(): Promise<Buffer> {
    return this.#bytes.read(this.message.segments);
  }

  /** Our own fields: Return-Path is the first, on a line of its own. */
  trace(): Promise<Buffer> {
    return this.#bytes.read(this.message.segments.slice(0, 1));
  }

  async #readHead(): Promise<Buffer> {
    let head = Buffer.alloc(0);
    for await (const chunk of this.#bytes.stream(this.message.segments)) {
      head = Buffer.concat([head, chunk]);
      if (head.includes(END_OF_HEADER) || head.length >= MOST_HEADER) break;
    }
    return head;
  }
}

/**
 * A received message as one action sees it: the stored octets, which never change, and before them the header fields that
 * earlier actions have added. Large content is never read as a whole unless an action hands it over.
 */
export class SeenMessage {
  readonly message: Message;
  readonly #stored: StoredContent;
  readonly #added: Buffer;

  constructor(stored: StoredContent, added: string) {
    this.#stored = stored;
    this.message = stored.message;
    this.#added = Buffer.from(added, 'latin1');
  }

  /** Octets. */
  get size(): number {
    return this.#added.length + this.message.size;
  }

  /** What is new, and what is stored already and can be shared. */
  get pieces(): readonly (Buffer | Segment)[] {
    return this.#added.length === 0 ? this.message.segments : [this.#added, ...this.message.segments];
  }

  /** The pieces for the next hop: without Return-Path, which the last one puts on (RFC 5321 §4.4). */
  async onward(): Promise<readonly (Buffer | Segment)[]> {
    const [, ...content] = this.message.segments;
    const trace = await this.#stored.trace();
    return [Buffer.concat([this.#added, trace.subarray(trace.indexOf('\r\n') + 2)]), ...content];
  }

  /** The beginning of the message, with its header. */
  async head(): Promise<Buffer> {
    return Buffer.concat([this.#added, await this.#stored.head()]);
  }

  async header(): Promise<readonly HeaderField[]> {
    return readHeader(await this.head()).fields;
  }

  async whole(): Promise<Buffer> {
    return Buffer.concat([this.#added, await this.#stored.whole()]);
  }
}
