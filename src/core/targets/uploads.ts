import { createHash } from 'node:crypto';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Bytes, Command, Rows, Segment } from '../../storage/ports.ts';
import { type Buckets, checkKey, type ObjectDescription, type ObjectFacts } from './buckets.ts';
import { type Content, storeContent } from './content.ts';
import {
  continueUpload,
  deletePart,
  deleteUpload,
  insertPart,
  insertUpload,
  type PartRow,
  partsAfter,
  type UploadRow,
  uploadById,
  uploadsAfter,
} from './table.ts';

export interface Upload extends UploadPlace {
  /** Civil milliseconds. */
  readonly begun: number;
}

interface UploadPlace {
  readonly bucket: string;
  readonly key: string;
  readonly id: string;
}

export interface Part {
  /** 1 to 10,000. */
  readonly n: number;
  readonly size: number;
  readonly etag: string;
  readonly checksums: Readonly<Record<string, string>>;
  readonly modified: number;
}

type Described = Partial<Omit<ObjectDescription, 'checksums'>>;

/** S3: parts of an upload, and octets of each but the last. */
export const MOST_PARTS = 10_000;
const LEAST_PART = 5 * 2 ** 20;
const PARTS_STEP = 1_000;
const BEHIND = '\u{10ffff}';

interface Needs {
  readonly rows: Rows;
  readonly bytes: Bytes;
  readonly buckets: Buckets;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Objects that come in parts, in any order, maybe at the same time. The segments of the parts become the object's: to
 * complete it copies nothing.
 */
export class Uploads {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async begin(account: string, { bucket, key, ...described }: Described & Omit<UploadPlace, 'id'>): Promise<string> {
    const { rows, buckets, clock, random } = this.#needs;
    await buckets.owned(account, bucket);
    checkKey(key);
    const id = random.bytes(48).toString('base64url');
    const row = { id, account, bucket, key, document: JSON.stringify(described), begun: clock.civil() };
    await rows.write([insertUpload(row)], 'durable');
    return id;
  }

  /** A part of the same number takes the place of the one before it. */
  async put(
    account: string,
    place: UploadPlace,
    { n, content, checksums = () => ({}) }: { n: number; content: Content; checksums?: () => Part['checksums'] },
  ): Promise<{ etag: string; modified: number }> {
    await this.#existing(account, place);
    const { rows, bytes, clock } = this.#needs;
    const { segments, keep, size, md5 } = await storeContent(bytes, content);
    for (;;) {
      await this.#existing(account, place);
      const [before] = await rows.all(partsAfter({ upload: place.id, after: n - 1, limit: 1 }));
      const modified = clock.civil();
      const part: PartRow = {
        upload: place.id,
        n,
        size,
        etag: md5,
        checksums: JSON.stringify(checksums()),
        segments: JSON.stringify(segments),
        modified,
      };
      const gone = before && Number(before.n) === n ? this.#releasing(before) : [];
      const batch = [continueUpload({ id: place.id }), ...gone, ...keep, insertPart(part)];
      if ((await rows.write(batch, 'durable')).applied) return { etag: md5, modified };
    }
  }

  /** The object is there from now on, made of these parts; parts that it is not made of are dropped. */
  async complete(
    account: string,
    place: UploadPlace,
    {
      parts,
      mayReplace,
    }: { parts: readonly { n: number; etag: string }[]; mayReplace?: (before: ObjectFacts | undefined) => void },
  ): Promise<string> {
    const { rows, buckets } = this.#needs;
    for (;;) {
      const upload = await this.#existing(account, place);
      const present = new Map((await this.#allParts(place.id)).map((part) => [part.n, part]));
      const chosen = parts.map(({ n, etag }, position) => {
        const part = present.get(n);
        if (position > 0 && n <= parts[position - 1]!.n) {
          throw new Refusal(
            'invalid-part-order',
            'The list of parts was not in ascending order. The parts list must be specified in order by part number.',
          );
        }
        if (!part || part.etag !== etag) {
          throw new Refusal(
            'invalid-part',
            "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
            { UploadId: place.id, PartNumber: String(n), ETag: etag },
          );
        }
        return part;
      });
      const small = chosen.slice(0, -1).find(({ size }) => size < LEAST_PART);
      if (small) {
        throw new Refusal('entity-too-small', 'Your proposed upload is smaller than the minimum allowed size', {
          PartNumber: String(small.n),
        });
      }
      const etag = etagOf(chosen);
      const batch = await buckets.placing(account, {
        ...(JSON.parse(upload.document) as Described),
        ...(mayReplace && { mayReplace }),
        bucket: place.bucket,
        key: place.key,
        segments: chosen.flatMap(({ segments }) => JSON.parse(segments) as Segment[]),
        size: chosen.reduce((sum, { size }) => sum + size, 0),
        etag,
      });
      const used = new Set(chosen);
      for (const part of present.values()) {
        const { n, segments } = part;
        batch.push(...(used.has(part) ? [deletePart({ upload: place.id, n, segments })] : this.#releasing(part)));
      }
      batch.push(deleteUpload({ id: place.id }));
      if ((await rows.write(batch, 'durable')).applied) return etag;
    }
  }

  async abort(account: string, place: UploadPlace): Promise<void> {
    do await this.#existing(account, place);
    while (!(await this.#drop(place.id)));
  }

  /** False where a part came in between. */
  async #drop(id: string): Promise<boolean> {
    const parts = await this.#allParts(id);
    const batch = [deleteUpload({ id }), ...parts.flatMap((part) => this.#releasing(part))];
    return (await this.#needs.rows.write(batch, 'durable')).applied;
  }

  /** Those that went on in a bucket that is gone. */
  async forget(bucket: string): Promise<void> {
    for (;;) {
      const wanted = { bucket, prefix: '', behind: BEHIND, key: '', id: '', limit: PARTS_STEP };
      const uploads = await this.#needs.rows.all(uploadsAfter(wanted));
      for (const { id } of uploads) await this.#drop(id);
      if (uploads.length < PARTS_STEP) return;
    }
  }

  /** By number, those after `after`. */
  async parts(account: string, place: UploadPlace, page: { after: number; limit: number }): Promise<Part[]> {
    await this.#existing(account, place);
    const rows = await this.#needs.rows.all(partsAfter({ upload: place.id, ...page }));
    return rows.map(({ n, size, etag, checksums, modified }) => ({
      n,
      size,
      etag,
      modified,
      checksums: JSON.parse(checksums),
    }));
  }

  /** By key and id, those after both. */
  async list(
    account: string,
    bucket: string,
    { prefix = '', key = '', id = '', limit }: { prefix?: string; key?: string; id?: string; limit: number },
  ): Promise<Upload[]> {
    await this.#needs.buckets.owned(account, bucket);
    return this.#needs.rows.all(uploadsAfter({ bucket, prefix, behind: prefix + BEHIND, key, id, limit }));
  }

  async #existing(account: string, { bucket, key, id }: UploadPlace): Promise<UploadRow> {
    await this.#needs.buckets.owned(account, bucket);
    const row = await this.#needs.rows.first(uploadById({ id }));
    if (row?.bucket === bucket && row.key === key) return row;
    const text =
      'The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.';
    throw new Refusal('no-such-upload', text, { UploadId: id });
  }

  async #allParts(upload: string): Promise<PartRow[]> {
    const all: PartRow[] = [];
    for (;;) {
      const step = await this.#needs.rows.all(partsAfter({ upload, after: all.at(-1)?.n ?? 0, limit: PARTS_STEP }));
      all.push(...step);
      if (step.length < PARTS_STEP) return all;
    }
  }

  #releasing({ upload, n, segments }: PartRow): Command[] {
    return [deletePart({ upload, n, segments }), ...this.#needs.bytes.release(JSON.parse(segments))];
  }
}

/** S3: the MD5 of the parts' MD5s, and how many there are. */
function etagOf(parts: readonly PartRow[]): string {
  const digest = createHash('md5');
  for (const { etag } of parts) digest.update(Buffer.from(etag, 'hex'));
  return `${digest.digest('hex')}-${parts.length}`;
}
