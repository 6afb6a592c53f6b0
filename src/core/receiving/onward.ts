import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { formatDate } from '../../mail/date.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { composeBounce, fromXtext } from '../../mail/dsn.ts';
import { formatField, readHeader } from '../../mail/header-fields.ts';
import type { Command, Store } from '../../storage/ports.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Message, Messages } from '../messages/messages.ts';
import type { Publishing } from '../publishing/publishing.ts';
import type { SeenMessage } from './seen-message.ts';

/** The words of a bounce (SES: BounceAction). */
export interface BounceWords {
  readonly replyCode: string;
  readonly statusCode?: string | undefined;
  readonly message: string;
  readonly sender: string;
}

/** What the sender of a message wished to be told (RFC 3461), as the message keeps it in `facts.dsn`. */
export interface DsnWishes {
  readonly envid?: string | undefined;
  readonly ret?: 'FULL' | 'HDRS' | undefined;
  /** By recipient. */
  readonly recipients: Readonly<Record<string, { readonly notify?: readonly string[]; readonly orcpt?: string }>>;
}

/** To go into a batch; `announce` once that is written. */
export interface Owed {
  readonly id: string;
  readonly batch: readonly Command[];
  announce(): void;
}

interface Needs {
  readonly store: Store;
  readonly messages: Messages;
  readonly delivery: Delivery;
  readonly publishing: Publishing;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

const UNDELIVERED = 'An error occurred while trying to deliver the mail to the following recipients:';

/** Mail that receiving itself sends on: reports to a sender that his mail was not taken. */
export class Onward {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * A report to the envelope sender that these recipients do not get the mail. Nothing where nobody may be told: mail with
   * the null path is a report itself (RFC 5321 §4.5.5), and a sender may not want to hear of a failure (RFC 3461 §4.1).
   */
  async bounce(seen: SeenMessage, recipients: readonly string[], words: BounceWords): Promise<Owed | undefined> {
    const { clock, names, random } = this.#needs;
    const { message } = seen;
    const wishes: DsnWishes = JSON.parse(message.facts['dsn'] ?? '{"recipients":{}}');
    const told = recipients.filter((one) => wishes.recipients[one]?.notify?.includes('FAILURE') ?? true);
    if (message.envelopeFrom === '' || told.length === 0) return undefined;
    const { replyCode, sender } = words;
    const status = words.statusCode ?? `${replyCode[0]}.0.0`;
    const at = clock.civil();
    const content = composeBounce({
      from: { address: sender },
      to: { address: message.envelopeFrom },
      explanation: { text: `${UNDELIVERED}\r\n\r\n${told.map((one) => `${one}: ${words.message}`).join('\r\n')}\r\n` },
      reportingMta: `dns; ${names.inboundHost(message.region)}`,
      arrival: message.at,
      fields: wishes.envid === undefined ? [] : [['Original-Envelope-Id', fieldValue(fromXtext(wishes.envid))]],
      recipients: told.map((address) => {
        const orcpt = wishes.recipients[address]?.orcpt;
        return {
          address: fieldValue(address),
          action: 'failed',
          status,
          diagnosticCode: `smtp; ${replyCode} ${status} ${words.message}`,
          fields: orcpt === undefined ? [] : [['Original-Recipient', fieldValue(fromXtext(orcpt))]],
        };
      }),
      original: await seen.head(),
      unique: random.uuid(),
    });
    return this.#owe(message, { from: sender, to: message.envelopeFrom, content, at });
  }

  /** Message, event and delivery of a mail of our own; it has the null path, so that nothing answers it. */
  async #owe(
    { account, region, id: cause }: Message,
    { from, to, content: composed, at }: { from: string; to: string; content: Buffer; at: number },
  ): Promise<Owed> {
    const { store, messages, delivery, publishing, names, clock, random } = this.#needs;
    const id = outgoingMessageId(region, clock, random);
    const ours = [
      formatField('Message-ID', `<${id}@${names.messageIdDomain(region)}>`),
      formatField('Date', formatDate(at)),
    ];
    const content = Buffer.concat([Buffer.from(ours.join(''), 'latin1'), composed]);
    const { segment, commands } = await store.bytes.stage(content);
    const message: Message = {
      id,
      account,
      region,
      direction: 'out',
      envelopeFrom: '',
      from,
      recipients: [to],
      subject: 'Delivery Status Notification (Failure)',
      at,
      size: content.length,
      segments: [segment],
      bodyHash: simpleBodyHash(content.subarray(readHeader(content).bodyStart)),
      tags: [],
      facts: { operation: 'BounceAction', cause, fromAddress: from, envelopeSender: '' },
    };
    const sent = await publishing.record({ message, at, happening: { type: 'send' }, content });
    const enqueued = await delivery.enqueue(message, { content });
    return {
      id,
      batch: [...commands, messages.record(message), ...sent, ...enqueued.batch],
      announce: () => {
        messages.announce();
        publishing.announce(message);
        if (enqueued.waiting) delivery.loop.wake();
      },
    };
  }
}

/** What a stranger wrote, fit for a field. */
function fieldValue(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
