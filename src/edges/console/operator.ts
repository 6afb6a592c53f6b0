import { createHash, timingSafeEqual } from 'node:crypto';
import type { MovableClock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Accounts, Enforcement, Standings } from '../../core/accounts/accounts.ts';
import { account as accountId, duration, region as regionName } from '../../settings/values.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Headers, Request, Response } from '../http.ts';
import { BadRequest, json, readJson, statusOf, textMember } from './json.ts';
import type { MessagesApi } from './messages.ts';

interface Needs {
  readonly messages: MessagesApi;
  readonly accounts: Accounts;
  readonly standings: Standings;
  readonly clock: MovableClock;
  /** Moves civil time by milliseconds, running what falls due. */
  readonly advance: (milliseconds: number) => Promise<void>;
  /** Civil time is the machine's in service. */
  readonly clockMoves: boolean;
  readonly reset: (scope?: Scope) => Promise<void>;
  /** Nothing where anybody may (development). */
  readonly token: string | undefined;
}

/** Milliseconds in one advance. */
const LONGEST_ADVANCE = 400 * 86_400_000;

/** Names of the public face whose code is still to come. */
const notBuilt = ['reviews', 'routes', 'queue', 'dead-letters', 'receipt-rules'];

/** What AWS has no operation for: everything under `/_sesame/`. */
export class OperatorApi {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  handle = async (request: Request): Promise<Response | undefined> => {
    const path = request.path === '/moto-api/reset' ? '/_sesame/reset' : request.path;
    if (!path.startsWith('/_sesame/')) return undefined;
    if (!this.allows(request.headers)) {
      return { ...json(401, { message: 'The operator token is wanted.' }), headers: { 'www-authenticate': 'Bearer' } };
    }
    try {
      const parts = path.split('/').slice(2).map(decodeURIComponent);
      return (await this.#dispatch(request, parts)) ?? json(404, { message: `There is no ${request.method} ${path}.` });
    } catch (cause) {
      if (cause instanceof BadRequest || cause instanceof URIError) return json(400, { message: cause.message });
      if (cause instanceof Refusal) return json(statusOf(cause.code), { message: cause.message });
      throw cause;
    }
  };

  allows(headers: Headers): boolean {
    const { token } = this.#needs;
    if (token === undefined) return true;
    const given = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1];
    return given !== undefined && timingSafeEqual(digest(given), digest(token));
  }

  async #dispatch(request: Request, [first, ...rest]: readonly string[]): Promise<Response | undefined> {
    const { messages, accounts } = this.#needs;
    const { method } = request;
    if (first === 'messages') return messages.handle(request, rest);
    if (first === 'reset' && method === 'POST') return this.#reset(request);
    if (first === 'clock' && method === 'POST') return this.#advance(request);
    if (first === 'clock' && method === 'GET') return this.#time();
    if (first === 'accounts' && rest.length === 0) {
      return method === 'GET' ? json(200, { accounts: await accounts.list() }) : this.#createAccount(request);
    }
    if (first === 'accounts' && rest[1] === 'enforcement' && rest.length === 2 && method === 'POST') {
      return this.#enforce(request, rest[0]!);
    }
    if (first && notBuilt.includes(first)) {
      return json(501, { message: `${method} ${request.path} is not built yet.` });
    }
    return undefined;
  }

  async #reset(request: Request): Promise<Response> {
    const body = readJson(request);
    const account = textMember(body, 'account');
    const region = textMember(body, 'region');
    if ((account === undefined) !== (region === undefined)) {
      throw new BadRequest('account and region go together; without both everything is reset.');
    }
    const scope =
      account === undefined
        ? undefined
        : { account: checked(accountId, account), region: checked(regionName, region!) };
    await this.#needs.reset(scope);
    return json(200, { status: 'ok' });
  }

  async #advance(request: Request): Promise<Response> {
    if (!this.#needs.clockMoves)
      throw new Refusal('access-denied', 'The service profile has one clock, and it does not move.');
    const advance = textMember(readJson(request), 'advance');
    if (advance === undefined) throw new BadRequest('advance must be a duration such as 25h.');
    const milliseconds = checked(duration, advance);
    if (milliseconds > LONGEST_ADVANCE) throw new BadRequest('advance must not be longer than 400 days.');
    await this.#needs.advance(milliseconds);
    return this.#time();
  }

  #time(): Response {
    const { clock } = this.#needs;
    return json(200, { now: new Date(clock.civil()).toISOString(), offset: `${clock.offset}ms` });
  }

  async #createAccount(request: Request): Promise<Response | undefined> {
    if (request.method !== 'POST') return undefined;
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
    await this.#needs.standings.enforce(scope, enforcement, reason);
    return json(200, { ...scope, status, ...(reason !== undefined && { reason }) });
  }
}

const enforcements: Readonly<Record<string, Enforcement>> = {
  HEALTHY: 'healthy',
  PROBATION: 'probation',
  SHUTDOWN: 'shutdown',
};

function checked<T>(parse: (text: string) => T, text: string): T {
  try {
    return parse(text);
  } catch (cause) {
    throw new BadRequest(`'${text}' ${(cause as Error).message}.`);
  }
}

const digest = (text: string) => createHash('sha256').update(text).digest();
