import { Refusal } from './refusal.ts';

interface Limits {
  /** Places at most, and of these what one owner may hold. */
  readonly places: number;
  readonly placesPerOwner: number;
  /** Of one owner, and of all together, that wait for a place. */
  readonly waitingPerOwner: number;
  readonly waiting: number;
  /** What is told to who would be one too many. */
  readonly tooMany: string;
}

/**
 * Places shared fairly: an owner has its share at a time, and those who wait are served owner by owner. So one whose work
 * takes long, or who has much of it, holds up nobody but itself as long as there is another place.
 */
export class Turns {
  readonly #limits: Limits;
  readonly #holding = new Map<string, number>();
  #held = 0;
  /** The owner that has waited longest first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #count = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Resolves when the owner has a place. @throws Refusal `busy`: too many wait. */
  async take(owner: string): Promise<void> {
    const { places, waiting, waitingPerOwner, tooMany } = this.#limits;
    if (this.#held < places && this.#mayHold(owner)) return this.#hold(owner);
    const queue = this.#waiting.get(owner) ?? [];
    if (this.#count >= waiting || queue.length >= waitingPerOwner) throw new Refusal('busy', tooMany);
    this.#count += 1;
    this.#waiting.set(owner, queue);
    await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** To be called once for each place that was taken. */
  release(owner: string): void {
    const left = this.#holding.get(owner)! - 1;
    if (left > 0) this.#holding.set(owner, left);
    else this.#holding.delete(owner);
    this.#held -= 1;
    for (const [next, queue] of this.#waiting) {
      if (!this.#mayHold(next)) continue;
      this.#hold(next);
      this.#count -= 1;
      // Whoever has more goes behind the others.
      this.#waiting.delete(next);
      if (queue.length > 1) this.#waiting.set(next, queue);
      queue.shift()!();
      return;
    }
  }

  #mayHold(owner: string): boolean {
    return (this.#holding.get(owner) ?? 0) < this.#limits.placesPerOwner;
  }

  #hold(owner: string): void {
    this.#holding.set(owner, (this.#holding.get(owner) ?? 0) + 1);
    this.#held += 1;
  }
}
