/**
 * Mail out, second half: claim what is due, take it along a route, judge the answer, record the outcome or try later.
 *
 * States of a delivery: `queued` → (`deferred` …) → `captured`, `delivered` or `bounced`. A delivery is claimed while it is
 * tried; a claim that nobody finished falls due again. An outcome, its event and its counters are one transaction, so an
 * accepted recipient ends in exactly one final state; a second copy goes out only where the peer's answer was lost.
 */
import { type Clock, MINUTE } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Rows } from '../../storage/ports.ts';
import type { Events, Happening } from '../events/events.ts';
import type { Message, Messages } from '../messages/messages.ts';
import { classify, expired, type Verdict } from './classify.ts';
import type { Attempt, Result, Route } from './route.ts';
import { LIFETIME, nextAttempt } from './schedule.ts';
import {
  claim,
  type DeliveryRow,
  deepenLane,
  deferDelivery,
  deleteDeliveries,
  deliveriesOf,
  dueLanes,
  finishDelivery,
  hurryLanes,
  insertDelivery,
  nextDue,
  recountLanes,
  releaseClaims,
  removeIdleLanes,
  settleLane,
  shallowLane,
} from './table.ts';

export type { Attempt, Result, Route } from './route.ts';

export type DeliveryState = 'queued' | 'deferred' | 'captured' | 'delivered' | 'bounced';

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
/** Lanes looked at in one go, deliveries claimed from one of them. */
const LANES_A_LOOK = 50;
const CLAIM = 100;
/** Longer than any attempt may take; a claim older than this was lost. */
const CLAIM_TIME = 60 * MINUTE;
const PRIORITY = 0;

interface Needs {
  readonly rows: Rows;
  readonly messages: Messages;
  readonly events: Events;
  readonly route: Route;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Delivery {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  /** Whose claims are ours. */
  readonly #name: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#name = needs.random.uuid();
    this.loop = new WorkLoop({
      name: 'delivery',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_ATTEMPTS,
      look: (room) => this.#look(room),
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

  /** Part of an accept batch: every recipient waits in the lane of its domain. */
  enqueue({ id, account, region, recipients, at }: Message): Command[] {
    const lanes = new Map<string, number>();
    const rows = recipients.map((recipient, n) => {
      const domain = recipient.slice(recipient.lastIndexOf('@') + 1).toLowerCase();
      const lane = `${this.#needs.route.name}/${PRIORITY}/${domain}`;
      lanes.set(lane, (lanes.get(lane) ?? 0) + 1);
      const place = { message_id: id, n, account, region, lane, recipient };
      return insertDelivery({ ...place, state: 'queued', accepted: at, due: at, expires: at + LIFETIME });
    });
    const depths = [...lanes].map(([lane, depth]) =>
      deepenLane({ lane, depth, due: at, priority: PRIORITY, provider: '' }),
    );
    return [...rows, ...depths];
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

  /** The rows of a message whose deliveries are all in a final state. */
  forget(messageId: string): Command[] {
    return [deleteDeliveries({ messageId }), removeIdleLanes({})];
  }

  /** Puts the lanes right after an account's deliveries were erased beneath them. */
  async repairLanes(): Promise<void> {
    await this.#needs.rows.write([recountLanes({}), removeIdleLanes({})], 'committed');
  }

  async #look(room: number): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const lanes = (await rows.all(dueLanes({ now, limit: LANES_A_LOOK }))).map(({ lane }) => lane);
    const limit = Math.min(CLAIM, Math.max(1, Math.floor(room / Math.max(1, lanes.length))));
    const batch = lanes.flatMap((lane) => [
      claim({ lane, now, until: now + CLAIM_TIME, by: this.#name, limit }),
      settleLane({ lane }),
    ]);
    const outcome = batch.length > 0 ? await rows.write(batch, 'committed') : undefined;
    const claimed = outcome?.applied ? (outcome.rows.flat() as DeliveryRow[]) : [];
    const tasks = groupByMessage(claimed).map((group) => () => this.#attempt(group));
    return { tasks, nextDue: (await rows.first(nextDue({})))?.due ?? undefined };
  }

  /** The claimed recipients of one message in one lane: one transaction with the peer, one with the storage. */
  async #attempt(deliveries: readonly DeliveryRow[]): Promise<void> {
    const { messages, route, rows } = this.#needs;
    const message = await messages.get(deliveries[0]!.message_id);
    // Erased while it was claimed: nothing is owed any more.
    if (!message) return;
    const attempt: Attempt = { message, recipients: deliveries.map(({ recipient }) => recipient) };
    const results = await route.deliver(attempt);
    const outcome = await rows.write(this.#finish(message, deliveries, results), 'committed');
    if (!outcome.applied) this.#needs.log.warn({ message: message.id }, 'a claim was lost before its attempt ended');
  }

  /** Pure but for the clock: final states or next times, events and the depth of the lane, as one batch. */
  #finish(message: Message, deliveries: readonly DeliveryRow[], results: readonly Result[]): Command[] {
    const { clock, random } = this.#needs;
    const now = clock.civil();
    const batch: Command[] = [];
    let finished = 0;
    for (const [i, delivery] of deliveries.entries()) {
      const place = { message_id: delivery.message_id, n: delivery.n, by: this.#name };
      const { state, reply, happening } = this.#outcome(delivery, results[i]!, now);
      if (happening) batch.push(this.#needs.events.record(message, now, happening));
      if (state === 'deferred') {
        const due = nextAttempt({ now, attempts: delivery.attempts + 1, chance: random.fraction() });
        batch.push(deferDelivery({ ...place, due: Math.min(due, delivery.expires), reply }));
      } else {
        finished += 1;
        batch.push(finishDelivery({ ...place, state, reply }));
      }
    }
    const { lane } = deliveries[0]!;
    if (finished > 0) batch.push(shallowLane({ lane, depth: finished }));
    if (finished < deliveries.length) batch.push(settleLane({ lane }));
    return batch;
  }

  #outcome(delivery: DeliveryRow, result: Result, now: number) {
    const { recipient } = delivery;
    const verdict: Verdict = result.kind === 'captured' ? { kind: 'delivered', status: '2.6.0' } : classify(result);
    const reply = result.code === undefined ? result.text : `${result.code} ${result.text}`;
    const { status } = verdict;
    if (verdict.kind === 'delivered') {
      const state = result.kind === 'captured' ? ('captured' as const) : ('delivered' as const);
      return { state, reply, happening: delivered(delivery, reply, result.peer, now) };
    }
    if (verdict.kind === 'deferred' && now < delivery.expires) {
      const recipients = [{ recipient, reply, status }];
      const happening = { type: 'delivery-delay', recipients, peer: result.peer, expires: delivery.expires } as const;
      return { state: 'deferred' as const, reply, happening };
    }
    const last = verdict.kind === 'bounced' ? { ...verdict, text: reply } : expiredReply(result, delivery);
    const happening: Happening = {
      type: 'bounce',
      feedbackId: outgoingMessageId(delivery.region, this.#needs.clock, this.#needs.random),
      bounce: last.bounce,
      recipients: [{ recipient, reply: last.text, status: last.status }],
      peer: result.peer,
    };
    return { state: 'bounced' as const, reply: last.text, happening };
  }
}

function delivered(delivery: DeliveryRow, reply: string, peer: string, now: number): Happening {
  return { type: 'delivery', recipients: [delivery.recipient], reply, processingTime: now - delivery.accepted, peer };
}

function expiredReply(result: Result, { accepted, expires }: DeliveryRow) {
  const last = expired(result, Math.round((expires - accepted) / MINUTE));
  return { ...last, text: `${last.code} ${last.text}` };
}

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
