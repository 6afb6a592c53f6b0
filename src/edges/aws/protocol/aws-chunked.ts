/**
 * The body coding by which S3 clients send a payload whose checksum they know only at its end:
 * `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`…`0\r\n<trailer headers>\r\n\r\n`.
 * The signature of the request itself is verified before; the signatures of single chunks are not.
 */
import { Invalid } from './invalid.ts';

export interface Decoded {
  readonly body: Buffer;
  /** Names in lower case: `x-amz-checksum-crc32`. */
  readonly trailers: Readonly<Record<string, string>>;
}

/** The header field that says what stands for the body: its SHA-256, or a word. */
export const CONTENT_HASH = 'x-amz-content-sha256';

export function isAwsChunked(headers: Readonly<Record<string, string | undefined>>): boolean {
  const sha = headers[CONTENT_HASH] ?? '';
  const coding = headers['content-encoding'] ?? '';
  return sha.startsWith('STREAMING-') || coding.split(',').some((name) => name.trim().toLowerCase() === 'aws-chunked');
}

/** Bytes of a line of sizes or of a trailer. */
const MAX_LINE = 1_024;
const MAX_TRAILERS = 50;

export function decodeAwsChunked(encoded: Buffer): Decoded {
  const chunks = new AwsChunks();
  const content = [...chunks.take(encoded)];
  chunks.finish();
  return { body: content.length === 1 ? content[0]! : Buffer.concat(content), trailers: chunks.trailers };
}

/** The same piece by piece, as the octets come in. */
export class AwsChunks {
  readonly trailers: Record<string, string> = {};
  #state: 'size' | 'content' | 'end of content' | 'trailers' | 'end' = 'size';
  /** Octets of the chunk that are still to come. */
  #left = 0;
  /** A line, as far as it is there. */
  #line = '';

  *take(octets: Buffer): Generator<Buffer> {
    let position = 0;
    while (position < octets.length) {
      if (this.#state === 'content') {
        const content = octets.subarray(position, position + this.#left);
        position += content.length;
        this.#left -= content.length;
        if (this.#left === 0) this.#state = 'end of content';
        yield content;
        continue;
      }
      if (this.#state === 'end') return;
      const feed = octets.indexOf('\n', position, 'latin1');
      const end = feed < 0 ? octets.length : feed + 1;
      this.#line += octets.toString('latin1', position, end);
      position = end;
      if (this.#line.length > MAX_LINE) throw broken();
      if (feed >= 0) this.#read(this.#takeLine());
    }
  }

  /** There must be no more to come. A last empty line may be left out. */
  finish(): void {
    if (this.#state !== 'end' && !(this.#state === 'trailers' && this.#line === '')) throw broken();
  }

  #takeLine(): string {
    const line = this.#line;
    this.#line = '';
    if (!line.endsWith('\r\n')) throw broken();
    return line.slice(0, -2);
  }

  #read(line: string): void {
    if (this.#state === 'end of content') {
      if (line !== '') throw broken();
      this.#state = 'size';
    } else if (this.#state === 'size') {
      this.#left = chunkSize(line);
      this.#state = this.#left === 0 ? 'trailers' : 'content';
    } else if (line === '') this.#state = 'end';
    else {
      const colon = line.indexOf(':');
      if (colon < 1 || Object.keys(this.trailers).length >= MAX_TRAILERS) throw broken();
      this.trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
    }
  }
}

function chunkSize(line: string): number {
  const match = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line);
  if (!match) throw broken();
  return Number.parseInt(match[1]!, 16);
}

function broken(): Invalid {
  return new Invalid('malformed', 'The request body is not in the aws-chunked form that its headers promise');
}
