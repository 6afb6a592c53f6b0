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
    used: number | null;
    used_region: string | null;
    used_service: string | null;
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

export const accountById = query('accounts.by-id', (db, p: { account: string }) =>
  db.selectFrom('accounts').selectAll().where('account', '=', p.account),
);

export const keyById = query('keys.by-id', (db, p: { accessKeyId: string }) =>
  db.selectFrom('keys').selectAll().where('access_key_id', '=', p.accessKeyId),
);

/** The oldest first. */
export const keysOf = query('keys.of-owner', (db, p: { account: string; userName: string }) =>
  db
    .selectFrom('keys')
    .selectAll()
    .where('account', '=', p.account)
    .where('user_name', '=', p.userName)
    .orderBy('created')
    .orderBy('access_key_id'),
);

export const insertKey = command(
  'keys.insert',
  (db, p: Omit<KeyRow, 'used' | 'used_region' | 'used_service'>) =>
    db
      .insertInto('keys')
      .values({
        ...pick(p, 'access_key_id', 'account', 'user_name', 'secret', 'status', 'created'),
        used: null,
        used_region: null,
        used_service: null,
      })
      .onConflict((c) => c.doNothing()),
  { expect: 1 },
);

export const replaceSecret = command(
  'keys.replace-secret',
  (db, p: { accessKeyId: string; account: string; secret: Buffer }) =>
    db
      .updateTable('keys')
      .set({ secret: p.secret, account: p.account, user_name: '' })
      .where('access_key_id', '=', p.accessKeyId),
  { expect: 1 },
);

type Owned = { accessKeyId: string; account: string; userName: string };

export const setKeyStatus = command(
  'keys.set-status',
  (db, p: Owned & { status: string }) =>
    db
      .updateTable('keys')
      .set({ status: p.status })
      .where('access_key_id', '=', p.accessKeyId)
      .where('account', '=', p.account)
      .where('user_name', '=', p.userName),
  { expect: 1 },
);

export const deleteKey = command(
  'keys.delete',
  (db, p: Owned) =>
    db
      .deleteFrom('keys')
      .where('access_key_id', '=', p.accessKeyId)
      .where('account', '=', p.account)
      .where('user_name', '=', p.userName),
  { expect: 1 },
);

export const setKeyUse = command(
  'keys.set-use',
  (db, p: { accessKeyId: string; at: number; region: string; service: string }) =>
    db
      .updateTable('keys')
      .set({ used: p.at, used_region: p.region, used_service: p.service })
      .where('access_key_id', '=', p.accessKeyId),
);

export const renameOwner = command('keys.rename-owner', (db, p: { account: string; from: string; to: string }) =>
  db.updateTable('keys').set({ user_name: p.to }).where('account', '=', p.account).where('user_name', '=', p.from),
);

const touchKeys = command('keys.touch', (db, p: Omit<Owned, 'accessKeyId'>) =>
  db
    .updateTable('keys')
    .set((e) => ({ user_name: e.ref('user_name') }))
    .where('account', '=', p.account)
    .where('user_name', '=', p.userName),
);

/** Undoes the batch where the owner has another number of keys by now. */
export const expectKeys = (owner: Omit<Owned, 'accessKeyId'>, expect: number) => ({ ...touchKeys(owner), expect });
