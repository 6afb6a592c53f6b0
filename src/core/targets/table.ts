import { sql } from 'kysely';
import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  objects: {
    account: string;
    bucket: string;
    key: string;
    size: number;
    etag: string;
    content_type: string;
    metadata: string;
    segments: string;
    modified: number;
    facts: string;
  };
  uploads: { id: string; account: string; bucket: string; key: string; document: string; begun: number };
  upload_parts: {
    upload: string;
    n: number;
    size: number;
    etag: string;
    checksums: string;
    segments: string;
    modified: number;
  };
  publications: {
    id: string;
    account: string;
    region: string;
    protocol: string;
    endpoint: string;
    headers: string;
    body: string;
    due: number | null;
    attempts: number;
    expires: number;
    claimed_by: string | null;
    last_error: string | null;
  };
}
export type ObjectRow = Tables['objects'];
export type PublicationRow = Tables['publications'];

const { query, command, dynamic } = statementsOver<Tables>();

export const objectByKey = query('objects.by-key', (db, p: { bucket: string; key: string }) =>
  db.selectFrom('objects').selectAll().where('bucket', '=', p.bucket).where('key', '=', p.key),
);

/** In the order of the keys' code points, those after `after` that begin with `prefix`. */
export const objectsAfter = query(
  'objects.after',
  (db, p: { bucket: string; after: string; prefix: string; behind: string; limit: number }) =>
    db
      .selectFrom('objects')
      .select(['key', 'size', 'etag', 'modified'])
      .where('bucket', '=', p.bucket)
      .where('key', '>', p.after)
      .where('key', '>=', p.prefix)
      .where('key', '<', p.behind)
      .where(sql<boolean>`substr("key", 1, length(${p.prefix})) = ${p.prefix}`)
      .orderBy('key')
      .limit(p.limit),
);

export const insertObject = command(
  'objects.insert',
  (db, p: ObjectRow) =>
    db
      .insertInto('objects')
      .values(
        pick(
          p,
          'account',
          'bucket',
          'key',
          'size',
          'etag',
          'content_type',
          'metadata',
          'segments',
          'modified',
          'facts',
        ),
      )
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

/** Only the object that was read: its bytes are released in the same batch. */
export const deleteObject = command(
  'objects.delete',
  (db, p: { bucket: string; key: string; segments: string }) =>
    db.deleteFrom('objects').where('bucket', '=', p.bucket).where('key', '=', p.key).where('segments', '=', p.segments),
  { expect: 1 },
);

export type UploadRow = Tables['uploads'];
export type PartRow = Tables['upload_parts'];

export const insertUpload = command(
  'uploads.insert',
  (db, p: UploadRow) => db.insertInto('uploads').values(pick(p, 'id', 'account', 'bucket', 'key', 'document', 'begun')),
  { expect: 1 },
);

export const uploadById = query('uploads.by-id', (db, p: { id: string }) =>
  db.selectFrom('uploads').selectAll().where('id', '=', p.id),
);

/** In the order of keys and ids, those after both. */
export const uploadsAfter = query(
  'uploads.after',
  (db, p: { bucket: string; prefix: string; behind: string; key: string; id: string; limit: number }) =>
    db
      .selectFrom('uploads')
      .selectAll()
      .where('bucket', '=', p.bucket)
      .where('key', '>=', p.prefix)
      .where('key', '<', p.behind)
      .where((e) => e.or([e('key', '>', p.key), e.and([e('key', '=', p.key), e('id', '>', p.id)])]))
      .orderBy('key')
      .orderBy('id')
      .limit(p.limit),
);

/** Undoes the batch where the upload has ended in between. */
export const deleteUpload = command(
  'uploads.delete',
  (db, p: { id: string }) => db.deleteFrom('uploads').where('id', '=', p.id),
  { expect: 1 },
);

/** A part is taken only while the upload goes on. */
export const continueUpload = command(
  'uploads.continue',
  (db, p: { id: string }) =>
    db
      .updateTable('uploads')
      .set((e) => ({ begun: e.ref('begun') }))
      .where('id', '=', p.id),
  { expect: 1 },
);

export const insertPart = command(
  'upload-parts.insert',
  (db, p: PartRow) =>
    db
      .insertInto('upload_parts')
      .values(pick(p, 'upload', 'n', 'size', 'etag', 'checksums', 'segments', 'modified'))
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const partsAfter = query('upload-parts.after', (db, p: { upload: string; after: number; limit: number }) =>
  db
    .selectFrom('upload_parts')
    .selectAll()
    .where('upload', '=', p.upload)
    .where('n', '>', p.after)
    .orderBy('n')
    .limit(p.limit),
);

/** Only the part that was read: its bytes are released, or handed on, in the same batch. */
export const deletePart = command(
  'upload-parts.delete',
  (db, p: { upload: string; n: number; segments: string }) =>
    db
      .deleteFrom('upload_parts')
      .where('upload', '=', p.upload)
      .where('n', '=', p.n)
      .where('segments', '=', p.segments),
  { expect: 1 },
);

export const insertPublication = command(
  'publications.insert',
  (db, p: Omit<PublicationRow, 'attempts' | 'claimed_by' | 'last_error'>) =>
    db.insertInto('publications').values({
      ...pick(p, 'id', 'account', 'region', 'protocol', 'endpoint', 'headers', 'body', 'due', 'expires'),
      attempts: 0,
    }),
  { expect: 1 },
);

const owed = ['id', 'endpoint', 'due'] as const;

export const nextOwed = query('publications.next-owed', (db, p: { limit: number }) =>
  db
    .selectFrom('publications')
    .select(owed)
    .$narrowType<{ due: number }>()
    .where('due', 'is not', null)
    .orderBy('due')
    .limit(p.limit),
);

/** The same without what is owed to these endpoints. */
export const nextOwedElsewhere = (endpoints: readonly string[], limit: number) =>
  dynamic('publications.next-owed-elsewhere', (db) =>
    db
      .selectFrom('publications')
      .select(owed)
      .$narrowType<{ due: number }>()
      .where('due', 'is not', null)
      .where('endpoint', 'not in', endpoints)
      .orderBy('due')
      .limit(limit),
  );

export const claimPublication = command(
  'publications.claim',
  (db, p: { id: string; now: number; until: number; by: string }) =>
    db
      .updateTable('publications')
      .set({ due: p.until, claimed_by: p.by })
      .where('id', '=', p.id)
      .where('due', '<=', p.now)
      .returningAll(),
);

export const deletePublication = command(
  'publications.delete',
  (db, p: { id: string; by: string }) =>
    db.deleteFrom('publications').where('id', '=', p.id).where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** Without a due time it is given up and kept to be looked at. */
export const deferPublication = command(
  'publications.defer',
  (db, p: { id: string; by: string; due: number | null; error: string }) =>
    db
      .updateTable('publications')
      .set((e) => ({ due: p.due, claimed_by: null, last_error: p.error, attempts: e('attempts', '+', 1) }))
      .where('id', '=', p.id)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** All that is owed to an endpoint and not on its way. */
export const deferEndpoint = command('publications.defer-endpoint', (db, p: { endpoint: string; due: number }) =>
  db
    .updateTable('publications')
    .set({ due: p.due })
    .where('endpoint', '=', p.endpoint)
    .where('due', '<', p.due)
    .where('claimed_by', 'is', null),
);

export const releasePublications = command('publications.release', (db, p: { now: number; by: string }) =>
  db
    .updateTable('publications')
    .set({ due: p.now, claimed_by: null })
    .where('claimed_by', 'is not', null)
    .where('claimed_by', '!=', p.by)
    .where('due', 'is not', null),
);
