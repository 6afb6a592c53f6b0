import Database from 'better-sqlite3';
import type { Migrations } from '../migrations/migrations.ts';

/** Octets of a page. */
export const PAGE = 4096;
/** In KiB. The operating system caches the file too; this saves the system call for the pages at work. */
const CACHE = 16 * 1024;

/**
 * The one connection of the main thread. It never waits for a lock (`timeout: 0`): it is the only writer, and the
 * checkpoints ask it to pause before they need its lock.
 */
export function openDatabase(file: string, pageLimit?: number): Database.Database {
  const db = new Database(file, { timeout: 0 });
  db.pragma(`page_size = ${PAGE}`);
  db.pragma('journal_mode = wal');
  // A commit is not flushed by SQLite but by us, many at once; checkpoints still flush in the right order.
  db.pragma('synchronous = normal');
  db.pragma('wal_autocheckpoint = 0');
  db.pragma('temp_store = memory');
  db.pragma(`cache_size = -${CACHE}`);
  if (pageLimit) db.pragma(`max_page_count = ${pageLimit}`);
  return db;
}

/** Quick when there is nothing to do: `user_version` counts the migrations, and the Migrator is loaded only if one is due. */
export async function migrate(db: Database.Database, known: Migrations): Promise<void> {
  const count = Object.keys(known).length;
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version === count) return;
  if (version > count)
    throw new Error(`${db.name} was written by a newer Sesame (${version} migrations, not ${count}).`);

  const { Kysely, SqliteDialect } = await import('kysely');
  const { Migrator } = await import('kysely/migration');
  const kysely = new Kysely<unknown>({ dialect: new SqliteDialect({ database: db }) });
  const migrator = new Migrator({ db: kysely, provider: { getMigrations: async () => known } });
  // Kysely runs SQLite migrations outside a transaction; ours makes them and the count one step.
  db.exec('begin immediate');
  try {
    const { error } = await migrator.migrateToLatest();
    if (error) throw error;
    db.pragma(`user_version = ${count}`);
    db.exec('commit');
  } catch (error) {
    if (db.inTransaction) db.exec('rollback');
    throw new Error(`${db.name} could not be brought to this version`, { cause: error });
  }
}
