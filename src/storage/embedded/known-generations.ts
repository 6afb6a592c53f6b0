import { generations } from '../generations.ts';
import type { Command, Scope } from '../ports.ts';
import { isErasing } from './erase.ts';
import type { PreparedStatements } from './prepared.ts';

const keyOf = ({ account, region }: Scope) => `${account} ${region}`;

/** Scopes; whoever calls may name any region. */
const MOST_KNOWN = 100_000;

/**
 * Generations are asked for on every hot path and change seldom; this process is alone with the database, so what it has
 * read stays true until a batch of its own raises it.
 */
export class KnownGenerations {
  readonly #prepared: PreparedStatements;
  readonly #known = new Map<string, number>();

  constructor(prepared: PreparedStatements) {
    this.#prepared = prepared;
  }

  of(scope: Scope): number {
    const key = keyOf(scope);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const row = this.#prepared.first(generations.find(scope)) as { generation: number } | undefined;
    const read = row?.generation ?? 0;
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(key, read);
    return read;
  }

  /** To be called for every batch that was committed, before anybody can read again. */
  applied(batch: readonly Command[]): void {
    if (batch.some(isErasing)) this.#known.clear();
    for (const command of batch) {
      const raised = generations.raisedBy(command);
      if (raised) this.#known.delete(keyOf(raised));
    }
  }
}
