import type { QueueRef } from './settings.ts';

type Waited = QueueRef & { readonly arn: string };

interface Waiter {
  readonly queue: Waited;
  /** Civil milliseconds: when it looked last. */
  readonly since: number;
  readonly rouse: () => void;
}

/** Receivers that wait, by queue. They are hints to look again: how many get something the rows decide. */
export class Waiting {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** Registered before the look that finds nothing, so that what comes in between is not missed. */
  arrival(queue: Waited, since: number, end: AbortSignal): { happened: Promise<void>; forget: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter: Waiter = { queue, since, rouse: () => resolve() };
    const waiters = this.#waiters.get(queue.arn) ?? new Set();
    this.#waiters.set(queue.arn, waiters.add(waiter));
    if (end.aborted) resolve();
    end.addEventListener('abort', waiter.rouse);
    const forget = () => {
      end.removeEventListener('abort', waiter.rouse);
      waiters.delete(waiter);
      if (waiters.size === 0 && this.#waiters.get(queue.arn) === waiters) this.#waiters.delete(queue.arn);
    };
    return { happened: promise, forget };
  }

  rouse(arn: string): void {
    for (const { rouse } of this.#waiters.get(arn) ?? []) rouse();
  }

  /** One entry a queue, with the earliest look. */
  all(): { queue: Waited; since: number }[] {
    return [...this.#waiters.values()].map((waiters) => {
      const [first] = waiters;
      return { queue: first!.queue, since: Math.min(...[...waiters].map(({ since }) => since)) };
    });
  }
}
