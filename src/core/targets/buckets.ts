import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import type { Bytes, Command, Rows, Scope, Segment } from '../../storage/ports.ts';
import { deleteObject, insertObject, type ObjectRow, objectByKey, objectsAfter } from './table.ts';

export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Civil milliseconds. */
  readonly created: number;
}

export interface ObjectFacts {
  readonly key: string;
  /** Octets. */
  readonly size: number;
  /** MD5 of the content in hex, as S3 does for what was stored in one piece. */
  readonly etag: string;
  /** Civil milliseconds. */
  readonly modified: number;
}

export interface StoredObject extends ObjectFacts {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectSearch {
  readonly prefix?: string | undefined;
  readonly delimiter?: string | undefined;
  readonly after?: string | undefined;
  readonly limit: number;
}

export interface ObjectPage {
  readonly objects: readonly ObjectFacts[];
  readonly prefixes: readonly string[];
  readonly next?: string;
}

export interface ObjectToPut {
  readonly bucket: string;
  readonly key: string;
  /** Bytes of a client, or a row of bytes and of segments that are stored already and become shared. */
  readonly content: Buffer | readonly (Buffer | Segment)[];
  readonly contentType: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Bucket names are one space for all accounts, so all buckets live in one scope. */
const EVERYWHERE: Scope = { account: '*', region: 's3' };
const MOST_BUCKETS = 10_000;
/** Rows read at a time for a page. */
const PAGE_STEP = 1_000;

interface Needs {
  readonly rows: Rows;
  readonly bytes: Bytes;
  readonly clock: Clock;
}

/** Buckets and their objects. Content is a list of segments: storing a received mail copies nothing. */
export class Buckets {
  readonly #needs: Needs;
  readonly #buckets: Documents<{ account: string; region: string }>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#buckets = documents(needs.rows, 'bucket');
  }

  async create({ account, region }: Scope, name: string): Promise<void> {
    // S3 bucket naming rules: 3 to 63 characters of lower-case letters, digits, dots and hyphens.
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) {
      throw new Refusal('invalid-parameter', 'The specified bucket is not valid.');
    }
    const { rows, clock } = this.#needs;
    const batch = this.#buckets.create(EVERYWHERE, name, { account, region }, clock.civil());
    if ((await rows.write(batch, 'durable')).applied) return;
    const owner = await this.find(name);
    throw new Refusal('bucket-already-exists', bucketTaken(owner?.account === account));
  }

  async find(name: string): Promise<Bucket | undefined> {
    const found = await this.#buckets.get(EVERYWHERE, name);
    return found && { name, created: found.created, ...found.value };
  }

  async list(account: string): Promise<Bucket[]> {
    const all = await this.#buckets.list(EVERYWHERE, { limit: MOST_BUCKETS });
    return all
      .map(({ name, created, value }) => ({ name, created, ...value }))
      .filter((bucket) => bucket.account === account);
  }

  async remove(account: string, name: string): Promise<void> {
    await this.owned(account, name);
    const { objects } = await this.page(account, name, { limit: 1 });
    if (objects.length > 0) throw new Refusal('bucket-not-empty', 'The bucket you tried to delete is not empty');
    await this.#needs.rows.write(this.#buckets.remove(EVERYWHERE, name), 'durable');
  }

  /** All buckets of an account in a region, with what is in them. */
  async removeAll({ account, region }: Scope): Promise<void> {
    for (const { name } of (await this.list(account)).filter((bucket) => bucket.region === region)) {
      for (;;) {
        const { objects } = await this.page(account, name, { limit: PAGE_STEP });
        if (objects.length === 0) break;
        for (const { key } of objects) await this.removeObject(account, name, key);
      }
      await this.remove(account, name);
    }
  }

  /** Stores an object and answers its ETag. Last writer wins, as in S3. */
  async put(account: string, object: ObjectToPut): Promise<string> {
    for (;;) {
      const { batch, etag } = await this.putting(account, object);
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return etag;
    }
  }

  /** The commands of a put, for a batch that does more than that. Undone if another put of the key came in between. */
  async putting(account: string, object: ObjectToPut): Promise<{ batch: Command[]; etag: string }> {
    const { bucket, key, content, contentType, metadata = {} } = object;
    await this.owned(account, bucket);
    const { bytes, rows, clock } = this.#needs;
    const digest = createHash('md5');
    const segments: Segment[] = [];
    const keep: Command[] = [];
    for (const piece of Buffer.isBuffer(content) ? [content] : content) {
      const isNew = Buffer.isBuffer(piece);
      for await (const chunk of isNew ? [piece] : bytes.stream([piece])) digest.update(chunk);
      const staged = isNew ? await bytes.stage(piece) : { segment: piece, commands: bytes.share([piece]) };
      segments.push(staged.segment);
      keep.push(...staged.commands);
    }
    const etag = digest.digest('hex');
    const before = await rows.first(objectByKey({ bucket, key }));
    const row: ObjectRow = {
      account,
      bucket,
      key,
      size: segments.reduce((sum, { size }) => sum + size, 0),
      etag,
      content_type: contentType,
      metadata: JSON.stringify(metadata),
      segments: JSON.stringify(segments),
      modified: clock.civil(),
    };
    return { etag, batch: [...(before ? this.#deleting(before) : []), ...keep, insertObject(row)] };
  }

  async get(account: string, bucket: string, key: string): Promise<StoredObject & { readonly content: Buffer }> {
    const row = await this.#row(account, bucket, key);
    return { ...objectOf(row), content: await this.#needs.bytes.read(JSON.parse(row.segments)) };
  }

  async head(account: string, bucket: string, key: string): Promise<StoredObject> {
    return objectOf(await this.#row(account, bucket, key));
  }

  /**
   * Objects by key, from the one after `after`; with a delimiter, keys that have it behind the prefix are shown as one
   * common prefix. `limit` counts both; `next` is where the next page begins.
   */
  async page(account: string, bucket: string, search: ObjectSearch): Promise<ObjectPage> {
    await this.owned(account, bucket);
    const { prefix = '', delimiter = '', limit } = search;
    const objects: ObjectFacts[] = [];
    const prefixes: string[] = [];
    let after = search.after ?? '';
    for (;;) {
      const step = await this.#needs.rows.all(objectsAfter({ bucket, prefix, after, limit: PAGE_STEP }));
      for (const object of step) {
        const end = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
        const common = end < 0 ? undefined : object.key.slice(0, end + delimiter.length);
        const shown = common !== undefined && (common === prefixes.at(-1) || after.startsWith(common));
        if (!shown && objects.length + prefixes.length >= limit) return { objects, prefixes, next: after };
        if (common === undefined) objects.push(object);
        else if (!shown) prefixes.push(common);
        after = object.key;
      }
      if (step.length < PAGE_STEP) return { objects, prefixes };
    }
  }

  /** Nothing happens where there is none. */
  async removeObject(account: string, bucket: string, key: string): Promise<void> {
    await this.owned(account, bucket);
    const row = await this.#needs.rows.first(objectByKey({ bucket, key }));
    if (row) await this.#needs.rows.write(this.#deleting(row), 'durable');
  }

  async #row(account: string, bucket: string, key: string): Promise<ObjectRow> {
    await this.owned(account, bucket);
    const row = await this.#needs.rows.first(objectByKey({ bucket, key }));
    if (!row) throw new Refusal('no-such-key', 'The specified key does not exist.', { Key: key });
    return row;
  }

  #deleting({ bucket, key, segments }: ObjectRow): Command[] {
    return [deleteObject({ bucket, key, segments }), ...this.#needs.bytes.release(JSON.parse(segments))];
  }

  /** Somebody else's bucket looks like none, so that names cannot be probed for their content. */
  async owned(account: string, name: string): Promise<Bucket> {
    const bucket = await this.find(name);
    if (bucket?.account !== account) {
      throw new Refusal('no-such-bucket', 'The specified bucket does not exist', { BucketName: name });
    }
    return bucket;
  }
}

function objectOf({ key, size, etag, modified, content_type, metadata }: ObjectRow): StoredObject {
  return { key, size, etag, modified, contentType: content_type, metadata: JSON.parse(metadata) };
}

function bucketTaken(mine: boolean): string {
  return mine
    ? 'Your previous request to create the named bucket succeeded and you already own it.'
    : 'The requested bucket name is not available. The bucket namespace is shared by all users of the system.';
}
