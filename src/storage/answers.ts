import { generation } from './generations.ts';
import type { Rows, Scope } from './ports.ts';

/** Answers kept per scope until its generation moves. */
const MOST_CACHED = 10_000;
/** Whoever calls may name any region. */
const MOST_SCOPES = 10_000;

interface Kept<T> {
  readonly generation: number;
  readonly answers: Map<string, Promise<T>>;
}

/** What was found before, as long as nothing of the scope has changed since. */
export class Answers<T> {
  readonly #rows: Rows;
  readonly #kept = new Map<string, Kept<T>>();

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** One look-up for all who ask at once; a failed one is forgotten. */
  async of(scope: Scope, question: string, find: () => Promise<T>): Promise<T> {
    const { answers } = await this.#ofScope(scope);
    const known = answers.get(question);
    if (known) return known;
    if (answers.size >= MOST_CACHED) answers.clear();
    const answer = find();
    answers.set(question, answer);
    answer.catch(() => answers.delete(question));
    return answer;
  }

  async #ofScope(scope: Scope): Promise<Kept<T>> {
    const name = `${scope.account} ${scope.region}`;
    const current = await generation(this.#rows, scope);
    const known = this.#kept.get(name);
    if (known?.generation === current) return known;
    if (this.#kept.size >= MOST_SCOPES) this.#kept.clear();
    const kept: Kept<T> = { generation: current, answers: new Map() };
    this.#kept.set(name, kept);
    return kept;
  }
}
