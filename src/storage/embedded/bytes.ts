import { Refusal } from '../../base/refusal.ts';
import type { Bytes, Command, Incoming, Segment, Staged } from '../ports.ts';
import { INLINE_LIMIT, segments } from '../segments.ts';
import type { PreparedStatements } from './prepared.ts';
import type { IncomingFile, SegmentFiles } from './segment-files.ts';
import type { Snapshot } from './snapshot.ts';

interface Options {
  readonly prepared: PreparedStatements;
  readonly snapshot: Snapshot;
  readonly files: SegmentFiles;
  readonly nextId: () => string;
  /** Resolves once everything committed before the call is on disk. */
  readonly durable: () => Promise<unknown>;
  readonly failed: (error: Error) => void;
}

/** Held from before a file is looked for until its row is committed, or until nobody can commit it any more. */
interface Pin {
  readonly id: string;
  held: boolean;
}

/**
 * Content as rows or files, shared by counting owners in the row.
 *
 * A file must outlive every row that names it, also the row of a batch that is still on its way, while the last owner of
 * equal content lets go. Three rules make that so:
 * - a file is *pinned* from `stage` until the batch with its row is committed. A batch that is never written lets go when
 *   its command is garbage: what nobody holds nobody can write any more;
 * - a file is removed only if it has no pin and no row, and only after a flush, so that after a power cut the row cannot
 *   come back without it;
 * - what is done to one file is done in turn.
 */
export class SharedBytes implements Bytes {
  readonly #options: Options;
  readonly #pins = new Map<string, { count: number; written: boolean }>();
  readonly #pinOf = new WeakMap<object, Pin>();
  readonly #garbage = new FinalizationRegistry<Pin>((pin) => this.#unpin(pin));
  readonly #turns = new Map<string, Promise<unknown>>();
  #closing = false;

  constructor(options: Options) {
    this.#options = options;
  }

  async stage(content: Buffer): Promise<Staged> {
    if (content.length > INLINE_LIMIT) return this.#stageFile(content);
    const id = this.#options.nextId();
    return { segment: { id, size: content.length }, commands: [segments.insert(id, content)] };
  }

  incoming(): Incoming {
    const file = this.#options.files.incoming();
    let ended = false;
    return {
      write: (chunk) => file.write(chunk).catch(fullDisk),
      end: () => {
        ended = true;
        return this.#keep(file);
      },
      drop: async () => {
        if (!ended) await file.drop();
      },
    };
  }

  share(list: readonly Segment[]): readonly Command[] {
    return segments.share(list);
  }

  release(list: readonly Segment[]): readonly Command[] {
    return segments.release(list);
  }

  async read(list: readonly Segment[]): Promise<Buffer> {
    const [only] = list;
    if (only && list.length === 1) return this.#read(only);
    return Buffer.concat(await Promise.all(list.map((segment) => this.#read(segment))));
  }

  async *stream(list: readonly Segment[]): AsyncGenerator<Buffer> {
    for (const { id, size } of list) {
      const content = this.#row(id).content;
      if (content) yield content;
      else yield* whole({ id, size }, this.#options.files.stream(id));
    }
  }

  /** Files follow their rows: to be told of every batch, with what its commands returned, once it is committed. */
  applied(batch: readonly Command[], rows: readonly (readonly unknown[])[]): void {
    batch.forEach((command, n) => {
      if (segments.isOwn(command)) {
        const pin = this.#pinOf.get(command.parameters);
        if (pin) this.#unpin(pin);
      } else if (segments.isDrop(command)) {
        this.dropped((rows[n] as { id: string }[]).map(({ id }) => id));
      }
    });
  }

  /** The rows of these segments are gone. */
  dropped(ids: readonly string[]): void {
    for (const id of ids) if (isFile(id)) this.#dispose(id);
  }

  /** Removes the files that a crash left without a row; runs beside everything else. */
  async sweep(): Promise<void> {
    for await (const id of this.#options.files.list()) {
      if (this.#closing) return;
      if (isFile(id) && !this.#owned(id)) await this.#dispose(id);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    while (this.#turns.size > 0) await Promise.all(this.#turns.values());
  }

  async #stageFile(content: Buffer): Promise<Staged> {
    const digest = await crypto.subtle.digest('SHA-256', content as Uint8Array<ArrayBuffer>);
    const segment = { id: Buffer.from(digest).toString('hex'), size: content.length };
    return this.#stageAs(segment, () => this.#options.files.put(segment.id, content));
  }

  /** A file that was written while its content came; it goes where equal content is there already. */
  async #keep(file: IncomingFile): Promise<Staged> {
    try {
      const segment = { id: await file.sync(), size: file.size };
      return await this.#stageAs(segment, () => this.#options.files.adopt(segment.id, file));
    } catch (error) {
      return fullDisk(error);
    } finally {
      await file.drop();
    }
  }

  /** `put` makes the file, where there is none yet. */
  async #stageAs(segment: Segment, put: () => Promise<void>): Promise<Staged> {
    const pin = this.#pin(segment.id);
    try {
      await this.#inTurn(segment.id, async () => {
        const pinned = this.#pins.get(segment.id)!;
        if (!pinned.written && !this.#owned(segment.id)) await put();
        pinned.written = true;
      });
    } catch (error) {
      this.#unpin(pin);
      return fullDisk(error);
    }
    const command = segments.own(segment);
    this.#pinOf.set(command.parameters, pin);
    this.#garbage.register(command.parameters, pin);
    return { segment, commands: [command] };
  }

  async #read({ id, size }: Segment): Promise<Buffer> {
    const content = this.#row(id).content ?? (await this.#options.files.read(id));
    if (content.length !== size) throw new Error(`Segment ${id} has ${content.length} octets instead of ${size}`);
    return content;
  }

  #row(id: string): { content: Buffer | null } {
    this.#options.snapshot.open();
    const row = this.#options.prepared.first(segments.find(id)) as { content: Buffer | null } | undefined;
    if (!row) throw new Error(`Segment ${id} is not stored`);
    return row;
  }

  #pin(id: string): Pin {
    const pinned = this.#pins.get(id) ?? { count: 0, written: false };
    pinned.count += 1;
    this.#pins.set(id, pinned);
    return { id, held: true };
  }

  #unpin(pin: Pin): void {
    // Garbage is also found when the database is closed; the next start sweeps.
    if (!pin.held || this.#closing) return;
    pin.held = false;
    const pinned = this.#pins.get(pin.id)!;
    pinned.count -= 1;
    if (pinned.count > 0) return;
    this.#pins.delete(pin.id);
    if (!this.#owned(pin.id)) this.#dispose(pin.id);
  }

  #owned(id: string): boolean {
    return this.#options.prepared.first(segments.find(id)) !== undefined;
  }

  #dispose(id: string): Promise<void> {
    const unused = () => !this.#pins.has(id) && !this.#owned(id);
    const removal = this.#inTurn(id, async () => {
      if (!unused()) return;
      await this.#options.durable();
      if (unused()) await this.#options.files.remove(id);
    });
    // The file stays until the next sweep; nobody waits for its end.
    return removal.catch((error) => this.#options.failed(error));
  }

  /** One after another for one file. */
  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    const settled = turn
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(id) === settled) this.#turns.delete(id);
      });
    this.#turns.set(id, settled);
    return turn;
  }
}

function fullDisk(error: unknown): never {
  if ((error as { code?: string }).code === 'ENOSPC') throw new Refusal('busy', 'The disk is full');
  throw error;
}

/** The chunks of a file that has as many octets as it should. */
async function* whole({ id, size }: Segment, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let octets = 0;
  for await (const chunk of chunks) {
    octets += chunk.length;
    yield chunk;
  }
  if (octets !== size) throw new Error(`Segment ${id} has ${octets} octets instead of ${size}`);
}

/** Rows of their own have a short id, files their SHA-256. */
function isFile(id: string): boolean {
  return id.length === 64;
}
