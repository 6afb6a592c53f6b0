import type { Clock } from '../../base/clock.ts';
import { pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { raiseGeneration } from '../../storage/generations.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import { identityName } from './covering.ts';
import type { Identity, IdentityDocument, IdentityStatus } from './identity.ts';
import {
  countIdentities,
  deleteIdentity,
  type IdentityRow,
  identitiesAfter,
  identitiesNamed,
  identityByName,
  insertIdentity,
  replaceIdentity,
  scopesNaming,
} from './table.ts';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
}

/** An identity with its signing key, sealed, where it has one. */
export interface IdentityRecord {
  readonly identity: Identity;
  readonly sealedKey: Buffer | null;
}

/** What a record becomes, and what must be written with it. */
export type Change = IdentityRecord & { readonly also?: readonly Command[] };

/** SES: identities of an account and region. */
const MOST_IDENTITIES = 10_000;

/** The identities as they are kept: every write raises the scope's generation, every change is compared and set. */
export class Records {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Nothing if there is one of that name.
   *
   * @throws Refusal `limit-exceeded`: the 10,001st of an account and region.
   */
  async insert(
    scope: Scope,
    made: Pick<Identity, 'name' | 'type' | 'status'> & {
      document: IdentityDocument;
      sealedKey?: Buffer | undefined;
      also?: readonly Command[];
    },
  ): Promise<Identity | undefined> {
    const { account, region } = scope;
    const { rows } = this.#needs;
    if (((await rows.first(countIdentities({ account, region })))?.total ?? 0) >= MOST_IDENTITIES) {
      if (await this.#row(scope, made.name)) return undefined;
      throw new Refusal('limit-exceeded', `At most ${MOST_IDENTITIES} identities can exist in a region.`);
    }
    const row: IdentityRow = {
      account,
      region,
      name: made.name,
      type: made.type,
      status: made.status,
      document: JSON.stringify(made.document),
      private_key: made.sealedKey ?? null,
      version: 1,
      created: this.#needs.clock.civil(),
    };
    const batch = [insertIdentity(row), raiseGeneration(scope), ...(made.also ?? [])];
    return (await rows.write(batch, 'durable')).applied ? this.#recordOf(row).identity : undefined;
  }

  async get(scope: Scope, name: string): Promise<IdentityRecord | undefined> {
    const row = await this.#row(scope, name);
    return row && this.#recordOf(row);
  }

  /** Those of the names that exist, in the order of the names. */
  async named(scope: Scope, names: readonly string[]): Promise<IdentityRecord[]> {
    const rows = await this.#needs.rows.all(identitiesNamed(scope, names));
    return names.flatMap((name) => rows.filter((row) => row.name === name).map((row) => this.#recordOf(row)));
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    { account, region }: Scope,
    { type, limit, token }: { type?: Identity['type'] | undefined; limit: number; token?: string | undefined },
  ): Promise<{ identities: Identity[]; next?: string }> {
    const after = token === undefined ? '' : readPageToken('identity', token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${token}>.`);
    const types = type ? [type] : (['address', 'domain'] as const);
    const call = identitiesAfter({ scope: { account, region }, types, after, limit: limit + 1 });
    const found = (await this.#needs.rows.all(call)).map((row) => this.#recordOf(row).identity);
    const identities = found.slice(0, limit);
    if (found.length <= limit) return { identities };
    return { identities, next: pageToken('identity', identities.at(-1)!.name) };
  }

  /**
   * Compare and set until it holds; `next` answers nothing where there is nothing to change, and is asked again when
   * another was faster. Answers what is there then; nothing where there is no such identity.
   */
  async change(
    scope: Scope,
    name: string,
    next: (record: IdentityRecord) => Change | undefined,
  ): Promise<IdentityRecord | undefined> {
    for (;;) {
      const row = await this.#row(scope, name);
      const changed = row && next(this.#recordOf(row));
      if (!changed) return row && this.#recordOf(row);
      // The rest is the document.
      const { name: _name, type: _type, created: _created, status, ...document } = changed.identity;
      const write = replaceIdentity({
        account: row.account,
        region: row.region,
        name: row.name,
        status,
        document: JSON.stringify(document satisfies IdentityDocument),
        private_key: changed.sealedKey,
        version: row.version,
      });
      const batch = [write, raiseGeneration(scope), ...(changed.also ?? [])];
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return changed;
    }
  }

  /** False if there was none. */
  async remove(scope: Scope, name: string): Promise<boolean> {
    const row = await this.#row(scope, name);
    if (!row) return false;
    const { account, region } = row;
    await this.#needs.rows.write(
      [deleteIdentity({ account, region, name: row.name }), raiseGeneration(scope)],
      'durable',
    );
    return true;
  }

  /** Every account and region in which one of the domains is a verified identity. */
  async scopesNaming(domains: readonly string[]): Promise<Scope[]> {
    const rows = await this.#needs.rows.all(scopesNaming(domains));
    const scopes = new Map(rows.map(({ account, region }) => [`${account} ${region}`, { account, region }]));
    return [...scopes.values()];
  }

  #row({ account, region }: Scope, name: string): Promise<IdentityRow | undefined> {
    return this.#needs.rows.first(identityByName({ account, region, name: identityName(name) }));
  }

  #recordOf({ name, type, status, created, document, private_key }: IdentityRow): IdentityRecord {
    const kept = JSON.parse(document) as IdentityDocument;
    const identity: Identity = { name, type, status: status as IdentityStatus, created, ...kept };
    return {
      identity: this.#hasRunOut(identity) ? { ...identity, status: 'failed' } : identity,
      sealedKey: private_key,
    };
  }

  /** An address whose links have expired; nothing else comes of it, so nothing has to happen at that moment. */
  #hasRunOut({ type, status, links = [] }: Identity): boolean {
    const now = this.#needs.clock.civil();
    return type === 'address' && status === 'pending' && links.every(({ expires }) => expires <= now);
  }
}
