import type Database from 'better-sqlite3';
import type { Call, CompiledStatement, Statement } from '../ports.ts';
import { bind } from '../statements.ts';

interface Prepared {
  readonly compiled: CompiledStatement;
  readonly statement: Database.Statement;
}
const none: readonly unknown[] = [];

/** The calls of one connection; a statement is prepared at its first call and forgotten with its `Statement`. */
export class PreparedStatements {
  readonly #db: Database.Database;
  readonly #prepared = new WeakMap<Statement, Prepared>();

  constructor(db: Database.Database) {
    this.#db = db;
  }

  first(call: Call): unknown {
    const { compiled, statement } = this.#of(call);
    return statement.get(bind(compiled, call));
  }

  all(call: Call): unknown[] {
    const { compiled, statement } = this.#of(call);
    return statement.all(bind(compiled, call));
  }

  run(call: Call): { touched: number; rows: readonly unknown[] } {
    const { compiled, statement } = this.#of(call);
    const values = bind(compiled, call);
    if (!statement.reader) return { touched: statement.run(values).changes, rows: none };
    const rows = statement.all(values);
    return { touched: rows.length, rows };
  }

  #of({ statement }: Call): Prepared {
    let prepared = this.#prepared.get(statement);
    if (!prepared) {
      const compiled = statement.compile('sqlite');
      prepared = { compiled, statement: this.#db.prepare(compiled.sql) };
      this.#prepared.set(statement, prepared);
    }
    return prepared;
  }
}
