import { MINUTE } from '../base/clock.ts';
import type { Command, Rows, Scope } from './ports.ts';
import { statementsOver } from './statements.ts';

interface Tables {
  counters: { account: string; region: string; counter: string; minute: number; amount: number };
}
const { query, command } = statementsOver<Tables>();

type Bucket = Scope & { counter: string; minute: number; amount: number };
const add = command('counters.add', (db, p: Bucket) =>
  db
    .insertInto('counters')
    .values({ account: p.account, region: p.region, counter: p.counter, minute: p.minute, amount: p.amount })
    .onConflict((conflict) =>
      conflict
        .columns(['account', 'region', 'counter', 'minute'])
        .doUpdateSet((eb) => ({ amount: eb('counters.amount', '+', eb.ref('excluded.amount')) })),
    ),
);
const sum = query('counters.sum', (db, p: Scope & { counter: string; from: number; to: number }) =>
  db
    .selectFrom('counters')
    .select((eb) => eb.fn.coalesce(eb.fn.sum<number>('amount'), eb.lit(0)).as('total'))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('counter', '=', p.counter)
    .where('minute', '>=', p.from)
    .where('minute', '<', p.to),
);
const buckets = query('counters.buckets', (db, p: Scope & { counter: string; from: number; to: number }) =>
  db
    .selectFrom('counters')
    .select(['minute', 'amount'])
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('counter', '=', p.counter)
    .where('minute', '>=', p.from)
    .where('minute', '<', p.to)
    .orderBy('minute'),
);
const forget = command('counters.forget', (db, p: { before: number }) =>
  db.deleteFrom('counters').where('minute', '<', p.before),
);

const minuteOf = (time: number) => Math.floor(time / MINUTE);

/** Amounts in buckets of one civil minute: a sliding window (a quota, a rate) is a sum over few rows, never a COUNT. */
export const counters = {
  add: ({ account, region }: Scope, counter: string, time: number, amount = 1): Command =>
    add({ account, region, counter, minute: minuteOf(time), amount }),
  /** Of the minutes that begin in `from` (inclusive) to `to` (exclusive); civil milliseconds. */
  sum: async (
    rows: Rows,
    { account, region }: Scope,
    { counter, from, to }: { counter: string; from: number; to: number },
  ): Promise<number> => {
    const window = { from: Math.ceil(from / MINUTE), to: Math.ceil(to / MINUTE) };
    return Number((await rows.first(sum({ account, region, counter, ...window })))?.total ?? 0);
  },
  /** The same window, minute by minute since 1970, in order. */
  byMinute: async (
    rows: Rows,
    { account, region }: Scope,
    { counter, from, to }: { counter: string; from: number; to: number },
  ): Promise<Map<number, number>> => {
    const window = { from: Math.ceil(from / MINUTE), to: Math.ceil(to / MINUTE) };
    const found = await rows.all(buckets({ account, region, counter, ...window }));
    return new Map(found.map(({ minute, amount }) => [Number(minute), Number(amount)]));
  },
  /** Drops the minutes of all scopes that ended before a civil time. */
  forget: (before: number): Command => forget({ before: minuteOf(before) }),
};
