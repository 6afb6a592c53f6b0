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

  /** What came, without our own fields. */
  arrived(): AsyncIterable<Buffer> {
    return this.#bytes.stream(this.message.segments.slice(1));
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

/** Header fields that stand before what is stored, each with its CRLF. */
export interface AddedFields {
  /** Of earlier actions: above everything. */
  readonly byActions: string;
  /** Of our checks: below our trace fields, above the message. */
  readonly verdicts: string;
}

/**
 * A received message as one action sees it: the stored octets, which never change, and between them the header fields that
 * our checks and earlier actions have added. Large content is never read as a whole unless an action hands it over.
 */
export class SeenMessage {
  readonly message: Message;
  readonly #stored: StoredContent;
  readonly #top: Buffer;
  readonly #verdicts: Buffer;

  constructor(stored: StoredContent, { byActions, verdicts }: AddedFields) {
    this.#stored = stored;
    this.message = stored.message;
    this.#top = Buffer.from(byActions, 'latin1');
    this.#verdicts = Buffer.from(verdicts, 'latin1');
  }

  /** Octets. */
  get size(): number {
    return this.#top.length + this.#verdicts.length + this.message.size;
  }

  /** What is new, and what is stored already and can be shared. */
  async pieces(): Promise<readonly (Buffer | Segment)[]> {
    const [, ...content] = this.message.segments;
    if (this.#top.length + this.#verdicts.length === 0) return this.message.segments;
    return [this.#over(await this.#stored.trace()), ...content];
  }

  /** The pieces for the next hop: without Return-Path, which the last one puts on (RFC 5321 §4.4). */
  async onward(): Promise<readonly (Buffer | Segment)[]> {
    const [, ...content] = this.message.segments;
    const trace = await this.#stored.trace();
    return [this.#over(trace.subarray(trace.indexOf('\r\n') + 2)), ...content];
  }

  /** The beginning of the message, with its header. */
  async head(): Promise<Buffer> {
    return this.#with(await this.#stored.head());
  }

  async header(): Promise<readonly HeaderField[]> {
    return readHeader(await this.head()).fields;
  }

  async whole(): Promise<Buffer> {
    return this.#with(await this.#stored.whole());
  }

  #over(trace: Buffer): Buffer {
    return Buffer.concat([this.#top, trace, this.#verdicts]);
  }

  #with(stored: Buffer): Buffer {
    const trace = this.message.segments[0]!.size;
    return Buffer.concat([this.#over(stored.subarray(0, trace)), stored.subarray(trace)]);
  }
}
