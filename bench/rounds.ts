/** Measuring: contenders take turns, the median counts. */
import { quiet } from './children.ts';

export interface Effort {
  /** Rounds in which every contender has one turn. */
  readonly rounds: number;
  /** Seconds that one turn should take. */
  readonly seconds: number;
}

/** One number of the table, and how it came about. */
export interface Figure {
  readonly scenario: string;
  readonly peer: string;
  /** Connections at a time; none where it makes no sense. */
  readonly connections?: number;
  readonly unit: string;
  readonly median: number;
  readonly runs: readonly number[];
  /** Share of the machine that others took just before each run. */
  readonly others: readonly number[];
}

export type Labels = Pick<Figure, 'scenario' | 'unit'> & { readonly connections?: number };

export interface Contender {
  readonly peer: string;
  /** One turn: the number. */
  run(): Promise<number>;
}

/** A B C A B C A B C: what disturbs the machine for a while disturbs all. */
export async function alternate(labels: Labels, contenders: readonly Contender[], rounds: number): Promise<Figure[]> {
  const turns = contenders.map((contender) => ({ contender, runs: [] as number[], others: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { contender, runs, others } of turns) {
      others.push(await quiet());
      runs.push(await contender.run());
    }
  }
  return turns.map(({ contender: { peer }, runs, others }) => figure({ ...labels, peer, runs, others }));
}

export function figure(measured: Omit<Figure, 'median'>): Figure {
  return { ...measured, median: median(measured.runs) };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export interface Pace {
  readonly seconds: number;
  /** Sent once before anything is measured, to find the pace and to warm the peer. */
  readonly pilot: number;
  readonly most: number;
}

/** Work of which so many a second can be done, in turns of about the same time. `send` answers seconds. */
export function paced(send: (count: number) => Promise<number>, { seconds, pilot, most }: Pace): () => Promise<number> {
  let rate: number | undefined;
  return async () => {
    rate ??= pilot / (await send(pilot));
    const count = Math.round(Math.min(most, Math.max(pilot, rate * seconds)));
    rate = count / (await send(count));
    return rate;
  };
}
