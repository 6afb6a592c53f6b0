/**
 * Mail out, second half: claim what is due, take it along a route, judge the answer, record the outcome or try later.
 *
 * States of a delivery: `queued` → (`deferred` …) → `captured`, `delivered`, `bounced`, `rejected`,
 * `render-failed` or `cancelled` (by the operator). A delivery is
 * claimed while it is tried; a claim that nobody finished falls due again. An outcome, its event and its counters are one
 * transaction, so an accepted recipient ends in exactly one final state; a second copy goes out only where the peer's
 * answer was lost.
 *
 * A lane whose peer nobody can reach rests: what waits in it stays as it is, and at growing intervals one message is
 * tried for all. Whatever expires meanwhile is tried a last time and ends.
 *
 * Who runs the exchangers of many domains is one provider, with a number of attempts at a time that grows while it answers:
 * what is slow or dead never holds all that may be under way.
 */
import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Rows } from '../../storage/ports.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import { Consequences, type ConsequencesNeeds } from './consequences.ts';
import { type DueLane, Lanes, PRIORITY } from './lanes.ts';
import { type Outcome, outcomeOf, simulatedOutcome, type Withheld, withheldOutcome } from './outcome.ts';
import { type Place, Providers, type Showing } from './providers.ts';
import { Queue } from './queue.ts';
import type { Attempt, Result, Route } from './route.ts';
import { LIFETIME, nextAttempt } from './schedule.ts';
import { isSimulated, simulated } from './simulator.ts';
import {
  type DeliveryRow,
  deepenLane,
  deferDelivery,
  deleteDeliveries,
  deliveriesOf,
  dueLanes,
  finishDelivery,
  hastenLane,
  hurryLanes,
  insertDelivery,
  nameProvider,
  nextDue,
  recountLanes,
  releaseClaims,
  releaseDelivery,
  removeIdleLanes,
  shallowLane,
} from './table.ts';

export type { QueueBy, QueueEntry, QueuePart } from './queue.ts';
export type { Attempt, Result, Route } from './route.ts';
export { isSimulated } from './simulator.ts';

export type DeliveryState =
  | 'queued'
  | 'deferred'
  | 'captured'
  | 'delivered'
  | 'bounced'
  | 'cancelled'
  | Unsent['state'];

/** Why a message that was accepted is sent to nobody: its template failed with its data, or what is in it. */
export interface Unsent {
  readonly state: 'render-failed' | 'rejected';
  readonly reason: string;
  /** The template's name, if it is a stored one. */
  readonly template?: string | undefined;
}

/** How one recipient of a message stands. */
export interface Standing {
  readonly recipient: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Civil milliseconds of the next try; nothing in a final state. */
  readonly due?: number;
  /** The last answer. */
  readonly reply?: string;
}

/** Attempts in flight at most. */
const MOST_ATTEMPTS = 200;
/** Lanes looked at in one go. */
const LANES_A_LOOK = 50;

interface Needs extends ConsequencesNeeds {
  readonly rows: Rows;
  readonly messages: Messages;
  readonly publishing: Publishing;
  readonly route: Route;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Delivery {
  readonly loop: WorkLoop;
  readonly queue: Queue;
  readonly #providers = new Providers();
  readonly #consequences: Consequences;
  readonly #lanes: Lanes;
  readonly #needs: Needs;
  /** Whose claims are ours. */
  readonly #name: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#name = needs.random.uuid();
    this.#consequences = new Consequences(needs);
    this.loop = new WorkLoop({
      name: 'delivery',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_ATTEMPTS,
      look: (room) => this.#look(room),
    });
    const { rows, clock, random, route } = needs;
    this.#lanes = new Lanes({ route, providers: this.#providers, clock, random, name: this.#name });
    this.queue = new Queue({
      rows,
      clock,
      random,
      route: route.name,
      laneOf: (domain) => this.#lanes.named(domain),
      wake: () => this.loop.wake(),
    });
  }

  /** Takes over what an earlier process had claimed and begins. */
  async start(): Promise<void> {
    const now = this.#needs.clock.civil();
    await this.#needs.rows.write([releaseClaims({ now, by: this.#name }), hurryLanes({ now })], 'committed');
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    await this.#needs.route.close();
  }

  /**
   * Part of an accept batch. A recipient whose outcome is known without a try (it is suppressed, the mailbox simulator's, or
   * captured) gets it at once; every other waits in the lane of its domain. `lifetime`: milliseconds after which it is given
   * up, where the sender wants less than SES's own; `content`: the bytes, which cannot be read back yet.
   */
  async enqueue(
    message: Message,
    { lifetime = LIFETIME, suppressed = nobody, optedOut = nobody, unsent, content }: Enqueuing = {},
  ): Promise<Enqueued> {
    const { id, account, region, recipients, at } = message;
    const lanes = new Map<string, number>();
    const expires = at + lifetime;
    const batch: Command[] = [];
    if (unsent) {
      const { state, reason, template } = unsent;
      const happening =
        state === 'rejected'
          ? ({ type: 'reject', reason } as const)
          : ({ type: 'rendering-failure', template, reason } as const);
      batch.push(...(await this.#needs.publishing.record({ message, at, happening, content })));
    }
    for (const [n, recipient] of recipients.entries()) {
      const lane = this.#lanes.named(domainOf(recipient));
      const row = { message_id: id, n, account, region, lane, recipient, accepted: at, expires };
      if (unsent) {
        const { state, reason: reply } = unsent;
        batch.push(insertDelivery({ ...row, state, reply, due: null, attempts: 0 }));
        continue;
      }
      const withheld = optedOut.has(recipient) ? 'opted-out' : suppressed.has(recipient) ? 'suppressed' : undefined;
      const foregone = await this.#foregone(message, row, withheld);
      if (foregone) {
        const { state, reply } = foregone;
        batch.push(insertDelivery({ ...row, state, reply, due: null, attempts: 1 }));
        const occasion = { at, content, listed: !isSimulated(recipient) };
        batch.push(...(await this.#consequences.of(message, foregone, occasion)));
      } else {
        lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
        batch.push(insertDelivery({ ...row, state: 'queued', reply: null, due: at, attempts: 0 }));
      }
    }
    const depths = [...lanes].map(([lane, depth]) =>
      deepenLane({ lane, depth, due: at, expires, priority: PRIORITY, provider: untriedProvider(lane) }),
    );
    return { batch: [...batch, ...depths], waiting: lanes.size > 0 };
  }

  /** How each recipient of these messages stands, by message id. */
  async standings(messageIds: readonly string[]): Promise<Map<string, Standing[]>> {
    const standings = new Map<string, Standing[]>(messageIds.map((id) => [id, []]));
    if (messageIds.length === 0) return standings;
    for (const { message_id, recipient, state, attempts, due, reply } of await this.#needs.rows.all(
      deliveriesOf(messageIds),
    )) {
      standings.get(message_id)?.push({
        recipient,
        state: state as DeliveryState,
        attempts,
        ...(due !== null && { due }),
        ...(reply !== null && { reply }),
      });
    }
    return standings;
  }

  /** The rows of messages whose deliveries are all in a final state. */
  forget(messageIds: readonly string[]): Command[] {
    return [deleteDeliveries(messageIds), removeIdleLanes({})];
  }

  /** Puts the lanes right after an account's deliveries were erased beneath them. */
  async repairLanes(): Promise<void> {
    await this.#needs.rows.write([recountLanes({}), removeIdleLanes({})], 'committed');
  }

  async #look(room: number): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const full = this.#providers.full();
    const lanes = await rows.all(dueLanes({ now, limit: LANES_A_LOOK, full }));
    const batch = this.#lanes.claiming(lanes, now, room);
    const looked = new Map(lanes.map((lane) => [lane.lane, lane]));
    const outcome = batch.length > 0 ? await rows.write(batch, 'committed') : undefined;
    const claimed = outcome?.applied ? (outcome.rows.flat() as DeliveryRow[]) : [];
    const messages = await this.#needs.messages.getMany([...new Set(claimed.map(({ message_id }) => message_id))]);
    const tasks = groupByMessage(claimed).map(
      (group) => () => this.#attempt(messages.get(group[0]!.message_id), group, looked.get(group[0]!.lane)!),
    );
    return { tasks, nextDue: (await rows.first(nextDue(full)))?.due ?? undefined };
  }

  /**
   * The claimed recipients of one message in one lane: one transaction with the peer, one with the storage. `lane`: as it
   * was when they were claimed.
   */
  async #attempt(message: Message | undefined, deliveries: readonly DeliveryRow[], lane: DueLane): Promise<void> {
    // Erased while it was claimed: nothing is owed any more.
    if (!message) return;
    const place = this.#needs.route.oneLane ? anywhere : this.#providers.begin(lane.provider);
    let showing: Showing | undefined;
    try {
      showing = await this.#try(message, deliveries, { lane, place });
    } finally {
      place.end(showing);
    }
  }

  async #try(
    message: Message,
    deliveries: readonly DeliveryRow[],
    { lane, place }: { lane: DueLane; place: Place },
  ): Promise<Showing | undefined> {
    const { route, rows, publishing } = this.#needs;
    let { provider } = lane;
    const attempt: Attempt = {
      message,
      recipients: deliveries.map(({ recipient }) => recipient),
      tls: message.facts['tls'] === 'require' ? 'required' : undefined,
      admit: (found) => {
        provider = found;
        return place.move(found);
      },
    };
    const results = await route.deliver(attempt);
    const named = provider === lane.provider ? [] : [nameProvider({ lane: lane.lane, provider })];
    if (!results) {
      await rows.write([...named, ...this.#release(deliveries)], 'committed');
      return undefined;
    }
    const batch = await this.#finish(message, deliveries, results);
    const found = this.#lanes.found(lane, results);
    const outcome = await rows.write([...named, ...batch, ...found], 'committed');
    publishing.announce(message);
    if (!outcome.applied) this.#needs.log.warn({ message: message.id }, 'a claim was lost before its attempt ended');
    return results.every(({ unreached }) => unreached) ? 'unreached' : 'reached';
  }

  /** They are due as they were, in the lane of a provider that has no room now. */
  #release(deliveries: readonly DeliveryRow[]): Command[] {
    const due = this.#needs.clock.civil();
    const { lane } = deliveries[0]!;
    const expires = Math.min(...deliveries.map((delivery) => delivery.expires));
    const released = deliveries.map(({ message_id, n }) => releaseDelivery({ message_id, n, by: this.#name, due }));
    return [...released, hastenLane({ lane, due, expires })];
  }

  /** Final states or next times, events with what they owe, and the depth of the lane, as one batch. */
  async #finish(message: Message, deliveries: readonly DeliveryRow[], results: readonly Result[]): Promise<Command[]> {
    const { clock, random } = this.#needs;
    const now = clock.civil();
    const batch: Command[] = [];
    let finished = 0;
    let [soonest, expires] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const [i, delivery] of deliveries.entries()) {
      const place = { message_id: delivery.message_id, n: delivery.n, by: this.#name };
      const outcome = outcomeOf(this.#judged(delivery, now), results[i]!);
      const { state, reply } = outcome;
      batch.push(...(await this.#consequences.of(message, outcome, { at: now })));
      if (state === 'deferred') {
        const next = nextAttempt({ now, attempts: delivery.attempts + 1, chance: random.fraction() });
        const due = Math.min(next, delivery.expires);
        soonest = Math.min(soonest, due);
        expires = Math.min(expires, delivery.expires);
        batch.push(deferDelivery({ ...place, due, reply }));
      } else {
        finished += 1;
        batch.push(finishDelivery({ ...place, state, reply }));
      }
    }
    const { lane } = deliveries[0]!;
    if (finished > 0) batch.push(shallowLane({ lane, depth: finished }));
    if (finished < deliveries.length) batch.push(hastenLane({ lane, due: soonest, expires }));
    return batch;
  }

  /** The outcome of a recipient that need not be tried. */
  async #foregone(message: Message, row: Accepted, withheld: Withheld | undefined): Promise<Outcome | undefined> {
    const judged = () => this.#judged(row, message.at);
    if (withheld) return withheldOutcome(judged(), withheld);
    const simulation = simulated(row.recipient);
    // Out of office: somebody answers, and that is an attempt.
    if (simulation && simulation !== 'ooto') return simulatedOutcome(judged(), simulation);
    const result = await this.#needs.route.foregone?.(row.recipient);
    return result && outcomeOf(judged(), result);
  }

  #judged({ recipient, accepted, expires, region }: Accepted, now: number) {
    const { clock, random } = this.#needs;
    return { recipient, accepted, expires, now, feedbackId: outgoingMessageId(region, clock, random) };
  }
}

const domainOf = (recipient: string) => recipient.slice(recipient.lastIndexOf('@') + 1).toLowerCase();

/** Of a lane that nobody has tried yet. */
const untriedProvider = (lane: string) => lane.slice(lane.lastIndexOf('/') + 1);

/** Where all goes to one relay, no place is counted. */
const anywhere: Place = { move: () => true, end: () => {} };

interface Enqueued {
  readonly batch: readonly Command[];
  /** Something has to be tried: wake the loop once the batch is written. */
  readonly waiting: boolean;
}

interface Enqueuing {
  readonly lifetime?: number | undefined;
  /** Recipients that are on a suppression list. */
  readonly suppressed?: ReadonlySet<string>;
  /** Recipients that do not want it. */
  readonly optedOut?: ReadonlySet<string> | undefined;
  readonly unsent?: Unsent | undefined;
  readonly content?: Buffer | undefined;
}
const nobody: ReadonlySet<string> = new Set();

type Accepted = Pick<DeliveryRow, 'recipient' | 'accepted' | 'expires' | 'region'>;

/** Claimed recipients of one message and lane are one attempt. */
function groupByMessage(claimed: readonly DeliveryRow[]): DeliveryRow[][] {
  const groups = new Map<string, DeliveryRow[]>();
  for (const row of claimed) {
    const key = `${row.message_id} ${row.lane}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return [...groups.values()].map((group) => group.sort((a, b) => a.n - b.n));
}
