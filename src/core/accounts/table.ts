import { pick, statementsOver } from '../../storage/statements.ts';

interface Tables {
  accounts: { account: string; name: string; email: string; created: number };
  keys: {
    access_key_id: string;
    account: string;
    user_name: string;
    secret: Buffer;
    status: string;
    created: number;
  };
}
export type AccountRow = Tables['accounts'];
export type KeyRow = Tables['keys'];

const { query, command } = statementsOver<Tables>();

export const insertAccount = command(
  'accounts.insert',
  (db, p: AccountRow) =>
    db
      .insertInto('accounts')
      .values(pick(p, 'account', 'name', 'email', 'created'))
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const allAccounts = query('accounts.all', (db) => db.selectFrom('accounts').selectAll().orderBy('account'));

export const keyById = query('keys.by-id', (db, p: { accessKeyId: string }) =>
  db.selectFrom('keys').selectAll().where('access_key_id', '=', p.accessKeyId),
);

export const rootKeyOf = query('keys.root-of', (db, p: { account: string }) =>
  db
    .selectFrom('keys')
    .selectAll()
    .where('account', '=', p.account)
    .where('user_name', '=', '')
    .orderBy('created')
    .orderBy('access_key_id')
    .limit(1),
);

export const insertKey = command(
  'keys.insert',
  (db, p: KeyRow) =>
    db
      .insertInto('keys')
      .values(pick(p, 'access_key_id', 'account', 'user_name', 'secret', 'status', 'created'))
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const replaceSecret = command(
  'keys.replace-secret',
  (db, p: { accessKeyId: string; account: string; secret: Buffer }) =>
    db
      .updateTable('keys')
      .set({ secret: p.secret, account: p.account, status: 'Active' })
      .where('access_key_id', '=', p.accessKeyId),
  { expect: 1 },
);
