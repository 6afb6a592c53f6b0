import type { Kysely } from 'kysely';

/** receiving: what the checks found out about a received message. */
export function judged() {
  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema.alterTable('receipts').addColumn('judgement', 'text').execute();
  };
}
