import { type Generated, type Kysely, sql } from 'kysely';
import type { Migrations } from '../migrations/migrations.ts';
import { migrations } from '../migrations/migrations.ts';
import type { Dialect, Scope } from '../ports.ts';
import { pick, statementsOver } from '../statements.ts';

/** A table as a room would have it, so that the contract leans on no room's. */
interface Tables {
  letters: Scope & {
    seq: Generated<number>;
    id: string;
    state: string;
    at: number;
    picture: Buffer | null;
    segments: string;
  };
}
type Letter = Omit<Tables['letters'], 'seq'>;

export function lettersMigrations(dialect: Dialect): Migrations {
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;
  const sequence =
    dialect === 'sqlite'
      ? sql`integer primary key autoincrement`
      : sql`bigint generated always as identity primary key`;
  return {
    ...migrations(dialect),
    '9999-letters': {
      async up(db: Kysely<unknown>): Promise<void> {
        await db.schema
          .createTable('letters')
          .addColumn('seq', sequence)
          .addColumn('id', 'text', (c) => c.notNull())
          .addColumn('account', 'text', (c) => c.notNull())
          .addColumn('region', 'text', (c) => c.notNull())
          .addColumn('state', 'text', (c) => c.notNull())
          .addColumn('at', number, (c) => c.notNull())
          .addColumn('picture', bytes)
          .addColumn('segments', 'text', (c) => c.notNull())
          .execute();
        await db.schema.createIndex('letters_id').on('letters').columns(['id']).execute();
      },
    },
  };
}

const { query, command } = statementsOver<Tables>();

const insert = command('letters.write', (db, p: Letter) =>
  db
    .insertInto('letters')
    .values(pick(p, 'id', 'account', 'region', 'state', 'at', 'picture', 'segments'))
    .returning('seq'),
);
const blank = { account: '1', region: 'r', state: '', at: 0, picture: null, segments: '[]' };

export const letters = {
  write: (letter: Partial<Letter> & { id: string }) => insert({ ...blank, ...letter }),
  move: command(
    'letters.move',
    (db, p: { id: string; from: string; to: string }) =>
      db.updateTable('letters').set({ state: p.to }).where('id', '=', p.id).where('state', '=', p.from),
    { expect: 1 },
  ),
  of: query('letters.of', (db, p: { id: string }) =>
    db.selectFrom('letters').selectAll().where('id', '=', p.id).orderBy('seq'),
  ),
  all: query('letters.all', (db, _: object) => db.selectFrom('letters').select(['id', 'state']).orderBy('seq')),
};
