import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import { generation } from '../../storage/generations.ts';
import type { Bytes, Command, Rows, Scope } from '../../storage/ports.ts';
import { type Content, readContent, type StoredContent, storeContent } from './content.ts';
import { deleteObject, insertObject, type ObjectRow, objectByKey, objectsAfter } from './table.ts';

export interface Bucket {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Kept and shown; an account's own buckets need none. */
  readonly policy?: string | undefined;
  /** Civil milliseconds. */
  readonly created: number;
}

export interface ObjectFacts {
  readonly key: string;
  /** Octets. */
  readonly size: number;
  /** MD5 of the content in hex, as S3 does for what was stored in one piece; of the parts' MD5s and their number for others. */
  readonly etag: string;
  /** Civil milliseconds. */
  readonly modified: number;
}

export interface StoredObject extends ObjectFacts, ObjectDescription {}

/** What stands beside an object's content. */
export interface ObjectDescription {
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Header fields that it is served with, by their names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** In base64, by algorithm. */
  readonly checksums: Readonly<Record<string, string>>;
}

export interface OpenObject extends StoredObject {
  /** Octets from `from` up to but without `to`; all where nothing is said. */
  read(range?: { from: number; to: number }): AsyncGenerator<Buffer>;
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

export interface ObjectToPut extends Partial<Omit<ObjectDescription, 'checksums'>> {
  readonly bucket: string;
  readonly key: string;
  readonly content: Content;
  /** Asked when the content is stored. */
  readonly checksums?: () => Readonly<Record<string, string>>;
  /** Whether it may take the place of what is there; asked at the moment of the put. */
  readonly mayReplace?: (present: ObjectFacts | undefined) => void;
}

/** Bucket names are one space for all accounts, so all buckets live in one scope. */
const EVERYWHERE: Scope = { account: '*', region: 's3' };
const MOST_BUCKETS = 10_000;
/** Buckets kept at hand. */
const MOST_CACHED = 1_000;
/** Rows read at a time for a page. */
const PAGE_STEP = 1_000;
/** S3: octets of a key in UTF-8. */
const LONGEST_KEY = 1_024;
/** Behind every key that begins like this. */
const BEHIND = '\u{10ffff}';

interface Needs {
  readonly rows: Rows;
  readonly bytes: Bytes;
  readonly clock: Clock;
}

type Kept = Pick<Bucket, 'account' | 'region' | 'policy'>;

/** Buckets and their objects. Content is a list of segments: storing a received mail copies nothing. */
export class Buckets {
  readonly #needs: Needs;
  readonly #buckets: Documents<Kept>;
  readonly #known = new Map<string, Bucket>();
  #knownAt = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#buckets = documents(needs.rows, 'bucket');
  }

  /** S3 bucket naming rules. */
  async create({ account, region }: Scope, name: string): Promise<void> {
    const wellFormed =
      /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
      !/\.\.|^\d+\.\d+\.\d+\.\d+$|^xn--|^sthree-|-s3alias$|--ol-s3$/.test(name);
    if (!wellFormed)
      throw new Refusal('invalid-bucket-name', 'The specified bucket is not valid.', { BucketName: name });
    const { rows, clock } = this.#needs;
    const batch = this.#buckets.create(EVERYWHERE, name, { account, region }, clock.civil());
    if ((await rows.write(batch, 'durable')).applied) return;
    const owner = await this.find(name);
    const code = owner?.account === account ? 'bucket-is-yours' : 'bucket-already-exists';
    throw new Refusal(code, bucketTaken(owner?.account === account), { BucketName: name });
  }

  /** Asked for every object, so buckets are kept until one changes. */
  async find(name: string): Promise<Bucket | undefined> {
    const current = await generation(this.#needs.rows, EVERYWHERE);
    if (this.#knownAt !== current || this.#known.size >= MOST_CACHED) this.#known.clear();
    this.#knownAt = current;
    const known = this.#known.get(name);
    if (known) return known;
    const found = await this.#buckets.get(EVERYWHERE, name);
    if (!found) return undefined;
    const bucket = { name, created: found.created, ...found.value };
    if (this.#knownAt === current) this.#known.set(name, bucket);
    return bucket;
  }

  async list(account: string): Promise<Bucket[]> {
    const all = await this.#buckets.list(EVERYWHERE, { limit: MOST_BUCKETS });
    return all
      .map(({ name, created, value }) => ({ name, created, ...value }))
      .filter((bucket) => bucket.account === account);
  }

  async changePolicy(account: string, name: string, policy: string | undefined): Promise<void> {
    const { rows, clock } = this.#needs;
    for (;;) {
      await this.owned(account, name);
      const found = await this.#buckets.get(EVERYWHERE, name);
      if (!found) continue;
      const batch = this.#buckets.replace(EVERYWHERE, found, { ...found.value, policy }, clock.civil());
      if ((await rows.write(batch, 'durable')).applied) return;
    }
  }

  async remove(account: string, name: string): Promise<void> {
    await this.owned(account, name);
    const { objects } = await this.page(account, name, { limit: 1 });
    if (objects.length > 0) throw new Refusal('bucket-not-empty', 'The bucket you tried to delete is not empty');
    await this.#needs.rows.write(this.#buckets.remove(EVERYWHERE, name), 'durable');
  }

  /** All buckets of an account in a region, with what is in them; answers their names. */
  async removeAll({ account, region }: Scope): Promise<string[]> {
    const names = (await this.list(account)).filter((one) => one.region === region).map(({ name }) => name);
    for (const name of names) {
      for (;;) {
        const { objects } = await this.page(account, name, { limit: PAGE_STEP });
        if (objects.length === 0) break;
        for (const { key } of objects) await this.removeObject(account, name, key);
      }
      await this.remove(account, name);
    }
    return names;
  }

  /** Stores an object and answers its ETag. Last writer wins, as in S3. */
  async put(account: string, object: ObjectToPut): Promise<string> {
    const stored = await this.#store(account, object);
    for (;;) {
      const { batch, etag } = await this.#placing(account, object, stored);
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return etag;
    }
  }

  /** The commands of a put, for a batch that does more than that. Undone if another put of the key came in between. */
  async putting(account: string, object: ObjectToPut): Promise<{ batch: Command[]; etag: string }> {
    return this.#placing(account, object, await this.#store(account, object));
  }

  async #store(account: string, { bucket, key, content }: ObjectToPut): Promise<StoredContent> {
    await this.owned(account, bucket);
    checkKey(key);
    return storeContent(this.#needs.bytes, content);
  }

  async #placing(account: string, object: ObjectToPut, { segments, keep, size, md5 }: StoredContent) {
    const { checksums = () => ({}), ...rest } = object;
    const batch = await this.placing(account, { ...rest, checksums: checksums(), segments, size, etag: md5 });
    return { etag: md5, batch: [...batch, ...keep] };
  }

  /** The commands that put a row in the place of what is there; whoever calls keeps the segments. */
  async placing(account: string, object: ObjectToPlace): Promise<Command[]> {
    const { bucket, key, contentType = 'binary/octet-stream', metadata = {}, headers = {}, checksums = {} } = object;
    const before = await this.#needs.rows.first(objectByKey({ bucket, key }));
    object.mayReplace?.(before && objectOf(before));
    const row: ObjectRow = {
      account,
      bucket,
      key,
      size: object.size,
      etag: object.etag,
      content_type: contentType,
      metadata: JSON.stringify(metadata),
      segments: JSON.stringify(object.segments),
      modified: this.#needs.clock.civil(),
      facts: JSON.stringify({ headers, checksums }),
    };
    return [...(before ? this.#deleting(before) : []), insertObject(row)];
  }

  /** Another name for the same content: nothing is copied. */
  async copy(account: string, from: { bucket: string; key: string }, object: Omit<ObjectToPut, 'content'>) {
    const { rows, bytes } = this.#needs;
    await this.owned(account, object.bucket);
    checkKey(object.key);
    for (;;) {
      const source = await this.#row(account, from.bucket, from.key);
      const { etag, size, checksums } = objectOf(source);
      const segments = JSON.parse(source.segments);
      // Shared before what is there is let go: that may be the source itself.
      const batch = [...bytes.share(segments)];
      batch.push(...(await this.placing(account, { ...object, checksums, segments, size, etag })));
      if ((await rows.write(batch, 'durable')).applied) return this.head(account, object.bucket, object.key);
    }
  }

  async open(account: string, bucket: string, key: string): Promise<OpenObject> {
    const row = await this.#row(account, bucket, key);
    const { bytes } = this.#needs;
    const object = objectOf(row);
    const whole = { from: 0, to: object.size };
    return { ...object, read: (range = whole) => readContent(bytes, JSON.parse(row.segments), range) };
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
    if (limit <= 0) return { objects, prefixes };
    for (;;) {
      const wanted = { bucket, prefix, behind: prefix + BEHIND, after, limit: PAGE_STEP };
      const step = await this.#needs.rows.all(objectsAfter(wanted));
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

  /** The bucket of that name, if it is the account's: SES may write to it without a policy. */
  async writable(account: string, name: string): Promise<Bucket | undefined> {
    const bucket = await this.find(name);
    return bucket?.account === account ? bucket : undefined;
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

/** An object whose content is stored already. */
export interface ObjectToPlace extends Omit<ObjectToPut, 'content' | 'checksums'> {
  readonly segments: StoredContent['segments'];
  readonly size: number;
  readonly etag: string;
  readonly checksums?: Readonly<Record<string, string>>;
}

export function checkKey(key: string): void {
  if (Buffer.byteLength(key) > LONGEST_KEY) throw new Refusal('key-too-long', 'Your key is too long');
}

function objectOf({ key, size, etag, modified, content_type, metadata, facts }: ObjectRow): StoredObject {
  const { headers = {}, checksums = {} } = JSON.parse(facts);
  return { key, size, etag, modified, contentType: content_type, metadata: JSON.parse(metadata), headers, checksums };
}

function bucketTaken(mine: boolean): string {
  return mine
    ? 'Your previous request to create the named bucket succeeded and you already own it.'
    : 'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.';
}
