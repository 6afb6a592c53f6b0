import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { raiseGeneration } from '../../storage/generations.ts';
import type { Command, Rows, Scope, Until } from '../../storage/ports.ts';
import { identityName } from './covering.ts';
import { dueOf, type Identity, type IdentityDocument, type IdentityStatus, isVerified } from './identity.ts';
import {
  claimIdentities,
  countIdentities,
  deleteIdentity,
  deleteSigningKeys,
  domainsNamed,
  type IdentityRow,
  identitiesAfter,
  identitiesNamed,
  identitiesOfAll,
  identitiesWithMailFrom,
  identityByName,
  insertIdentity,
  nextDue,
  replaceIdentity,
} from './table.ts';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  /** Something may be due: a hint. */
  readonly wake: () => void;
}

/** An identity and whose it is. */
export interface Placed extends Scope {
  readonly identity: Identity;
}

/** What an identity becomes, and what must be written with it. */
export interface Change {
  readonly identity: Identity;
  readonly also?: readonly Command[];
  /** Nothing that was answered before has become untrue: only the times of looks differ. */
  readonly isOnlyTime?: boolean;
}

/** SES: identities of an account and region. */
const MOST_IDENTITIES = 10_000;

/** Where an identity is kept. */
export interface Place extends Scope {
  readonly name: string;
}

/**
 * The identities as they are kept: every write says when DNS is asked next, all but the note of a look that showed nothing
 * new raise the scope's generation, every change is compared and set.
 */
export class Records {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Nothing if there is one of that name; then nothing of `also` is written either.
   *
   * @throws Refusal `limit-exceeded`: the 10,001st of an account and region.
   */
  async insert(
    scope: Scope,
    made: Pick<Identity, 'name' | 'type' | 'status'> & { document: IdentityDocument; also?: readonly Command[] },
  ): Promise<Identity | undefined> {
    const { account, region } = scope;
    const { name, type, status, document, also = [] } = made;
    const { rows } = this.#needs;
    if (((await rows.first(countIdentities({ account, region })))?.total ?? 0) >= MOST_IDENTITIES) {
      if (await this.#row(scope, made.name)) return undefined;
      throw new Refusal('limit-exceeded', `At most ${MOST_IDENTITIES} identities can exist in a region.`);
    }
    const identity: Identity = { name, type, status, created: this.#needs.clock.civil(), ...document };
    const row: IdentityRow = { account, region, ...rowOf(identity), name, type, version: 1, created: identity.created };
    const outcome = await rows.write([insertIdentity(row), ...also, raiseGeneration(scope)], 'durable');
    if (!outcome.applied) return undefined;
    if (row.due !== null) this.#needs.wake();
    return this.#identityOf(row);
  }

  async get(scope: Scope, name: string): Promise<Identity | undefined> {
    const row = await this.#row(scope, name);
    return row && this.#identityOf(row);
  }

  /** Those of the names that exist, in the order of the names. */
  async named(scope: Scope, names: readonly string[]): Promise<Identity[]> {
    const rows = await this.#needs.rows.all(identitiesNamed(scope, names));
    return names.flatMap((name) => rows.filter((row) => row.name === name).map((row) => this.#identityOf(row)));
  }

  /** By name, `limit` at most, from where the page before ended. */
  async page(
    { account, region }: Scope,
    { type, limit, token }: { type?: Identity['type'] | undefined; limit: number; token?: string | undefined },
  ): Promise<{ identities: Identity[]; next?: string }> {
    const list = pagedList('identity', { account, region });
    const after = token === undefined ? '' : readPageToken(list, token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${token}>.`);
    const types = type ? [type] : (['address', 'domain'] as const);
    const call = identitiesAfter({ scope: { account, region }, types, after, limit: limit + 1 });
    const found = (await this.#needs.rows.all(call)).map((row) => this.#identityOf(row));
    const identities = found.slice(0, limit);
    if (found.length <= limit) return { identities };
    return { identities, next: pageToken(list, identities.at(-1)!.name) };
  }

  /**
   * Compare and set until it holds; `next` answers nothing where there is nothing to change, and is asked again when
   * another was faster. Answers what is there then; nothing where there is no such identity.
   */
  async change(
    scope: Scope,
    name: string,
    next: (identity: Identity) => Change | undefined,
    until: Until = 'durable',
  ): Promise<Identity | undefined> {
    for (;;) {
      const row = await this.#row(scope, name);
      const changed = row && next(this.#identityOf(row));
      if (!changed) return row && this.#identityOf(row);
      const { account, region, version } = row;
      const kept = rowOf(changed.identity);
      const write = replaceIdentity({ account, region, name: row.name, version, ...kept });
      const told = changed.isOnlyTime ? [] : [raiseGeneration(scope)];
      const batch = [write, ...told, ...(changed.also ?? [])];
      if (!(await this.#needs.rows.write(batch, until)).applied) continue;
      if (kept.due !== null) this.#needs.wake();
      return changed.identity;
    }
  }

  /** False if there was none. */
  async remove(scope: Scope, name: string): Promise<boolean> {
    const row = await this.#row(scope, name);
    if (!row) return false;
    const { account, region } = row;
    await this.#needs.rows.write(
      [
        deleteIdentity({ account, region, name: row.name }),
        deleteSigningKeys({ account, region, identity: row.name }),
        raiseGeneration(scope),
      ],
      'durable',
    );
    return true;
  }

  /** Every account and region in which one of the domains is a verified identity. */
  async scopesNaming(domains: readonly string[]): Promise<Scope[]> {
    const rows = await this.#needs.rows.all(domainsNamed(domains));
    const verified = rows.filter((row) => isVerified(this.#identityOf(row)));
    const scopes = new Map(verified.map(({ account, region }) => [`${account} ${region}`, { account, region }]));
    return [...scopes.values()];
  }

  /** The domain as an identity of whoever has it as one. */
  async domainEverywhere(domain: string): Promise<Placed[]> {
    return (await this.#needs.rows.all(domainsNamed([domain]))).map((row) => this.#placed(row));
  }

  /** The identities of whoever has one of the domains as its MAIL FROM. */
  async withMailFrom(domains: readonly string[]): Promise<Placed[]> {
    return (await this.#needs.rows.all(identitiesWithMailFrom(domains))).map((row) => this.#placed(row));
  }

  /** Of all accounts and regions, `limit` at most, after a place. */
  async everywhere({ account, region, name }: Place, limit: number): Promise<Placed[]> {
    return (await this.#needs.rows.all(identitiesOfAll({ account, region, name, limit }))).map((row) =>
      this.#placed(row),
    );
  }

  async nextDue(): Promise<number | undefined> {
    return (await this.#needs.rows.first(nextDue({})))?.due ?? undefined;
  }

  /** Those that are due now; whoever has them asks DNS before `until`, then they are due again. */
  async claim(claim: { now: number; until: number; limit: number }): Promise<Place[]> {
    const outcome = await this.#needs.rows.write([claimIdentities(claim)], 'committed');
    return outcome.applied ? (outcome.rows[0] as Place[]) : [];
  }

  #identityOf({ name, type, status, created, document }: IdentityRow): Identity {
    const kept = JSON.parse(document) as IdentityDocument;
    const identity: Identity = { name, type, status: status as IdentityStatus, created, ...kept };
    return this.#hasRunOut(identity) ? { ...identity, status: 'failed' } : identity;
  }

  #placed(row: IdentityRow): Placed {
    return { account: row.account, region: row.region, identity: this.#identityOf(row) };
  }

  /** An address whose links have expired; nothing else comes of it, so nothing has to happen at that moment. */
  #hasRunOut({ type, status, links = [] }: Identity): boolean {
    const now = this.#needs.clock.civil();
    return type === 'address' && status === 'pending' && links.every(({ expires }) => expires <= now);
  }

  #row({ account, region }: Scope, name: string): Promise<IdentityRow | undefined> {
    return this.#needs.rows.first(identityByName({ account, region, name: identityName(name) }));
  }
}

/** What changes of a row; the rest of the identity is the document. */
function rowOf(identity: Identity): Pick<IdentityRow, 'status' | 'document' | 'due' | 'mail_from'> {
  const { name: _name, type: _type, created: _created, status, ...document } = identity;
  return {
    status,
    document: JSON.stringify(document satisfies IdentityDocument),
    due: dueOf(identity) ?? null,
    mail_from: identity.mailFrom?.domain ?? null,
  };
}
