import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  notices: {
    id: string;
    account: string;
    region: string;
    kind: string;
    recipient: string;
    letter: string;
    created: number;
    due: number | null;
    attempts: number;
    claimed_by: string | null;
    last_error: string | null;
  };
}
export type NoticeRow = Tables['notices'];

const { query, command } = statementsOver<Tables>();

export const insertNotice = command(
  'notices.insert',
  (db, p: Omit<NoticeRow, 'attempts' | 'claimed_by' | 'last_error'>) =>
    db
      .insertInto('notices')
      .values({ ...pick(p, 'id', 'account', 'region', 'kind', 'recipient', 'letter', 'created', 'due'), attempts: 0 }),
  { expect: 1 },
);

export const claimNotices = command(
  'notices.claim',
  (db, p: { now: number; until: number; by: string; limit: number }) =>
    db
      .updateTable('notices')
      .set({ due: p.until, claimed_by: p.by })
      .where('id', 'in', (e) =>
        e.selectFrom('notices').select('id').where('due', '<=', p.now).orderBy('due').limit(p.limit),
      )
      .returningAll(),
);

export const nextNotice = query('notices.next-due', (db) =>
  db
    .selectFrom('notices')
    .select((e) => e.fn.min('due').as('due'))
    .where('due', 'is not', null),
);

export const deleteNotice = command(
  'notices.delete',
  (db, p: { id: string; by: string }) => db.deleteFrom('notices').where('id', '=', p.id).where('claimed_by', '=', p.by),
  { expect: 1 },
);

/** Without a due time it is given up and kept to be looked at. */
export const deferNotice = command(
  'notices.defer',
  (db, p: { id: string; by: string; due: number | null; error: string }) =>
    db
      .updateTable('notices')
      .set((e) => ({ due: p.due, claimed_by: null, last_error: p.error, attempts: e('attempts', '+', 1) }))
      .where('id', '=', p.id)
      .where('claimed_by', '=', p.by),
  { expect: 1 },
);

export const releaseNotices = command('notices.release', (db, p: { now: number; by: string }) =>
  db
    .updateTable('notices')
    .set({ due: p.now, claimed_by: null })
    .where('claimed_by', 'is not', null)
    .where('claimed_by', '!=', p.by)
    .where('due', 'is not', null),
);
