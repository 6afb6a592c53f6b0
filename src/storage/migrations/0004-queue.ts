import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** delivery: a lane rests as a whole while nobody can reach its peer; its index tells what expires meanwhile. */
export function queue(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .alterTable('lanes')
      .addColumn('failures', number, (c) => c.notNull().defaultTo(0))
      .execute();
    await db.schema.dropIndex('deliveries_due').execute();
    await db.schema
      .createIndex('deliveries_due')
      .on('deliveries')
      .columns(['lane', 'due', 'expires'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
  };
}
