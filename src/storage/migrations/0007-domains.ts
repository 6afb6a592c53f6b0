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
  identities: {
    account: string;
    region: string;
    name: string;
    type: string;
    document: string;
    private_key: Buffer | null;
    created: number;
  };
  signing_keys: {
    account: string;
    region: string;
    identity: string;
    selector: string;
    bits: number | null;
    private_key: Buffer | null;
  };
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
      .addColumn('bits', number)
      .addColumn('private_key', bytes)
      .addPrimaryKeyConstraint('signing_keys_key', ['account', 'region', 'identity', 'selector'])
      .execute();
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
    await db.schema.alterTable('identities').dropColumn('private_key').execute();
  };
}

/** Everything that was there was verified at its creation. */
async function rewriteDocuments(db: Kysely<Tables>): Promise<void> {
  const rows = await db.selectFrom('identities').selectAll().where('type', '=', 'domain').execute();
  for (const { account, region, name, document: text, private_key, created } of rows) {
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
    // The first token was the one that signed.
    const keys = (dkim?.tokens ?? []).map((selector, n) => {
      const made = n === 0 && private_key ? { bits: dkim!.bits, private_key } : { bits: null, private_key: null };
      return { account, region, identity: name, selector, ...made };
    });
    if (keys.length > 0) await db.insertInto('signing_keys').values(keys).execute();
  }
}
