import { raiseGeneration } from './generations.ts';
import type { Command, Rows, Scope } from './ports.ts';
import { statementsOver } from './statements.ts';

interface Row {
  name: string;
  document: string;
  version: number;
  created: number;
  updated: number;
}
interface Tables {
  documents: Scope & { kind: string } & Row;
}
const { query, command } = statementsOver<Tables>();

type Of = { account: string; region: string; kind: string };
const columns = ['name', 'document', 'version', 'created', 'updated'] as const;

const find = query('documents.find', (db, p: Of & { name: string }) =>
  db
    .selectFrom('documents')
    .select(columns)
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('kind', '=', p.kind)
    .where('name', '=', p.name),
);
const list = query('documents.list', (db, p: Of & { after: string; limit: number }) =>
  db
    .selectFrom('documents')
    .select(columns)
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('kind', '=', p.kind)
    .where('name', '>', p.after)
    .orderBy('name')
    .limit(p.limit),
);
const newest = query('documents.newest', (db, p: Of & { created: number; name: string; limit: number }) =>
  db
    .selectFrom('documents')
    .select(columns)
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('kind', '=', p.kind)
    .where((eb) =>
      eb.or([eb('created', '<', p.created), eb.and([eb('created', '=', p.created), eb('name', '<', p.name)])]),
    )
    .orderBy('created', 'desc')
    .orderBy('name', 'desc')
    .limit(p.limit),
);
const count = query('documents.count', (db, p: Of) =>
  db
    .selectFrom('documents')
    .select((e) => e.fn.countAll<number>().as('total'))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('kind', '=', p.kind),
);
const create = command(
  'documents.create',
  (db, p: Of & { name: string; document: string; at: number }) =>
    db
      .insertInto('documents')
      .values({
        account: p.account,
        region: p.region,
        kind: p.kind,
        name: p.name,
        document: p.document,
        version: 1,
        created: p.at,
        updated: p.at,
      })
      .onConflict((conflict) => conflict.doNothing()),
  { expect: 1 },
);
const replace = command(
  'documents.replace',
  (db, p: Of & { name: string; document: string; version: number; at: number }) =>
    db
      .updateTable('documents')
      .set((eb) => ({ document: p.document, version: eb('version', '+', 1), updated: p.at }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('kind', '=', p.kind)
      .where('name', '=', p.name)
      .where('version', '=', p.version),
  { expect: 1 },
);
const remove = command(
  'documents.remove',
  (db, p: Of & { name: string }) =>
    db
      .deleteFrom('documents')
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('kind', '=', p.kind)
      .where('name', '=', p.name),
  { expect: 1 },
);

export interface Versioned<T> {
  readonly name: string;
  readonly value: T;
  /** 1 when created, one more with every replacement: a writer says which one it read. */
  readonly version: number;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
}

/**
 * Resources of the control plane that are only created, read, listed, changed and deleted by name. The value is JSON.
 * What changes something answers the commands for a batch; each raises the scope's generation. Where a condition does not
 * hold (`create`: absent; `replace`: still that version; `remove`: present) the batch is undone and its outcome names
 * `documents.create`, `documents.replace` or `documents.remove`.
 */
export interface Documents<T> {
  get(scope: Scope, name: string): Promise<Versioned<T> | undefined>;
  /** By name in the order of its code points, those after `after`. */
  list(scope: Scope, page: { after?: string; limit: number }): Promise<Versioned<T>[]>;
  /** The latest created first, those before `before` (the last of the previous page). */
  newest(
    scope: Scope,
    page: { before?: Pick<Versioned<T>, 'name' | 'created'>; limit: number },
  ): Promise<Versioned<T>[]>;
  /** For a quota: reads the index, not the documents. */
  count(scope: Scope): Promise<number>;
  create(scope: Scope, name: string, value: T, at: number): Command[];
  replace(scope: Scope, old: Pick<Versioned<T>, 'name' | 'version'>, value: T, at: number): Command[];
  remove(scope: Scope, name: string): Command[];
}

export function documents<T>(rows: Rows, kind: string): Documents<T> {
  const of = ({ account, region }: Scope): Of => ({ account, region, kind });
  const parse = ({ name, document, version, created, updated }: Row): Versioned<T> => ({
    name,
    value: JSON.parse(document),
    version: Number(version),
    created: Number(created),
    updated: Number(updated),
  });
  return {
    async get(scope, name) {
      const row = await rows.first(find({ ...of(scope), name }));
      return row && parse(row);
    },
    async list(scope, { after = '', limit }) {
      return (await rows.all(list({ ...of(scope), after, limit }))).map(parse);
    },
    async newest(scope, { before = { name: '', created: Number.MAX_SAFE_INTEGER }, limit }) {
      return (await rows.all(newest({ ...of(scope), created: before.created, name: before.name, limit }))).map(parse);
    },
    async count(scope) {
      return Number((await rows.first(count(of(scope))))?.total ?? 0);
    },
    create(scope, name, value, at) {
      return [create({ ...of(scope), name, document: JSON.stringify(value), at }), raiseGeneration(scope)];
    },
    replace(scope, { name, version }, value, at) {
      const document = JSON.stringify(value);
      return [replace({ ...of(scope), name, document, version, at }), raiseGeneration(scope)];
    },
    remove(scope, name) {
      return [remove({ ...of(scope), name }), raiseGeneration(scope)];
    },
  };
}
