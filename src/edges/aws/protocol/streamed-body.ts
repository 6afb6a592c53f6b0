import { createHash } from 'node:crypto';
import type { Headers } from '../../http.ts';
import { AwsChunks, CONTENT_HASH } from './aws-chunked.ts';
import { Invalid } from './invalid.ts';

/** A large body as it comes in, out of its chunks, to be read once. Errs at its end where its signed hash is another one. */
export class StreamedBody implements AsyncIterable<Buffer> {
  readonly #stream: AsyncIterable<Buffer>;
  readonly #headers: Headers;
  readonly #chunks: AwsChunks | undefined;

  constructor(stream: AsyncIterable<Buffer>, headers: Headers, isChunked: boolean) {
    this.#stream = stream;
    this.#headers = headers;
    this.#chunks = isChunked ? new AwsChunks() : undefined;
  }

  /** Fields that come behind the last chunk; none before all is read. */
  get trailers(): Readonly<Record<string, string>> {
    return this.#chunks?.trailers ?? {};
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const signed = this.#headers[CONTENT_HASH] ?? '';
    const hash = /^[0-9a-f]{64}$/.test(signed) ? createHash('sha256') : undefined;
    for await (const octets of this.#stream) {
      hash?.update(octets);
      if (!this.#chunks) yield octets;
      else for (const content of this.#chunks.take(octets)) yield content;
    }
    this.#chunks?.finish();
    if (hash && hash.digest('hex') !== signed) {
      throw new Invalid('content-hash', "The provided 'x-amz-content-sha256' header does not match what was computed.");
    }
  }
}
