import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  identities: {
    account: string;
    region: string;
    name: string;
    type: 'address' | 'domain';
    status: string;
    document: string;
    private_key: Buffer | null;
    version: number;
    created: number;
  };
}
export type IdentityRow = Tables['identities'];

interface Place {
  account: string;
  region: string;
  name: string;
}

const { query, command, dynamic } = statementsOver<Tables>();

export const insertIdentity = command(
  'identities.insert',
  (db, p: IdentityRow) =>
    db
      .insertInto('identities')
      .values(pick(p, 'account', 'region', 'name', 'type', 'status', 'document', 'private_key', 'version', 'created'))
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

/** Every scope in which one of the names is an identity: who receives for a domain. */
export const scopesNaming = (names: readonly string[]) =>
  dynamic('identities.scopes-naming', (db) =>
    db
      .selectFrom('identities')
      .select(['account', 'region', 'name'])
      .where('name', 'in', names)
      .where('type', '=', 'domain')
      .where('status', '=', 'success'),
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
  (db, p: Place & { status: string; document: string; private_key: Buffer | null; version: number }) =>
    db
      .updateTable('identities')
      .set((e) => ({ ...pick(p, 'status', 'document', 'private_key'), version: e('version', '+', 1) }))
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
