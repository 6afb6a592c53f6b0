/** What a Sesame measured of itself while it worked. */
import { type Figure, figure, type Labels } from './rounds.ts';
import type { Stats } from './server-words.ts';
import type { Sesame } from './sesame.ts';

interface Seen extends Stats {
  /** Microseconds of processor time, all threads; says the same on a busy machine as on a quiet one, nearly. */
  readonly processorTime: number;
}

export class Watch {
  readonly #sesame: Sesame;
  readonly #labels: Omit<Labels, 'unit'>;
  readonly #seen: Seen[] = [];

  constructor(sesame: Sesame, labels: Omit<Labels, 'unit'>) {
    this.#sesame = sesame;
    this.#labels = labels;
  }

  /** The same work, watched. */
  during(send: (count: number) => Promise<number>): (count: number) => Promise<number> {
    return async (count) => {
      this.#sesame.reset();
      const seconds = await send(count);
      const stats = await this.#sesame.stats();
      this.#seen.push({ ...stats, processorTime: (1e6 * stats.processorSeconds) / count });
      return seconds;
    };
  }

  figures(): Figure[] {
    // The first was the pilot.
    const seen = this.#seen.slice(this.#seen.length > 1 ? 1 : 0);
    const { scenario } = this.#labels;
    const of = (what: string, unit: string, read: (one: Seen) => number) =>
      figure({
        ...this.#labels,
        scenario: `${what}, ${scenario}`,
        unit,
        peer: 'sesame',
        runs: seen.map(read),
        others: [],
      });
    return [
      of('Processor time of each', 'µs', (one) => one.processorTime),
      of('Loop delay p99', 'ms', (one) => one.loopDelayP99),
      of('Resident after', 'MB', (one) => one.residentMegabytes),
    ];
  }
}
