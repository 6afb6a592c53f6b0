import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import { generation } from '../../storage/generations.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { AddressSet, parseCidr } from './cidr.ts';
import { isName } from './rules.ts';

export interface IpFilter {
  readonly name: string;
  readonly policy: 'allow' | 'block';
  /** As it was given: an address or a block, IPv4 or IPv6. */
  readonly cidr: string;
}

/** SES: quotas of receiving. */
const MOST_FILTERS = 100;
/** All of a scope, also when creates that ran at the same time went over the quota. */
const MOST_LISTED = 1000;
/** Scopes whose filters are kept at hand. */
const MOST_CACHED = 10_000;

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
}

interface Compiled {
  readonly generation: number;
  readonly allowed: AddressSet;
  readonly blocked: AddressSet;
}

/** Whose mail an account and region does not take, whatever its rule sets say (SES: IP address filters). */
export class IpFilters {
  readonly #needs: Needs;
  readonly #filters: Documents<Omit<IpFilter, 'name'>>;
  readonly #compiled = new Map<string, Compiled>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#filters = documents(needs.rows, 'receipt-filter');
  }

  async create(scope: Scope, { name, policy, cidr }: IpFilter): Promise<void> {
    const { rows, clock } = this.#needs;
    if (!isName(name)) throw new Refusal('invalid-parameter', `Not a valid filterName: ${name}`);
    if (!parseCidr(cidr)) throw new Refusal('invalid-parameter', `Invalid CIDR block: ${cidr}`);
    if (await this.#filters.get(scope, name)) throw alreadyExists(name);
    if ((await this.#filters.count(scope)) >= MOST_FILTERS) throw new Refusal('limit-exceeded', 'Too many filters');
    const batch = this.#filters.create(scope, name, { policy, cidr }, clock.civil());
    if (!(await rows.write(batch, 'durable')).applied) throw alreadyExists(name);
  }

  /** By name. */
  async list(scope: Scope): Promise<IpFilter[]> {
    const found = await this.#filters.list(scope, { limit: MOST_LISTED });
    return found.map(({ name, value }) => ({ name, ...value }));
  }

  /** Nothing happens where there is none. */
  async remove(scope: Scope, name: string): Promise<void> {
    await this.#needs.rows.write(this.#filters.remove(scope, name), 'durable');
  }

  /** There is no order: an address that one filter allows passes, whatever others block. */
  async blocks(scope: Scope, peerAddress: string): Promise<boolean> {
    const { allowed, blocked } = await this.#current(scope);
    return blocked.has(peerAddress) && !allowed.has(peerAddress);
  }

  /** Asked at every RCPT, so they are kept until something of the scope changes. */
  async #current(scope: Scope): Promise<Compiled> {
    const key = `${scope.account} ${scope.region}`;
    const current = await generation(this.#needs.rows, scope);
    const known = this.#compiled.get(key);
    if (known?.generation === current) return known;
    const filters = await this.list(scope);
    const setOf = (policy: IpFilter['policy']) =>
      new AddressSet(filters.filter((each) => each.policy === policy).map(({ cidr }) => parseCidr(cidr)!));
    const compiled = { generation: current, allowed: setOf('allow'), blocked: setOf('block') };
    if (this.#compiled.size >= MOST_CACHED) this.#compiled.clear();
    this.#compiled.set(key, compiled);
    return compiled;
  }
}

const alreadyExists = (name: string) => new Refusal('already-exists', `Filter already exists: ${name}`, { Name: name });
