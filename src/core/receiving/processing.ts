import { type Clock, MINUTE } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Store } from '../../storage/ports.ts';
import type { Events } from '../events/events.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publications } from '../targets/targets.ts';
import type { Actions } from './actions.ts';
import type { Judges } from './judges.ts';
import { SeenMessage, StoredContent } from './seen-message.ts';
import { fieldsBefore, type Step, withDone } from './steps.ts';
import {
  advanceReceipt,
  claimReceipts,
  closeReceipt,
  judgeReceipt,
  nextReceipt,
  type ReceiptRow,
  releaseReceipts,
} from './table.ts';
import { fieldsOf, type Judgement, verdictsOf } from './verdicts.ts';

const FIRST_WAIT = MINUTE;
const LONGEST_WAIT = 30 * MINUTE;
/** Longer than the actions of one message may take. */
const CLAIM_TIME = 30 * MINUTE;
/** Messages whose actions run at the same time. */
const MOST_RECEIPTS = 50;

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly events: Events;
  readonly actions: Actions;
  readonly judges: Judges;
  readonly publications: Publications;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What becomes of a received message once it is accepted: it is judged, and its actions run until all have. */
export class Processing {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  /** Whose claims are ours. */
  readonly #name: string;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#name = needs.random.uuid();
    this.loop = new WorkLoop({
      name: 'receiving',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_RECEIPTS,
      look: (room) => this.#look(room),
    });
  }

  /** Takes over what an earlier process had claimed and begins. */
  async start(): Promise<void> {
    const { store, clock } = this.#needs;
    await store.rows.write([releaseReceipts({ now: clock.civil(), by: this.#name })], 'committed');
    this.loop.start();
  }

  /** No new work; what is being judged is left to the next start, for DNS may take its time. */
  async stop(): Promise<void> {
    await Promise.all([this.loop.stop(), this.#needs.judges.stop()]);
  }

  async #look(room: number): Promise<Pass> {
    const { store, clock } = this.#needs;
    const now = clock.civil();
    const due = (await store.rows.first(nextReceipt({})))?.due ?? undefined;
    if (due === undefined || due > now) return { tasks: [], nextDue: due };
    const claim = claimReceipts({ now, until: now + CLAIM_TIME, by: this.#name, limit: room });
    const outcome = await store.rows.write([claim], 'committed');
    const claimed = outcome.applied ? (outcome.rows[0] as ReceiptRow[]) : [];
    const messages = await this.#needs.messages.getMany(claimed.map(({ message_id }) => message_id));
    const tasks = claimed.map((row) => () => this.#process(row, messages.get(row.message_id)));
    return { tasks, nextDue: due };
  }

  /** Runs what has not run yet, in order; each action that succeeds is noted in the transaction that ran it. */
  async #process(receipt: ReceiptRow, message: Message | undefined): Promise<void> {
    // Erased while it was claimed: nothing is owed any more.
    if (!message) return;
    const stored = new StoredContent(this.#needs.store.bytes, message);
    let steps: readonly Step[] = JSON.parse(receipt.progress);
    const judgement = await this.#judgement(receipt, stored);
    // Still claimed: the next start takes it over.
    if (judgement === 'stopped') return;
    for (let n = 0; n < steps.length; n++) {
      if (steps[n]!.done) continue;
      const done = withDone(steps, n);
      const seen = new SeenMessage(stored, {
        byActions: fieldsBefore(steps, n),
        verdicts: this.#verdictFields(message, steps[n]!, judgement),
      });
      if (await this.#run({ receipt, seen, step: steps[n]!, steps: done, judgement })) steps = done;
    }
    // The last action has closed it.
    if (steps.length === 0 || !isDone(steps)) await this.#close(receipt, message, steps);
  }

  /** Made before the first action, and kept. */
  async #judgement(receipt: ReceiptRow, stored: StoredContent): Promise<Judgement | 'stopped'> {
    if (receipt.judgement !== null) return JSON.parse(receipt.judgement);
    const { store, judges, events, clock } = this.#needs;
    const judgement = await judges.judge(stored);
    if (!judgement) return {};
    if (judgement === 'stopped') return judgement;
    const place = { message_id: receipt.message_id, by: this.#name };
    const happening = { type: 'judged', verdicts: { ...verdictsOf(judgement, true) } } as const;
    const told = events.record(stored.message, clock.civil(), happening);
    await store.rows.write([judgeReceipt({ ...place, judgement: JSON.stringify(judgement) }), told], 'committed');
    return judgement;
  }

  #verdictFields({ envelopeFrom, facts }: Message, { scan = false }: Step, judgement: Judgement): string {
    const sender = { envelopeFrom, helo: facts['helo'] ?? '', peerAddress: facts['peerAddress'] ?? '' };
    return fieldsOf(judgement, scan, { ...sender, authority: this.#needs.names.authority });
  }

  /** True if the action ran, and its note is written with it. */
  async #run({ receipt, seen, step, steps, judgement }: Run): Promise<boolean> {
    const { store, events, actions, publications, clock, log } = this.#needs;
    const { message } = seen;
    const now = clock.civil();
    const place = { message_id: message.id, by: this.#name };
    const note = isDone(steps)
      ? closeReceipt({ ...place, state: 'done', due: null })
      : advanceReceipt({ ...place, state: 'received', due: now + CLAIM_TIME, progress: JSON.stringify(steps) });
    try {
      const { batch, result, told, announce } = await actions.perform(
        step,
        seen,
        verdictsOf(judgement, step.scan ?? false),
      );
      const happening = { type: 'action', rule: step.rule, action: step.action.kind, result } as const;
      const outcome = await store.rows.write([...batch, note, events.record(message, now, happening)], 'committed');
      if (told) publications.loop.wake();
      announce?.();
      return outcome.applied;
    } catch (cause) {
      if (!(cause instanceof Refusal)) log.error({ err: cause, message: message.id }, 'a receipt action failed');
      const reason = cause instanceof Refusal ? cause.message : 'Internal failure';
      const happening = { type: 'action-failed', rule: step.rule, action: step.action.kind, reason } as const;
      const failed = events.record({ ...message, ...receipt }, now, happening);
      await store.rows.write([failed], 'committed');
      return false;
    }
  }

  /** All done is the end; else it is tried again until it expires. */
  async #close(receipt: ReceiptRow, message: Message, steps: readonly Step[]): Promise<void> {
    const { store, clock, random } = this.#needs;
    const now = clock.civil();
    const place = { message_id: message.id, by: this.#name };
    const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** receipt.attempts) * (1 - 0.2 * random.fraction());
    const end = isDone(steps)
      ? closeReceipt({ ...place, state: 'done', due: null })
      : now >= receipt.expires
        ? closeReceipt({ ...place, state: 'failed', due: null })
        : closeReceipt({ ...place, state: 'received', due: Math.min(Math.round(now + wait), receipt.expires) });
    await store.rows.write([end], 'committed');
  }
}

const isDone = (steps: readonly Step[]) => steps.every(({ done }) => done);

interface Run {
  readonly receipt: ReceiptRow;
  readonly seen: SeenMessage;
  readonly step: Step;
  /** The progress to note if this step runs. */
  readonly steps: readonly Step[];
  readonly judgement: Judgement;
}
