import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  receipts: {
    message_id: string;
    account: string;
    region: string;
    state: string;
    due: number | null;
    attempts: number;
    expires: number;
    claimed_by: string | null;
    progress: string;
    /** What the checks found out about the message, once they have run. */
    judgement: string | null;
  };
}
export type ReceiptRow = Tables['receipts'];

const { query, command, queryOver, commandOver } = statementsOver<Tables>();

export const insertReceipt = command(
  'receipts.insert',
  (db, p: Omit<ReceiptRow, 'attempts' | 'claimed_by' | 'judgement'>) =>
    db.insertInto('receipts').values({
      ...pick(p, 'message_id', 'account', 'region', 'state', 'due', 'expires', 'progress'),
      attempts: 0,
    }),
  { expect: 1 },
);

export const claimReceipts = command(
  'receipts.claim',
  (db, p: { now: number; until: number; by: string; limit: number }) =>
    db
      .updateTable('receipts')
      .set({ due: p.until, claimed_by: p.by })
      .where('message_id', 'in', (e) =>
        e.selectFrom('receipts').select('message_id').where('due', '<=', p.now).orderBy('due').limit(p.limit),
      )
      .returningAll(),
);

export const nextReceipt = query('receipts.next-due', (db) =>
  db
    .selectFrom('receipts')
    .select((e) => e.fn.min('due').as('due'))
    .where('due', 'is not', null),
);

/** The judgement of a claimed receipt: made once, and the same for all its actions and their later tries. */
export const judgeReceipt = command(
  'receipts.judge',
  (db, p: { message_id: string; by: string; judgement: string }) =>
    db
      .updateTable('receipts')
      .set({ judgement: p.judgement })
      .where('message_id', '=', p.message_id)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** Progress of a claimed receipt; without a due time it is final. */
export const advanceReceipt = command(
  'receipts.advance',
  (db, p: { message_id: string; by: string; state: string; due: number | null; progress: string }) =>
    db
      .updateTable('receipts')
      .set({ state: p.state, due: p.due, progress: p.progress })
      .where('message_id', '=', p.message_id)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** The end of one attempt: nobody's claim any more. */
export const closeReceipt = command(
  'receipts.close',
  (db, p: { message_id: string; by: string; state: string; due: number | null }) =>
    db
      .updateTable('receipts')
      .set((e) => ({ state: p.state, due: p.due, claimed_by: null, attempts: e('attempts', '+', 1) }))
      .where('message_id', '=', p.message_id)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

export const releaseReceipts = command('receipts.release', (db, p: { now: number; by: string }) =>
  db
    .updateTable('receipts')
    .set({ due: p.now, claimed_by: null })
    .where('claimed_by', 'is not', null)
    .where('claimed_by', '!=', p.by)
    .where('due', 'is not', null),
);

export const receiptsOf = queryOver('receipts.of-messages', (db, messageIds) =>
  db.selectFrom('receipts').select(['message_id', 'state', 'due']).where('message_id', 'in', messageIds),
);

export const deleteReceipts = commandOver('receipts.delete', (db, messageIds) =>
  db.deleteFrom('receipts').where('message_id', 'in', messageIds),
);
