/**
 * Mails that Sesame itself owes someone: verification links, what an account must be told. What causes a notice writes it
 * in its own batch, so a mail is owed exactly when its cause is true. Soon after it becomes a message, in the same
 * transaction in which the notice goes, so it is sent once; from there delivery has it, with its own retries, outcome and
 * events, and nothing of it counts against the account.
 *
 * On failure: what cannot become a message (no room, too busy) is tried again with growing waits for a day; then it is given
 * up, and its row stays with the last error.
 */
import { type Clock, DAY, MINUTE, SECOND } from '../../base/clock.ts';
import type { TimeOrderedIds } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import {
  claimNotices,
  deferNotice,
  deleteNotice,
  insertNotice,
  type NoticeRow,
  nextNotice,
  releaseNotices,
} from './table.ts';

export interface Notice extends Scope {
  /** What it is about, for the log and the message's facts: `address-verification`, `production-access`… */
  readonly kind: string;
  /** One address. */
  readonly to: string;
  readonly letter: NoticeLetter | NoticeReport;
}

export interface NoticeLetter {
  readonly subject: string;
  readonly text: string;
  readonly html?: string | undefined;
}

/** What became of a message of the account, which goes with it where it is still kept. */
export interface NoticeReport {
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly type: 'delivery-status' | 'feedback-report';
  /** What programs read: the fields of that type. */
  readonly fields: string;
  /** Message id. */
  readonly about: string;
}

/** A message that a notice becomes: commands of one batch, and what to do once it is written. */
export interface Accepted {
  readonly batch: readonly Command[];
  announce(): void;
}

interface Needs {
  readonly rows: Rows;
  readonly ids: TimeOrderedIds;
  /** Sending's: makes it a message from us. */
  readonly accept: (notice: Notice) => Promise<Accepted>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Notices on their way to be messages at most. */
const MOST_AT_A_TIME = 20;
/** Longer than the making of a message may take. */
const CLAIM_TIME = 10 * MINUTE;
const LIFETIME = DAY;
const FIRST_WAIT = 5 * SECOND;
const LONGEST_WAIT = 20 * MINUTE;

export class Notices {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  /** Whose claims are ours. */
  readonly #name: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#name = needs.random.uuid();
    this.loop = new WorkLoop({
      name: 'notices',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_AT_A_TIME,
      look: (room) => this.#look(room),
    });
  }

  /** Takes over what an earlier process had claimed and begins. */
  async start(): Promise<void> {
    await this.#needs.rows.write([releaseNotices({ now: this.#needs.clock.civil(), by: this.#name })], 'committed');
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** To go into the batch of what causes it; `announce` once that is written. */
  owe({ account, region, kind, to, letter }: Notice): Command {
    const { ids, clock } = this.#needs;
    const now = clock.civil();
    const text = JSON.stringify(letter);
    return insertNotice({ id: ids.next(), account, region, kind, recipient: to, letter: text, created: now, due: now });
  }

  /** Something is owed. */
  announce(): void {
    this.loop.wake();
  }

  async #look(room: number): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const due = (await rows.first(nextNotice({})))?.due ?? undefined;
    if (due === undefined || due > now) return { tasks: [], nextDue: due };
    const claim = claimNotices({ now, until: now + CLAIM_TIME, by: this.#name, limit: room });
    const outcome = await rows.write([claim], 'committed');
    const claimed = outcome.applied ? (outcome.rows[0] as NoticeRow[]) : [];
    return { tasks: claimed.map((row) => () => this.#pay(row)), nextDue: due };
  }

  async #pay(row: NoticeRow): Promise<void> {
    const { rows, accept, log } = this.#needs;
    const place = { id: row.id, by: this.#name };
    try {
      const { batch, announce } = await accept(noticeOf(row));
      const outcome = await rows.write([deleteNotice(place), ...batch], 'committed');
      if (outcome.applied) announce();
      else log.warn({ notice: row.id }, 'a claim was lost before its notice became a message');
    } catch (cause) {
      const due = this.#nextDue(row);
      log.error({ err: cause, notice: row.id, kind: row.kind }, due ? 'a notice waits' : 'a notice is given up');
      await rows.write([deferNotice({ ...place, due, error: String(cause) })], 'committed');
    }
  }

  /** Nothing once it has expired. */
  #nextDue({ attempts, created }: NoticeRow): number | null {
    const now = this.#needs.clock.civil();
    const expires = created + LIFETIME;
    return now >= expires ? null : Math.min(expires, now + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts));
  }
}

function noticeOf({ account, region, kind, recipient, letter }: NoticeRow): Notice {
  return { account, region, kind, to: recipient, letter: JSON.parse(letter) as Notice['letter'] };
}
