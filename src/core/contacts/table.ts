import { sql } from 'kysely';
import type { Scope } from '../../storage/ports.ts';
import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  contact_lists: {
    account: string;
    region: string;
    name: string;
    document: string;
    version: number;
    created: number;
    updated: number;
  };
  contacts: {
    account: string;
    region: string;
    /** What addresses are compared by. */
    address: string;
    written: string;
    unsubscribed: number;
    attributes: string | null;
    version: number;
    created: number;
    updated: number;
  };
  contact_preferences: {
    account: string;
    region: string;
    address: string;
    topic: string;
    subscribed: number;
  };
}
export type ListRow = Tables['contact_lists'];
export type ContactRow = Tables['contacts'];
export type PreferenceRow = Tables['contact_preferences'];

const { query, command, dynamic } = statementsOver<Tables>();

export const listOf = query('contact-lists.of', (db, p: Scope) =>
  db.selectFrom('contact_lists').selectAll().where('account', '=', p.account).where('region', '=', p.region),
);

/** The key has no name in it: a scope has one list. */
export const insertList = command(
  'contact-lists.insert',
  (db, p: Omit<ListRow, 'version'>) =>
    db
      .insertInto('contact_lists')
      .values({ ...pick(p, 'account', 'region', 'name', 'document', 'created', 'updated'), version: 1 })
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const replaceList = command(
  'contact-lists.replace',
  (db, p: Omit<ListRow, 'created'>) =>
    db
      .updateTable('contact_lists')
      .set((e) => ({ ...pick(p, 'document', 'updated'), version: e('version', '+', 1) }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('name', '=', p.name)
      .where('version', '=', p.version),
  { expect: 1 },
);

export const deleteList = command(
  'contact-lists.delete',
  (db, p: Scope & { name: string }) =>
    db
      .deleteFrom('contact_lists')
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('name', '=', p.name),
  { expect: 1 },
);

/** Only as long as the scope has that list; a contact that is there stays as it is. */
export const addContact = command(
  'contacts.add',
  (db, p: Omit<ContactRow, 'version' | 'created' | 'updated'> & { list: string; at: number }) =>
    db
      .insertInto('contacts')
      .columns([
        'account',
        'region',
        'address',
        'written',
        'unsubscribed',
        'attributes',
        'version',
        'created',
        'updated',
      ])
      .expression(
        db
          .selectFrom('contact_lists')
          .select([
            'account',
            'region',
            sql<string>`cast(${p.address} as text)`.as('address'),
            sql<string>`cast(${p.written} as text)`.as('written'),
            sql<number>`cast(${p.unsubscribed} as bigint)`.as('unsubscribed'),
            sql<string | null>`cast(${p.attributes} as text)`.as('attributes'),
            sql<number>`1`.as('version'),
            sql<number>`cast(${p.at} as bigint)`.as('created'),
            sql<number>`cast(${p.at} as bigint)`.as('updated'),
          ])
          .where('account', '=', p.account)
          .where('region', '=', p.region)
          .where('name', '=', p.list),
      )
      .onConflict((c) => c.doNothing()),
);

/** The same, for a batch that needs it to be new. */
export const insertContact = (parameters: Parameters<typeof addContact>[0]) => ({
  ...addContact(parameters),
  expect: 1,
});

type Changed = Pick<ContactRow, 'account' | 'region' | 'address' | 'unsubscribed' | 'attributes' | 'updated'>;

export const replaceContact = command(
  'contacts.replace',
  (db, p: Changed) =>
    db
      .updateTable('contacts')
      .set((e) => ({ ...pick(p, 'unsubscribed', 'attributes', 'updated'), version: e('version', '+', 1) }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('address', '=', p.address),
  { expect: 1 },
);

/** Only as it was read. */
export const replaceContactVersion = command(
  'contacts.replace-version',
  (db, p: Changed & { version: number }) =>
    db
      .updateTable('contacts')
      .set((e) => ({ ...pick(p, 'unsubscribed', 'attributes', 'updated'), version: e('version', '+', 1) }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('address', '=', p.address)
      .where('version', '=', p.version),
  { expect: 1 },
);

export const setPreference = command('contact-preferences.set', (db, p: PreferenceRow) =>
  db
    .insertInto('contact_preferences')
    .values(pick(p, 'account', 'region', 'address', 'topic', 'subscribed'))
    .onConflict((c) => c.columns(['account', 'region', 'address', 'topic']).doUpdateSet({ ...pick(p, 'subscribed') })),
);

type One = Scope & { address: string };

export const deleteContact = command(
  'contacts.delete',
  (db, p: One) =>
    db
      .deleteFrom('contacts')
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('address', '=', p.address),
  { expect: 1 },
);

export const deletePreferences = command('contact-preferences.delete', (db, p: One) =>
  db
    .deleteFrom('contact_preferences')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '=', p.address),
);

/** Up to an address, or all of the scope where none is as far. */
export const deleteContactsUpTo = command('contacts.delete-up-to', (db, p: One) =>
  db
    .deleteFrom('contacts')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '<=', p.address),
);

export const deletePreferencesUpTo = command('contact-preferences.delete-up-to', (db, p: One) =>
  db
    .deleteFrom('contact_preferences')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '<=', p.address),
);

export const deleteContactsOf = command('contacts.delete-all', (db, p: Scope) =>
  db.deleteFrom('contacts').where('account', '=', p.account).where('region', '=', p.region),
);

export const deletePreferencesOf = command('contact-preferences.delete-all', (db, p: Scope) =>
  db.deleteFrom('contact_preferences').where('account', '=', p.account).where('region', '=', p.region),
);

export const contactByAddress = query('contacts.by-address', (db, p: One) =>
  db
    .selectFrom('contacts')
    .selectAll()
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '=', p.address),
);

/** The address that stands `distance` places behind `after`, if there are as many. */
export const addressFurtherOn = query('contacts.further-on', (db, p: Scope & { after: string; distance: number }) =>
  db
    .selectFrom('contacts')
    .select('address')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('address', '>', p.after)
    .orderBy('address')
    .limit(1)
    .offset(p.distance),
);

/** What a contact wants of a topic: `otherwise` stands for those who did not say, nothing leaves them out. */
export interface Wish {
  readonly subscribed: boolean;
  readonly topic?: string | undefined;
  readonly otherwise?: boolean | undefined;
}

export const contactsAfter = (search: {
  scope: Scope;
  after: string;
  /** The last address that is looked at. */
  until: string | undefined;
  wish: Wish | undefined;
  limit: number;
}) =>
  dynamic('contacts.after', (db) => {
    const { scope, after, until, wish, limit } = search;
    const inOrder = db
      .selectFrom('contacts as c')
      .selectAll('c')
      .where('c.account', '=', scope.account)
      .where('c.region', '=', scope.region)
      .where('c.address', '>', after)
      .orderBy('c.address')
      .limit(limit);
    const all = until === undefined ? inOrder : inOrder.where('c.address', '<=', until);
    if (!wish) return all;
    const { topic, subscribed, otherwise } = wish;
    if (topic === undefined) return all.where('c.unsubscribed', '=', subscribed ? 0 : 1);
    return all
      .leftJoin('contact_preferences as p', (join) =>
        join
          .onRef('p.account', '=', 'c.account')
          .onRef('p.region', '=', 'c.region')
          .onRef('p.address', '=', 'c.address')
          .on('p.topic', '=', topic),
      )
      .where((e) => {
        const said = e('p.subscribed', '=', subscribed ? 1 : 0);
        const meant = otherwise === subscribed ? e.or([said, e('p.subscribed', 'is', null)]) : said;
        return subscribed ? e.and([e('c.unsubscribed', '=', 0), meant]) : e.or([e('c.unsubscribed', '=', 1), meant]);
      });
  });

export const preferencesOf = (scope: Scope, addresses: readonly string[]) =>
  dynamic('contact-preferences.of', (db) =>
    db
      .selectFrom('contact_preferences')
      .select(['address', 'topic', 'subscribed'])
      .where('account', '=', scope.account)
      .where('region', '=', scope.region)
      .where('address', 'in', addresses),
  );

/** Of each that is known: whether it wants nothing at all, and what it said of the topic. */
export const standings = (scope: Scope, addresses: readonly string[], topic: string | undefined) =>
  dynamic('contacts.standings', (db) =>
    db
      .selectFrom('contacts as c')
      .leftJoin('contact_preferences as p', (join) =>
        join
          .onRef('p.account', '=', 'c.account')
          .onRef('p.region', '=', 'c.region')
          .onRef('p.address', '=', 'c.address')
          .on('p.topic', '=', topic ?? ''),
      )
      .select(['c.address', 'c.unsubscribed', 'p.subscribed'])
      .where('c.account', '=', scope.account)
      .where('c.region', '=', scope.region)
      .where('c.address', 'in', addresses),
  );
