import { Refusal } from '../../base/refusal.ts';
import { BodyHash, simpleBodyHash } from '../../mail/dkim.ts';
import { type HeaderField, readHeader } from '../../mail/header-fields.ts';
import type { Bytes, Incoming, Staged } from '../../storage/ports.ts';

/** The content of a message that has come, and what was learnt while it passed. */
export interface ArrivedContent {
  readonly fields: readonly HeaderField[];
  /** Octets. */
  readonly size: number;
  /** DKIM's simple body hash, base64. */
  readonly bodyHash: string;
  /** Makes it stored content; once only. */
  stage(): Promise<Staged>;
}

/** Octets; a header that is longer is nobody's mail, and it has to be read in memory. */
const MOST_HEADER = 1_048_576;
const END_OF_HEADER = Buffer.from('\r\n\r\n');

export function arrivedWhole(bytes: Bytes, content: Buffer): ArrivedContent {
  const { fields, bodyStart } = readHeader(content);
  return {
    fields,
    size: content.length,
    bodyHash: simpleBodyHash(content.subarray(bodyStart)),
    stage: () => bytes.stage(content),
  };
}

/** A large message on its way in: goes to the disk as it comes; what is wanted of it is taken out while it passes. */
export class ArrivingContent {
  readonly #incoming: Incoming;
  readonly #bodyHash = new BodyHash();
  #size = 0;
  /** What came before the end of the header was seen. */
  #head: Buffer | undefined = Buffer.alloc(0);
  #fields: readonly HeaderField[] = [];
  #headerIsTooLarge = false;

  constructor(bytes: Bytes) {
    this.#incoming = bytes.incoming();
  }

  write(chunk: Buffer): Promise<void> {
    this.#size += chunk.length;
    if (this.#head) this.#readHead(Buffer.concat([this.#head, chunk]));
    else this.#bodyHash.update(chunk);
    return this.#incoming.write(chunk);
  }

  drop(): Promise<void> {
    return this.#incoming.drop();
  }

  /** @throws Refusal `message-rejected`: the header is too large. */
  whole(): ArrivedContent {
    if (this.#head) this.#endHead(this.#head);
    if (this.#headerIsTooLarge) throw new Refusal('message-rejected', 'The header is too large');
    return {
      fields: this.#fields,
      size: this.#size,
      bodyHash: this.#bodyHash.digest(),
      stage: () => this.#incoming.end(),
    };
  }

  #readHead(head: Buffer): void {
    this.#headerIsTooLarge ||= head.length > MOST_HEADER && !head.subarray(0, MOST_HEADER).includes(END_OF_HEADER);
    if (this.#headerIsTooLarge || head.includes(END_OF_HEADER) || head.subarray(0, 2).equals(CRLF)) this.#endHead(head);
    else this.#head = head;
  }

  #endHead(head: Buffer): void {
    const { fields, bodyStart } = readHeader(head);
    this.#fields = fields;
    this.#bodyHash.update(head.subarray(bodyStart));
    this.#head = undefined;
  }
}

const CRLF = END_OF_HEADER.subarray(2);
