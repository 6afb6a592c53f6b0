import type { Command, Rows } from './ports.ts';
import { statementsOver } from './statements.ts';

interface Tables {
  facts: { name: string; value: string };
}
const { query, command } = statementsOver<Tables>();

const find = query('facts.find', (db, p: { name: string }) =>
  db.selectFrom('facts').select('value').where('name', '=', p.name),
);
const set = command('facts.set', (db, p: { name: string; value: string }) =>
  db
    .insertInto('facts')
    .values({ name: p.name, value: p.value })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: p.value })),
);

/** What is true of this data folder as a whole (the clock's offset, what was printed once). Survives `erase`. */
export const facts = {
  get: async (rows: Rows, name: string): Promise<string | undefined> => (await rows.first(find({ name })))?.value,
  set: (name: string, value: string): Command => set({ name, value }),
};
