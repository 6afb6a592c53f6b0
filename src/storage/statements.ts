import {
  type Compilable,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { assert } from '../base/assert.ts';
import type { Call, Command, CompiledStatement, Dialect, Statement, Value } from './ports.ts';

/**
 * Statements are written with Kysely, typed by the tables of the room that writes them, and compiled once: while the
 * query is built every parameter is a marker, and the compiler hands the markers back in the order of the placeholders.
 * So a hot path pays for no query building, and one text serves both homes.
 */
class Marker {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

const compilers: Readonly<Record<Dialect, () => Kysely<unknown>>> = {
  sqlite: () =>
    new Kysely({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    }),
  postgres: () =>
    new Kysely({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new PostgresIntrospector(db),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    }),
};
const built = new Map<Dialect, Kysely<unknown>>();

function compilerOf(dialect: Dialect): Kysely<unknown> {
  const compiler = built.get(dialect) ?? compilers[dialect]();
  built.set(dialect, compiler);
  return compiler;
}

type Build<Tables, P, Row> = (db: Kysely<Tables>, parameters: P) => Compilable<Row>;

const markers = new Proxy({}, { get: (_, name) => new Marker(String(name)) });

function statement<Tables, P, Row>(name: string, build: Build<Tables, P, Row>): Statement {
  const compiled = new Map<Dialect, CompiledStatement>();
  const compile = (dialect: Dialect) => {
    const query = build(compilerOf(dialect) as Kysely<Tables>, markers as P).compile();
    return {
      sql: query.sql,
      parameters: query.parameters.map((p) => (p instanceof Marker ? p.name : { constant: p as Value })),
    };
  };
  return {
    name,
    compile(dialect) {
      const done = compiled.get(dialect) ?? compile(dialect);
      compiled.set(dialect, done);
      return done;
    },
  };
}

/** Values of one list: more would be more statements to keep than they are worth. */
const MOST_LISTED = 1_000;

/**
 * A list is filled up to a power of two with its last value, which changes no answer: the statements that are kept are
 * few, however many lengths occur.
 */
function overList<Tables, Row>(name: string, build: Build<Tables, readonly string[], Row>) {
  const byLength = new Map<number, Statement>();
  return (values: readonly string[]): Call<Row> => {
    assert(values.length > 0 && values.length <= MOST_LISTED, `${name}: a list of ${values.length}`);
    const length = 2 ** Math.ceil(Math.log2(values.length));
    const names = Array.from({ length }, (_, n) => `v${n}`);
    const kept =
      byLength.get(length) ??
      statement<Tables, Record<string, string>, Row>(name, (db, p) =>
        build(
          db,
          names.map((value) => p[value]!),
        ),
      );
    byLength.set(length, kept);
    const last = values.length - 1;
    return {
      statement: kept,
      parameters: Object.fromEntries(names.map((value, n) => [value, values[Math.min(n, last)]!])),
    };
  };
}

/**
 * The statements of one room over its own tables. Only a room's `table.ts` calls this.
 *
 * `build` sees markers, never values: it may place a parameter by its name, not look at it or list them all (see `pick`).
 */
export function statementsOver<Tables>() {
  return {
    query<P extends object, Row>(name: string, build: Build<Tables, P, Row>): (parameters: P) => Call<Row> {
      const one = statement(name, build);
      return (parameters) => ({ statement: one, parameters: parameters as Record<string, Value> });
    },
    /** With `expect`, the batch is undone unless the command touches exactly that many rows. */
    command<P extends object, Row>(
      name: string,
      build: Build<Tables, P, Row>,
      { expect }: { expect?: number } = {},
    ): (parameters: P) => Command<Row> {
      const one = statement(name, build);
      return (parameters) => ({
        statement: one,
        parameters: parameters as Record<string, Value>,
        ...(expect !== undefined && { expect }),
      });
    },
    /** A query over a list of values, as a set: an answer must not depend on their number. At most `MOST_LISTED` values. */
    queryOver<Row>(
      name: string,
      build: (db: Kysely<Tables>, values: readonly string[]) => Compilable<Row>,
    ): (values: readonly string[]) => Call<Row> {
      return overList(name, build);
    },
    commandOver<Row>(
      name: string,
      build: (db: Kysely<Tables>, values: readonly string[]) => Compilable<Row>,
    ): (values: readonly string[]) => Command<Row> {
      return overList(name, build);
    },
    /** A query whose shape depends on what is asked (a search), compiled each time. */
    dynamic<Row>(name: string, build: (db: Kysely<Tables>) => Compilable<Row>): Call<Row> {
      return { statement: statement(name, build), parameters: {} };
    },
  };
}

/** The parameters of a call in the order of its placeholders. */
export function bind(compiled: CompiledStatement, { statement: { name }, parameters }: Call): Value[] {
  return compiled.parameters.map((parameter) => {
    if (typeof parameter !== 'string') return parameter.constant;
    const value = parameters[parameter];
    assert(value !== undefined, `${name}: parameter ${parameter} is missing`);
    return value;
  });
}

/** `{ id: p.id, size: p.size }` for `pick(p, 'id', 'size')`: the columns of an insert, from markers that cannot be listed. */
export function pick<P extends object, Name extends keyof P>(parameters: P, ...names: readonly Name[]): Pick<P, Name> {
  return Object.fromEntries(names.map((name) => [name, parameters[name]])) as Pick<P, Name>;
}
