/**
 * What people look at: sent, captured and received mail in one list, newest first, with what became of each. Nothing here
 * decides anything about mail; it reads the rooms below and forgets what has outlived its retention.
 */
import { type Clock, HOUR } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Store } from '../../storage/ports.ts';
import type { Delivery, Standing } from '../delivery/delivery.ts';
import type { Event, Events } from '../events/events.ts';
import type { Listed, Message, Messages } from '../messages/messages.ts';
import type { Receiving } from '../receiving/receiving.ts';
import { previewOf, type ReadableLetter, readLetter } from './letter.ts';
import { parseQuery, type Query } from './query.ts';

export type State = Standing['state'] | 'received' | 'failed';

export interface Entry {
  readonly message: Message;
  readonly state: State;
  readonly preview: string;
}

export interface Detail extends Entry {
  readonly letter: ReadableLetter;
  /** Of an outgoing message. */
  readonly standings: readonly Standing[];
  readonly timeline: readonly Event[];
}

export interface Page {
  readonly total: number;
  readonly entries: readonly Entry[];
  /** Where the next page begins; nothing on the last one. */
  readonly next?: string;
}

export type Retention = { readonly newest: number } | { readonly age: number };

interface Found {
  readonly found: readonly Listed[];
  readonly total: number;
  /** Place below which the next page begins. */
  readonly next?: number;
}

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly receiving: Receiving;
  readonly events: Events;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Log;
}

export const MOST_LISTED = 500;
/** Messages whose text is read for one page of a phrase search; the newest. */
const MOST_SCANNED = 1_000;
const SCAN_STEP = 100;
/** Read letters are kept while people page through them. */
const MOST_KEPT = 500;
/** Octets; a larger message is read only when somebody opens it. */
const MOST_PREVIEWED = 262_144;
/** Civil milliseconds between two looks while the oldest message is still on its way. */
const FORGET_PAUSE = HOUR;
const FORGET_STEP = 200;

export class Inbox {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  readonly #previews = new Map<string, { readonly preview: string; readonly text: string }>();
  #lookedAt = 0;
  /** Messages since the last look. */
  #arrived = 0;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.loop = new WorkLoop({
      name: 'retention',
      clock: needs.clock,
      log: needs.log,
      limit: 1,
      look: () => this.#look(),
    });
    needs.messages.watch(() => {
      this.#arrived += 1;
      if (this.#arrived >= FORGET_STEP) this.loop.wake();
    });
  }

  /** `next` is what the page before answered. */
  async list({ query = '', limit, next }: { query?: string; limit: number; next?: string | undefined }): Promise<Page> {
    const wanted = parseQuery(query);
    const before = next === undefined ? undefined : Number(next);
    if (before !== undefined && !Number.isSafeInteger(before)) throw new Refusal('invalid-parameter', 'Invalid next');
    const most = Math.min(limit, MOST_LISTED);
    const page =
      wanted.phrases.length > 0 ? await this.#scan(wanted, before, most) : await this.#page(wanted, before, most);
    const entries = await this.#entries(page.found);
    return { total: page.total, entries, ...(page.next !== undefined && { next: String(page.next) }) };
  }

  /**
   * As `list`, but if nothing matches yet it waits for a match, `wait` milliseconds of real time at most, or until `gone`.
   * A message is listed before its sender is told that it was accepted, so nobody has to ask twice.
   */
  async await(
    { query = '', limit, next }: { query?: string; limit: number; next?: string | undefined },
    { wait, gone }: { wait: number; gone: AbortSignal },
  ): Promise<Page> {
    const end = AbortSignal.any([AbortSignal.timeout(wait), gone]);
    for (;;) {
      const arrival = this.#arrival(end);
      const page = await this.list({ query, limit, next });
      if (page.entries.length > 0 || end.aborted) {
        arrival.cancel();
        return page;
      }
      await arrival.happened;
    }
  }

  async get(id: string): Promise<Detail> {
    const message = await this.#existing(id);
    const [letter, [entry], standings, timeline] = await Promise.all([
      this.#needs.store.bytes.read(message.segments).then(readLetter),
      this.#entries([message]),
      this.#needs.delivery.standings([id]),
      this.#needs.events.ofMessage(id),
    ]);
    return { ...entry!, letter, preview: previewOf(letter), standings: standings.get(id) ?? [], timeline };
  }

  /** The stored octets. */
  async raw(id: string): Promise<Buffer> {
    return this.#needs.store.bytes.read((await this.#existing(id)).segments);
  }

  /** Refuses a message that is still on its way. */
  async remove(id: string): Promise<void> {
    const message = await this.#existing(id);
    if (!(await this.#forgetAll([message]))) {
      throw new Refusal('conflict', `Message ${id} is still on its way.`);
    }
  }

  /** Everything that has come to its end; answers how many. */
  async removeAll(): Promise<number> {
    let removed = 0;
    let before: number | undefined;
    for (;;) {
      const step = await this.#needs.messages.search({ before, limit: FORGET_STEP });
      if (step.length === 0) return removed;
      before = step.at(-1)!.place;
      removed += await this.#forgetAll(step);
    }
  }

  async #existing(id: string): Promise<Message> {
    const message = await this.#needs.messages.get(id);
    if (!message) throw new Refusal('not-found', `There is no message ${id}.`);
    return message;
  }

  async #page(query: Query, before: number | undefined, limit: number): Promise<Found> {
    const found = await this.#needs.messages.search({ ...query, before, limit: limit + 1 });
    const total = await this.#needs.messages.count({ ...query, limit: 0 });
    if (found.length <= limit) return { found, total };
    return { found: found.slice(0, limit), total, next: found[limit - 1]!.place };
  }

  /**
   * Phrases need the text: the messages that the other terms leave are read, newest first, a step at a time. A page may
   * end before it is full; `next` goes on from there. The total is that of this page.
   */
  async #scan(query: Query, from: number | undefined, limit: number): Promise<Found> {
    const found: Listed[] = [];
    let before = from;
    for (let scanned = 0; scanned < MOST_SCANNED; scanned += SCAN_STEP) {
      const step = await this.#needs.messages.search({ ...query, before, limit: SCAN_STEP });
      for (const message of step) {
        before = message.place;
        if (await this.#holds(message, query.phrases)) found.push(message);
        if (found.length === limit) return { found, total: found.length, next: before };
      }
      if (step.length < SCAN_STEP) return { found, total: found.length };
    }
    return { found, total: found.length, ...(before !== undefined && { next: before }) };
  }

  async #holds(message: Message, phrases: readonly string[]): Promise<boolean> {
    const { text } = await this.#preview(message);
    const { subject, from, recipients } = message;
    const all = `${subject}\n${from}\n${recipients.join('\n')}\n${text}`.toLowerCase();
    return phrases.every((phrase) => all.includes(phrase.toLowerCase()));
  }

  async #entries(messages: readonly Message[]): Promise<Entry[]> {
    const ids = (direction: Message['direction']) =>
      messages.filter((message) => message.direction === direction).map(({ id }) => id);
    const [standings, receipts] = await Promise.all([
      this.#needs.delivery.standings(ids('out')),
      this.#needs.receiving.standings(ids('in')),
    ]);
    return Promise.all(
      messages.map(async (message) => ({
        message,
        state:
          message.direction === 'out'
            ? summary(standings.get(message.id) ?? [])
            : receipts.get(message.id) === 'failed'
              ? ('failed' as const)
              : ('received' as const),
        preview: (await this.#preview(message)).preview,
      })),
    );
  }

  async #preview({ id, size, segments }: Message): Promise<{ preview: string; text: string }> {
    const kept = this.#previews.get(id);
    if (kept) return kept;
    if (size > MOST_PREVIEWED) return { preview: '', text: '' };
    const letter = await readLetter(await this.#needs.store.bytes.read(segments));
    const read = { preview: previewOf(letter), text: letter.text || previewOf(letter, MOST_PREVIEWED) };
    if (this.#previews.size >= MOST_KEPT) this.#previews.delete(this.#previews.keys().next().value!);
    this.#previews.set(id, read);
    return read;
  }

  #arrival(end: AbortSignal): { happened: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const happened = new Promise<void>((resolve) => {
      const unwatch = this.#needs.messages.watch(() => cancel());
      cancel = () => {
        unwatch();
        end.removeEventListener('abort', cancel);
        resolve();
      };
      end.addEventListener('abort', cancel);
    });
    return { happened, cancel };
  }

  /** By number: whenever enough have come in. By age: when the oldest has reached it. */
  async #look(): Promise<Pass> {
    const { retention, messages, clock } = this.#needs;
    if ('newest' in retention) {
      if (this.#arrived < FORGET_STEP) return { tasks: [], nextDue: undefined };
      this.#arrived = 0;
      return { tasks: [() => this.#forgetOutlived()], nextDue: undefined };
    }
    const now = clock.civil();
    const oldest = await messages.oldest();
    if (oldest === undefined) return { tasks: [], nextDue: undefined };
    const due = Math.max(oldest + retention.age, this.#lookedAt + FORGET_PAUSE);
    if (now < due) return { tasks: [], nextDue: due };
    this.#lookedAt = now;
    return { tasks: [() => this.#forgetOutlived()], nextDue: now + FORGET_PAUSE };
  }

  async #forgetOutlived(): Promise<void> {
    const { retention, messages, clock } = this.#needs;
    const bound = 'newest' in retention ? retention : { before: clock.civil() - retention.age };
    for (;;) {
      const ids = await messages.outlived(bound, FORGET_STEP);
      const forgotten = await this.#forgetAll([...(await messages.getMany(ids)).values()]);
      if (forgotten < FORGET_STEP) return;
    }
  }

  /** Rows and bytes of those that are at their end, in one transaction; answers how many. */
  async #forgetAll(messages: readonly Message[]): Promise<number> {
    const { delivery, receiving, events, store } = this.#needs;
    const ids = messages.map(({ id }) => id);
    const standings = await delivery.standings(ids);
    const receipts = await receiving.standings(ids);
    const ended = messages.filter(
      ({ id }) => (standings.get(id) ?? []).every(({ due }) => due === undefined) && receipts.get(id) !== 'received',
    );
    if (ended.length === 0) return 0;
    const gone = ended.map(({ id }) => id);
    const batch: Command[] = [
      this.#needs.messages.forget(gone),
      ...delivery.forget(gone),
      receiving.forget(gone),
      events.forget(gone),
      ...store.bytes.release(ended.flatMap(({ segments }) => segments)),
    ];
    await store.rows.write(batch, 'committed');
    for (const id of gone) this.#previews.delete(id);
    return ended.length;
  }
}

/** One word for a message with several recipients: what is still under way first, then what went wrong. */
const order: readonly Standing['state'][] = [
  'queued',
  'deferred',
  'bounced',
  'rejected',
  'render-failed',
  'cancelled',
  'delivered',
  'captured',
];

function summary(standings: readonly Standing[]): State {
  return order.find((state) => standings.some((standing) => standing.state === state)) ?? 'queued';
}
