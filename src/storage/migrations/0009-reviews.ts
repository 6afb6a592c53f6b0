import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** reviews: cases about what an account may do in a region. One about a subject is open at a time. */
export function reviews(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('reviews')
      .addColumn('case_id', 'text', (c) => c.notNull().primaryKey())
      .addColumn('request_id', 'text', (c) => c.notNull().unique())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('subject', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('version', number, (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addColumn('updated', number, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('reviews_of_scope')
      .on('reviews')
      .columns(['account', 'region', 'created', 'case_id'])
      .execute();
    await db.schema.createIndex('reviews_by_time').on('reviews').columns(['created', 'case_id']).execute();
    await db.schema
      .createIndex('reviews_open')
      .unique()
      .on('reviews')
      .columns(['account', 'region', 'subject'])
      .where(sql.ref('status'), 'in', sql`('pending', 'asked')`)
      .execute();
  };
}
