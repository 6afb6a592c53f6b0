import { MINUTE, SECOND } from '../../base/clock.ts';
import { type Random, randomText } from '../../base/random.ts';
import type { Credentials, ReceivedMessage, SmtpDoor, SmtpSession, SmtpVisit } from '../../wire/smtp/door.ts';
import { type Reply, reply } from '../../wire/smtp/reply.ts';
import * as replies from './replies.ts';

/**
 * The SES SMTP interface: mail from a caller with a password, handed to sending as envelope and bytes.
 * Greeting, extensions and words are SES's; PIPELINING is the one line that is ours.
 */
export interface SubmissionOptions {
  /** `required`: AUTH and MAIL want TLS, MAIL wants AUTH, as in SES. `open`: both are offered, neither is asked for. */
  readonly mode: 'open' | 'required';
  /** Shown in greeting and EHLO; SES shows no region here. Default `email-smtp.amazonaws.com`. */
  readonly hostName?: string;
  /** Named in the greeting; default `SimpleEmailService`. */
  readonly software?: string;
  readonly random: Random;
  authenticate(logIn: LogIn): Caller | 'invalid' | Promise<Caller | 'invalid'>;
  /**
   * Who somebody is by now that logged in with this name; nothing where it is good for nothing any more. Asked at every
   * MAIL and before a message is taken, in `required` only.
   */
  current(userName: string, caller: Caller): Promise<Caller | undefined>;
  /** Who sends without a password; asked in `open` only. */
  anonymous(): Caller;
  /** Returns the message id once the message is on disk. A `Refusal` is answered in SES's words. */
  send(submission: Submission): Promise<string>;
}

/** Who is calling, as far as this door must know. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  readonly arn: string;
}

interface LogIn extends Credentials {
  readonly peerAddress: string;
}

export interface Submission {
  readonly caller: Caller;
  /** Empty for the null reverse path. */
  readonly envelopeFrom: string;
  /** In the order of RCPT, at least one; never more than SES allows. */
  readonly recipients: readonly string[];
  readonly content: Buffer;
  readonly peerAddress: string;
  readonly helo: string;
  readonly tls: SmtpSession['tls'];
}

/** SES: 40 MB after encoding. */
export const MESSAGE_OCTETS = 41_943_040;
/** RFC 5321 §4.5.3.1.6, and SES. */
const LINE_OCTETS = 1_000;
/** SES: recipients per message. */
const RECIPIENTS = 50;
/** Milliseconds of silence before AUTH and after it (`ses-behaviour.md` §11, 17). */
const SILENCE_BEFORE_AUTH = 10 * SECOND;
const SILENCE = 5 * MINUTE;

export function submissionDoor(options: SubmissionOptions): SmtpDoor {
  return (session) => new SubmissionVisit(options, session);
}

class SubmissionVisit implements SmtpVisit {
  readonly texts = replies.texts;
  readonly #options: SubmissionOptions;
  readonly #session: SmtpSession;
  readonly #hostName: string;
  #caller: Caller | undefined;
  #userName = '';

  constructor(options: SubmissionOptions, session: SmtpSession) {
    this.#options = options;
    this.#session = session;
    this.#hostName = options.hostName ?? 'email-smtp.amazonaws.com';
  }

  get limits() {
    return this.#caller || this.#options.mode === 'open' ? knownLimits : strangerLimits;
  }

  greeting(): Reply {
    const { random, software = 'SimpleEmailService' } = this.#options;
    const upper = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
    const host = `${software}-d-${randomText(random, upper, 9)}`;
    return reply(
      220,
      `${this.#hostName} ESMTP ${host} ${randomText(random, `${upper}abcdefghijklmnopqrstuvwxyz`, 20)}`,
    );
  }

  ehlo(): readonly string[] {
    const startTls = this.#session.canStartTls ? ['STARTTLS'] : [];
    return [this.#hostName, '8BITMIME', `SIZE ${MESSAGE_OCTETS}`, 'PIPELINING', ...startTls, 'AUTH PLAIN LOGIN', 'Ok'];
  }

  gate(verb: 'AUTH' | 'MAIL'): Reply | undefined {
    if (this.#options.mode === 'open') return undefined;
    if (!this.#session.tls) return replies.startTlsFirst;
    return verb === 'MAIL' && !this.#caller ? replies.authenticationRequired : undefined;
  }

  authenticate(credentials: Credentials): Reply | Promise<Reply> {
    const caller = this.#options.authenticate({ ...credentials, peerAddress: this.#session.peerAddress });
    const { userName } = credentials;
    return caller instanceof Promise
      ? caller.then((known) => this.#admit(userName, known))
      : this.#admit(userName, caller);
  }

  #admit(userName: string, caller: Caller | 'invalid'): Reply {
    if (caller === 'invalid') return replies.invalidCredentials;
    this.#caller = caller;
    this.#userName = userName;
    return replies.authenticated;
  }

  mail(): Reply | Promise<Reply> {
    if (this.#options.mode === 'open') return replies.ok;
    return this.#isStillKnown().then((known) => (known ? replies.ok : replies.authenticationRequired));
  }

  /** A key that was switched off or taken away since the login sends nothing more (RFC 4954 §6: 530). */
  async #isStillKnown(): Promise<boolean> {
    this.#caller &&= await this.#options.current(this.#userName, this.#caller);
    return this.#caller !== undefined;
  }

  rcpt(): Reply {
    return replies.ok;
  }

  async message({ sender, recipients, content }: ReceivedMessage): Promise<Reply> {
    // SES takes the 51st recipient and fails the message.
    if (recipients.length > RECIPIENTS) return replies.transactionFailed(`Recipient count exceeds ${RECIPIENTS}.`);
    const { peerAddress, helo = '', tls } = this.#session;
    try {
      if (this.#options.mode === 'required' && !(await this.#isStillKnown())) return replies.authenticationRequired;
      const messageId = await this.#options.send({
        caller: this.#caller ?? this.#options.anonymous(),
        envelopeFrom: sender.address,
        recipients: recipients.map(({ address }) => address),
        content,
        peerAddress,
        helo,
        tls,
      });
      return replies.accepted(messageId);
    } catch (error) {
      const refused = replies.refusalReply(error);
      if (refused) return refused;
      throw error;
    }
  }
}

const knownLimits = { messageOctets: MESSAGE_OCTETS, lineOctets: LINE_OCTETS, silence: SILENCE };
const strangerLimits = { ...knownLimits, silence: SILENCE_BEFORE_AUTH };
