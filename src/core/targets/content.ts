import { createHash } from 'node:crypto';
import type { Bytes, Command, Segment } from '../../storage/ports.ts';

/** Octets of a client, at once or as they come in; or pieces that are stored already and become shared. */
export type Content = Buffer | AsyncIterable<Buffer> | readonly (Segment | Buffer)[];

/** Content that waits for the batch that refers to it. */
export interface StoredContent {
  readonly segments: readonly Segment[];
  readonly keep: readonly Command[];
  readonly size: number;
  /** MD5 in hex. */
  readonly md5: string;
}

/** Octets of one segment of what a client stores: so much of it is in memory, coming in and going out. */
const PIECE = 4 * 2 ** 20;

/** Stores content piece by piece. What is never written is dropped. */
export async function storeContent(bytes: Bytes, content: Content): Promise<StoredContent> {
  const digest = createHash('md5');
  const segments: Segment[] = [];
  const keep: Command[] = [];
  for await (const piece of piecesOf(content)) {
    const isNew = Buffer.isBuffer(piece);
    for await (const octets of isNew ? [piece] : bytes.stream([piece])) digest.update(octets);
    const staged = isNew ? await bytes.stage(piece) : { segment: piece, commands: bytes.share([piece]) };
    segments.push(staged.segment);
    keep.push(...staged.commands);
  }
  return { segments, keep, size: sizeOf(segments), md5: digest.digest('hex') };
}

const sizeOf = (segments: readonly Segment[]) => segments.reduce((sum, { size }) => sum + size, 0);

async function* piecesOf(content: Content): AsyncGenerator<Segment | Buffer> {
  if (Buffer.isBuffer(content)) yield* cut(content);
  else if (Array.isArray(content)) yield* content as readonly (Segment | Buffer)[];
  else yield* gathered(content as AsyncIterable<Buffer>);
}

function* cut(content: Buffer): Generator<Buffer> {
  if (content.length === 0) yield content;
  for (let at = 0; at < content.length; at += PIECE) yield content.subarray(at, at + PIECE);
}

/** However it comes in, all pieces but the last are equally large. */
async function* gathered(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let waiting: Buffer[] = [];
  let size = 0;
  let any = false;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    size += chunk.length;
    while (size >= PIECE) {
      const whole = Buffer.concat(waiting);
      yield whole.subarray(0, PIECE);
      any = true;
      waiting = [whole.subarray(PIECE)];
      size -= PIECE;
    }
  }
  if (size > 0 || !any) yield Buffer.concat(waiting);
}

/** Octets from `from` up to but without `to`. */
export async function* readContent(
  bytes: Bytes,
  segments: readonly Segment[],
  { from, to }: { from: number; to: number },
): AsyncGenerator<Buffer> {
  let start = 0;
  for (const segment of segments) {
    const end = start + segment.size;
    if (end > from && start < to) {
      let at = start;
      for await (const octets of bytes.stream([segment])) {
        const wanted = octets.subarray(Math.max(0, from - at), Math.max(0, Math.min(octets.length, to - at)));
        if (wanted.length > 0) yield wanted;
        at += octets.length;
      }
    }
    start = end;
  }
}
