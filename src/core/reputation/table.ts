import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  suppressed: {
    account: string;
    region: string;
    address: string;
    reason: 'bounce' | 'complaint';
    updated: number;
    message_id: string | null;
    feedback_id: string | null;
  };
}
export type SuppressedRow = Tables['suppressed'];

interface Place {
  account: string;
  region: string;
  address: string;
}

const { query, command, dynamic } = statementsOver<Tables>();

export const putSuppressed = command('suppressed.put', (db, p: SuppressedRow) =>
  db
    .insertInto('suppressed')
    .values(pick(p, 'account', 'region', 'address', 'reason', 'updated', 'message_id', 'feedback_id'))
    .onConflict((c) =>
      c
        .columns(['account', 'region', 'address'])
        .doUpdateSet(pick(p, 'reason', 'updated', 'message_id', 'feedback_id')),
    ),
);

export const suppressedByAddress = query('suppressed.by-address', (db, p: Place) =>
  db
    .selectFrom('suppressed')
    .selectAll()
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '=', p.address),
);

/** Those of the addresses that are listed: one question for all recipients of a message. */
export const suppressedAmong = (scope: { account: string; region: string }, addresses: readonly string[]) =>
  dynamic('suppressed.among', (db) =>
    db
      .selectFrom('suppressed')
      .select(['address', 'reason'])
      .where('account', '=', scope.account)
      .where('region', '=', scope.region)
      .where('address', 'in', addresses),
  );

export interface SuppressedSearch {
  readonly account: string;
  readonly region: string;
  readonly reasons: readonly ('bounce' | 'complaint')[];
  /** Civil milliseconds, both inclusive. */
  readonly from: number;
  readonly to: number;
  readonly after: string;
  readonly limit: number;
}

export const suppressedPage = (search: SuppressedSearch) =>
  dynamic('suppressed.page', (db) =>
    db
      .selectFrom('suppressed')
      .selectAll()
      .where('account', '=', search.account)
      .where('region', '=', search.region)
      .where('reason', 'in', search.reasons)
      .where('updated', '>=', search.from)
      .where('updated', '<=', search.to)
      .where('address', '>', search.after)
      .orderBy('address')
      .limit(search.limit),
  );

export const deleteSuppressed = command(
  'suppressed.delete',
  (db, p: Place) =>
    db
      .deleteFrom('suppressed')
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('address', '=', p.address),
  { expect: 1 },
);
