import { MINUTE } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import type { ArrivingContent } from '../../core/receiving/receiving.ts';
import type { ReceivedMessage, SmtpSession, SmtpTexts, SmtpVisit, Spool, Transaction } from '../../wire/smtp/door.ts';
import type { Recipient, Sender } from '../../wire/smtp/envelope.ts';
import { type Reply, reply } from '../../wire/smtp/reply.ts';

/**
 * SMTP from the world: what MX records point at. Who receives is asked at RCPT, so that mail for nobody is refused
 * while its sender still holds it; the rest goes to receiving as envelope and bytes.
 */
export interface MxOptions {
  /** Shown in banner and EHLO; default `inbound-smtp.us-east-1.amazonaws.com`. */
  readonly hostName?: string;
  /** Named in the greeting; default `Amazon SES`. */
  readonly software?: string;
  readonly random: Random;
  /** Whether anybody could receive from the peer: asked when it connects. */
  admits(peerAddress: string): boolean | Promise<boolean>;
  /** Nothing if some account receives for the recipient from this peer, else the no: `unavailable`, `blocked` … */
  receives(question: ReceivesQuestion): Reply | undefined | Promise<Reply | undefined>;
  /** Where a large message goes while it comes. */
  arriving(): ArrivingContent;
  /** Returns the message id once the message is on disk. */
  accept(arrival: Arrival): Promise<string>;
}

interface ReceivesQuestion {
  /** Of MAIL. */
  readonly sender: string;
  readonly recipient: string;
  readonly peerAddress: string;
  readonly tls: SmtpSession['tls'];
  /** Recipients that were accepted before it. */
  readonly accepted: number;
}

export interface Arrival {
  /** Empty for the null reverse path. */
  readonly envelopeFrom: string;
  /** In the order of RCPT, with their DSN wishes (RFC 3461); at least one. */
  readonly recipients: readonly Recipient[];
  readonly helo: string;
  readonly peerAddress: string;
  readonly tls: SmtpSession['tls'];
  /** RFC 3461 §4.3, §4.4, as the client wrote it. */
  readonly ret?: Sender['ret'];
  readonly envid?: string | undefined;
  readonly content: Buffer | ArrivingContent;
}

/** SES: 40 MB with headers. */
const MESSAGE_OCTETS = 41_943_040;
/** The world does not keep to the 1,000 octets of RFC 5321 §4.5.3.1.6; what is received is stored, not sent on. */
const LINE_OCTETS = 65_536;
/** RFC 5321 §4.5.3.1.8: at least 100 must be taken. */
const RECIPIENTS = 100;

export const unavailable = reply(550, '5.1.1 Requested action not taken: mailbox unavailable');
export const blocked = reply(550, '5.7.1 Requested action not taken: IP address blocked');
/** RFC 5321 §3.1: the peer learns at once that there is no mail service for it. */
const notWelcome = reply(554, '5.7.1 No mail is received from this IP address');
/** RFC 3463 §3.4. */
export const receivedEnough = reply(452, '4.3.2 Sandbox receive limit exceeded, try again later');
const ok = reply(250, 'OK');
const tooManyRecipients = reply(452, '4.5.3 Too many recipients');
const tooLarge = reply(552, '5.3.4 Message is too long.');
const noRoom = reply(452, '4.3.1 Insufficient system storage');

const texts: SmtpTexts = {
  invalidSender: (path) => reply(553, `5.1.7 <${path}> Invalid email address`),
  invalidRecipient: (path) => reply(553, `5.1.3 <${path}> Invalid email address`),
  invalidContent: (reason) => reply(554, `5.6.0 ${reason}`),
  tooLarge,
  noRoom,
  fault: reply(451, '4.3.0 Temporary service failure'),
  authenticationFault: reply(454, '4.7.0 Temporary authentication failure'),
};

const limits = { messageOctets: MESSAGE_OCTETS, lineOctets: LINE_OCTETS, silence: 5 * MINUTE };

export function mxDoor(options: MxOptions): (session: SmtpSession) => MxVisit {
  return (session) => new MxVisit(options, session);
}

export class MxVisit implements SmtpVisit {
  readonly texts = texts;
  readonly limits = limits;
  readonly #options: MxOptions;
  readonly #session: SmtpSession;
  readonly #hostName: string;
  /** The message that comes now, where it is large. */
  #arriving: ArrivingContent | undefined;

  constructor(options: MxOptions, session: SmtpSession) {
    this.#options = options;
    this.#session = session;
    this.#hostName = options.hostName ?? 'inbound-smtp.us-east-1.amazonaws.com';
  }

  async greeting(): Promise<Reply> {
    if (!(await this.#options.admits(this.#session.peerAddress))) return notWelcome;
    return this.welcome();
  }

  /** The greeting of a peer that may turn out to be somebody with a password. */
  welcome(): Reply {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
    return reply(
      220,
      `${this.#hostName} ESMTP ${this.#options.software ?? 'Amazon SES'} ${randomText(this.#options.random, alphabet, 20)}`,
    );
  }

  ehlo(): readonly string[] {
    const startTls = this.#session.canStartTls ? ['STARTTLS'] : [];
    return [this.#hostName, '8BITMIME', 'PIPELINING', `SIZE ${MESSAGE_OCTETS}`, 'DSN', ...startTls, 'Ok'];
  }

  gate(): undefined {}

  authenticate(): Reply {
    return reply(502, 'Error: command not implemented');
  }

  mail(): Reply {
    return ok;
  }

  rcpt(recipient: Recipient, { sender, recipients }: Transaction): Reply | Promise<Reply> {
    if (recipients.length >= RECIPIENTS) return tooManyRecipients;
    const { peerAddress, tls } = this.#session;
    const question = { sender: sender.address, recipient: recipient.address, accepted: recipients.length };
    const refused = this.#options.receives({ ...question, peerAddress, tls });
    return refused instanceof Promise ? refused.then((no) => no ?? ok) : (refused ?? ok);
  }

  spool(): Spool {
    this.#arriving = this.#options.arriving();
    return this.#arriving;
  }

  async message({ sender, recipients, content: collected, spool }: ReceivedMessage): Promise<Reply> {
    const content = spool ? this.#arriving! : collected;
    const { peerAddress, helo = '', tls } = this.#session;
    try {
      const { address: envelopeFrom, ret, envid } = sender;
      const arrival = { envelopeFrom, recipients, helo, peerAddress, tls, ret, envid, content };
      return reply(250, `OK ${await this.#options.accept(arrival)}`);
    } catch (error) {
      if (error instanceof Refusal) return refusalReply(error);
      throw error;
    }
  }
}

/** Whatever the reason, the host that offers this mail must learn one thing: later, or never. */
function refusalReply({ code, message }: Refusal): Reply {
  switch (code) {
    case 'busy':
      return noRoom;
    case 'daily-quota-exceeded':
      return receivedEnough;
    case 'routing-loop':
      return reply(554, `5.4.6 ${message}`);
    case 'not-found':
      return unavailable;
    case 'message-too-large':
      return tooLarge;
    default:
      return reply(554, `5.7.1 ${message}`);
  }
}
