/** What is owed, as far as it matters for whose turn it is. */
export interface Owed {
  readonly id: string;
  readonly endpoint: string;
  /** Civil milliseconds. */
  readonly due: number;
}

/** Tries under way to one endpoint: a slow one must not hold all there are. */
export const MOST_FOR_ONE = 10;

interface Turn {
  readonly now: number;
  /** Tries that may begin. */
  readonly room: number;
  /** How many are under way, by endpoint. */
  readonly underWay: ReadonlyMap<string, number>;
}

/** Those whose turn it is, in the order of `owed` (by due time), no endpoint more than its share. */
export function takeFairly(owed: readonly Owed[], { now, room, underWay }: Turn): Owed[] {
  const counts = new Map(underWay);
  const taken: Owed[] = [];
  for (const one of owed) {
    const count = counts.get(one.endpoint) ?? 0;
    if (taken.length >= room || one.due > now) break;
    if (count >= MOST_FOR_ONE) continue;
    counts.set(one.endpoint, count + 1);
    taken.push(one);
  }
  return taken;
}
