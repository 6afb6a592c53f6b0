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

export function isAwsChunked(headers: Readonly<Record<string, string | undefined>>): boolean {
  const sha = headers['x-amz-content-sha256'] ?? '';
  const coding = headers['content-encoding'] ?? '';
  return sha.startsWith('STREAMING-') || coding.split(',').some((name) => name.trim().toLowerCase() === 'aws-chunked');
}

/** Bytes of a line of sizes or of a trailer. */
const MAX_LINE = 1_024;

export function decodeAwsChunked(encoded: Buffer): Decoded {
  const chunks: Buffer[] = [];
  let position = 0;

  function line(): string {
    const end = encoded.indexOf('\r\n', position, 'latin1');
    if (end < 0 || end - position > MAX_LINE) throw broken();
    const text = encoded.toString('latin1', position, end);
    position = end + 2;
    return text;
  }

  for (;;) {
    const size = chunkSize(line());
    if (size === 0) break;
    const end = position + size;
    if (end + 2 > encoded.length || encoded[end] !== CR || encoded[end + 1] !== LF) throw broken();
    chunks.push(encoded.subarray(position, end));
    position = end + 2;
  }

  const trailers: [string, string][] = [];
  while (position < encoded.length) {
    const text = line();
    if (text === '') break;
    const colon = text.indexOf(':');
    if (colon < 1) throw broken();
    trailers.push([text.slice(0, colon).trim().toLowerCase(), text.slice(colon + 1).trim()]);
  }
  return { body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks), trailers: Object.fromEntries(trailers) };
}

const CR = 13;
const LF = 10;

function chunkSize(line: string): number {
  const match = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(line);
  if (!match) throw broken();
  return Number.parseInt(match[1]!, 16);
}

function broken(): Invalid {
  return new Invalid('malformed', 'The request body is not in the aws-chunked form that its headers promise');
}
