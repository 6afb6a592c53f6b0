import type { Clock } from '../../base/clock.ts';
import { outgoingMessageId } from '../../base/ids.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { formatDate } from '../../mail/date.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { composeBounce, fromXtext } from '../../mail/dsn.ts';
import { formatField, readHeader } from '../../mail/header-fields.ts';
import type { Srs } from '../../mail/srs.ts';
import type { Command, Scope, Segment, Store } from '../../storage/ports.ts';
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
  readonly srs: Srs;
  /** Whose mail it is where it is no account's: reports that only pass through. */
  readonly home: Scope;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

const UNDELIVERED = 'An error occurred while trying to deliver the mail to the following recipients:';

/** Mail that receiving itself sends: reports to a sender that his mail was not taken, and mail that goes on to others. */
export class Onward {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  get home(): Scope {
    return this.#needs.home;
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
    const { account, region, id: cause } = message;
    return this.#owe({
      scope: { account, region },
      from: sender,
      to: message.envelopeFrom,
      // A report has the null path, so that nothing answers it.
      envelopeSender: '',
      subject: 'Delivery Status Notification (Failure)',
      pieces: (id) => [
        Buffer.from(
          formatField('Message-ID', `<${id}@${names.messageIdDomain(region)}>`) + formatField('Date', formatDate(at)),
          'latin1',
        ),
        content,
      ],
      bodyHash: simpleBodyHash(content.subarray(readHeader(content).bodyStart)),
      facts: { operation: 'BounceAction', notice: 'bounce', cause, fromAddress: sender },
    });
  }

  /**
   * The message as it is seen, to an address elsewhere. Its envelope sender becomes one of ours that leads back to the
   * sender (SRS); nothing else is changed, so that its signatures hold.
   */
  async forward(seen: SeenMessage, to: string): Promise<Owed> {
    const { srs, names, clock, home } = this.#needs;
    const { account, region, envelopeFrom, from, subject, bodyHash, id: cause } = seen.message;
    const local = envelopeFrom === '' ? undefined : srs.forward(envelopeFrom, clock.civil());
    const pieces = await seen.onward();
    return this.#owe({
      scope: { account, region },
      from,
      to,
      // Too long to be rewritten: our own path, at which bounces are taken all the same.
      envelopeSender: envelopeFrom === '' ? '' : local && `${local}@${names.returnPathDomain(home.region)}`,
      subject,
      pieces: () => pieces,
      bodyHash,
      facts: { operation: 'Forward', notice: 'forward', cause },
    });
  }

  /** Whose mail was forwarded, if a report comes to an address that we wrote for them; nothing for any other. */
  returnsTo(recipient: string): string | undefined {
    const { srs, names, clock, home } = this.#needs;
    const at = recipient.lastIndexOf('@');
    const domain = names.returnPathDomain(home.region).toLowerCase();
    if (recipient.slice(at + 1).toLowerCase() !== domain) return undefined;
    return srs.reverse(recipient.slice(0, at), clock.civil());
  }

  /** A report on forwarded mail, to who had sent it; it keeps the null path. */
  sendBack({ to, trace, content, ...facts }: SentBack): Promise<Owed> {
    return this.#owe({
      ...facts,
      scope: this.#needs.home,
      to,
      envelopeSender: '',
      pieces: () => [trace, content],
      facts: { operation: 'ForwardedReport', notice: 'report' },
    });
  }

  /** Message, event and delivery of a mail of our own. */
  async #owe({ scope, from, to, envelopeSender, subject, pieces, bodyHash, facts }: Owing): Promise<Owed> {
    const { store, messages, delivery, publishing, clock, random } = this.#needs;
    if (store.isFull()) throw new Refusal('busy', 'Insufficient system storage');
    const id = outgoingMessageId(scope.region, clock, random);
    const at = clock.civil();
    const segments: Segment[] = [];
    const keep: Command[] = [];
    for (const piece of pieces(id)) {
      const isNew = Buffer.isBuffer(piece);
      const kept = isNew ? await store.bytes.stage(piece) : { segment: piece, commands: store.bytes.share([piece]) };
      segments.push(kept.segment);
      keep.push(...kept.commands);
    }
    const message: Message = {
      id,
      ...scope,
      direction: 'out',
      envelopeFrom: envelopeSender ?? '',
      from,
      recipients: [to],
      subject,
      at,
      size: segments.reduce((sum, { size }) => sum + size, 0),
      segments,
      bodyHash,
      tags: [],
      facts: { ...facts, ...(envelopeSender !== undefined && { envelopeSender }) },
    };
    const sent = await publishing.record({ message, at, happening: { type: 'send' } });
    const enqueued = await delivery.enqueue(message);
    return {
      id,
      batch: [...keep, messages.record(message), ...sent, ...enqueued.batch],
      announce: () => {
        messages.announce();
        publishing.announce(message);
        if (enqueued.waiting) delivery.loop.wake();
      },
    };
  }
}

interface SentBack extends Pick<Owing, 'from' | 'to' | 'subject' | 'bodyHash'> {
  /** Our Received field. */
  readonly trace: Buffer;
  readonly content: Segment;
}

interface Owing {
  readonly scope: Scope;
  readonly from: string;
  readonly to: string;
  /** Empty is the null path; nothing is our own. */
  readonly envelopeSender: string | undefined;
  readonly subject: string;
  /** Of the message with that id. */
  readonly pieces: (id: string) => readonly (Buffer | Segment)[];
  readonly bodyHash: string;
  readonly facts: Message['facts'];
}

/** What a stranger wrote, fit for a field. */
function fieldValue(text: string): string {
  return text.replace(/[^ -~]/g, '?');
}
