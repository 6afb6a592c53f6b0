import { type Generated, sql } from 'kysely';
import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  messages: {
    seq: Generated<number>;
    id: string;
    account: string;
    region: string;
    direction: 'out' | 'in';
    envelope_from: string;
    header_from: string;
    recipients: string;
    subject: string;
    at: number;
    size: number;
    segments: string;
    body_hash: string;
    tags: string;
    facts: string;
  };
}
type NewRow = Omit<Tables['messages'], 'seq'>;
export type MessageRow = NewRow & { seq: number };

const { query, command, queryOver, commandOver, dynamic } = statementsOver<Tables>();

export const insertMessage = command(
  'messages.insert',
  (db, p: NewRow) =>
    db
      .insertInto('messages')
      .values(
        pick(
          p,
          'id',
          'account',
          'region',
          'direction',
          'envelope_from',
          'header_from',
          'recipients',
          'subject',
          'at',
          'size',
          'segments',
          'body_hash',
          'tags',
          'facts',
        ),
      ),
  { expect: 1 },
);

export const messageById = query('messages.by-id', (db, p: { id: string }) =>
  db.selectFrom('messages').selectAll().where('id', '=', p.id),
);

export const messagesById = queryOver('messages.by-ids', (db, ids) =>
  db.selectFrom('messages').selectAll().where('id', 'in', ids),
);

export const deleteMessages = commandOver('messages.delete', (db, ids) =>
  db.deleteFrom('messages').where('id', 'in', ids),
);

/** Ids below the newest `keep`, oldest first. */
export const beyondNewest = query('messages.beyond-newest', (db, p: { keep: number; limit: number }) =>
  db
    .selectFrom('messages')
    .select(['id'])
    .where('seq', '<=', (e) =>
      e
        .selectFrom('messages')
        .select('seq')
        .orderBy('seq', 'desc')
        .limit(1)
        .offset(p.keep as never),
    )
    .orderBy('seq')
    .limit(p.limit),
);

export const olderThan = query('messages.older-than', (db, p: { time: number; limit: number }) =>
  db.selectFrom('messages').select(['id', 'at']).where('at', '<', p.time).orderBy('seq').limit(p.limit),
);

export const oldestTime = query('messages.oldest-time', (db) =>
  db.selectFrom('messages').select(['at']).orderBy('seq').limit(1),
);

export interface Search {
  /** Only messages below this place in the order of arrival. */
  readonly before?: number | undefined;
  readonly after?: number | undefined;
  readonly limit: number;
  readonly id?: string;
  readonly direction?: string;
  readonly account?: string;
  readonly region?: string;
  /** Each must occur, without regard to case. */
  readonly to?: readonly string[];
  readonly from?: readonly string[];
  readonly subject?: readonly string[];
}

const like = (term: string) => `%${term.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

function searched(db: Parameters<Parameters<typeof dynamic>[1]>[0], search: Search) {
  let found = db.selectFrom('messages');
  if (search.before !== undefined) found = found.where('seq', '<', search.before);
  if (search.after !== undefined) found = found.where('seq', '>', search.after);
  if (search.id) found = found.where('id', '=', search.id);
  if (search.direction) found = found.where('direction', '=', search.direction as 'out' | 'in');
  if (search.account) found = found.where('account', '=', search.account);
  if (search.region) found = found.where('region', '=', search.region);
  const columns = { to: 'recipients', from: 'header_from', subject: 'subject' } as const;
  for (const [name, column] of Object.entries(columns) as [keyof typeof columns, (typeof columns)['to']][]) {
    for (const term of search[name] ?? []) {
      found = found.where((e) => sql<boolean>`lower(${e.ref(column)}) like ${like(term)} escape '\\'`);
    }
  }
  return found;
}

export const searchMessages = (search: Search) =>
  dynamic('messages.search', (db) => searched(db, search).selectAll().orderBy('seq', 'desc').limit(search.limit));

export const countMessages = (search: Search) =>
  dynamic('messages.count', (db) => searched(db, search).select((e) => e.fn.countAll<number>().as('total')));
