import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Octets read at a time from a file that is not read as a whole. */
const STREAM_OCTETS = 256 * 1_024;

/** A file on its way in; what it holds is known by its digest once all is there. */
export class IncomingFile {
  readonly path: string;
  readonly #digest = createHash('sha256');
  #handle: Promise<FileHandle> | undefined;
  size = 0;

  constructor(path: string) {
    this.path = path;
  }

  async write(chunk: Buffer): Promise<void> {
    const handle = await this.#open();
    this.#digest.update(chunk);
    this.size += chunk.length;
    // Without a position: one after the other, as they come.
    await handle.writeFile(chunk);
  }

  /** Its octets are on disk, and it is closed. Answers its SHA-256 in hex; once only. */
  async sync(): Promise<string> {
    const handle = await this.#open();
    try {
      await handle.datasync();
    } finally {
      await this.#close();
    }
    return this.#digest.digest('hex');
  }

  async drop(): Promise<void> {
    await this.#close();
    await rm(this.path, { force: true });
  }

  #open(): Promise<FileHandle> {
    this.#handle ??= open(this.path, 'wx', 0o600);
    return this.#handle;
  }

  async #close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.then((open) => open.close()).catch(() => {});
  }
}

/** Large content: one file each, `<folder>/<first two digits>/<SHA-256>`, whole and on disk as soon as it has its name. */
export class SegmentFiles {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #ready = new Map<string, Promise<void>>();
  #count = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
  }

  /** What an earlier process had only half written is gone. */
  static async open(folder: string): Promise<SegmentFiles> {
    const files = new SegmentFiles(folder);
    await rm(files.#incoming, { recursive: true, force: true });
    await mkdir(files.#incoming, { recursive: true });
    return files;
  }

  /** A file without a name, to be written piece by piece. */
  incoming(): IncomingFile {
    return new IncomingFile(join(this.#incoming, String(this.#count++)));
  }

  async put(id: string, content: Buffer): Promise<void> {
    const file = this.incoming();
    try {
      await file.write(content);
      await file.sync();
      await this.adopt(id, file);
    } catch (error) {
      await file.drop();
      throw error;
    }
  }

  /** Gives a whole, synced file its name. */
  async adopt(id: string, file: IncomingFile): Promise<void> {
    const path = this.#path(id);
    await this.#folderOf(path);
    await rename(file.path, path);
    await syncFolder(dirname(path));
  }

  read(id: string): Promise<Buffer> {
    return readFile(this.#path(id));
  }

  stream(id: string): AsyncIterable<Buffer> {
    return createReadStream(this.#path(id), { highWaterMark: STREAM_OCTETS });
  }

  remove(id: string): Promise<void> {
    return rm(this.#path(id), { force: true });
  }

  async *list(): AsyncGenerator<string> {
    for (const part of await readdir(this.#folder)) {
      if (part.length === 2) yield* await readdir(join(this.#folder, part));
    }
  }

  #path(id: string): string {
    return join(this.#folder, id.slice(0, 2), id);
  }

  /** A folder is made once, and its name is on disk before a file in it counts. */
  #folderOf(path: string): Promise<void> {
    const folder = dirname(path);
    let ready = this.#ready.get(folder);
    if (!ready) {
      ready = mkdir(folder, { recursive: true }).then(() => syncFolder(this.#folder));
      this.#ready.set(folder, ready);
      ready.catch(() => this.#ready.delete(folder));
    }
    return ready;
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
