/**
 * What people decide about an account in a region: whether it leaves the sandbox, whether it may send more, and whether it
 * may send at all. An account asks, which opens a case; a reviewer grants it with limits, denies it with a reason or asks
 * back. Cases go pending ⇄ asked → granted | denied; one about a subject is open at a time, and a closed one is never
 * opened again: who was denied asks anew.
 *
 * A decision, the limits that it grants and the mail that tells of it are one transaction, so nobody sees one without the
 * others. Where nobody reviews (`automatic`), what is asked for is granted as it is asked.
 */
import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { Accounts, Enforcement, SendingLimits, Standings } from '../accounts/accounts.ts';
import type { NoticeLetter, Notices } from '../notices/notices.ts';
import { checkDecision, checkWebsite, grantedLimits } from './deciding.ts';
import { denialLetter, enforcementLetter, grantLetter, questionLetter } from './letters.ts';
import {
  type AccountDetails,
  type Decision,
  openStatuses,
  type Remark,
  type Review,
  type Status,
  type Subject,
  type Wanted,
} from './review.ts';
import {
  insertReview,
  type ReviewRow,
  type ReviewSearch,
  replaceReview,
  reviewByCase,
  reviewByRequest,
  reviewPage,
} from './table.ts';

export type { AccountDetails, Decision, Review, Status, Subject } from './review.ts';

interface Needs {
  readonly rows: Rows;
  readonly accounts: Accounts;
  readonly standings: Standings;
  readonly notices: Notices;
  readonly automatic: boolean;
  readonly clock: Clock;
  readonly random: Random;
}

/** Whoever asks for something, for their account and region. */
interface Applicant extends Scope {
  readonly arn: string;
}

/** What an account said of itself last, and the case that came of it. */
interface KeptDetails extends AccountDetails {
  readonly caseId?: string | undefined;
}

/** The one document of a scope. */
const NAME = 'account';
const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const QUOTAS: readonly Subject[] = ['per-day', 'per-second'];

/** A case as it will be, and what goes into one batch with it. */
interface Change {
  readonly batch: readonly Command[];
  readonly review: Review;
}

interface Versioned {
  readonly review: Review;
  readonly version: number;
}

export class Reviews {
  readonly #needs: Needs;
  readonly #details: Documents<KeptDetails>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#details = documents(needs.rows, 'account-details');
  }

  /**
   * What an account says of itself; with `production` it asks for production access. Answers a question that was asked
   * back, if one is open. Refused (`conflict`) while a case waits for its reviewer.
   */
  async putDetails(applicant: Applicant, details: AccountDetails, production: boolean): Promise<void> {
    checkWebsite(details.website);
    const { rows, standings, notices } = this.#needs;
    const kept = await this.#details.get(applicant, NAME);
    const last = await this.#caseOf(kept?.value);
    const status = last?.review.status;
    if (status === 'pending') throw new Refusal('conflict', '');
    const { sandbox } = await standings.of(applicant);
    // Who is in production already has nothing to ask for, but is shown the case that says so.
    const asks = status === 'asked' || (production && (sandbox || status !== 'granted'));
    const change = asks
      ? await this.#application(applicant, details, status === 'asked' ? last : undefined)
      : undefined;
    const caseId = (change ?? last)?.review.caseId;
    const batch = [...(change?.batch ?? []), ...this.#keep(applicant, kept, { ...details, caseId })];
    const outcome = await rows.write(batch, 'durable');
    if (outcome.applied) return notices.announce();
    // Two calls at a time: the later one finds a review under way (SES).
    if (outcome.failed === 'reviews.insert') throw new Refusal('conflict', '');
    return this.putDetails(applicant, details, production);
  }

  /** What the account said of itself last, and the review of it; nothing until it did. */
  async details(scope: Scope): Promise<{ details: AccountDetails; review?: Review | undefined } | undefined> {
    const kept = (await this.#details.get(scope, NAME))?.value;
    return kept && { details: kept, review: (await this.#caseOf(kept))?.review };
  }

  /**
   * Asks for more of one quota. Refused: a value that is not higher than the present one (`invalid-parameter`), a second
   * request while one is open (`already-exists`).
   */
  async requestQuota(applicant: Applicant, subject: 'per-day' | 'per-second', value: number): Promise<Review> {
    const { perDay, perSecond } = await this.#needs.standings.of(applicant);
    const present = subject === 'per-day' ? perDay : perSecond;
    if (present < 0 || value <= present) {
      throw new Refusal('invalid-parameter', 'You must provide a quota value greater than the current quota value.');
    }
    const wanted: Wanted = subject === 'per-day' ? { perDay: value } : { perSecond: value };
    const { batch, review } = await this.#opened(this.#newCase(applicant, { subject, wanted, remarks: [] }));
    const outcome = await this.#needs.rows.write(batch, 'durable');
    if (!outcome.applied && outcome.failed === 'reviews.insert') {
      throw new Refusal('already-exists', 'Only one open service quota increase request is allowed per quota.');
    }
    if (!outcome.applied) return this.requestQuota(applicant, subject, value);
    this.#needs.notices.announce();
    return review;
  }

  /** A request for more of a quota, of this account and region. */
  async quotaRequest(scope: Scope, requestId: string): Promise<Review | undefined> {
    const row = await this.#needs.rows.first(reviewByRequest({ requestId }));
    const isTheirs = row?.account === scope.account && row.region === scope.region;
    return isTheirs && QUOTAS.includes(row.subject as Subject) ? reviewOf(row) : undefined;
  }

  /** Requests for more of a quota, the latest first. */
  quotaRequests(
    scope: Scope,
    search: { subject?: Subject | undefined; statuses?: readonly Status[]; limit: number; token?: string | undefined },
  ): Promise<{ reviews: Review[]; next?: string }> {
    const { subject, statuses, limit, token } = search;
    const { account, region } = scope;
    const subjects = subject ? [subject] : QUOTAS;
    return this.#page({ account, region, subjects, statuses, limit }, token);
  }

  /** For the reviewer: the cases of all accounts, the latest first; those that are open, unless all are wanted. */
  list(search: {
    all: boolean;
    limit: number;
    token?: string | undefined;
  }): Promise<{ reviews: Review[]; next?: string }> {
    return this.#page({ statuses: search.all ? undefined : openStatuses, limit: search.limit }, search.token);
  }

  /** For the reviewer. */
  async get(caseId: string): Promise<Review> {
    return (await this.#row(caseId)).review;
  }

  /** The reviewer's word on a case. Refused: an unknown one (`not-found`), a closed one (`conflict`). */
  async decide(caseId: string, decision: Decision): Promise<Review> {
    const { rows, clock, notices } = this.#needs;
    const { review, version } = await this.#row(caseId);
    checkDecision(decision, review.status);
    const { reason } = decision;
    const remark: Remark[] = reason ? [{ by: 'reviewer', at: clock.civil(), text: reason }] : [];
    const said = { ...review, remarks: [...review.remarks, ...remark] };
    const { batch, review: decided } =
      decision.kind === 'grant'
        ? await this.#granted(said, decision)
        : await this.#answered(said, decision.kind, reason ?? '');
    const replaced = replaceReview({ ...rowOf(decided), version });
    // A case or a standing that changed in between is looked at again.
    if (!(await rows.write([replaced, ...batch], 'durable')).applied) return this.decide(caseId, decision);
    notices.announce();
    return decided;
  }

  /**
   * What is enforced on an account: by its operator, or because of its reputation. The account is told, where that
   * changes anything.
   */
  async enforce(scope: Scope, enforcement: Enforcement, reason?: string): Promise<void> {
    const { rows, standings, notices } = this.#needs;
    const present = await standings.of(scope);
    const enforcementReason = enforcement === 'healthy' ? undefined : reason;
    const change = await standings.changing(scope, { enforcement, enforcementReason });
    const letter = enforcementLetter(scope, enforcement, reason);
    const mail = present.enforcement === enforcement ? [] : await this.#mail(scope, 'enforcement', letter);
    if (!(await rows.write([...change, ...mail], 'durable')).applied) return this.enforce(scope, enforcement, reason);
    notices.announce();
  }

  #newCase(
    { account, region, arn }: Applicant,
    about: Pick<Review, 'subject' | 'wanted' | 'details' | 'remarks'>,
  ): Review {
    const { clock, random } = this.#needs;
    const now = clock.civil();
    return {
      ...about,
      account,
      region,
      applicantArn: arn,
      // As SES's support cases are numbered; random, so that nobody counts them.
      caseId: `1${randomText(random, DIGITS, 14)}`,
      requestId: `${random.bytes(16).toString('hex')}${randomText(random, LETTERS, 8)}`,
      status: 'pending',
      created: now,
      updated: now,
    };
  }

  /** A new case about production access, or the answer to what was asked in the last one. */
  async #application(applicant: Applicant, details: AccountDetails, asked: Versioned | undefined): Promise<Change> {
    const remarks: Remark[] = details.useCase
      ? [{ by: 'applicant', at: this.#needs.clock.civil(), text: details.useCase }]
      : [];
    if (!asked)
      return this.#opened(this.#newCase(applicant, { subject: 'production-access', wanted: {}, details, remarks }));
    const { review, version } = asked;
    const answered = { ...review, status: 'pending' as const, details, remarks: [...review.remarks, ...remarks] };
    const change = await this.#grantedAtOnce(answered);
    return { ...change, batch: [replaceReview({ ...rowOf(change.review), version }), ...change.batch] };
  }

  async #opened(review: Review): Promise<Change> {
    const change = await this.#grantedAtOnce(review);
    return { ...change, batch: [insertReview(rowOf(change.review)), ...change.batch] };
  }

  /** Where nobody has to decide: the settings say so, or what is asked for is had. */
  async #grantedAtOnce(review: Review): Promise<Change> {
    const { standings, automatic } = this.#needs;
    const isHad = review.subject === 'production-access' && !(await standings.of(review)).sandbox;
    return automatic || isHad ? this.#granted(review, {}) : { review, batch: [] };
  }

  /** The limits and the mail; the case itself is the caller's. */
  async #granted(review: Review, given: Wanted & { reason?: string | undefined }): Promise<Change> {
    const { standings, clock } = this.#needs;
    const limits: SendingLimits = grantedLimits(await standings.of(review), review.wanted, given);
    const mail = await this.#mail(review, review.subject, grantLetter(review, limits, given.reason));
    return {
      review: { ...review, status: 'granted', updated: clock.civil() },
      batch: [...(await standings.changing(review, limits)), ...mail],
    };
  }

  async #answered(review: Review, kind: 'deny' | 'ask', reason: string): Promise<Change> {
    const letter = kind === 'deny' ? denialLetter(review, reason) : questionLetter(review, reason);
    return {
      review: { ...review, status: kind === 'deny' ? 'denied' : 'asked', updated: this.#needs.clock.civil() },
      batch: await this.#mail(review, review.subject, letter),
    };
  }

  /** To the account's own address and to those that it named. */
  async #mail(
    { account, region, details: { contacts } = {} }: Scope & { details?: Partial<AccountDetails> | undefined },
    kind: string,
    letter: NoticeLetter,
  ): Promise<Command[]> {
    const { accounts, notices } = this.#needs;
    const own = await accounts.emailOf(account);
    const named = contacts ?? (await this.#details.get({ account, region }, NAME))?.value.contacts ?? [];
    const addresses = new Set([...(own ? [own] : []), ...named]);
    return [...addresses].map((to) => notices.owe({ account, region, kind, to, letter }));
  }

  #keep(
    scope: Scope,
    kept: Parameters<Documents<KeptDetails>['replace']>[1] | undefined,
    value: KeptDetails,
  ): Command[] {
    const now = this.#needs.clock.civil();
    return kept ? this.#details.replace(scope, kept, value, now) : this.#details.create(scope, NAME, value, now);
  }

  async #caseOf(kept: KeptDetails | undefined): Promise<Versioned | undefined> {
    const row = kept?.caseId && (await this.#needs.rows.first(reviewByCase({ caseId: kept.caseId })));
    return row ? versioned(row) : undefined;
  }

  async #row(caseId: string): Promise<Versioned> {
    const row = await this.#needs.rows.first(reviewByCase({ caseId }));
    if (!row) throw new Refusal('not-found', `There is no case ${caseId}.`);
    return versioned(row);
  }

  /** The list of a scope, or the reviewer's of all. */
  async #page(
    search: Omit<ReviewSearch, 'before'>,
    token: string | undefined,
  ): Promise<{ reviews: Review[]; next?: string }> {
    const { account = '*', region = '*' } = search;
    const list = pagedList('review', { account, region });
    const [, created, caseId = ''] = /^(\d{1,15}) (\d+)$/.exec(readPageToken(list, token ?? '') ?? '') ?? [];
    if (token !== undefined && !created) throw new Refusal('invalid-page-token', 'Invalid pagination token.');
    const before = created === undefined ? undefined : { created: Number(created), caseId };
    const rows = await this.#needs.rows.all(reviewPage({ ...search, before, limit: search.limit + 1 }));
    const reviews = rows.slice(0, search.limit).map((row) => reviewOf(row as ReviewRow));
    const last = rows.length > search.limit ? reviews.at(-1) : undefined;
    return last ? { reviews, next: pageToken(list, `${last.created} ${last.caseId}`) } : { reviews };
  }
}

function rowOf(review: Review): ReviewRow {
  const { caseId, requestId, account, region, subject, status, created, updated, ...document } = review;
  return {
    case_id: caseId,
    request_id: requestId,
    account,
    region,
    subject,
    status,
    document: JSON.stringify(document),
    version: 1,
    created,
    updated,
  };
}

const versioned = (row: ReviewRow): Versioned => ({ review: reviewOf(row), version: Number(row.version) });

function reviewOf(row: ReviewRow): Review {
  const { applicantArn, wanted, details, remarks } = JSON.parse(row.document) as Review;
  return {
    caseId: row.case_id,
    requestId: row.request_id,
    account: row.account,
    region: row.region,
    subject: row.subject as Subject,
    status: row.status as Status,
    created: Number(row.created),
    updated: Number(row.updated),
    applicantArn,
    wanted,
    details,
    remarks,
  };
}
