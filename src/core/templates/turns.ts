import { Refusal } from '../../base/refusal.ts';

interface Limits {
  /** Places at most; more owners than these take turns. */
  readonly places: number;
  /** Of one owner, and of all together, that wait for a place. */
  readonly waitingPerOwner: number;
  readonly waiting: number;
}

/**
 * Places shared fairly: an owner has one at a time, and those who wait are served owner by owner. So one whose work takes
 * long, or who has much of it, holds up nobody but itself as long as there is another place.
 */
export class Turns {
  readonly #limits: Limits;
  readonly #holding = new Set<string>();
  /** The owner that has waited longest first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Resolves when the owner has a place. @throws Refusal `busy`: too many wait. */
  async take(owner: string): Promise<void> {
    if (this.#holding.size < this.#limits.places && !this.#holding.has(owner)) {
      this.#holding.add(owner);
      return;
    }
    const queue = this.#waiting.get(owner) ?? [];
    if (this.#count >= this.#limits.waiting || queue.length >= this.#limits.waitingPerOwner) {
      throw new Refusal('busy', 'Too many templates wait to be rendered');
    }
    this.#count += 1;
    this.#waiting.set(owner, queue);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** To be called once for each place that was taken. */
  release(owner: string): void {
    this.#holding.delete(owner);
    for (const [next, queue] of this.#waiting) {
      if (this.#holding.has(next)) continue;
      this.#holding.add(next);
      this.#count -= 1;
      // Whoever has more goes behind the others.
      this.#waiting.delete(next);
      if (queue.length > 1) this.#waiting.set(next, queue);
      queue.shift()!();
      return;
    }
  }
}
