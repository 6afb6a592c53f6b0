import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** targets: messages of the embedded queues, uploads of objects in parts, and more about objects and what is owed. */
export function neighbours(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;

  return async function up(db: Kysely<unknown>): Promise<void> {
    // `id` sorts by the time of sending; until `visible` nobody receives it.
    await db.schema
      .createTable('queue_messages')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('queue', 'text', (c) => c.notNull())
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('attributes', 'text', (c) => c.notNull())
      .addColumn('trace', 'text')
      .addColumn('sender', 'text', (c) => c.notNull())
      .addColumn('sent', number, (c) => c.notNull())
      .addColumn('visible', number, (c) => c.notNull())
      .addColumn('expires', number, (c) => c.notNull())
      .addColumn('receives', number, (c) => c.notNull())
      .addColumn('receives_before', number, (c) => c.notNull())
      .addColumn('first_received', number)
      .addColumn('receipt', 'text')
      .addColumn('message_group', 'text')
      .addColumn('deduplication', 'text')
      .addColumn('source', 'text')
      .execute();
    await db.schema
      .createIndex('queue_messages_visible')
      .on('queue_messages')
      .columns(['account', 'region', 'queue', 'visible'])
      .execute();
    await db.schema.createIndex('queue_messages_expires').on('queue_messages').columns(['expires']).execute();

    // What was sent to a queue that sends nothing twice, also when the message is gone.
    await db.schema
      .createTable('queue_deduplications')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('queue', 'text', (c) => c.notNull())
      .addColumn('deduplication', 'text', (c) => c.notNull())
      .addColumn('id', 'text', (c) => c.notNull())
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('expires', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('queue_deduplications_key', ['account', 'region', 'queue', 'deduplication'])
      .execute();

    // Objects that come in parts; a part owns its content until the whole is made of it.
    await db.schema
      .createTable('uploads')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('bucket', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('begun', number, (c) => c.notNull())
      .execute();
    await db.schema.createIndex('uploads_key').on('uploads').columns(['bucket', 'key', 'id']).execute();
    await db.schema
      .createTable('upload_parts')
      .addColumn('upload', 'text', (c) => c.notNull())
      .addColumn('n', number, (c) => c.notNull())
      .addColumn('size', number, (c) => c.notNull())
      .addColumn('etag', 'text', (c) => c.notNull())
      .addColumn('checksums', 'text', (c) => c.notNull())
      .addColumn('segments', 'text', (c) => c.notNull())
      .addColumn('modified', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('upload_parts_key', ['upload', 'n'])
      .execute();

    // Headers that an object is served with, its checksums and tags, as one document.
    await db.schema
      .alterTable('objects')
      .addColumn('facts', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute();
    // The way in which what is owed is brought.
    await db.schema
      .alterTable('publications')
      .addColumn('protocol', 'text', (c) => c.notNull().defaultTo('post'))
      .execute();
    await db.schema
      .createIndex('publications_endpoint')
      .on('publications')
      .columns(['endpoint'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
  };
}
