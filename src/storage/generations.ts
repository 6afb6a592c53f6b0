import type { Call, Command, Rows, Scope } from './ports.ts';
import { statementsOver } from './statements.ts';

interface Tables {
  generations: { account: string; region: string; generation: number };
}
const { query, command } = statementsOver<Tables>();

const find = query('generations.find', (db, p: Scope) =>
  db.selectFrom('generations').select('generation').where('account', '=', p.account).where('region', '=', p.region),
);
const raise = command('generations.raise', (db, p: Scope) =>
  db
    .insertInto('generations')
    .values({ account: p.account, region: p.region, generation: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['account', 'region'])
        .doUpdateSet((eb) => ({ generation: eb('generations.generation', '+', 1) })),
    ),
);

/**
 * Goes into the batch of every control write, so that the number and the change are seen together. A cache keeps what it
 * read with the number that it read *before*; another number means read again.
 */
export function raiseGeneration({ account, region }: Scope): Command {
  return raise({ account, region });
}

/** Never falls, not even by `erase`; 0 for a scope that was never written. */
export function generation(rows: Rows, scope: Scope): Promise<number> {
  return rows.generation(scope);
}

const raising = raise({ account: '', region: '' }).statement;

/** For the homes: how the number is read, and which commands change it. */
export const generations = {
  find: ({ account, region }: Scope): Call<{ generation: number }> => find({ account, region }),
  /** The scope whose number a command raises; nothing for any other command. */
  raisedBy: ({ statement, parameters }: Command): Scope | undefined =>
    statement === raising ? (parameters as unknown as Scope) : undefined,
};
