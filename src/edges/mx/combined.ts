import type {
  Credentials,
  ReceivedMessage,
  SmtpDoor,
  SmtpSession,
  SmtpVisit,
  Spool,
  Transaction,
} from '../../wire/smtp/door.ts';
import type { Recipient, Sender } from '../../wire/smtp/envelope.ts';
import type { Reply } from '../../wire/smtp/reply.ts';
import type { MxVisit } from './mx.ts';

/** One address, two doors: before AUTH it is the MX, which also offers AUTH; after AUTH it is submission. */
export function combinedDoor(mx: (session: SmtpSession) => MxVisit, submission: SmtpDoor): SmtpDoor {
  return (session) => new CombinedVisit(mx(session), submission(session));
}

class CombinedVisit implements SmtpVisit {
  readonly #mx: MxVisit;
  readonly #submission: SmtpVisit;
  /** Who answers now. */
  #current: SmtpVisit;

  constructor(mx: MxVisit, submission: SmtpVisit) {
    this.#mx = mx;
    this.#submission = submission;
    this.#current = mx;
  }

  get texts() {
    return this.#current.texts;
  }

  get limits() {
    return this.#current.limits;
  }

  /** Nobody is sent away before it could show a password: who may not bring mail is told at RCPT. */
  greeting(): Reply {
    return this.#mx.welcome();
  }

  ehlo(): readonly string[] {
    const lines = this.#current.ehlo();
    if (this.#current === this.#submission) return lines;
    return lines.toSpliced(-1, 0, ...this.#submission.ehlo().filter((line) => line.startsWith('AUTH ')));
  }

  gate(verb: 'AUTH' | 'MAIL'): Reply | undefined {
    return (verb === 'AUTH' ? this.#submission : this.#current).gate(verb);
  }

  authenticate(credentials: Credentials): Reply | Promise<Reply> {
    const answer = this.#submission.authenticate(credentials);
    return answer instanceof Promise ? answer.then((reply) => this.#admit(reply)) : this.#admit(answer);
  }

  #admit(reply: Reply): Reply {
    if (reply.code === 235) this.#current = this.#submission;
    return reply;
  }

  mail(sender: Sender): Reply | Promise<Reply> {
    return this.#current.mail(sender);
  }

  rcpt(recipient: Recipient, transaction: Transaction): Reply | Promise<Reply> {
    return this.#current.rcpt(recipient, transaction);
  }

  spool(): Spool | undefined {
    return this.#current.spool?.();
  }

  message(message: ReceivedMessage): Reply | Promise<Reply> {
    return this.#current.message(message);
  }
}
