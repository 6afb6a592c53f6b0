import { type Clock, HOUR, MINUTE, SECOND } from '../../base/clock.ts';
import type { TimeOrderedIds } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { Random } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';
import type { HttpPost } from '../../wire/http-post.ts';
import { MOST_FOR_ONE, type Owed, takeFairly } from './fairness.ts';
import {
  claimPublication,
  deferEndpoint,
  deferPublication,
  deletePublication,
  insertPublication,
  nextOwed,
  nextOwedElsewhere,
  type PublicationRow,
  releasePublications,
} from './table.ts';

/** What is brought to an endpoint. */
export interface Posting {
  /** `post` where nothing is said. */
  readonly way?: string | undefined;
  /** What goes beside the body: header fields of a post, the subject of a mail, attributes of a message. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One try to bring what is owed. */
export type Brought =
  | { readonly kind: 'done' }
  /** `everything`: whatever goes to this endpoint would fail now; `only-this`: it alone; `for-good`: no try will ever do. */
  | { readonly kind: 'failed'; readonly error: string; readonly concerns: 'everything' | 'only-this' | 'for-good' };

export interface Bringing extends Posting {
  readonly scope: Scope;
  readonly endpoint: string;
}
export type Courier = (bringing: Bringing) => Promise<Brought>;

/** Tries under way at most. */
const MOST_POSTS = 50;
/** Rows of which the next tries are taken. */
const LOOK_STEP = 200;
/** Longer than any try may take. */
const CLAIM_TIME = 10 * MINUTE;
const LIFETIME = 24 * HOUR;
const FIRST_WAIT = 5 * SECOND;
const LONGEST_WAIT = 20 * MINUTE;

interface Needs {
  readonly rows: Rows;
  readonly post: HttpPost;
  /** The ways other than a post, by name. */
  readonly couriers?: Readonly<Record<string, Courier>>;
  readonly ids: TimeOrderedIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/**
 * What is owed to endpoints: HTTP endpoints, queues, mail boxes. What an endpoint does not take is tried again with growing
 * waits for a day; then it is given up and its row stays, with the last error, to be looked at. An endpoint that cannot be
 * reached makes only its own wait: it has a few tries at a time, and when one fails all that is owed to it is put off.
 */
export class Publications {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  readonly #name: string;
  readonly #underWay = new Map<string, number>();

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
  owe({ account, region }: Scope, endpoint: string, { way = 'post', headers, body }: Posting): Command {
    const { ids, clock } = this.#needs;
    const due = clock.civil();
    const place = { id: ids.next(), account, region, protocol: way, endpoint };
    return insertPublication({ ...place, headers: JSON.stringify(headers), body, due, expires: due + LIFETIME });
  }

  async #look(room: number): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const busy = [...this.#underWay].filter(([, count]) => count >= MOST_FOR_ONE).map(([endpoint]) => endpoint);
    const owed = await rows.all<Owed>(
      busy.length === 0 ? nextOwed({ limit: LOOK_STEP }) : nextOwedElsewhere(busy, LOOK_STEP),
    );
    const taken = takeFairly(owed, { now, room, underWay: this.#underWay });
    const nextDue = owed.find(({ due }) => due > now)?.due;
    if (taken.length === 0) return { tasks: [], nextDue };
    const claims = taken.map(({ id }) => claimPublication({ id, now, until: now + CLAIM_TIME, by: this.#name }));
    const outcome = await rows.write(claims, 'committed');
    const claimed = outcome.applied ? (outcome.rows.flat() as PublicationRow[]) : [];
    return { tasks: claimed.map((row) => () => this.#attempt(row)), nextDue };
  }

  async #attempt(row: PublicationRow): Promise<void> {
    const { rows, log } = this.#needs;
    const { id, endpoint } = row;
    this.#underWay.set(endpoint, (this.#underWay.get(endpoint) ?? 0) + 1);
    try {
      const brought = await this.#bring(row);
      const outcome = await rows.write(this.#after(row, brought), 'committed');
      if (!outcome.applied) log.warn({ publication: id }, 'a claim was lost before its try ended');
    } finally {
      const left = this.#underWay.get(endpoint)! - 1;
      if (left > 0) this.#underWay.set(endpoint, left);
      else this.#underWay.delete(endpoint);
    }
  }

  async #bring({ account, region, protocol, endpoint, headers, body }: PublicationRow): Promise<Brought> {
    const { post, couriers = {} } = this.#needs;
    const what = { endpoint, headers: JSON.parse(headers), body };
    if (protocol in couriers) return couriers[protocol]!({ ...what, scope: { account, region } });
    const answer = await post.send({ url: endpoint, headers: what.headers, body });
    if (answer.kind === 'failed') return { kind: 'failed', error: answer.reason, concerns: 'everything' };
    if (answer.status >= 200 && answer.status < 300) return { kind: 'done' };
    return { kind: 'failed', error: `HTTP ${answer.status}`, concerns: 'only-this' };
  }

  #after(row: PublicationRow, brought: Brought): Command[] {
    const { id, endpoint } = row;
    const by = this.#name;
    if (brought.kind === 'done') return [deletePublication({ id, by })];
    const { error, concerns } = brought;
    const due = concerns === 'for-good' ? null : this.#nextDue(row);
    const own = deferPublication({ id, by, due, error });
    return due !== null && concerns === 'everything' ? [own, deferEndpoint({ endpoint, due })] : [own];
  }

  /** Nothing once it has expired. */
  #nextDue({ attempts, expires }: PublicationRow): number | null {
    const now = this.#needs.clock.civil();
    return now >= expires ? null : Math.min(expires, now + Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempts));
  }
}
