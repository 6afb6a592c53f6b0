import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  reviews: {
    case_id: string;
    request_id: string;
    account: string;
    region: string;
    subject: string;
    status: string;
    document: string;
    version: number;
    created: number;
    updated: number;
  };
}
export type ReviewRow = Tables['reviews'];

const { query, command, dynamic } = statementsOver<Tables>();

/** Touches nothing where one about the same subject is open (the index `reviews_open`). */
export const insertReview = command(
  'reviews.insert',
  (db, p: ReviewRow) =>
    db
      .insertInto('reviews')
      .values(
        pick(
          p,
          'case_id',
          'request_id',
          'account',
          'region',
          'subject',
          'status',
          'document',
          'version',
          'created',
          'updated',
        ),
      )
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const replaceReview = command(
  'reviews.replace',
  (db, p: Pick<ReviewRow, 'case_id' | 'status' | 'document' | 'version' | 'updated'>) =>
    db
      .updateTable('reviews')
      .set((e) => ({ status: p.status, document: p.document, updated: p.updated, version: e('version', '+', 1) }))
      .where('case_id', '=', p.case_id)
      .where('version', '=', p.version),
  { expect: 1 },
);

export const reviewByCase = query('reviews.by-case', (db, p: { caseId: string }) =>
  db.selectFrom('reviews').selectAll().where('case_id', '=', p.caseId),
);

export const reviewByRequest = query('reviews.by-request', (db, p: { requestId: string }) =>
  db.selectFrom('reviews').selectAll().where('request_id', '=', p.requestId),
);

export interface ReviewSearch {
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly subjects?: readonly string[] | undefined;
  readonly statuses?: readonly string[] | undefined;
  /** The last of the page before. */
  readonly before?: { readonly created: number; readonly caseId: string } | undefined;
  readonly limit: number;
}

/** The latest first. */
export const reviewPage = ({ account, region, subjects, statuses, before, limit }: ReviewSearch) =>
  dynamic('reviews.page', (db) => {
    let found = db.selectFrom('reviews').selectAll();
    if (account !== undefined) found = found.where('account', '=', account);
    if (region !== undefined) found = found.where('region', '=', region);
    if (subjects) found = found.where('subject', 'in', subjects);
    if (statuses) found = found.where('status', 'in', statuses);
    if (before) {
      found = found.where((e) =>
        e.or([
          e('created', '<', before.created),
          e.and([e('created', '=', before.created), e('case_id', '<', before.caseId)]),
        ]),
      );
    }
    return found.orderBy('created', 'desc').orderBy('case_id', 'desc').limit(limit);
  });
