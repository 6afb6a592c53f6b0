import { type Clock, MINUTE } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Rows } from '../../storage/ports.ts';
import {
  cancelDelivery,
  claimWaiting,
  deepestLanes,
  deepestProviders,
  depthBelow,
  hurryDeliveries,
  lanesBelow,
  lanesOfProvider,
  openLane,
  settleLane,
  shallowLane,
} from './table.ts';

/** How the queue is grouped, and which part of it is meant. */
export type QueueBy = 'domain' | 'provider' | 'route';
export interface QueuePart {
  readonly by: QueueBy;
  readonly name: string;
}

/** What waits, or is under way, in one part of the queue. */
export interface QueueEntry {
  readonly name: string;
  /** Recipients in no final state. */
  readonly waiting: number;
  /** Domains, or relays, with mail of their own in it. */
  readonly lanes: number;
  /** Civil milliseconds of the next look. */
  readonly due?: number;
  /** By domain: who runs its exchangers, as far as is known, and the tries in a row that reached nobody. */
  readonly provider?: string;
  readonly failures?: number;
}

/** Deliveries changed, lanes read in one step: others write in between. */
const STEP = 500;
/** A cancellation that nobody finished is undone by then. */
const CLAIM_TIME = MINUTE;
const CANCELLED = 'Cancelled by the operator';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly random: Random;
  /** Where mail goes now, and how the lane of a domain is called on it. */
  readonly route: string;
  readonly laneOf: (domain: string) => string;
  /** Something is due. */
  readonly wake: () => void;
}

/** The queue as an operator sees it: what waits where, again now, or never. What is under way is let be. */
export class Queue {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** The fullest first, at most `limit`. */
  async list(by: QueueBy, limit: number): Promise<QueueEntry[]> {
    const { rows, route } = this.#needs;
    if (by === 'domain') {
      const found = await rows.all(deepestLanes({ limit }));
      return found.map(({ lane, depth, due, provider, failures }) => ({
        ...entry(domainOf(lane), { depth, lanes: 1, due }),
        provider,
        failures,
      }));
    }
    if (by === 'provider') {
      return (await rows.all(deepestProviders({ limit }))).map((one) => entry(one.provider, one));
    }
    const one = await rows.first(depthBelow({ prefix: `${route}/` }));
    return one?.depth ? [entry(route, one)] : [];
  }

  /** Everything in this part is due now, its lanes rest no more. Answers how many deliveries had been waiting for a later time. */
  async retry(part: QueuePart): Promise<number> {
    const { rows, clock, wake } = this.#needs;
    const now = clock.civil();
    const count = await this.#eachLane(part, async (lane) => {
      const outcome = await rows.write([hurryDeliveries({ lane, now, limit: STEP }), openLane({ lane })], 'committed');
      return outcome.applied ? outcome.rows[0]!.length : 0;
    });
    wake();
    return count;
  }

  /** Nothing in this part that is not under way is sent any more: a final state. Answers how many deliveries that were. */
  async cancel(part: QueuePart): Promise<number> {
    const { rows, clock, random } = this.#needs;
    const by = random.uuid();
    return this.#eachLane(part, async (lane) => {
      const until = clock.civil() + CLAIM_TIME;
      const claimed = await rows.write([claimWaiting({ lane, until, by, limit: STEP })], 'committed');
      const places = claimed.applied ? (claimed.rows[0] as { message_id: string; n: number }[]) : [];
      if (places.length === 0) return 0;
      const cancelled = places.map(({ message_id, n }) => cancelDelivery({ message_id, n, by, reply: CANCELLED }));
      const depth = places.length;
      const outcome = await rows.write([...cancelled, shallowLane({ lane, depth }), settleLane({ lane })], 'durable');
      return outcome.applied ? depth : 0;
    });
  }

  /** In steps, until a step of a lane finds less than it could have taken. */
  async #eachLane(part: QueuePart, step: (lane: string) => Promise<number>): Promise<number> {
    let count = 0;
    for await (const lane of this.#lanes(part)) {
      for (let done = STEP; done === STEP; count += done) done = await step(lane);
    }
    return count;
  }

  async *#lanes({ by, name }: QueuePart): AsyncGenerator<string> {
    const { rows, route, laneOf } = this.#needs;
    if (by === 'domain') {
      const lane = laneOf(name);
      // Its neighbours in the lane are not meant.
      if (domainOf(lane) !== name) {
        const told = `Mail to all domains waits in one lane on ${route}; say the route.`;
        throw new Refusal('invalid-parameter', told);
      }
      yield lane;
      return;
    }
    if (by === 'route' && name !== route)
      throw new Refusal('not-found', `There is no route ${name}; mail goes by ${route}.`);
    let after = '';
    for (;;) {
      const page = { after, limit: STEP };
      const found = await rows.all(
        by === 'provider' ? lanesOfProvider({ provider: name, ...page }) : lanesBelow({ prefix: `${name}/`, ...page }),
      );
      for (const { lane } of found) yield lane;
      if (found.length < STEP) return;
      after = found.at(-1)!.lane;
    }
  }
}

const domainOf = (lane: string) => lane.slice(lane.lastIndexOf('/') + 1);

function entry(name: string, { depth, lanes, due }: { depth: number; lanes: number; due: number | null }): QueueEntry {
  return { name, waiting: Number(depth), lanes: Number(lanes), ...(due !== null && { due }) };
}
