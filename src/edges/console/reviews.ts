import type { Decision, Review, Reviews, Subject } from '../../core/reviews/reviews.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, json, limitOf, numberMember, readJson, textMember } from './json.ts';

const DEFAULT_LIMIT = 50;
const MOST_LISTED = 500;

/** `GET /_sesame/reviews`, `GET|POST …/{caseId}`: how a reviewer sees what accounts ask for, and answers. */
export class ReviewsApi {
  readonly #reviews: Reviews;

  constructor(reviews: Reviews) {
    this.#reviews = reviews;
  }

  async handle(request: Request, [caseId, ...rest]: readonly string[]): Promise<Response | undefined> {
    const { method } = request;
    if (rest.length > 0) return undefined;
    if (caseId === undefined) return method === 'GET' ? this.#list(request) : undefined;
    if (method === 'GET') return json(200, reviewOf(await this.#reviews.get(caseId)));
    if (method === 'POST')
      return json(200, reviewOf(await this.#reviews.decide(caseId, decisionOf(readJson(request)))));
    return undefined;
  }

  async #list({ query }: Request): Promise<Response> {
    const parameters = new URLSearchParams(query);
    const status = parameters.get('status') ?? 'all';
    if (status !== 'all' && status !== 'open') throw new BadRequest('status must be all or open.');
    const { reviews, next } = await this.#reviews.list({
      all: status === 'all',
      limit: limitOf(parameters, { fallback: DEFAULT_LIMIT, most: MOST_LISTED }),
      token: parameters.get('next') ?? undefined,
    });
    return json(200, { reviews: reviews.map(reviewOf), ...(next !== undefined && { next }) });
  }
}

function decisionOf(body: Record<string, unknown>): Decision {
  const kind = textMember(body, 'decision');
  const reason = textMember(body, 'reason');
  if (kind === 'deny' || kind === 'ask') return { kind, reason };
  if (kind !== 'grant') throw new BadRequest('decision must be grant, deny or ask.');
  return {
    kind,
    reason,
    perDay: numberMember(body, 'max24HourSend'),
    perSecond: numberMember(body, 'maxSendRate'),
  };
}

const subjects: Readonly<Record<Subject, string>> = {
  'production-access': 'production-access',
  'per-day': 'sending-quota',
  'per-second': 'sending-rate',
};

const iso = (at: number) => new Date(at).toISOString();

function reviewOf({ caseId, account, region, subject, status, created, updated, ...about }: Review) {
  const { applicantArn, wanted, details, remarks } = about;
  return {
    caseId,
    account,
    region,
    subject: subjects[subject],
    status: status.toUpperCase(),
    created: iso(created),
    updated: iso(updated),
    requester: applicantArn,
    ...(wanted.perDay !== undefined && { max24HourSend: wanted.perDay }),
    ...(wanted.perSecond !== undefined && { maxSendRate: wanted.perSecond }),
    ...(details && {
      mailType: details.mailType.toUpperCase(),
      websiteUrl: details.website,
      contactLanguage: details.language?.toUpperCase(),
      useCaseDescription: details.useCase,
      additionalContacts: details.contacts,
    }),
    remarks: remarks.map(({ by, at, text }) => ({ by, at: iso(at), text })),
  };
}
