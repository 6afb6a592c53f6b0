import { createHash, timingSafeEqual } from 'node:crypto';
import type { MovableClock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { account as accountId, duration, region as regionName } from '../../settings/values.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Headers, Request, Response } from '../http.ts';
import type { AccountsApi } from './accounts.ts';
import type { DoctorApi } from './doctor.ts';
import { BadRequest, checked, json, readJson, statusOf, textMember } from './json.ts';
import type { MessagesApi } from './messages.ts';
import type { QueueApi } from './queue.ts';
import type { ReceiptRulesApi } from './receipt-rules.ts';
import type { ReviewsApi } from './reviews.ts';

interface Needs {
  readonly messages: MessagesApi;
  readonly accounts: AccountsApi;
  readonly reviews: ReviewsApi;
  readonly receiptRules: ReceiptRulesApi;
  readonly doctor: DoctorApi;
  readonly queue: QueueApi;
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
const notBuilt = ['routes', 'dead-letters'];

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
      const wanted = json(401, { message: 'The operator token is wanted.' });
      return { ...wanted, headers: { ...wanted.headers, 'www-authenticate': 'Bearer' } };
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
    const { messages, accounts, reviews, receiptRules, doctor, queue } = this.#needs;
    const { method } = request;
    if (first === 'messages') return messages.handle(request, rest);
    if (first === 'reset' && method === 'POST') return this.#reset(request);
    if (first === 'clock' && method === 'POST') return this.#advance(request);
    if (first === 'clock' && method === 'GET') return this.#time();
    if (first === 'accounts') return accounts.handle(request, rest);
    if (first === 'receipt-rules') return receiptRules.handle(request, rest);
    if (first === 'doctor') return doctor.handle(request, rest);
    if (first === 'queue') return queue.handle(request, rest);
    if (first === 'reviews') return reviews.handle(request, rest);
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
}

const digest = (text: string) => createHash('sha256').update(text).digest();
