import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** reputation: addresses that an account does not want to send to. */
export function suppressed(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('suppressed')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('reason', 'text', (c) => c.notNull())
      .addColumn('updated', number, (c) => c.notNull())
      .addColumn('message_id', 'text')
      .addColumn('feedback_id', 'text')
      .addPrimaryKeyConstraint('suppressed_key', ['account', 'region', 'address'])
      .execute();
  };
}
