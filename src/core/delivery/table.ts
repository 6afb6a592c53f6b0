import { type Kysely, sql } from 'kysely';
import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  deliveries: {
    message_id: string;
    /** Place of the recipient in the envelope, from 0. */
    n: number;
    account: string;
    region: string;
    lane: string;
    recipient: string;
    state: string;
    accepted: number;
    /** When to look at it again; a claim moves it to the end of the claim; nothing in a final state. */
    due: number | null;
    attempts: number;
    expires: number;
    claimed_by: string | null;
    reply: string | null;
  };
  lanes: {
    lane: string;
    priority: number;
    /** Who runs its exchangers, once an attempt has found out; till then its domain. */
    provider: string;
    /** The earliest due time of its deliveries; while it rests, that of the next probe or of the first that expires. */
    due: number | null;
    /** Deliveries in no final state. */
    depth: number;
    /** Tries in a row that reached nobody. From the first on the lane rests: its own time moves, not its deliveries'. */
    failures: number;
  };
}
export type DeliveryRow = Tables['deliveries'];
export type LaneRow = Tables['lanes'];

const { query, command, queryOver, commandOver, dynamic } = statementsOver<Tables>();

export const insertDelivery = command(
  'deliveries.insert',
  (db, p: Omit<DeliveryRow, 'claimed_by'>) =>
    db.insertInto('deliveries').values({
      ...pick(p, 'message_id', 'n', 'account', 'region', 'lane', 'recipient', 'state', 'accepted', 'due'),
      ...pick(p, 'attempts', 'expires', 'reply'),
    }),
  { expect: 1 },
);

/** The due time of a lane in which something waits that is due and expires then: a lane that rests has time until it expires. */
function noLaterThan(p: { due: number; expires: number }) {
  const wanted = sql<number>`case when lanes.failures = 0 or lanes.due is null then ${p.due} else ${p.expires} end`;
  return sql<number>`case when lanes.due <= ${wanted} then lanes.due else ${wanted} end`;
}

/** `depth` more in the lane, all due at `due`. */
export const deepenLane = command(
  'lanes.deepen',
  (db, p: Omit<LaneRow, 'due' | 'failures'> & { due: number; expires: number }) =>
    db
      .insertInto('lanes')
      .values({ ...pick(p, 'lane', 'priority', 'provider', 'due', 'depth'), failures: 0 })
      .onConflict((c) =>
        c.column('lane').doUpdateSet({ depth: sql`lanes.depth + excluded.depth`, due: noLaterThan(p) }),
      ),
);

/** Something in the lane was deferred until `due`. */
export const hastenLane = command('lanes.hasten', (db, p: { lane: string; due: number; expires: number }) =>
  db
    .updateTable('lanes')
    .set({ due: noLaterThan(p) })
    .where('lane', '=', p.lane),
);

const due = query('lanes.due', (db, p: { now: number; limit: number }) => lanesDue(db, p));

/** Lanes that are due, but those of providers that are full. */
export const dueLanes = (p: { now: number; limit: number; full: readonly string[] }) =>
  p.full.length === 0
    ? due(pick(p, 'now', 'limit'))
    : dynamic('lanes.due-beside', (db) => lanesDue(db, p).where('provider', 'not in', p.full));

function lanesDue(db: Kysely<Tables>, p: { now: number; limit: number }) {
  const lanes = db.selectFrom('lanes').select(['lane', 'failures', 'provider']).where('due', '<=', p.now);
  return lanes.orderBy('priority').orderBy('due').limit(p.limit);
}

const next = query('lanes.next-due', (db) => firstDue(db));

/** When the next lane falls due; those of providers that are full are looked at when there is room. */
export const nextDue = (full: readonly string[]) =>
  full.length === 0
    ? next({})
    : dynamic('lanes.next-due-beside', (db) => firstDue(db).where('provider', 'not in', full));

function firstDue(db: Kysely<Tables>) {
  return db
    .selectFrom('lanes')
    .select((e) => e.fn.min('due').as('due'))
    .where('due', 'is not', null);
}

/** An attempt has found out who runs the lane's exchangers. */
export const nameProvider = command('lanes.provider', (db, p: { lane: string; provider: string }) =>
  db.updateTable('lanes').set({ provider: p.provider }).where('lane', '=', p.lane),
);

interface Claim {
  lane: string;
  now: number;
  until: number;
  by: string;
  /** Messages. */
  limit: number;
}

/** Deliveries that one claim looks at; no message has more recipients than half of them. */
const MOST_CLAIMED = 100;

/** The messages with deliveries that are due, the longest waiting first; only those that expire until `expired`. */
const claimBefore = command('deliveries.claim', (db, p: Claim & { expired: number }) =>
  db
    .updateTable('deliveries')
    .set({ due: p.until, claimed_by: p.by })
    .where(({ refTuple, selectFrom }) => {
      const due = selectFrom('deliveries')
        .select(['message_id', 'n', 'due'])
        .where('lane', '=', p.lane)
        .where('due', '<=', p.now)
        .where('expires', '<=', p.expired)
        .orderBy('due')
        .limit(MOST_CLAIMED);
      const placed = selectFrom(due.as('waiting')).select((e) => [
        'message_id',
        'n',
        e.fn
          .agg<number>('dense_rank')
          .over((o) => o.orderBy('due').orderBy('message_id'))
          .as('place'),
      ]);
      const first = selectFrom(placed.as('placed')).select(['message_id', 'n']).where('place', '<=', p.limit);
      return sql<boolean>`${refTuple('message_id', 'n')} in ${first}`;
    })
    .returningAll(),
);
export const claim = (wanted: Claim) => claimBefore({ ...wanted, expired: Number.MAX_SAFE_INTEGER });
export const claimExpired = (wanted: Claim) => claimBefore({ ...wanted, expired: wanted.now });

/** The lane is due again when the first of its deliveries is. */
export const settleLane = command('lanes.settle', (db, p: { lane: string }) =>
  db
    .updateTable('lanes')
    .set((e) => ({
      due: e
        .selectFrom('deliveries')
        .select((d) => d.fn.min<number>('due').as('due'))
        .where('lane', '=', p.lane)
        .where('due', 'is not', null),
    }))
    .where('lane', '=', p.lane),
);

/** The lane rests until `until`, or until the first delivery in it that nobody tries just now has expired. */
export const restLane = command('lanes.rest', (db, p: { lane: string; failures: number; until: number }) =>
  db
    .updateTable('lanes')
    .set((e) => ({
      failures: e('failures', '+', 1),
      due: e
        .selectFrom('deliveries')
        .select((d) => {
          // A claim that outlasts the expiry is looked at when it ends.
          const looked = d.fn.min(sql<number>`case when due > expires then due else expires end`);
          return sql<number>`case when ${looked} > ${p.until} then ${p.until} else ${looked} end`.as('due');
        })
        .where('lane', '=', p.lane)
        .where('due', 'is not', null),
    }))
    .where('lane', '=', p.lane)
    .where('failures', '=', p.failures),
);

/** Its peer was reached again: everything in it has its own time. */
export const openLane = command('lanes.open', (db, p: { lane: string }) =>
  db
    .updateTable('lanes')
    .set((e) => ({
      failures: 0,
      due: e
        .selectFrom('deliveries')
        .select((d) => d.fn.min<number>('due').as('due'))
        .where('lane', '=', p.lane)
        .where('due', 'is not', null),
    }))
    .where('lane', '=', p.lane),
);

interface Place {
  message_id: string;
  n: number;
  by: string;
}

/** A final state; only by whom it is claimed, so that an outcome is recorded once. */
export const finishDelivery = command(
  'deliveries.finish',
  (db, p: Place & { state: string; reply: string }) =>
    db
      .updateTable('deliveries')
      .set((e) => ({ state: p.state, reply: p.reply, due: null, claimed_by: null, attempts: e('attempts', '+', 1) }))
      .where('message_id', '=', p.message_id)
      .where('n', '=', p.n)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

export const deferDelivery = command(
  'deliveries.defer',
  (db, p: Place & { due: number; reply: string }) =>
    db
      .updateTable('deliveries')
      .set((e) => ({
        state: 'deferred',
        reply: p.reply,
        due: p.due,
        claimed_by: null,
        attempts: e('attempts', '+', 1),
      }))
      .where('message_id', '=', p.message_id)
      .where('n', '=', p.n)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** It was not tried after all: as if it had not been claimed. */
export const releaseDelivery = command('deliveries.release', (db, p: Place & { due: number }) =>
  db
    .updateTable('deliveries')
    .set({ due: p.due, claimed_by: null })
    .where('message_id', '=', p.message_id)
    .where('n', '=', p.n)
    .where('claimed_by', '=', p.by),
);

export const shallowLane = command('lanes.shallow', (db, p: { lane: string; depth: number }) =>
  db
    .updateTable('lanes')
    .set((e) => ({ depth: e('depth', '-', p.depth) }))
    .where('lane', '=', p.lane),
);

/** Claims of a process that is gone: their deliveries are due now. */
export const releaseClaims = command('deliveries.release-claims', (db, p: { now: number; by: string }) =>
  db
    .updateTable('deliveries')
    .set({ due: p.now, claimed_by: null })
    .where('claimed_by', 'is not', null)
    .where('claimed_by', '!=', p.by)
    .where('due', 'is not', null),
);

export const hurryLanes = command('lanes.hurry', (db, p: { now: number }) =>
  db.updateTable('lanes').set({ due: p.now }).where('depth', '>', 0),
);

/** After rows were taken away without their lanes. */
export const recountLanes = command('lanes.recount', (db) =>
  db.updateTable('lanes').set((e) => ({
    depth: e
      .selectFrom('deliveries')
      .select((d) => d.fn.countAll<number>().as('depth'))
      .whereRef('deliveries.lane', '=', 'lanes.lane')
      .where('due', 'is not', null),
    due: e
      .selectFrom('deliveries')
      .select((d) => d.fn.min<number>('due').as('due'))
      .whereRef('deliveries.lane', '=', 'lanes.lane')
      .where('due', 'is not', null),
  })),
);

export const removeIdleLanes = command('lanes.remove-idle', (db) =>
  db.deleteFrom('lanes').where('depth', '<=', 0).where('due', 'is', null),
);

export const deliveriesOf = queryOver('deliveries.of-messages', (db, messageIds) =>
  db
    .selectFrom('deliveries')
    .select(['message_id', 'recipient', 'state', 'due', 'attempts', 'reply'])
    .where('message_id', 'in', messageIds)
    .orderBy('message_id')
    .orderBy('n'),
);

export const deleteDeliveries = commandOver('deliveries.delete', (db, messageIds) =>
  db.deleteFrom('deliveries').where('message_id', 'in', messageIds),
);

/** Lanes in which something waits, the deepest first. */
export const deepestLanes = query('lanes.deepest', (db, p: { limit: number }) =>
  db
    .selectFrom('lanes')
    .select(['lane', 'provider', 'depth', 'due', 'failures'])
    .where('depth', '>', 0)
    .orderBy('depth', 'desc')
    .orderBy('lane')
    .limit(p.limit),
);

export const deepestProviders = query('lanes.deepest-providers', (db, p: { limit: number }) =>
  db
    .selectFrom('lanes')
    .select((e) => [
      'provider',
      e.fn.sum<number>('depth').as('depth'),
      e.fn.countAll<number>().as('lanes'),
      e.fn.min('due').as('due'),
    ])
    .where('depth', '>', 0)
    .groupBy('provider')
    .orderBy('depth', 'desc')
    .orderBy('provider')
    .limit(p.limit),
);

/** Of the lanes whose name begins with `prefix`. */
export const depthBelow = query('lanes.depth-below', (db, p: { prefix: string }) =>
  db
    .selectFrom('lanes')
    .select((e) => [
      e.fn.sum<number>('depth').as('depth'),
      e.fn.countAll<number>().as('lanes'),
      e.fn.min('due').as('due'),
    ])
    .where('depth', '>', 0)
    .where(sql<boolean>`substr(lane, 1, length(${p.prefix})) = ${p.prefix}`),
);

/** Names of lanes with something in them, after `after` in their order. */
export const lanesOfProvider = query('lanes.of-provider', (db, p: { provider: string; after: string; limit: number }) =>
  lanesAfter(db, p).where('provider', '=', p.provider),
);
export const lanesBelow = query('lanes.below', (db, p: { prefix: string; after: string; limit: number }) =>
  lanesAfter(db, p).where(sql<boolean>`substr(lane, 1, length(${p.prefix})) = ${p.prefix}`),
);

function lanesAfter(db: Kysely<Tables>, p: { after: string; limit: number }) {
  return db
    .selectFrom('lanes')
    .select('lane')
    .where('depth', '>', 0)
    .where('lane', '>', p.after)
    .orderBy('lane')
    .limit(p.limit);
}

/** What waits in the lane is due now, a part of it at a time; what is under way stays as it is. */
export const hurryDeliveries = command('deliveries.hurry', (db, p: { lane: string; now: number; limit: number }) =>
  db
    .updateTable('deliveries')
    .set({ due: p.now })
    .where(({ refTuple, selectFrom }) => {
      const waiting = selectFrom('deliveries')
        .select(['message_id', 'n'])
        .where('lane', '=', p.lane)
        .where('due', '>', p.now)
        .where('claimed_by', 'is', null)
        .limit(p.limit);
      return sql<boolean>`${refTuple('message_id', 'n')} in ${waiting}`;
    })
    .returning('message_id'),
);

/** Claims what waits in the lane, due or not. */
export const claimWaiting = command('deliveries.claim-waiting', (db, p: Omit<Claim, 'now'>) =>
  db
    .updateTable('deliveries')
    .set({ due: p.until, claimed_by: p.by })
    .where(({ refTuple, selectFrom }) => {
      const waiting = selectFrom('deliveries')
        .select(['message_id', 'n'])
        .where('lane', '=', p.lane)
        .where('due', 'is not', null)
        .where('claimed_by', 'is', null)
        .limit(p.limit);
      return sql<boolean>`${refTuple('message_id', 'n')} in ${waiting}`;
    })
    .returning(['message_id', 'n']),
);

export const cancelDelivery = command(
  'deliveries.cancel',
  (db, p: Place & { reply: string }) =>
    db
      .updateTable('deliveries')
      .set({ state: 'cancelled', reply: p.reply, due: null, claimed_by: null })
      .where('message_id', '=', p.message_id)
      .where('n', '=', p.n)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);
