/**
 * Mail in: which accounts and regions receive for a recipient, accept, and the actions of the rules that match.
 *
 * A received message exists once for each account and region that receives it. States of its receipt: `received` (actions
 * under way) → `done`, or `failed` when an action could not be run within four hours. Rules are taken as they were when the
 * mail arrived. Every action is one transaction with the note that it ran, so it runs once; one that fails is tried again
 * with growing waits and holds up none of the others.
 */
import { type Clock, HOUR, MINUTE } from '../../base/clock.ts';
import { inboundMessageId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { decodeWords } from '../../mail/encoded-words.ts';
import { fieldText, firstField, readHeader } from '../../mail/header-fields.ts';
import { traceFields } from '../../mail/received.ts';
import type { Command, Scope, Segment, Store } from '../../storage/ports.ts';
import type { Events } from '../events/events.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publications } from '../targets/targets.ts';
import type { Actions } from './actions.ts';
import type { IpFilters } from './ip-filters.ts';
import { matchRules } from './match.ts';
import type { DsnWishes } from './onward.ts';
import type { Rule, RuleSets } from './rules.ts';
import { SeenMessage, StoredContent } from './seen-message.ts';
import { fieldsBefore, type Step, stepsOf, withDone } from './steps.ts';
import {
  advanceReceipt,
  claimReceipts,
  closeReceipt,
  deleteReceipts,
  insertReceipt,
  nextReceipt,
  type ReceiptRow,
  receiptsOf,
  releaseReceipts,
} from './table.ts';

export { ActionChecks } from './action-checks.ts';
export { Actions, type ReceiptNotice, type RenderReceipt } from './actions.ts';
export { type IpFilter, IpFilters } from './ip-filters.ts';
export { type DsnWishes, Onward } from './onward.ts';
export { type Action, type Rule, type RuleSet, RuleSets } from './rules.ts';

/** A transaction at the MX door, before its message came. */
export interface Approach {
  readonly recipient: string;
  readonly peerAddress: string;
  readonly tls: boolean;
}

export interface Arrival {
  /** MAIL FROM, empty for a bounce. */
  readonly envelopeFrom: string;
  readonly recipients: readonly string[];
  readonly helo: string;
  readonly peerAddress: string;
  readonly tls: boolean;
  /** What the peer asked to be told of the delivery; nothing where it asked for nothing. */
  readonly dsn?: DsnWishes | undefined;
  readonly content: Buffer;
}

export type ReceiptState = 'received' | 'done' | 'failed';

/** SES tries an action for four hours. */
const LIFETIME = 4 * HOUR;
const FIRST_WAIT = MINUTE;
const LONGEST_WAIT = 30 * MINUTE;
/** Longer than the actions of one message may take. */
const CLAIM_TIME = 30 * MINUTE;
/** Messages whose actions run at the same time. */
const MOST_RECEIPTS = 50;
/** Received fields beyond this are a loop (RFC 5321 §6.3). */
const MOST_HOPS = 50;

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly events: Events;
  readonly ruleSets: RuleSets;
  readonly ipFilters: IpFilters;
  readonly actions: Actions;
  readonly publications: Publications;
  /** Whether the scope may receive for the address: it is covered by a verified identity. */
  readonly covers: (scope: Scope, address: string) => Promise<boolean>;
  /** Identities are verified when they are created, so a domain that a rule names needs no further proof. */
  readonly trustRules: boolean;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export class Receiving {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
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

  async start(): Promise<void> {
    const { store, clock } = this.#needs;
    await store.rows.write([releaseReceipts({ now: clock.civil(), by: this.#name })], 'committed');
    this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /**
   * Asked at RCPT. `unknown`: no active rule matches; `blocked`: all who have one that does block the peer; `needs-tls`:
   * the rules that match demand TLS.
   */
  async receives({ recipient, peerAddress, tls }: Approach): Promise<'yes' | 'unknown' | 'blocked' | 'needs-tls'> {
    const receivers = await this.#receivers([recipient]);
    if (receivers.length === 0) return 'unknown';
    const open = await this.#openTo(peerAddress, receivers);
    if (open.length === 0) return 'blocked';
    const rules = open.flatMap(({ matches }) => matches.map(({ rule }) => rule));
    return tls || rules.some((rule) => rule.tls === 'optional') ? 'yes' : 'needs-tls';
  }

  /**
   * Takes responsibility: bytes once, a message and a receipt for each account and region that receives, in one durable
   * step. Answers the inbound message id (of the first, if several receive).
   */
  async accept(arrival: Arrival): Promise<string> {
    const { store, messages, clock } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const header = readHeader(arrival.content);
    if (header.fields.filter(({ key }) => key === 'received').length > MOST_HOPS) {
      throw new Refusal('message-rejected', 'Too many hops, this mail loops');
    }
    const open = await this.#openTo(arrival.peerAddress, await this.#receivers(arrival.recipients));
    const receivers = open.map((receiver) => ({
      scope: receiver.scope,
      matches: receiver.matches.filter(({ rule }) => arrival.tls || rule.tls === 'optional'),
    }));
    const { segment, commands } = await store.bytes.stage(arrival.content);
    const batch: Command[] = [...commands];
    const ids: string[] = [];
    for (const { scope, matches } of receivers) {
      if (matches.length === 0) continue;
      if (ids.length > 0) batch.push(...store.bytes.share([segment]));
      const { id, record } = await this.#record({ arrival, scope, matches, body: segment, at: clock.civil() });
      ids.push(id);
      batch.push(...record);
    }
    // The rules or filters changed between RCPT and the end of the message.
    if (ids.length === 0) throw new Refusal('not-found', 'Requested action not taken: mailbox unavailable');
    await store.rows.write(batch, 'durable');
    messages.announce();
    this.loop.wake();
    return ids[0]!;
  }

  /** How the actions of these received messages stand. */
  async standings(messageIds: readonly string[]): Promise<Map<string, ReceiptState>> {
    if (messageIds.length === 0) return new Map();
    const rows = await this.#needs.store.rows.all(receiptsOf(messageIds));
    return new Map(rows.map((row) => [row.message_id, row.state as ReceiptState]));
  }

  forget(messageIds: readonly string[]): Command {
    return deleteReceipts(messageIds);
  }

  /** Each account and region with an active rule that matches one of the recipients. */
  async #receivers(recipients: readonly string[]) {
    const active = await this.#needs.ruleSets.allActive();
    const receivers = await Promise.all(
      active.map(async ({ scope, rules }) => {
        const covered = new Set<string>();
        for (const recipient of recipients) {
          if (await this.#needs.covers(scope, recipient)) covered.add(recipient);
        }
        const mayAct = (recipient: string, rule: Rule) =>
          covered.has(recipient) || (this.#needs.trustRules && rule.recipients.length > 0);
        return { scope, matches: matchRules(rules, recipients, mayAct) };
      }),
    );
    return receivers.filter(({ matches }) => matches.length > 0);
  }

  /** Those whose IP address filters let the peer in. */
  async #openTo<T extends { readonly scope: Scope }>(peerAddress: string, receivers: readonly T[]): Promise<T[]> {
    const blocked = await Promise.all(receivers.map(({ scope }) => this.#needs.ipFilters.blocks(scope, peerAddress)));
    return receivers.filter((_, i) => !blocked[i]);
  }

  /** The rows of one receiving account: our trace fields are a segment before the shared content. */
  async #record({ arrival, scope, matches, body, at }: Recording): Promise<{ id: string; record: Command[] }> {
    const { store, messages, events, names, random } = this.#needs;
    const id = inboundMessageId(random);
    const recipients = [...new Set(matches.flatMap((match) => match.recipients))];
    const trace = Buffer.from(
      traceFields({
        returnPath: arrival.envelopeFrom,
        helo: arrival.helo,
        peerIp: arrival.peerAddress,
        host: names.inboundHost(scope.region),
        messageId: id,
        recipient: recipients[0]!,
        at,
      }),
      'latin1',
    );
    const staged = await store.bytes.stage(trace);
    const { fields, bodyStart } = readHeader(arrival.content);
    const [from, subject] = ['from', 'subject'].map((key) => firstField(fields, key));
    const message: Message = {
      id,
      ...scope,
      direction: 'in',
      envelopeFrom: arrival.envelopeFrom,
      from: from ? decodeWords(fieldText(from)) : arrival.envelopeFrom,
      recipients,
      subject: subject ? decodeWords(fieldText(subject)) : '',
      at,
      size: trace.length + arrival.content.length,
      segments: [staged.segment, body],
      bodyHash: simpleBodyHash(arrival.content.subarray(bodyStart)),
      tags: [],
      facts: {
        helo: arrival.helo,
        peerAddress: arrival.peerAddress,
        tls: arrival.tls ? 'yes' : 'no',
        ...(arrival.dsn && { dsn: JSON.stringify(arrival.dsn) }),
      },
    };
    const steps = stepsOf(matches);
    const receipt = { message_id: id, ...scope, state: 'received', due: at, expires: at + LIFETIME };
    const record = [
      ...staged.commands,
      messages.record(message),
      insertReceipt({ ...receipt, progress: JSON.stringify(steps) }),
      events.record(message, at, { type: 'received', peer: arrival.peerAddress }),
    ];
    return { id, record };
  }

  async #look(room: number): Promise<Pass> {
    const { store, clock } = this.#needs;
    const now = clock.civil();
    const due = (await store.rows.first(nextReceipt({})))?.due ?? undefined;
    if (due === undefined || due > now) return { tasks: [], nextDue: due };
    const claim = claimReceipts({ now, until: now + CLAIM_TIME, by: this.#name, limit: room });
    const outcome = await store.rows.write([claim], 'committed');
    const claimed = outcome.applied ? (outcome.rows[0] as ReceiptRow[]) : [];
    return { tasks: claimed.map((row) => () => this.#process(row)), nextDue: due };
  }

  /** Runs what has not run yet, in order; each action that succeeds is noted in the transaction that ran it. */
  async #process(receipt: ReceiptRow): Promise<void> {
    const { store, messages } = this.#needs;
    const message = await messages.get(receipt.message_id);
    if (!message) return;
    const stored = new StoredContent(store.bytes, message);
    let steps: readonly Step[] = JSON.parse(receipt.progress);
    for (let n = 0; n < steps.length; n++) {
      if (steps[n]!.done) continue;
      const done = withDone(steps, n);
      const seen = new SeenMessage(stored, fieldsBefore(steps, n));
      if (await this.#run({ receipt, seen, step: steps[n]!, steps: done })) steps = done;
    }
    await this.#close(receipt, message, steps);
  }

  /** True if the action ran, and its note is written with it. */
  async #run({ receipt, seen, step, steps }: Run): Promise<boolean> {
    const { store, events, actions, publications, clock, log } = this.#needs;
    const { message } = seen;
    const now = clock.civil();
    const note = advanceReceipt({
      message_id: message.id,
      by: this.#name,
      state: 'received',
      due: now + CLAIM_TIME,
      progress: JSON.stringify(steps),
    });
    try {
      const { batch, result, announce } = await actions.perform(step, seen);
      const happening = { type: 'action', rule: step.rule, action: step.action.kind, result } as const;
      const outcome = await store.rows.write([...batch, note, events.record(message, now, happening)], 'committed');
      publications.loop.wake();
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
    const end = steps.every(({ done }) => done)
      ? closeReceipt({ ...place, state: 'done', due: null })
      : now >= receipt.expires
        ? closeReceipt({ ...place, state: 'failed', due: null })
        : closeReceipt({ ...place, state: 'received', due: Math.min(Math.round(now + wait), receipt.expires) });
    await store.rows.write([end], 'committed');
  }
}

interface Recording {
  readonly arrival: Arrival;
  readonly scope: Scope;
  readonly matches: ReturnType<typeof matchRules>;
  readonly body: Segment;
  readonly at: number;
}

interface Run {
  readonly receipt: ReceiptRow;
  readonly seen: SeenMessage;
  readonly step: Step;
  /** The progress to note if this step runs. */
  readonly steps: readonly Step[];
}
