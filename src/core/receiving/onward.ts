import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Random } from '../../base/random.ts';
import { simpleBodyHash } from '../../mail/dkim.ts';
import { composeBounce, fromXtext, UNDELIVERED } from '../../mail/dsn.ts';
import { fitForField, formatField, readHeader } from '../../mail/header-fields.ts';
import type { Srs } from '../../mail/srs.ts';
import type { Scope, Segment } from '../../storage/ports.ts';
import type { Owed, OwnLetter, OwnMail } from '../sending/sending.ts';
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

interface Needs {
  readonly ownMail: OwnMail;
  readonly srs: Srs;
  /** Whose mail it is where it is no account's: reports that only pass through. */
  readonly home: Scope;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly random: Random;
}

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
    const { ownMail, names, random } = this.#needs;
    const { message } = seen;
    const wishes: DsnWishes = JSON.parse(message.facts['dsn'] ?? '{"recipients":{}}');
    const told = recipients.filter((one) => wishes.recipients[one]?.notify?.includes('FAILURE') ?? true);
    if (message.envelopeFrom === '' || told.length === 0) return undefined;
    const { replyCode, sender } = words;
    const status = words.statusCode ?? `${replyCode[0]}.0.0`;
    const content = composeBounce({
      from: { address: sender },
      to: { address: message.envelopeFrom },
      explanation: { text: `${UNDELIVERED}\r\n\r\n${told.map((one) => `${one}: ${words.message}`).join('\r\n')}\r\n` },
      reportingMta: `dns; ${names.inboundHost(message.region)}`,
      arrival: message.at,
      fields: wishes.envid === undefined ? [] : [['Original-Envelope-Id', fitForField(fromXtext(wishes.envid))]],
      recipients: told.map((address) => {
        const orcpt = wishes.recipients[address]?.orcpt;
        return {
          address: fitForField(address),
          action: 'failed',
          status,
          diagnosticCode: `smtp; ${replyCode} ${status} ${words.message}`,
          fields: orcpt === undefined ? [] : [['Original-Recipient', fitForField(fromXtext(orcpt))]],
        };
      }),
      original: await seen.head(),
      unique: random.uuid(),
    });
    const { account, region, id: cause } = message;
    return ownMail.owe({
      account,
      region,
      from: sender,
      to: message.envelopeFrom,
      envelopeFrom: '',
      subject: 'Delivery Status Notification (Failure)',
      pieces: (fields) => [
        Buffer.from(fields.map(([name, value]) => formatField(name, value)).join(''), 'latin1'),
        content,
      ],
      bodyHash: simpleBodyHash(content.subarray(readHeader(content).bodyStart)),
      // A report has the null path, so that nothing answers it.
      facts: { operation: 'BounceAction', notice: 'bounce', cause, fromAddress: sender, envelopeSender: '' },
    });
  }

  /**
   * The message as it is seen, to an address elsewhere. Its envelope sender becomes one of ours that leads back to the
   * sender (SRS); nothing else is changed, so that its signatures hold.
   */
  async forward(seen: SeenMessage, to: string): Promise<Owed> {
    const { ownMail, srs, names, clock, home } = this.#needs;
    const { account, region, envelopeFrom, from, subject, bodyHash, id: cause } = seen.message;
    const local = envelopeFrom === '' ? undefined : srs.forward(envelopeFrom, clock.civil());
    // Too long to be rewritten: our own path, at which bounces are taken all the same.
    const envelopeSender = envelopeFrom === '' ? '' : local && `${local}@${names.returnPathDomain(home.region)}`;
    const pieces = await seen.onward();
    return ownMail.owe({
      account,
      region,
      from,
      to,
      envelopeFrom: envelopeSender ?? '',
      subject,
      pieces: () => pieces,
      bodyHash,
      facts: {
        operation: 'Forward',
        notice: 'forward',
        cause,
        ...(envelopeSender !== undefined && { envelopeSender }),
      },
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
    const { ownMail, home } = this.#needs;
    return ownMail.owe({
      ...facts,
      ...home,
      to,
      envelopeFrom: '',
      pieces: () => [trace, content],
      facts: { operation: 'ForwardedReport', notice: 'report', envelopeSender: '' },
    });
  }
}

interface SentBack extends Pick<OwnLetter, 'from' | 'to' | 'subject' | 'bodyHash'> {
  /** Our Received field. */
  readonly trace: Buffer;
  readonly content: Segment;
}
