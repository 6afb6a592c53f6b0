/**
 * What an account does to keep its good name: the suppression list. An address that bounced for good or complained is put
 * on the list when the reasons in force for the send say so, in the transaction that records the outcome; mail to a listed
 * address is accepted, counted and not sent.
 */
import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import { Refusal } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import { generation, raiseGeneration } from '../../storage/generations.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import {
  deleteSuppressed,
  putSuppressed,
  type SuppressedRow,
  suppressedAmong,
  suppressedByAddress,
  suppressedPage,
} from './table.ts';

export type SuppressionReason = 'bounce' | 'complaint';

export const suppressionReasons: readonly SuppressionReason[] = ['bounce', 'complaint'];

export interface Suppressed {
  readonly address: string;
  readonly reason: SuppressionReason;
  /** Civil milliseconds. */
  readonly updated: number;
  /** Only where an outcome put it on the list. */
  readonly cause?: { readonly messageId: string; readonly feedbackId: string };
}

/** The list changes with every hard bounce, so it has a generation of its own beside the scope's. */
const listOf = ({ account, region }: Scope): Scope => ({ account, region: `${region} suppressed` });

/** The one document of a scope. */
const SETTINGS = 'account';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
}

export class Reputation {
  readonly #needs: Needs;
  readonly #settings: Documents<{ reasons: readonly SuppressionReason[] }>;
  readonly #empty = new Map<string, { generation: number; empty: boolean }>();
  readonly #known = new Map<string, { generation: number; reasons: readonly SuppressionReason[] }>();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#settings = documents(needs.rows, 'suppression');
  }

  /** The account's own reasons; both for an account that never said (SES: accounts since 2019-11-25). */
  async reasons(scope: Scope): Promise<readonly SuppressionReason[]> {
    const key = `${scope.account} ${scope.region}`;
    const current = await generation(this.#needs.rows, scope);
    const known = this.#known.get(key);
    if (known?.generation === current) return known.reasons;
    const reasons = (await this.#settings.get(scope, SETTINGS))?.value.reasons ?? suppressionReasons;
    this.#known.set(key, { generation: current, reasons });
    return reasons;
  }

  /** An empty list switches suppression off. */
  async setReasons(scope: Scope, reasons: readonly SuppressionReason[]): Promise<void> {
    const { rows, clock } = this.#needs;
    for (;;) {
      const present = await this.#settings.get(scope, SETTINGS);
      const batch = present
        ? this.#settings.replace(scope, present, { reasons }, clock.civil())
        : this.#settings.create(scope, SETTINGS, { reasons }, clock.civil());
      if ((await rows.write(batch, 'durable')).applied) return;
    }
  }

  /** Put by the account itself; a later one overwrites. */
  async put({ account, region }: Scope, address: string, reason: SuppressionReason): Promise<void> {
    const name = suppressedName(address);
    if (!parseAddress(name).ok) throw new Refusal('invalid-parameter', `Invalid email address ${address}.`);
    const row = { account, region, address: name, reason, updated: this.#needs.clock.civil() };
    const put = putSuppressed({ ...row, message_id: null, feedback_id: null });
    await this.#needs.rows.write([put, raiseGeneration(listOf({ account, region }))], 'durable');
  }

  async get({ account, region }: Scope, address: string): Promise<Suppressed> {
    const row = await this.#needs.rows.first(
      suppressedByAddress({ account, region, address: suppressedName(address) }),
    );
    if (!row) throw notListed(address);
    return suppressedOf(row);
  }

  async remove({ account, region }: Scope, address: string): Promise<void> {
    const command = deleteSuppressed({ account, region, address: suppressedName(address) });
    if (!(await this.#needs.rows.write([command], 'durable')).applied) throw notListed(address);
  }

  /** By address, `limit` at most, from where the page before ended. */
  async page(
    { account, region }: Scope,
    search: {
      readonly reasons?: readonly SuppressionReason[] | undefined;
      readonly from?: number | undefined;
      readonly to?: number | undefined;
      readonly limit: number;
      readonly token?: string | undefined;
    },
  ): Promise<{ suppressed: Suppressed[]; next?: string }> {
    const list = pagedList('suppressed', { account, region });
    const after = search.token === undefined ? '' : readPageToken(list, search.token);
    if (after === undefined) throw new Refusal('invalid-parameter', `Invalid NextToken <${search.token}>.`);
    const { reasons, from = 0, to = Number.MAX_SAFE_INTEGER, limit } = search;
    const wanted = reasons?.length ? reasons : suppressionReasons;
    const call = suppressedPage({ account, region, reasons: wanted, from, to, after, limit: limit + 1 });
    const found = (await this.#needs.rows.all(call)).map((row) => suppressedOf(row as SuppressedRow));
    const suppressed = found.slice(0, limit);
    return found.length <= limit ? { suppressed } : { suppressed, next: pageToken(list, suppressed.at(-1)!.address) };
  }

  /** Which of the recipients are not to be sent to, for the reasons in force; one question for all of them. */
  async among(
    scope: Scope,
    recipients: readonly string[],
    inForce: readonly SuppressionReason[],
  ): Promise<Set<string>> {
    if (inForce.length === 0 || (await this.#isEmpty(scope))) return new Set();
    const rows = await this.#needs.rows.all(suppressedAmong(scope, [...new Set(recipients.map(suppressedName))]));
    const listed = new Set(rows.filter(({ reason }) => inForce.includes(reason)).map(({ address }) => address));
    return new Set(recipients.filter((recipient) => listed.has(suppressedName(recipient))));
  }

  /** To go into the batch of the outcome that causes it. */
  suppress(
    { account, region }: Scope,
    { address, reason, cause }: Pick<Suppressed, 'address' | 'reason'> & { cause: NonNullable<Suppressed['cause']> },
  ): Command[] {
    const put = putSuppressed({
      account,
      region,
      address: suppressedName(address),
      reason,
      updated: this.#needs.clock.civil(),
      message_id: cause.messageId,
      feedback_id: cause.feedbackId,
    });
    return [put, raiseGeneration(listOf({ account, region }))];
  }

  /** Most lists are empty, and then nobody has to look. */
  async #isEmpty(scope: Scope): Promise<boolean> {
    const key = `${scope.account} ${scope.region}`;
    const current = await generation(this.#needs.rows, listOf(scope));
    const known = this.#empty.get(key);
    if (known?.generation === current) return known.empty;
    const page = await this.page(scope, { limit: 1 });
    const empty = page.suppressed.length === 0;
    this.#empty.set(key, { generation: current, empty });
    return empty;
  }
}

/** Trimmed, the domain in lower case, the local part as it is: `Foo@x` and `foo@x` are two entries. */
function suppressedName(address: string): string {
  const trimmed = address.trim();
  const at = trimmed.lastIndexOf('@');
  return trimmed.slice(0, at + 1) + trimmed.slice(at + 1).toLowerCase();
}

function notListed(address: string): Refusal {
  return new Refusal('not-found', `Email address ${address} does not exist on your suppression list.`);
}

function suppressedOf(row: SuppressedRow): Suppressed {
  const { address, reason, updated, message_id: messageId, feedback_id: feedbackId } = row;
  return { address, reason, updated, ...(messageId && feedbackId && { cause: { messageId, feedbackId } }) };
}
