/**
 * Queues, embedded: what is sent waits until somebody receives and deletes it; what is received and not deleted shows again.
 *
 * Times of messages (delay, visibility, retention) are civil, since they are stored: who moves the clock forward sees a hidden
 * message again. A receive that waits does so in real time. Sent is durable before it is answered; a receive rides the next
 * flush (after a power cut a message may be received once more, as SQS allows at any time).
 */
import { createHash } from 'node:crypto';
import { type Clock, MINUTE, SECOND } from '../../../base/clock.ts';
import type { TimeOrderedIds } from '../../../base/ids.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import { Refusal } from '../../../base/refusal.ts';
import { type Pass, WorkLoop } from '../../../base/work-loop.ts';
import { type Documents, documents, type Versioned } from '../../../storage/documents.ts';
import type { Command, Rows, Scope } from '../../../storage/ports.ts';
import type { MessageAttributes } from '../message-attributes.ts';
import { readReceipt, receiptOf } from './receipts.ts';
import { defaultSettings, type QueueRef, type QueueSettings, queueArn, queueOfArn } from './settings.ts';
import {
  claimInOrder,
  claimQueued,
  deduplicationOf,
  deleteQueued,
  expireQueued,
  forgetDeduplications,
  hiddenCounts,
  hideQueued,
  insertDeduplication,
  insertQueued,
  nextExpiry,
  nextVisible,
  purgeQueued,
  type QueuedRow,
  queuedById,
  redriveQueued,
  retainQueued,
  visibleCount,
} from './table.ts';
import { Waiting } from './waiting.ts';

export interface Queue extends QueueRef {
  readonly arn: string;
  readonly settings: QueueSettings;
  readonly tags: Readonly<Record<string, string>>;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
}

export interface MessageToSend {
  readonly body: string;
  readonly attributes?: MessageAttributes;
  /** The trace header that the sender wants handed on. */
  readonly trace?: string | undefined;
  /** Seconds; the queue's where it does not say. */
  readonly delay?: number | undefined;
  readonly group?: string | undefined;
  readonly deduplication?: string | undefined;
  /** Who sends: an id of the caller. */
  readonly sender: string;
}

export interface SentMessage {
  readonly messageId: string;
  /** Of ordered queues. */
  readonly sequence?: string | undefined;
}

export interface ReceivedMessage extends SentMessage {
  readonly receipt: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly trace?: string | undefined;
  readonly sender: string;
  /** Civil milliseconds. */
  readonly sent: number;
  readonly firstReceived: number;
  /** Across all queues that it was in. */
  readonly receives: number;
  readonly group?: string | undefined;
  readonly deduplication?: string | undefined;
  /** ARN of the queue that it came from as a dead letter. */
  readonly source?: string | undefined;
}

export interface Receive {
  /** Messages at most. */
  readonly most: number;
  /** Seconds; the queue's where nothing is said. */
  readonly visibility?: number | undefined;
  readonly wait?: number | undefined;
  /** The receiver has gone away. */
  readonly gone: AbortSignal;
}

/** SQS: messages of a queue that are received and not deleted. */
const MOST_IN_FLIGHT = 120_000;
/** SQS: how long an ordered queue remembers what was sent. */
const DEDUPLICATION_TIME = 5 * MINUTE;
/** SQS: a message can be hidden for so long since it was received, seconds. */
export const LONGEST_VISIBILITY = 43_200;
const MOST_DEAD_LETTER_SOURCES = 1_000;

interface Needs {
  readonly rows: Rows;
  readonly ids: TimeOrderedIds;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

type Kept = Pick<Queue, 'settings' | 'tags'>;

export class Queues {
  /** Messages that have outlived their retention, and hidden ones that somebody waits for. */
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  readonly #queues: Documents<Kept>;
  readonly #waiting = new Waiting();

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#queues = documents(needs.rows, 'queue');
    const { clock, log } = needs;
    this.loop = new WorkLoop({ name: 'queues', clock, log, limit: 1, look: () => this.#look() });
  }

  /** Nothing where there is one of that name already. */
  async create(ref: QueueRef, settings: QueueSettings, tags: Queue['tags']): Promise<Queue | undefined> {
    await this.#checkRedrive(ref, settings);
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const { applied } = await rows.write(this.#queues.create(ref, ref.name, { settings, tags }, now), 'durable');
    return applied ? { ...ref, arn: queueArn(ref), settings, tags, created: now, updated: now } : undefined;
  }

  async find(ref: QueueRef): Promise<Queue | undefined> {
    const found = await this.#queues.get(ref, ref.name);
    return found && queueOf(ref, found);
  }

  async existing(ref: QueueRef): Promise<Queue> {
    const queue = await this.find(ref);
    if (!queue) throw new Refusal('no-such-queue', 'The specified queue does not exist.');
    return queue;
  }

  /** By name, those after `after`. */
  async list(scope: Scope, page: { after?: string; limit: number }): Promise<Queue[]> {
    return (await this.#queues.list(scope, page)).map((found) => queueOf({ ...scope, name: found.name }, found));
  }

  /** With its messages. */
  async remove(ref: QueueRef): Promise<void> {
    await this.existing(ref);
    const gone = [purgeQueued(of(ref)), forgetDeduplications({ ...of(ref), before: Number.MAX_SAFE_INTEGER })];
    await this.#needs.rows.write([...this.#queues.remove(ref, ref.name), ...gone], 'durable');
  }

  async purge(ref: QueueRef): Promise<void> {
    await this.existing(ref);
    await this.#needs.rows.write([purgeQueued(of(ref))], 'durable');
  }

  /** Another value for some of it; what is ordered stays so. */
  async change(ref: QueueRef, changed: (queue: Queue) => Kept): Promise<void> {
    const { rows, clock } = this.#needs;
    for (;;) {
      const found = await this.#queues.get(ref, ref.name);
      if (!found) throw new Refusal('no-such-queue', 'The specified queue does not exist.');
      const { settings, tags } = changed(queueOf(ref, found));
      await this.#checkRedrive(ref, settings);
      const batch = this.#queues.replace(ref, found, { settings, tags }, clock.civil());
      const { retention } = settings;
      if (retention !== found.value.settings.retention) {
        batch.push(retainQueued({ ...of(ref), retention: retention * SECOND }));
      }
      if ((await rows.write(batch, 'durable')).applied) break;
    }
    this.loop.wake();
  }

  /** Messages that would be received, that are out, and that do not show yet. */
  async counts(ref: QueueRef): Promise<{ visible: number; inFlight: number; delayed: number }> {
    const { rows, clock } = this.#needs;
    const place = { ...of(ref), now: clock.civil() };
    const [visible, hidden] = await Promise.all([rows.first(visibleCount(place)), rows.first(hiddenCounts(place))]);
    const [all, inFlight] = [Number(hidden?.total ?? 0), Number(hidden?.received ?? 0)];
    return { visible: Number(visible?.total ?? 0), inFlight, delayed: all - inFlight };
  }

  /** Those whose dead letters come to this queue. */
  async deadLetterSources(ref: QueueRef): Promise<Queue[]> {
    const all = await this.list(ref, { limit: MOST_DEAD_LETTER_SOURCES });
    return all.filter(({ settings }) => settings.redrive?.queue === queueArn(ref));
  }

  async send(ref: QueueRef, message: MessageToSend): Promise<SentMessage> {
    const queue = await this.existing(ref);
    for (;;) {
      const { batch, sent, already } = await this.#sending(queue, message);
      if (already) return already;
      // A message with the same deduplication id may have come in between.
      if ((await this.#needs.rows.write(batch, 'durable')).applied) {
        this.#waiting.rouse(queue.arn);
        this.loop.wake();
        return sent;
      }
    }
  }

  async #sending(queue: Queue, message: MessageToSend) {
    const { rows, ids, clock, random } = this.#needs;
    const { settings } = queue;
    const now = clock.civil();
    const deduplication = settings.ordered && (message.deduplication ?? contentId(settings.ordered, message.body));
    const place = of(queue);
    const known = deduplication && (await rows.first(deduplicationOf({ ...place, deduplication, now })));
    const id = ids.next();
    const sent = { messageId: random.uuid(), sequence: settings.ordered && sequenceOf(id) };
    const already = known ? { messageId: known.message_id, sequence: sequenceOf(known.id) } : undefined;
    const batch: Command[] = [];
    if (deduplication) {
      const expires = now + DEDUPLICATION_TIME;
      batch.push(forgetDeduplications({ ...place, before: now }));
      batch.push(insertDeduplication({ ...place, deduplication, id, message_id: sent.messageId, expires }));
    }
    batch.push(
      insertQueued({
        ...place,
        id,
        message_id: sent.messageId,
        body: message.body,
        attributes: JSON.stringify(message.attributes ?? {}),
        trace: message.trace ?? null,
        sender: message.sender,
        sent: now,
        visible: now + (message.delay ?? settings.delay) * SECOND,
        expires: now + settings.retention * SECOND,
        message_group: message.group ?? null,
        deduplication: deduplication ?? null,
      }),
    );
    return { batch, sent, already };
  }

  /** In the order of sending, as far as they show. Waits in real time for the first one if it is asked to. */
  async receive(ref: QueueRef, { most, visibility, wait, gone }: Receive): Promise<ReceivedMessage[]> {
    const queue = await this.existing(ref);
    const seconds = wait ?? queue.settings.wait;
    const end = seconds > 0 ? AbortSignal.any([AbortSignal.timeout(seconds * SECOND), gone]) : AbortSignal.abort();
    for (;;) {
      if (gone.aborted) return [];
      const arrival = this.#waiting.arrival(queue, this.#needs.clock.civil(), end);
      try {
        const found = await this.#claim(queue, most, visibility ?? queue.settings.visibility);
        if (found.length > 0 || end.aborted) return found;
        // Somebody waits now for what is hidden.
        this.loop.wake();
        await arrival.happened;
      } finally {
        arrival.forget();
      }
    }
  }

  async #claim(queue: Queue, limit: number, visibility: number): Promise<ReceivedMessage[]> {
    const { rows, clock, random } = this.#needs;
    const { settings } = queue;
    const place = of(queue);
    const now = clock.civil();
    const first = (await rows.first(nextVisible({ ...place, after: 0 })))?.visible ?? undefined;
    if (first === undefined || first > now) return [];
    if ((await this.counts(queue)).inFlight + limit > MOST_IN_FLIGHT) {
      throw new Refusal('too-many-in-flight', `A queue has at most ${MOST_IN_FLIGHT} messages in flight`);
    }
    const claim = settings.ordered ? claimInOrder : claimQueued;
    const receipt = random.bytes(12).toString('base64url');
    const redriving = await this.#redriving(queue, now);
    const until = now + visibility * SECOND;
    const outcome = await rows.write([...redriving, claim({ ...place, now, until, receipt, limit })], 'committed');
    if (redriving.length > 0) this.#waiting.rouse(settings.redrive!.queue);
    const claimed = outcome.applied ? (outcome.rows.at(-1) as QueuedRow[]) : [];
    return claimed.sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => receivedOf(row, settings));
  }

  async #redriving(queue: Queue, now: number): Promise<Command[]> {
    const { redrive } = queue.settings;
    const to = redrive && queueOfArn(redrive.queue);
    const found = to && (await this.find(to));
    if (!redrive || !found) return [];
    const retention = found.settings.retention * SECOND;
    const letters = { now, receives: redrive.receives, to: found.name, source: queue.arn, retention };
    return [redriveQueued({ ...of(queue), ...letters })];
  }

  /** An older receipt of the message deletes nothing (SQS). */
  async delete(ref: QueueRef, receipt: string): Promise<void> {
    await this.existing(ref);
    await this.#needs.rows.write([deleteQueued({ ...of(ref), ...readReceipt(receipt) })], 'durable');
    // The next one of its group may follow.
    this.#waiting.rouse(queueArn(ref));
  }

  /** Hides a message that is out for so many seconds from now. */
  async hide(ref: QueueRef, receipt: string, seconds: number): Promise<void> {
    await this.existing(ref);
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    const place = { ...of(ref), ...readReceipt(receipt) };
    const { applied } = await rows.write([hideQueued({ ...place, now, until: now + seconds * SECOND })], 'committed');
    if (!applied) {
      if (await rows.first(queuedById(place)))
        throw new Refusal('message-not-in-flight', 'The message is not in flight.');
      const reason = 'Message does not exist or is not available for visibility timeout change.';
      throw new Refusal(
        'invalid-parameter',
        `Value ${receipt} for parameter ReceiptHandle is invalid. Reason: ${reason}`,
      );
    }
    if (seconds === 0) this.#waiting.rouse(queueArn(ref));
    this.loop.wake();
  }

  async #look(): Promise<Pass> {
    const { rows, clock } = this.#needs;
    const now = clock.civil();
    let expiry = (await rows.first(nextExpiry({})))?.expires ?? undefined;
    if (expiry !== undefined && expiry <= now) {
      await rows.write([expireQueued({ now })], 'committed');
      expiry = (await rows.first(nextExpiry({})))?.expires ?? undefined;
    }
    let nextDue = expiry;
    for (const { queue, since } of this.#waiting.all()) {
      const shows = (await rows.first(nextVisible({ ...of(queue), after: since })))?.visible ?? undefined;
      if (shows === undefined) continue;
      if (shows <= now) this.#waiting.rouse(queue.arn);
      else nextDue = Math.min(nextDue ?? shows, shows);
    }
    return { tasks: [], nextDue };
  }

  async #checkRedrive(ref: QueueRef, { redrive, ordered }: QueueSettings): Promise<void> {
    if (!redrive) return;
    const to = queueOfArn(redrive.queue);
    const found = to && to.account === ref.account && to.region === ref.region ? await this.find(to) : undefined;
    if (!found) {
      const text = `Value ${redrive.queue} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`;
      throw new Refusal('invalid-parameter', text);
    }
    if ((found.settings.ordered === undefined) !== (ordered === undefined)) {
      const text = `Value ${redrive.queue} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source.`;
      throw new Refusal('invalid-parameter', text);
    }
  }
}

const of = ({ account, region, name }: QueueRef) => ({ account, region, queue: name });

function queueOf(ref: QueueRef, { value, created, updated }: Versioned<Kept>): Queue {
  const { account, region, name } = ref;
  const settings = { ...defaultSettings, ...value.settings };
  return { account, region, name, arn: queueArn(ref), settings, tags: value.tags, created, updated };
}

function contentId({ deduplicateByContent }: { deduplicateByContent: boolean }, body: string): string {
  if (deduplicateByContent) return createHash('sha256').update(body).digest('hex');
  throw new Refusal(
    'invalid-parameter',
    'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
  );
}

/** Twenty digits that grow with every message: time and count of its id. */
function sequenceOf(id: string): string {
  const [time, count] = [id.slice(0, 9), id.slice(9, 13)].map((text) => Number.parseInt(text, 36));
  return String(BigInt(time!) * 36n ** 4n + BigInt(count!)).padStart(20, '0');
}

function receivedOf(row: QueuedRow, { ordered }: QueueSettings): ReceivedMessage {
  return {
    messageId: row.message_id,
    receipt: receiptOf({ id: row.id, receipt: row.receipt! }),
    body: row.body,
    attributes: JSON.parse(row.attributes),
    trace: row.trace ?? undefined,
    sender: row.sender,
    sent: Number(row.sent),
    firstReceived: Number(row.first_received),
    receives: Number(row.receives) + Number(row.receives_before),
    sequence: ordered && sequenceOf(row.id),
    group: row.message_group ?? undefined,
    deduplication: row.deduplication ?? undefined,
    source: row.source ?? undefined,
  };
}
