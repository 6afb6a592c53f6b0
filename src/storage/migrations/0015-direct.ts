import { type Kysely, sql } from 'kysely';

/** delivery: a lane that nobody has tried yet is its own provider's; one that is there already is as good as that. */
export async function direct(db: Kysely<unknown>): Promise<void> {
  await sql`update lanes set provider = lane where provider = ''`.execute(db);
}
