import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** What 0001 kept of an identity's DKIM, and what is kept now. */
interface OldDkim {
  readonly origin: 'easy' | 'own';
  readonly tokens: readonly string[];
  readonly signing: boolean;
  readonly bits: number;
  readonly generated: number;
}
interface Tables {
  identities: { account: string; region: string; name: string; type: string; document: string; created: number };
}

/** identities: keys apart from the identities that they sign for, when an identity is looked at next, its MAIL FROM domain. */
export function domains(dialect: Dialect) {
  const bytes = dialect === 'sqlite' ? sql`blob` : sql`bytea`;
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;

  return async function up(db: Kysely<unknown>): Promise<void> {
    await db.schema
      .createTable('signing_keys')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('identity', 'text', (c) => c.notNull())
      .addColumn('selector', 'text', (c) => c.notNull())
      .addColumn('bits', number, (c) => c.notNull())
      .addColumn('private_key', bytes, (c) => c.notNull())
      .addPrimaryKeyConstraint('signing_keys_key', ['account', 'region', 'identity', 'selector'])
      .execute();
    const selector =
      dialect === 'sqlite' ? sql`document ->> '$.dkim.tokens[0]'` : sql`document::json #>> '{dkim,tokens,0}'`;
    await sql`insert into signing_keys (account, region, identity, selector, bits, private_key)
      select account, region, name, ${selector}, 2048, private_key from identities where private_key is not null`.execute(
      db,
    );

    await db.schema.alterTable('identities').dropColumn('private_key').execute();
    await db.schema.alterTable('identities').addColumn('due', number).execute();
    await db.schema.alterTable('identities').addColumn('mail_from', 'text').execute();
    await db.schema
      .createIndex('identities_due')
      .on('identities')
      .columns(['due'])
      .where(sql.ref('due'), 'is not', null)
      .execute();
    await db.schema
      .createIndex('identities_mail_from')
      .on('identities')
      .columns(['mail_from'])
      .where(sql.ref('mail_from'), 'is not', null)
      .execute();
    await db.schema.createIndex('identities_name').on('identities').columns(['name']).execute();
    await db.schema.createIndex('signing_keys_selector').on('signing_keys').columns(['selector']).execute();
    await rewriteDocuments(db as Kysely<Tables>);
  };
}

/** Everything that was there was verified at its creation. */
async function rewriteDocuments(db: Kysely<Tables>): Promise<void> {
  const rows = await db.selectFrom('identities').selectAll().where('type', '=', 'domain').execute();
  for (const { account, region, name, document: text, created } of rows) {
    const proof = { status: 'success', since: created, succeeded: created };
    const { dkim, ...document } = JSON.parse(text) as { dkim?: OldDkim };
    const { signing, ...kept } = dkim ?? {};
    const after = {
      ...document,
      proof,
      ...(dkim && { signing, dkim: { ...kept, active: 0, nextBits: dkim.bits, proof } }),
    };
    await db
      .updateTable('identities')
      .set({ document: JSON.stringify(after) })
      .where('account', '=', account)
      .where('region', '=', region)
      .where('name', '=', name)
      .execute();
  }
}
