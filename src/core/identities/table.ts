import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  identities: {
    account: string;
    region: string;
    name: string;
    type: 'address' | 'domain';
    status: string;
    document: string;
    version: number;
    created: number;
    due: number | null;
    mail_from: string | null;
  };
  signing_keys: {
    account: string;
    region: string;
    identity: string;
    selector: string;
    /** Nothing until there is a key. */
    bits: number | null;
    /** Sealed; nothing until it is needed. */
    private_key: Buffer | null;
  };
}
export type IdentityRow = Tables['identities'];
export type SigningKeyRow = Tables['signing_keys'];

interface Place {
  account: string;
  region: string;
  name: string;
}

const { query, queryOver, command, dynamic } = statementsOver<Tables>();

export const insertIdentity = command(
  'identities.insert',
  (db, p: IdentityRow) =>
    db
      .insertInto('identities')
      .values(
        pick(p, 'account', 'region', 'name', 'type', 'status', 'document', 'version', 'created', 'due', 'mail_from'),
      )
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const identityByName = query('identities.by-name', (db, p: Place) =>
  db
    .selectFrom('identities')
    .selectAll()
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('name', '=', p.name),
);

export const identitiesNamed = (scope: { account: string; region: string }, names: readonly string[]) =>
  dynamic('identities.named', (db) =>
    db
      .selectFrom('identities')
      .selectAll()
      .where('account', '=', scope.account)
      .where('region', '=', scope.region)
      .where('name', 'in', names),
  );

/** In every account and region. */
export const domainsNamed = queryOver('identities.domains-named', (db, names) =>
  db.selectFrom('identities').selectAll().where('name', 'in', names).where('type', '=', 'domain'),
);

/** In every account and region: those whose MAIL FROM is one of the names. */
export const identitiesWithMailFrom = queryOver('identities.with-mail-from', (db, names) =>
  db.selectFrom('identities').selectAll().where('mail_from', 'in', names),
);

/** In every account and region, in the order of their places, after one. */
export const identitiesOfAll = query('identities.of-all', (db, p: Place & { limit: number }) =>
  db
    .selectFrom('identities')
    .selectAll()
    .where((e) => e(e.refTuple('account', 'region', 'name'), '>', e.tuple(p.account, p.region, p.name)))
    .orderBy('account')
    .orderBy('region')
    .orderBy('name')
    .limit(p.limit),
);

export const nextDue = query('identities.next-due', (db, _p: object) =>
  db.selectFrom('identities').select('due').where('due', 'is not', null).orderBy('due').limit(1),
);

/** Those that are due come back, and are not due again before `until`. */
export const claimIdentities = command('identities.claim', (db, p: { now: number; until: number; limit: number }) =>
  db
    .updateTable('identities')
    .set({ due: p.until })
    .where((e) =>
      e(
        e.refTuple('account', 'region', 'name'),
        'in',
        e
          .selectFrom('identities')
          .select(['account', 'region', 'name'])
          .where('due', '<=', p.now)
          .orderBy('due')
          .limit(p.limit)
          .$asTuple('account', 'region', 'name'),
      ),
    )
    .returning(['account', 'region', 'name']),
);

export const identitiesAfter = (search: {
  scope: { account: string; region: string };
  types: readonly IdentityRow['type'][];
  after: string;
  limit: number;
}) =>
  dynamic('identities.after', (db) =>
    db
      .selectFrom('identities')
      .selectAll()
      .where('account', '=', search.scope.account)
      .where('region', '=', search.scope.region)
      .where('type', 'in', search.types)
      .where('name', '>', search.after)
      .orderBy('name')
      .limit(search.limit),
  );

export const countIdentities = query('identities.count', (db, p: { account: string; region: string }) =>
  db
    .selectFrom('identities')
    .select((e) => e.fn.countAll<number>().as('total'))
    .where('account', '=', p.account)
    .where('region', '=', p.region),
);

export const replaceIdentity = command(
  'identities.replace',
  (
    db,
    p: Place & { status: string; document: string; due: number | null; mail_from: string | null; version: number },
  ) =>
    db
      .updateTable('identities')
      .set((e) => ({ ...pick(p, 'status', 'document', 'due', 'mail_from'), version: e('version', '+', 1) }))
      .where('account', '=', p.account)
      .where('region', '=', p.region)
      .where('name', '=', p.name)
      .where('version', '=', p.version),
  { expect: 1 },
);

export const deleteIdentity = command('identities.delete', (db, p: Place) =>
  db
    .deleteFrom('identities')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('name', '=', p.name),
);

interface KeyPlace {
  account: string;
  region: string;
  identity: string;
}

export const insertSigningKey = command(
  'signing-keys.insert',
  (db, p: SigningKeyRow) =>
    db.insertInto('signing_keys').values(pick(p, 'account', 'region', 'identity', 'selector', 'bits', 'private_key')),
  { expect: 1 },
);

/** Where there is none yet. */
export const fillSigningKey = command('signing-keys.fill', (db, p: SigningKeyRow) =>
  db
    .updateTable('signing_keys')
    .set(pick(p, 'bits', 'private_key'))
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('identity', '=', p.identity)
    .where('selector', '=', p.selector)
    .where('private_key', 'is', null),
);

export const signingKey = query('signing-keys.one', (db, p: KeyPlace & { selector: string }) =>
  db
    .selectFrom('signing_keys')
    .selectAll()
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('identity', '=', p.identity)
    .where('selector', '=', p.selector),
);

/** In every account and region: a selector that we made is found once. */
export const signingKeyOf = query('signing-keys.of-selector', (db, p: { selector: string }) =>
  db.selectFrom('signing_keys').select(['account', 'region', 'identity']).where('selector', '=', p.selector),
);

/** Its place stays. */
export const emptySigningKey = command('signing-keys.empty', (db, p: KeyPlace & { selector: string }) =>
  db
    .updateTable('signing_keys')
    .set({ bits: null, private_key: null })
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('identity', '=', p.identity)
    .where('selector', '=', p.selector),
);

export const deleteSigningKeys = command('signing-keys.delete-all', (db, p: KeyPlace) =>
  db
    .deleteFrom('signing_keys')
    .where('account', '=', p.account)
    .where('region', '=', p.region)
    .where('identity', '=', p.identity),
);
