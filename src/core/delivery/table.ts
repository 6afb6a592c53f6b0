import { sql } from 'kysely';
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
    provider: string;
    /** The earliest due time of its deliveries. */
    due: number | null;
    /** Deliveries in no final state. */
    depth: number;
  };
}
export type DeliveryRow = Tables['deliveries'];
export type LaneRow = Tables['lanes'];

const { query, command, queryOver, commandOver } = statementsOver<Tables>();

export const insertDelivery = command(
  'deliveries.insert',
  (db, p: Omit<DeliveryRow, 'claimed_by'>) =>
    db.insertInto('deliveries').values({
      ...pick(p, 'message_id', 'n', 'account', 'region', 'lane', 'recipient', 'state', 'accepted', 'due'),
      ...pick(p, 'attempts', 'expires', 'reply'),
    }),
  { expect: 1 },
);

/** `depth` more in the lane, due no later than `due`. */
export const deepenLane = command('lanes.deepen', (db, p: Omit<LaneRow, 'due'> & { due: number }) =>
  db
    .insertInto('lanes')
    .values(pick(p, 'lane', 'priority', 'provider', 'due', 'depth'))
    .onConflict((c) =>
      c.column('lane').doUpdateSet({
        depth: sql`lanes.depth + excluded.depth`,
        due: sql`case when lanes.due is null or lanes.due > excluded.due then excluded.due else lanes.due end`,
      }),
    ),
);

export const dueLanes = query('lanes.due', (db, p: { now: number; limit: number }) =>
  db.selectFrom('lanes').select(['lane']).where('due', '<=', p.now).orderBy('priority').orderBy('due').limit(p.limit),
);

export const nextDue = query('lanes.next-due', (db) =>
  db
    .selectFrom('lanes')
    .select((e) => e.fn.min('due').as('due'))
    .where('due', 'is not', null),
);

export const claim = command(
  'deliveries.claim',
  (db, p: { lane: string; now: number; until: number; by: string; limit: number }) =>
    db
      .updateTable('deliveries')
      .set({ due: p.until, claimed_by: p.by })
      .where(({ refTuple, selectFrom }) => {
        const due = selectFrom('deliveries')
          .select(['message_id', 'n'])
          .where('lane', '=', p.lane)
          .where('due', '<=', p.now)
          .orderBy('due')
          .limit(p.limit);
        return sql<boolean>`${refTuple('message_id', 'n')} in ${due}`;
      })
      .returningAll(),
);

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
