import type { Call, Command, Segment } from './ports.ts';
import { statementsOver } from './statements.ts';

interface Tables {
  segments: { id: string; size: number; owners: number; content: Buffer | null };
}
const { query, command } = statementsOver<Tables>();

/** Octets up to which content is a row; above it is a file (or an object of a bucket) of its own. */
export const INLINE_LIMIT = 64 * 1024;

const insert = command(
  'segments.insert',
  (db, p: { id: string; size: number; content: Buffer }) =>
    db.insertInto('segments').values({ id: p.id, size: p.size, owners: 1, content: p.content }),
  { expect: 1 },
);

const own = command(
  'segments.own',
  (db, p: { id: string; size: number }) =>
    db
      .insertInto('segments')
      .values({ id: p.id, size: p.size, owners: 1, content: null })
      .onConflict((conflict) => conflict.column('id').doUpdateSet((eb) => ({ owners: eb('segments.owners', '+', 1) }))),
  { expect: 1 },
);

const share = command(
  'segments.share',
  (db, p: { id: string }) =>
    db
      .updateTable('segments')
      .set((eb) => ({ owners: eb('owners', '+', 1) }))
      .where('id', '=', p.id),
  { expect: 1 },
);

const disown = command(
  'segments.disown',
  (db, p: { id: string }) =>
    db
      .updateTable('segments')
      .set((eb) => ({ owners: eb('owners', '-', 1) }))
      .where('id', '=', p.id),
  { expect: 1 },
);

const drop = command('segments.drop', (db, p: { id: string }) =>
  db.deleteFrom('segments').where('id', '=', p.id).where('owners', '<=', 0).returning('id'),
);

const find = query('segments.find', (db, p: { id: string }) =>
  db.selectFrom('segments').select(['size', 'content']).where('id', '=', p.id),
);

const owning = own({ id: '', size: 0 }).statement;
const dropping = drop({ id: '' }).statement;

/** The rows of shared content, the same in every home. Where the octets of large content lie is the home's own affair. */
export const segments = {
  insert: (id: string, content: Buffer): Command => insert({ id, size: content.length, content }),
  /** The first owner of large content, or one more. */
  own: (segment: Segment): Command => own({ id: segment.id, size: segment.size }),
  share: (list: readonly Segment[]): Command[] => list.map(({ id }) => share({ id })),
  release: (list: readonly Segment[]): Command[] => list.flatMap(({ id }) => [disown({ id }), drop({ id })]),
  find: (id: string): Call<{ size: number; content: Buffer | null }> => find({ id }),
  isOwn: ({ statement }: Command): boolean => statement === owning,
  /** Its rows are the segments that are gone. */
  isDrop: ({ statement }: Command): boolean => statement === dropping,
};
