import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/**
 * The first tables. Each belongs to the room whose `table.ts` names it; here they are only laid out.
 * Times are civil milliseconds, truth is 0 or 1, documents are JSON text.
 */
export function first(dialect: Dialect) {
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const sequence =
    dialect === 'sqlite'
      ? sql`integer primary key autoincrement`
      : sql`bigint generated always as identity primary key`;

  return async function up(db: Kysely<unknown>): Promise<void> {
    // storage: facts about this data folder itself
    await db.schema
      .createTable('facts')
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('value', 'text', (c) => c.notNull())
      .execute();

    // storage: named things that are only created, read, listed, changed and deleted
    await db.schema
      .createTable('documents')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('version', number, (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addColumn('updated', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('documents_key', ['account', 'region', 'kind', 'name'])
      .execute();

    // storage: raised by every control write of a scope, in its own transaction; caches compare it
    await db.schema
      .createTable('generations')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('generation', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('generations_key', ['account', 'region'])
      .execute();

    // storage: amounts per minute, so that a sliding window is a sum over few rows
    await db.schema
      .createTable('counters')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('counter', 'text', (c) => c.notNull())
      .addColumn('minute', number, (c) => c.notNull())
      .addColumn('amount', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('counters_key', ['account', 'region', 'counter', 'minute'])
      .execute();

    // storage: shared content; no content column value means a file of that name
    await db.schema
      .createTable('segments')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('size', number, (c) => c.notNull())
      .addColumn('owners', number, (c) => c.notNull())
      .addColumn('content', bytes)
      .execute();

    // accounts
    await db.schema
      .createTable('accounts')
      .addColumn('account', 'text', (c) => c.primaryKey())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('email', 'text', (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .execute();
    await db.schema
      .createTable('keys')
      .addColumn('access_key_id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('user_name', 'text', (c) => c.notNull())
      .addColumn('secret', bytes, (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .execute();

    // identities
    await db.schema
      .createTable('identities')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('private_key', bytes)
      .addColumn('version', number, (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('identities_key', ['account', 'region', 'name'])
      .execute();

    // messages: what was accepted, out and in; seq is the order of the listing
    await db.schema
      .createTable('messages')
      .addColumn('seq', sequence)
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('direction', 'text', (c) => c.notNull())
      .addColumn('envelope_from', 'text', (c) => c.notNull())
      .addColumn('header_from', 'text', (c) => c.notNull())
      .addColumn('recipients', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('at', number, (c) => c.notNull())
      .addColumn('size', number, (c) => c.notNull())
      .addColumn('segments', 'text', (c) => c.notNull())
      .addColumn('body_hash', 'text', (c) => c.notNull())
      .addColumn('tags', 'text', (c) => c.notNull())
      .addColumn('facts', 'text', (c) => c.notNull())
      .execute();

    // delivery: one row a recipient; no due time means a final state
    await db.schema
      .createTable('deliveries')
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('n', number, (c) => c.notNull())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('lane', 'text', (c) => c.notNull())
      .addColumn('recipient', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('accepted', number, (c) => c.notNull())
      .addColumn('due', number)
      .addColumn('attempts', number, (c) => c.notNull())
      .addColumn('expires', number, (c) => c.notNull())
      .addColumn('claimed_by', 'text')
      .addColumn('reply', 'text')
      .addPrimaryKeyConstraint('deliveries_key', ['message_id', 'n'])
      .execute();
    await db.schema
      .createIndex('deliveries_due')
      .on('deliveries')
      .columns(['lane', 'due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
    await db.schema
      .createTable('lanes')
      .addColumn('lane', 'text', (c) => c.primaryKey())
      .addColumn('priority', number, (c) => c.notNull())
      .addColumn('provider', 'text', (c) => c.notNull())
      .addColumn('due', number)
      .addColumn('depth', number, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('lanes_due')
      .on('lanes')
      .columns(['due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();

    // events: what happened, with its cause, in the transaction that made it happen
    await db.schema
      .createTable('events')
      .addColumn('seq', sequence)
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('type', 'text', (c) => c.notNull())
      .addColumn('at', number, (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('events_message').on('events').columns(['message_id']).execute();

    // receiving: one row a received message and receiving account; no due time means a final state
    await db.schema
      .createTable('receipts')
      .addColumn('message_id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('due', number)
      .addColumn('attempts', number, (c) => c.notNull())
      .addColumn('expires', number, (c) => c.notNull())
      .addColumn('claimed_by', 'text')
      .addColumn('progress', 'text', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('receipts_due')
      .on('receipts')
      .columns(['due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();

    // targets: objects of the embedded buckets
    await db.schema
      .createTable('objects')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('bucket', 'text', (c) => c.notNull())
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('size', number, (c) => c.notNull())
      .addColumn('etag', 'text', (c) => c.notNull())
      .addColumn('content_type', 'text', (c) => c.notNull())
      .addColumn('metadata', 'text', (c) => c.notNull())
      .addColumn('segments', 'text', (c) => c.notNull())
      .addColumn('modified', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('objects_key', ['bucket', 'key'])
      .execute();

    // targets: what a topic owes to a subscriber; the row goes when it is paid or given up
    await db.schema
      .createTable('publications')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('endpoint', 'text', (c) => c.notNull())
      .addColumn('headers', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('due', number)
      .addColumn('attempts', number, (c) => c.notNull())
      .addColumn('expires', number, (c) => c.notNull())
      .addColumn('claimed_by', 'text')
      .addColumn('last_error', 'text')
      .execute();
    await db.schema
      .createIndex('publications_due')
      .on('publications')
      .columns(['due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
  };
}
