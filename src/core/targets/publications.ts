import { type Clock, HOUR, MINUTE, SECOND } from '../../base/clock.ts';
import type { TimeOrderedIds } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { HttpPost } from '../../wire/http-post.ts';
import {
  claimPublications,
  deferPublication,
  deletePublication,
  insertPublication,
  nextPublication,
  type PublicationRow,
  releasePublications,
} from './table.ts';

/** What is posted. */
export interface Posting {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Posts in flight at most. */
const MOST_POSTS = 50;
/** Longer than any post may take. */
const CLAIM_TIME = 10 * MINUTE;
const LIFETIME = 24 * HOUR;
const FIRST_WAIT = 5 * SECOND;
const LONGEST_WAIT = 20 * MINUTE;

interface Needs {
  readonly rows: Rows;
  readonly post: HttpPost;
  readonly ids: TimeOrderedIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * What is owed to HTTP endpoints. A post that is not answered with a 2xx is tried again with growing waits for a day; then
 * it is given up and its row stays, with the last error, to be looked at.
 */
export class Publications {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  readonly #name: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#name = needs.random.uuid();
    this.loop = new WorkLoop({
      name: 'publications',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_POSTS,
      look: (room) => this.#look(room),
    });
  }

  async start(): Promise<void> {
    await this.#needs.rows.write(
      [releasePublications({ now: this.#needs.clock.civil(), by: this.#name })],
      'committed',
    );
    this.loop.start();
  }

  async stop(): Promise<void> {
    await this.loop.stop();
    this.#needs.post.close();
  }

  /** To go into the batch of what causes it; wake the loop once it is written. */
  owe({ account, region }: Scope, endpoint: string, { headers, body }: Posting): Command {
    const { ids, clock } = this.#needs;
    const due = clock.civil();
    const place = { id: ids.next(), account, region, endpoint };
    return insertPublication({ ...place, headers: JSON.stringify(headers), body, due, expires: due + LIFETIME });
  }

  async #look(room: number): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const claim = claimPublications({ now, until: now + CLAIM_TIME, by: this.#name, limit: room });
    const due = (await rows.first(nextPublication({})))?.due ?? undefined;
    if (due === undefined || due > now) return { tasks: [], nextDue: due };
    const outcome = await rows.write([claim], 'committed');
    const claimed = outcome.applied ? (outcome.rows[0] as PublicationRow[]) : [];
    return { tasks: claimed.map((row) => () => this.#attempt(row)), nextDue: due };
  }

  async #attempt(row: PublicationRow): Promise<void> {
    const { rows, post, log } = this.#needs;
    const answer = await post.send({ url: row.endpoint, headers: JSON.parse(row.headers), body: row.body });
    const done = answer.kind === 'answered' && answer.status >= 200 && answer.status < 300;
    const error = answer.kind === 'answered' ? `HTTP ${answer.status}` : answer.reason;
    const command = done
      ? deletePublication({ id: row.id, by: this.#name })
      : deferPublication({ id: row.id, by: this.#name, due: this.#nextDue(row), error });
    const outcome = await rows.write([command], 'committed');
    if (!outcome.applied) log.warn({ publication: row.id }, 'a claim was lost before its post ended');
  }

  /** Nothing once it has expired. */
  #nextDue({ attempts, expires }: PublicationRow): number | null {
    const now = this.#needs.clock.civil();
    return now >= expires ? null : Math.min(expires, now + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts));
  }
}
