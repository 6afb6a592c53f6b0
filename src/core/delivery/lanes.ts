import { type Clock, MINUTE } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { Command } from '../../storage/ports.ts';
import type { Providers } from './providers.ts';
import type { Result, Route } from './route.ts';
import { nextAttempt } from './schedule.ts';
import { claim, claimExpired, type LaneRow, openLane, restLane, settleLane } from './table.ts';

/** Longer than any attempt may take; a claim older than this was lost. */
const CLAIM_TIME = 60 * MINUTE;
export const PRIORITY = 0;

/** A lane as a look finds it. */
export type DueLane = Pick<LaneRow, 'lane' | 'failures' | 'provider'>;

interface Needs {
  readonly route: Pick<Route, 'name' | 'oneLane'>;
  readonly providers: Providers;
  readonly clock: Clock;
  readonly random: Random;
  /** Whose claims are made. */
  readonly name: string;
}

/** What waits for one domain, or for one relay: how it is called, what may be claimed from it, when it rests. */
export class Lanes {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** `domain` in lower case. */
  named(domain: string): string {
    const { name, oneLane } = this.#needs.route;
    return `${name}/${PRIORITY}/${oneLane ? '*' : domain}`;
  }

  /** Commands that claim what is due in them: `room` messages at most, answered as rows of deliveries. */
  claiming(lanes: readonly DueLane[], now: number, room: number): Command[] {
    return this.#shares(lanes, room).flatMap(([lane, limit]) => this.#claiming(lane, now, limit));
  }

  /** What an attempt found out about its lane. */
  found(lane: DueLane, results: readonly Result[]): Command[] {
    const reached = !results.every(({ unreached }) => unreached);
    if (lane.failures > 0) return reached ? [openLane(lane)] : [];
    return reached ? [] : [this.#resting(lane, this.#needs.clock.civil())];
  }

  /** Messages to claim from each: a fair part of the room, and no more than its provider has place for. */
  #shares(lanes: readonly DueLane[], room: number): [lane: DueLane, limit: number][] {
    const most = Math.max(1, Math.floor(room / Math.max(1, lanes.length)));
    const { route, providers } = this.#needs;
    const shared = new Map<string, number>();
    return lanes.flatMap((lane): [DueLane, number][] => {
      // To a relay goes everything: there is nobody whom it could delay.
      const left = route.oneLane ? most : (shared.get(lane.provider) ?? providers.room(lane.provider, room));
      const limit = Math.min(most, left);
      shared.set(lane.provider, left - limit);
      return limit > 0 ? [[lane, limit]] : [];
    });
  }

  /** Of a lane that rests one message is taken, and the next time set before it is known what comes of it. */
  #claiming({ lane, failures }: DueLane, now: number, limit: number): Command[] {
    const wanted = { lane, now, until: now + CLAIM_TIME, by: this.#needs.name };
    if (failures === 0) return [claim({ ...wanted, limit }), settleLane({ lane })];
    return [claimExpired({ ...wanted, limit }), claim({ ...wanted, limit: 1 }), this.#resting({ lane, failures }, now)];
  }

  #resting({ lane, failures }: Pick<DueLane, 'lane' | 'failures'>, now: number): Command {
    const until = nextAttempt({ now, attempts: failures + 1, chance: this.#needs.random.fraction() });
    return restLane({ lane, failures, until });
  }
}
