import { Refusal } from '../../base/refusal.ts';
import {
  type Accounts,
  type Enforcement,
  type KeyFacts,
  type Keys,
  MOST_KEYS,
  type Users,
} from '../../core/accounts/accounts.ts';
import type { Reviews } from '../../core/reviews/reviews.ts';
import { account as accountId, region as regionName } from '../../settings/values.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, checked, json, readJson, textMember } from './json.ts';

interface Needs {
  readonly accounts: Accounts;
  readonly keys: Keys;
  readonly users: Users;
  readonly reviews: Reviews;
}

/** SES's names of them. */
const enforcements: Readonly<Record<string, Enforcement>> = {
  HEALTHY: 'healthy',
  PROBATION: 'probation',
  SHUTDOWN: 'shutdown',
};

/**
 * `GET|POST /_sesame/accounts`, `POST …/{account}/enforcement`, and the keys of an account's root: `GET|POST
 * …/{account}/keys`, `PUT|DELETE …/{account}/keys/{id}`.
 */
export class AccountsApi {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async handle(request: Request, [account, part, ...rest]: readonly string[]): Promise<Response | undefined> {
    const { method } = request;
    if (account === undefined) {
      if (method === 'GET') return json(200, { accounts: await this.#needs.accounts.list() });
      return method === 'POST' ? this.#create(request) : undefined;
    }
    if (part === 'keys') return this.#keys(request, account, rest);
    if (rest.length > 0) return undefined;
    return part === 'enforcement' && method === 'POST' ? this.#enforce(request, account) : undefined;
  }

  async #create(request: Request): Promise<Response> {
    const body = readJson(request);
    const account = textMember(body, 'account');
    if (account === undefined) throw new BadRequest('account must be 12 digits.');
    const facts = { account, name: textMember(body, 'name') ?? '', email: textMember(body, 'email') ?? '' };
    return json(201, { ...facts, ...(await this.#needs.accounts.create(facts)) });
  }

  async #keys(request: Request, account: string, [accessKeyId, ...rest]: readonly string[]) {
    const { accounts, keys, users } = this.#needs;
    const { method } = request;
    const root = { account: checked(accountId, account), userName: '' };
    if (rest.length > 0) return undefined;
    if (!(await accounts.find(account))) throw new Refusal('not-found', `There is no account ${account}.`);
    if (accessKeyId === undefined) {
      const all = await keys.list(root);
      if (method === 'GET') return json(200, { keys: all.map(keyOf) });
      if (method !== 'POST') return undefined;
      if (all.length >= MOST_KEYS)
        throw new Refusal('limit-exceeded', `An account has ${MOST_KEYS} root keys at most.`);
      const { secretAccessKey, ...key } = await users.createRootKey(account);
      return json(201, { ...keyOf(key), secretAccessKey });
    }
    if (method === 'DELETE') await keys.remove(root, accessKeyId);
    else if (method === 'PUT') await keys.setActive(root, accessKeyId, isActive(readJson(request)));
    else return undefined;
    return json(200, {});
  }

  async #enforce(request: Request, account: string): Promise<Response> {
    const body = readJson(request);
    const [region, status, reason] = ['region', 'status', 'reason'].map((name) => textMember(body, name));
    if (region === undefined) throw new BadRequest('region must be the name of one.');
    const enforcement = Object.hasOwn(enforcements, status ?? '') ? enforcements[status!] : undefined;
    if (!enforcement) throw new BadRequest(`status must be one of ${Object.keys(enforcements).join(', ')}.`);
    const scope = { account: checked(accountId, account), region: checked(regionName, region) };
    await this.#needs.reviews.enforce(scope, enforcement, reason);
    return json(200, { ...scope, status, ...(reason !== undefined && { reason }) });
  }
}

function isActive(body: Record<string, unknown>): boolean {
  const status = textMember(body, 'status');
  if (status !== 'Active' && status !== 'Inactive') throw new BadRequest('status must be Active or Inactive.');
  return status === 'Active';
}

function keyOf({ accessKeyId, active, created }: KeyFacts) {
  return { accessKeyId, status: active ? 'Active' : 'Inactive', created: new Date(created).toISOString() };
}
