import { type Kysely, sql } from 'kysely';
import type { Dialect } from '../ports.ts';

/** contacts: the list of a scope (SES allows one), who is on it, and what each of them chose of its topics. */
export function contacts(dialect: Dialect) {
  const number = dialect === 'sqlite' ? sql`integer` : sql`bigint`;

  return async function up(db: Kysely<unknown>): Promise<void> {
    // The key is the limit of one list an account and region.
    await db.schema
      .createTable('contact_lists')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('document', 'text', (c) => c.notNull())
      .addColumn('version', number, (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addColumn('updated', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('contact_lists_key', ['account', 'region'])
      .execute();

    // `address` is what addresses are compared by, `written` what the caller wrote.
    await db.schema
      .createTable('contacts')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('written', 'text', (c) => c.notNull())
      .addColumn('unsubscribed', number, (c) => c.notNull())
      .addColumn('attributes', 'text')
      .addColumn('version', number, (c) => c.notNull())
      .addColumn('created', number, (c) => c.notNull())
      .addColumn('updated', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('contacts_key', ['account', 'region', 'address'])
      .execute();

    await db.schema
      .createTable('contact_preferences')
      .addColumn('account', 'text', (c) => c.notNull())
      .addColumn('region', 'text', (c) => c.notNull())
      .addColumn('address', 'text', (c) => c.notNull())
      .addColumn('topic', 'text', (c) => c.notNull())
      .addColumn('subscribed', number, (c) => c.notNull())
      .addPrimaryKeyConstraint('contact_preferences_key', ['account', 'region', 'address', 'topic'])
      .execute();
  };
}
