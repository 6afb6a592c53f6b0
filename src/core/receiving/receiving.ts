/**
 * Mail in: which accounts and regions receive for a recipient, accept, and the actions of the rules that match.
 *
 * A received message exists once for each account and region that receives it. States of its receipt: `received` (actions
 * under way) → `done`, or `failed` when an action could not be run within four hours. Rules are taken as they were when the
 * mail arrived. Every action is one transaction with the note that it ran, so it runs once; one that fails is tried again
 * with growing waits and holds up none of the others.
 */
import { type Clock, HOUR } from '../../base/clock.ts';
import { inboundMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { WorkLoop } from '../../base/work-loop.ts';
import { decodeWords } from '../../mail/encoded-words.ts';
import { fieldText, firstField } from '../../mail/header-fields.ts';
import { traceFields } from '../../mail/received.ts';
import type { Command, Segment, Store } from '../../storage/ports.ts';
import type { Events } from '../events/events.ts';
import type { Message, Messages } from '../messages/messages.ts';
import { type ArrivedContent, ArrivingContent, arrivedWhole } from './arrived-content.ts';
import type { DsnWishes, Onward } from './onward.ts';
import type { Processing } from './processing.ts';
import type { ReceiveLimit } from './receive-limit.ts';
import type { Approach, Receiver, Receivers, Tried, Tryout, Welcome } from './receivers.ts';
import { stepsOf } from './steps.ts';
import { deleteReceipts, insertReceipt, receiptsOf } from './table.ts';

export { ActionChecks } from './action-checks.ts';
export { Actions, type ReceiptNotice, type RenderReceipt } from './actions.ts';
export type { ArrivingContent } from './arrived-content.ts';
export { Authenticators } from './authentication.ts';
export { type IpFilter, IpFilters } from './ip-filters.ts';
export { Judges } from './judges.ts';
export { type DsnWishes, Onward } from './onward.ts';
export { Processing } from './processing.ts';
export { ReceiveLimit } from './receive-limit.ts';
export { Receivers } from './receivers.ts';
export { type Action, type Extension, type Rule, type RuleSet, RuleSets } from './rules.ts';

export interface Arrival {
  /** MAIL FROM, empty for a bounce. */
  readonly envelopeFrom: string;
  readonly recipients: readonly string[];
  readonly helo: string;
  readonly peerAddress: string;
  readonly tls: boolean;
  /** What the peer asked to be told of the delivery; nothing where it asked for nothing. */
  readonly dsn?: DsnWishes | undefined;
  readonly content: Buffer | ArrivingContent;
}

export interface DryRun {
  /** What each hears at RCPT. */
  readonly recipients: readonly { readonly recipient: string; readonly answer: Welcome }[];
  /** It has too many Received fields: it is refused as a whole. */
  readonly loops: boolean;
  readonly receivers: readonly Tried[];
}

export type ReceiptState = 'received' | 'done' | 'failed';

/** SES tries an action for four hours. */
const LIFETIME = 4 * HOUR;
/** Received fields beyond this are a loop (RFC 5321 §6.3). */
const MOST_HOPS = 50;

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly events: Events;
  readonly receivers: Receivers;
  readonly limit: ReceiveLimit;
  readonly onward: Onward;
  readonly processing: Processing;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

export class Receiving {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Of what is done with a message once it is accepted. */
  get loop(): WorkLoop {
    return this.#needs.processing.loop;
  }

  start(): Promise<void> {
    return this.#needs.processing.start();
  }

  stop(): Promise<void> {
    return this.#needs.processing.stop();
  }

  /** For a message that is large: its content goes there while it comes, and then into its arrival. */
  arriving(): ArrivingContent {
    return new ArrivingContent(this.#needs.store.bytes);
  }

  /** Asked when a peer connects: false where everybody who receives blocks it. */
  admits(peerAddress: string): Promise<boolean> {
    return this.#needs.receivers.admit(peerAddress);
  }

  /** Asked at RCPT. */
  async welcome(approach: Approach): Promise<Welcome> {
    const { receivers, onward } = this.#needs;
    if (approach.sender === '' && onward.returnsTo(approach.recipient) !== undefined) return 'yes';
    return receivers.welcome(approach);
  }

  /** What would become of a message: of each recipient at RCPT, and in each account and region that has rules. */
  async dryRun({
    helo,
    content,
    ...tryout
  }: Omit<Tryout, 'size'> & { helo: string; content: Buffer }): Promise<DryRun> {
    const { names, clock, random, onward, receivers } = this.#needs;
    const { sender, recipients, peerAddress, tls } = tryout;
    const welcomes = await Promise.all(
      recipients.map((recipient, accepted) => this.welcome({ sender, recipient, peerAddress, tls, accepted })),
    );
    const id = inboundMessageId(random);
    const host = names.inboundHost(onward.home.region);
    const arrival = { envelopeFrom: sender, helo, peerAddress };
    const trace = traceOf(arrival, { id, host, recipient: recipients[0] ?? '', at: clock.civil() });
    const { fields } = arrivedWhole(this.#needs.store.bytes, content);
    return {
      recipients: recipients.map((recipient, n) => ({ recipient, answer: welcomes[n]! })),
      loops: hops(fields) > MOST_HOPS,
      receivers: await receivers.tryOut({ ...tryout, size: trace.length + content.length }),
    };
  }

  /**
   * Takes responsibility: bytes once, a message and a receipt for each account and region that receives, in one durable
   * step. Answers the inbound message id (of the first, if several receive).
   */
  async accept(arrival: Arrival): Promise<string> {
    const { store, receivers, limit } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const content = Buffer.isBuffer(arrival.content)
      ? arrivedWhole(store.bytes, arrival.content)
      : arrival.content.whole();
    if (hops(content.fields) > MOST_HOPS) {
      throw new Refusal('routing-loop', 'Too many hops, this mail loops');
    }
    const returns = this.#returns(arrival);
    const taking = await receivers.taking(arrival);
    if (taking === 'full') throw new Refusal('daily-quota-exceeded', 'Sandbox receive limit exceeded');
    // The rules or filters changed between RCPT and the end of the message.
    if (taking.length === 0 && returns.length === 0) {
      throw new Refusal('not-found', 'Requested action not taken: mailbox unavailable');
    }
    const { segment, commands } = await content.stage();
    const body = { ...content, segment };
    const records = await Promise.all([
      ...taking.map((receiver) => this.#record(arrival, receiver, body)),
      ...returns.map((to) => this.#sendBack(arrival, to, body)),
    ]);
    // It came with one owner: the first who takes it; the others share it, and a report that goes back does so itself.
    const owners = taking.slice(1).flatMap(() => store.bytes.share([segment]));
    const nobodys = taking.length === 0 ? store.bytes.release([segment]) : [];
    // Counted last, when nothing but the write can fail.
    const counted = await Promise.all(taking.map((one) => limit.take(one.scope, recipientsOf(one).length)));
    const counts = counted.flatMap(({ count }) => count);
    const batch = [...commands, ...owners, ...counts, ...records.flatMap((one) => one.batch), ...nobodys];
    try {
      const outcome = await store.rows.write(batch, 'durable');
      if (!outcome.applied) throw new Error(`A received message was not written: ${outcome.failed}`);
    } catch (cause) {
      for (const { giveBack } of counted) giveBack();
      throw cause;
    }
    for (const { announce } of records) announce();
    this.loop.wake();
    return records[0]!.id;
  }

  /** How the actions of these received messages stand. */
  async standings(messageIds: readonly string[]): Promise<Map<string, ReceiptState>> {
    if (messageIds.length === 0) return new Map();
    const rows = await this.#needs.store.rows.all(receiptsOf(messageIds));
    return new Map(rows.map((row) => [row.message_id, row.state as ReceiptState]));
  }

  /** After the state beneath was erased. */
  forgetCounts(): void {
    this.#needs.limit.forget();
  }

  forget(messageIds: readonly string[]): Command {
    return deleteReceipts(messageIds);
  }

  /** Who is to hear of reports that come back to forwarded mail. */
  #returns({ envelopeFrom, recipients }: Arrival): string[] {
    if (envelopeFrom !== '') return [];
    return recipients.map((one) => this.#needs.onward.returnsTo(one)).filter((to) => to !== undefined);
  }

  async #sendBack(arrival: Arrival, to: string, content: StagedContent) {
    const { onward, names, clock, random } = this.#needs;
    const id = inboundMessageId(random);
    const host = names.inboundHost(onward.home.region);
    const trace = traceOf(arrival, { id, host, recipient: to, at: clock.civil() });
    return onward.sendBack({
      ...describe(content.fields),
      to,
      trace: trace.subarray(trace.indexOf('\r\n') + 2),
      content: content.segment,
      bodyHash: content.bodyHash,
    });
  }

  /** The rows of one receiving account: our trace fields are a segment before the shared content. */
  async #record(arrival: Arrival, receiver: Receiver, content: StagedContent) {
    const { scope, matches } = receiver;
    const { store, messages, events, names, clock, random } = this.#needs;
    const at = clock.civil();
    const id = inboundMessageId(random);
    const recipients = recipientsOf(receiver);
    const host = names.inboundHost(scope.region);
    const trace = traceOf(arrival, { id, host, recipient: recipients[0]!, at });
    const staged = await store.bytes.stage(trace);
    const { from, subject } = describe(content.fields);
    const message: Message = {
      id,
      ...scope,
      direction: 'in',
      envelopeFrom: arrival.envelopeFrom,
      from: from || arrival.envelopeFrom,
      recipients,
      subject,
      at,
      size: trace.length + content.size,
      segments: [staged.segment, content.segment],
      bodyHash: content.bodyHash,
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
    const batch: Command[] = [
      ...staged.commands,
      messages.record(message),
      insertReceipt({ ...receipt, progress: JSON.stringify(steps) }),
      events.record(message, at, { type: 'received', peer: arrival.peerAddress }),
    ];
    return { id, batch, announce: () => messages.announce() };
  }
}

type StagedContent = ArrivedContent & { readonly segment: Segment };

const recipientsOf = ({ matches }: Receiver) => [...new Set(matches.flatMap(({ recipients }) => recipients))];

const hops = (fields: ArrivedContent['fields']) => fields.filter(({ key }) => key === 'received').length;

/** Return-Path and Received, in the form of SES. */
function traceOf(
  { envelopeFrom: returnPath, helo, peerAddress: peerIp }: Pick<Arrival, 'envelopeFrom' | 'helo' | 'peerAddress'>,
  { id: messageId, ...place }: { id: string; host: string; recipient: string; at: number },
): Buffer {
  return Buffer.from(traceFields({ returnPath, helo, peerIp, messageId, ...place }), 'latin1');
}

/** For the listing; empty where the message does not say. */
function describe(fields: ArrivedContent['fields']): { from: string; subject: string } {
  const text = (key: string) => {
    const field = firstField(fields, key);
    return field ? decodeWords(fieldText(field)) : '';
  };
  return { from: text('from'), subject: text('subject') };
}
