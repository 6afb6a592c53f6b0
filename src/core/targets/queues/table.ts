import type { Kysely } from 'kysely';
import type { Scope } from '../../../storage/ports.ts';
import { pick, statementsOver } from '../../../storage/statements.ts';

type Of = Scope & { queue: string };

interface Tables {
  queue_messages: Of & {
    id: string;
    message_id: string;
    body: string;
    attributes: string;
    trace: string | null;
    sender: string;
    sent: number;
    visible: number;
    expires: number;
    receives: number;
    receives_before: number;
    first_received: number | null;
    receipt: string | null;
    message_group: string | null;
    deduplication: string | null;
    source: string | null;
  };
  queue_deduplications: Of & { deduplication: string; id: string; message_id: string; expires: number };
}
export type QueuedRow = Tables['queue_messages'];
export type DeduplicationRow = Tables['queue_deduplications'];

const { query, command } = statementsOver<Tables>();

type Sent = Omit<QueuedRow, 'receives' | 'receives_before' | 'first_received' | 'receipt' | 'source'>;

export const insertQueued = command(
  'queue-messages.insert',
  (db, p: Sent) =>
    db.insertInto('queue_messages').values({
      ...pick(p, 'id', 'account', 'region', 'queue', 'message_id', 'body', 'attributes', 'trace', 'sender', 'sent'),
      ...pick(p, 'visible', 'expires', 'message_group', 'deduplication'),
      receives: 0,
      receives_before: 0,
    }),
  { expect: 1 },
);

/** The next message of a queue that shows after a time; with `after` 0, whether one shows at all. */
export const nextVisible = query('queue-messages.next-visible', (db, p: Of & { after: number }) =>
  db
    .selectFrom('queue_messages')
    .select((e) => e.fn.min('visible').as('visible'))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue)
    .where('visible', '>', p.after),
);

type Claim = Of & { now: number; until: number; receipt: string; limit: number };

/** What a message becomes that somebody receives. */
const received = (db: Kysely<Tables>, p: Claim) =>
  db.updateTable('queue_messages').set((e) => ({
    visible: p.until,
    receipt: p.receipt,
    receives: e('receives', '+', 1),
    first_received: e.fn.coalesce('first_received', e.val(p.now)),
  }));

export const claimQueued = command('queue-messages.claim', (db, p: Claim) =>
  received(db, p)
    .where('id', 'in', (e) =>
      e
        .selectFrom('queue_messages')
        .select('id')
        .where('account', '=', p.account)
        .where('region', '=', p.region)
        .where('queue', '=', p.queue)
        .where('visible', '<=', p.now)
        .orderBy('visible')
        .orderBy('id')
        .limit(p.limit),
    )
    .returningAll(),
);

/** In the order of sending; a group of which a message is out (or still to come) gives no other. */
export const claimInOrder = command('queue-messages.claim-in-order', (db, p: Claim) =>
  received(db, p)
    .where('id', 'in', (e) =>
      e
        .selectFrom('queue_messages as m')
        .select('m.id')
        .where('m.account', '=', p.account)
        .where('m.region', '=', p.region)
        .where('m.queue', '=', p.queue)
        .where('m.visible', '<=', p.now)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('queue_messages as o')
                .select('o.id')
                .where('o.account', '=', p.account)
                .where('o.region', '=', p.region)
                .where('o.queue', '=', p.queue)
                .where('o.visible', '>', p.now)
                .whereRef('o.message_group', '=', 'm.message_group')
                .where((f) => f.or([f('o.receipt', 'is not', null), f('o.id', '<', f.ref('m.id'))])),
            ),
          ),
        )
        .orderBy('m.id')
        .limit(p.limit),
    )
    .returningAll(),
);

/** What was received often enough goes on to the dead-letter queue; its age is counted on. */
export const redriveQueued = command(
  'queue-messages.redrive',
  (db, p: Of & { now: number; receives: number; to: string; source: string; retention: number }) =>
    db
      .updateTable('queue_messages')
      .set((e) => ({
        queue: p.to,
        source: p.source,
        visible: p.now,
        receipt: null,
        receives_before: e('receives_before', '+', e.ref('receives')),
        receives: 0,
        expires: e('sent', '+', p.retention),
      }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('queue', '=', p.queue)
      .where('visible', '<=', p.now)
      .where('receives', '>=', p.receives),
);

type One = Of & { id: string };

export const queuedById = query('queue-messages.by-id', (db, p: One) =>
  db
    .selectFrom('queue_messages')
    .selectAll()
    .where('id', '=', p.id)
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue),
);

/** Only by the latest receipt. */
export const deleteQueued = command('queue-messages.delete', (db, p: One & { receipt: string }) =>
  db
    .deleteFrom('queue_messages')
    .where('id', '=', p.id)
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue)
    .where('receipt', '=', p.receipt),
);

export const hideQueued = command(
  'queue-messages.hide',
  (db, p: One & { receipt: string; now: number; until: number }) =>
    db
      .updateTable('queue_messages')
      .set({ visible: p.until })
      .where('id', '=', p.id)
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('queue', '=', p.queue)
      .where('receipt', '=', p.receipt)
      .where('visible', '>', p.now),
  { expect: 1 },
);

export const purgeQueued = command('queue-messages.purge', (db, p: Of) =>
  db
    .deleteFrom('queue_messages')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue),
);

/** Another retention counts for what is there already. */
export const retainQueued = command('queue-messages.retain', (db, p: Of & { retention: number }) =>
  db
    .updateTable('queue_messages')
    .set((e) => ({ expires: e('sent', '+', p.retention) }))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue),
);

export const visibleCount = query('queue-messages.visible-count', (db, p: Of & { now: number }) =>
  db
    .selectFrom('queue_messages')
    .select((e) => e.fn.countAll<number>().as('total'))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue)
    .where('visible', '<=', p.now),
);

/** Hidden ones: received, or not yet. */
export const hiddenCounts = query('queue-messages.hidden-counts', (db, p: Of & { now: number }) =>
  db
    .selectFrom('queue_messages')
    .select((e) => [e.fn.countAll<number>().as('total'), e.fn.count<number>('receipt').as('received')])
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue)
    .where('visible', '>', p.now),
);

export const nextExpiry = query('queue-messages.next-expiry', (db) =>
  db.selectFrom('queue_messages').select((e) => e.fn.min('expires').as('expires')),
);

export const expireQueued = command('queue-messages.expire', (db, p: { now: number }) =>
  db.deleteFrom('queue_messages').where('expires', '<=', p.now),
);

export const insertDeduplication = command(
  'queue-deduplications.insert',
  (db, p: DeduplicationRow) =>
    db
      .insertInto('queue_deduplications')
      .values(pick(p, 'account', 'region', 'queue', 'deduplication', 'id', 'message_id', 'expires'))
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const deduplicationOf = query(
  'queue-deduplications.find',
  (db, p: Of & { deduplication: string; now: number }) =>
    db
      .selectFrom('queue_deduplications')
      .select(['id', 'message_id'])
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('queue', '=', p.queue)
      .where('deduplication', '=', p.deduplication)
      .where('expires', '>', p.now),
);

/** All of a queue that have run out; with a time that never comes, all of it. */
export const forgetDeduplications = command('queue-deduplications.forget', (db, p: Of & { before: number }) =>
  db
    .deleteFrom('queue_deduplications')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('queue', '=', p.queue)
    .where('expires', '<=', p.before),
);
