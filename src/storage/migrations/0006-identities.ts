import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** notices: mails that Sesame itself owes; the row goes when the mail is accepted, and stays without a due time if it never is. */
export function identities(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('notices')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('recipient', 'text', (c) => c.notNull())
      .addColumn('letter', 'text', (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addColumn('due', number)
      .addColumn('attempts', number, (c) => c.notNull())
      .addColumn('claimed_by', 'text')
      .addColumn('last_error', 'text')
      .execute();
    await db.schema
      .createIndex('notices_due')
      .on('notices')
      .columns(['due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
  };
}
