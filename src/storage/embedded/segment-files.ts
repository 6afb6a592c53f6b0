import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

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

  async put(id: string, content: Buffer): Promise<void> {
    const path = this.#path(id);
    const incoming = join(this.#incoming, String(this.#count++));
    try {
      const file = await open(incoming, 'wx', 0o600);
      try {
        await file.writeFile(content);
        await file.datasync();
      } finally {
        await file.close();
      }
      await this.#folderOf(path);
      await rename(incoming, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await rm(incoming, { force: true });
      throw error;
    }
  }

  read(id: string): Promise<Buffer> {
    return readFile(this.#path(id));
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
