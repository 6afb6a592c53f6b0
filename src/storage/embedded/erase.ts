import type Database from 'better-sqlite3';
import { raiseGeneration } from '../generations.ts';
import type { Command, Scope, Value } from '../ports.ts';

/** What belongs to this folder and not to what it holds; numbers that must never fall; content, which goes with its owners. */
const special = ['facts', 'generations', 'segments'];

/**
 * The commands that forget one scope, or everything. No table is known by name but storage's own: a table with an account
 * and a region belongs to scopes, a column `segments` lists the content that a row owns. What belongs to an account as a
 * whole (its keys) stays when one of its regions is forgotten. The last command returns the segments that are gone.
 */
export function erasing(db: Database.Database, scope?: Scope): Command[] {
  return scope ? erasingScope(tables(db), scope) : erasingAll(tables(db));
}

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
}

function tables(db: Database.Database): Table[] {
  const rows = db
    .prepare<[], { name: string; columns: string }>(
      `select t.name, json_group_array(c.name) as columns from sqlite_schema t join pragma_table_info(t.name) c
       where t.type = 'table' and t.name not like 'sqlite%' and t.name not like 'kysely%' group by t.name`,
    )
    .all();
  return rows
    .map(({ name, columns }) => ({ name, columns: JSON.parse(columns) as string[] }))
    .filter(({ name }) => !special.includes(name));
}

function erasingAll(all: readonly Table[]): Command[] {
  return [
    ...all.map(({ name }) => command(`delete from "${name}"`)),
    command('update generations set generation = generation + 1'),
    command('delete from segments where content is not null'),
    command('delete from segments returning id'),
  ];
}

function erasingScope(all: readonly Table[], { account, region }: Scope): Command[] {
  const scoped = all.filter(({ columns }) => columns.includes('account') && columns.includes('region'));
  const owners = scoped.filter(({ columns }) => columns.includes('segments'));
  const where = 'account = ? and region = ?';
  return [
    ...owners.map(({ name }) =>
      command(
        `update segments set owners = owners - gone.times from (
           select one.value ->> 'id' as id, count(*) as times from "${name}" t, json_each(t.segments) one
           where ${where} group by 1) gone
         where segments.id = gone.id`,
        { account, region },
      ),
    ),
    ...scoped.map(({ name }) => command(`delete from "${name}" where ${where}`, { account, region })),
    raiseGeneration({ account, region }),
    command('delete from segments where owners <= 0 returning id'),
  ];
}

const NAME = 'erase';

function command(sql: string, parameters: Record<string, Value> = {}): Command {
  const compiled = { sql, parameters: Object.keys(parameters) };
  return { statement: { name: NAME, compile: () => compiled }, parameters };
}

/** Whether a command may have changed anything. */
export const isErasing = ({ statement }: Command): boolean => statement.name === NAME;
