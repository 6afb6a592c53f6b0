import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** accounts: when a key was last used, where and for what; the keys of one owner are found by a look. */
export function callers(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('keys').addColumn('used', number).execute();
    await db.schema.alterTable('keys').addColumn('used_region', 'text').execute();
    await db.schema.alterTable('keys').addColumn('used_service', 'text').execute();
    await db.schema.createIndex('keys_owner').on('keys').columns(['account', 'user_name', 'created']).execute();
  };
}
