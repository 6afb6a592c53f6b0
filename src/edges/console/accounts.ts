import type { Accounts, Enforcement } from '../../core/accounts/accounts.ts';
import type { Reviews } from '../../core/reviews/reviews.ts';
import { account as accountId, region as regionName } from '../../settings/values.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, checked, json, readJson, textMember } from './json.ts';

interface Needs {
  readonly accounts: Accounts;
  readonly reviews: Reviews;
}

/** SES's names of them. */
const enforcements: Readonly<Record<string, Enforcement>> = {
  HEALTHY: 'healthy',
  PROBATION: 'probation',
  SHUTDOWN: 'shutdown',
};

/** `GET|POST /_sesame/accounts`, `POST …/{account}/enforcement`. */
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
