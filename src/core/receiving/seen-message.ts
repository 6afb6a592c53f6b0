import { type HeaderField, readHeader } from '../../mail/header-fields.ts';
import type { Bytes, Segment } from '../../storage/ports.ts';
import type { Message } from '../messages/messages.ts';

/** The stored octets of a received message, read when somebody first wants them. */
export class StoredContent {
  readonly #bytes: Bytes;
  readonly message: Message;
  #read: Promise<Buffer> | undefined;

  constructor(bytes: Bytes, message: Message) {
    this.#bytes = bytes;
    this.message = message;
  }

  read(): Promise<Buffer> {
    this.#read ??= this.#bytes.read(this.message.segments);
    return this.#read;
  }
}

/**
 * A received message as one action sees it: the stored octets, which never change, and before them the header fields that
 * earlier actions have added.
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

  async header(): Promise<readonly HeaderField[]> {
    return readHeader(await this.whole()).fields;
  }

  async whole(): Promise<Buffer> {
    const stored = await this.#stored.read();
    return this.#added.length === 0 ? stored : Buffer.concat([this.#added, stored]);
  }
}
