import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import type { Budget } from '../../base/budget.ts';
import { SECOND } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { ContentProblem } from './content.ts';
import { AUTH_OCTETS, Conversation, type ConversationLimits, type Step } from './conversation.ts';
import type { SmtpDoor, SmtpSession, SmtpVisit } from './door.ts';
import { Intake } from './intake.ts';
import * as replies from './replies.ts';
import { formatReply, type Reply } from './reply.ts';

export interface SessionLimits extends ConversationLimits {
  /** Milliseconds that a TLS handshake may take. */
  readonly handshake: number;
  /** Milliseconds that content may wait for room in the budget; then 452. */
  readonly roomWait: number;
}

interface SessionOptions {
  readonly socket: Socket;
  readonly peerAddress: string;
  readonly door: SmtpDoor;
  readonly budget: Budget;
  readonly log: Log;
  readonly limits: SessionLimits;
  readonly secureContext: (() => SecureContext) | undefined;
  /** TLS before the greeting (RFC 8314 §3.3). */
  readonly implicitTls: boolean;
  readonly onClose: () => void;
}

const EMPTY = Buffer.alloc(0);
/** Octets of input that may wait while a door thinks; beyond it the socket is paused. */
const READ_AHEAD = 65_536;
/** Milliseconds that a client has to close its side after our last word. */
const LINGER = 5 * SECOND;

/**
 * One connection: feeds the conversation from the socket, asks the door, writes the replies to one chunk of input in
 * one write (RFC 2920 §3.2). While anything is waited for (a door, room, a slow reader, a handshake) the session is
 * on hold and input waits, first here, then in the kernel, at last at the sender.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #view: SmtpSession;
  #socket: Socket | TLSSocket;
  #visit!: SmtpVisit;
  #conversation!: Conversation;
  #input: Buffer = EMPTY;
  #at = 0;
  #output = '';
  /** From 354 to the answer to the message. */
  #intake: Intake | undefined;
  #holds = 0;
  /** The rest of a line that was too long is read over. */
  #skipping = false;
  #peerEnded = false;
  /** Our last word is said; nothing is read any more. */
  #leaving = false;
  #linger: NodeJS.Timeout | undefined;
  /** The client does not read its replies. */
  #draining = false;
  #closeWhenIdle = false;
  #handshaking = false;
  /** The time-out that the socket has, in milliseconds. */
  #silence = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#view = this.#describe();
    this.#listen();
    if (options.implicitTls) this.#startTls(() => this.#greet());
    else {
      this.#enter();
      this.#greet();
    }
  }

  /** 421 now if the client is between messages, else after the message that is under way. */
  leave(): void {
    this.#closeWhenIdle = true;
    if (this.#holds === 0) this.#work();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #describe(): SmtpSession {
    const session = this;
    const { socket, peerAddress, secureContext } = this.#options;
    const { remotePort = 0, localAddress = '', localPort = 0 } = socket;
    return {
      peerAddress,
      peerPort: remotePort,
      localAddress: withoutMapping(localAddress),
      localPort,
      get helo() {
        return session.#conversation?.helo?.name;
      },
      get esmtp() {
        return session.#conversation?.helo?.esmtp ?? false;
      },
      get tls() {
        if (!(session.#socket instanceof TLSSocket)) return undefined;
        return {
          protocol: session.#socket.getProtocol() ?? '',
          cipher: session.#socket.getCipher()?.standardName ?? '',
        };
      },
      get canStartTls() {
        return secureContext !== undefined && !(session.#socket instanceof TLSSocket);
      },
    };
  }

  #enter(): void {
    this.#visit = this.#options.door(this.#view);
    this.#conversation = new Conversation(this.#visit, this.#options.limits);
    this.#expect();
  }

  #greet(): void {
    this.#ask({ kind: 'greeting' }, () => this.#visit.greeting());
    this.#flush();
  }

  #listen(): void {
    this.#socket.on('data', this.#onData);
    this.#socket.on('end', this.#onEnd);
    this.#socket.on('timeout', this.#onTimeout);
    this.#socket.on('close', this.#onClose);
    // A peer that goes away is no event of ours; 'close' follows.
    this.#socket.on('error', () => {});
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#leaving) return;
    this.#input = this.#at === this.#input.length ? chunk : Buffer.concat([this.#input.subarray(this.#at), chunk]);
    this.#at = 0;
    if (this.#holds === 0) this.#work();
    else if (this.#input.length > READ_AHEAD) this.#socket.pause();
  };

  /** The client's side is shut. What it sent before is still worked and answered; half a handshake or message is none. */
  readonly #onEnd = (): void => {
    this.#peerEnded = true;
    if (this.#handshaking || (this.#intake && !this.#intake.content)) this.#socket.destroy();
    else this.#flush();
  };

  /** Silence while we make the client wait is our own and no fault of its. */
  readonly #onTimeout = (): void => {
    if (this.#draining || this.#handshaking) this.#socket.destroy();
    else if (this.#holds === 0 && !this.#leaving) {
      this.#leaveWith(replies.timeout);
      this.#flush();
    }
  };

  readonly #onClose = (): void => {
    this.#leaving = true;
    clearTimeout(this.#linger);
    // A whole message counts until the door has answered.
    if (!this.#intake?.content) this.#intake?.release();
    this.#input = EMPTY;
    this.#at = 0;
    this.#options.onClose();
  };

  #hold(): void {
    this.#holds++;
  }

  #release(): void {
    this.#holds--;
    if (this.#holds > 0) return;
    this.#work();
    if (this.#holds === 0 && this.#socket.isPaused()) this.#socket.resume();
  }

  #work(): void {
    while (this.#holds === 0 && !this.#leaving && this.#at < this.#input.length) {
      if (this.#intake) this.#readContent(this.#intake);
      else if (!this.#command()) break;
    }
    if (this.#closeWhenIdle && this.#holds === 0 && !this.#intake && !this.#leaving) {
      this.#leaveWith(replies.shuttingDown);
    }
    this.#flush();
  }

  /**
   * The next whole command line without its end. Unlike content a command may end in a bare LF: nothing can be
   * smuggled in a command, and people type them.
   */
  #nextLine(): string | undefined {
    const input = this.#input;
    const start = this.#at;
    const end = input.indexOf(10, start);
    if (end < 0) {
      if (input.length - start < AUTH_OCTETS) return undefined;
      this.#at = input.length;
      this.#skipping = true;
      return undefined;
    }
    this.#at = end + 1;
    return input.toString('latin1', start, end > start && input[end - 1] === 13 ? end - 1 : end);
  }

  #command(): boolean {
    const line = this.#nextLine();
    if (line === undefined) return false;
    this.#perform(this.#skipping ? this.#conversation.overflow() : this.#conversation.read(line));
    this.#skipping = false;
    return true;
  }

  #perform(step: Step): void {
    switch (step.kind) {
      case 'reply':
        this.#answer(step, step.reply);
        break;
      case 'authenticate':
        this.#ask(step, () => this.#visit.authenticate(step.credentials));
        break;
      case 'mail':
        this.#ask(step, () => this.#visit.mail(step.sender));
        break;
      case 'rcpt':
        this.#ask(step, () => this.#visit.rcpt(step.recipient, this.#conversation.transaction));
        break;
      case 'content':
        this.#intake = this.#newIntake();
        this.#answer(step, step.reply);
        break;
      case 'quit':
        this.#leaveWith(step.reply);
        break;
      case 'starttls':
        this.#answer(step, step.reply);
        this.#flush();
        this.#startTls(() => {});
        break;
    }
  }

  /** An answer at once goes on at once; a promise puts the session on hold. */
  #ask(step: Step, handler: () => Reply | Promise<Reply>): void {
    let answer: Reply | Promise<Reply>;
    try {
      answer = handler();
    } catch (error) {
      answer = this.#fault(step, error);
    }
    if (answer instanceof Promise) {
      this.#hold();
      answer
        .catch((error) => this.#fault(step, error))
        .then((reply) => {
          this.#answer(step, reply);
          this.#release();
        });
    } else this.#answer(step, answer);
  }

  #fault(step: Step, error: unknown): Reply {
    this.#options.log.error({ err: error, peer: this.#options.peerAddress }, 'smtp: a door failed');
    const { fault, authenticationFault } = this.#visit.texts;
    return step.kind === 'authenticate' ? authenticationFault : fault;
  }

  #answer(step: Step, reply: Reply): void {
    if (step.kind === 'message') {
      this.#intake?.release();
      this.#intake = undefined;
    }
    const last = this.#conversation.answered(step, reply);
    this.#say(reply);
    if (last) this.#say(last);
    // 421 is the last word, whoever says it (RFC 5321 §3.8).
    if (last || reply.code === 421) this.#leaving = true;
    if (!this.#leaving) this.#expect();
  }

  #expect(): void {
    if (this.#visit.limits.silence === this.#silence) return;
    this.#silence = this.#visit.limits.silence;
    this.#socket.setTimeout(this.#silence);
  }

  #newIntake(): Intake {
    const { budget, limits } = this.#options;
    return new Intake({
      limits: this.#visit.limits,
      budget,
      roomWait: limits.roomWait,
      spool: () => this.#visit.spool?.(),
      failed: (err) => this.#options.log.error({ err, peer: this.#options.peerAddress }, 'smtp: a spool failed'),
    });
  }

  #readContent(intake: Intake): void {
    this.#at = intake.read(this.#input, this.#at);
    if (intake.endless) {
      this.destroy();
      return;
    }
    const settled = intake.settle();
    if (!settled) {
      if (intake.content) this.#finish(intake.content, intake);
      return;
    }
    this.#hold();
    this.#socket.pause();
    settled.then(() => {
      if (this.#leaving) intake.release();
      else if (intake.content) this.#finish(intake.content, intake);
      this.#release();
    });
  }

  #finish(content: Buffer, { problem, spool }: Intake): void {
    const step: Step = { kind: 'message' };
    if (problem) this.#answer(step, this.#explain(problem));
    else this.#ask(step, () => this.#visit.message({ ...this.#conversation.transaction, content, spool }));
  }

  #explain(problem: ContentProblem): Reply {
    const { texts, limits } = this.#visit;
    switch (problem) {
      case 'too-large':
        return texts.tooLarge;
      case 'no-room':
        return texts.noRoom;
      case 'long-line':
        return texts.invalidContent(`Line length exceeds ${limits.lineOctets} octets.`);
      case 'bare-line-feed':
        return texts.invalidContent('Bare LF in message content, lines must end in CRLF.');
      case 'bare-carriage-return':
        return texts.invalidContent('Bare CR in message content, lines must end in CRLF.');
    }
  }

  #startTls(then: () => void): void {
    const plain = this.#socket;
    plain.removeListener('data', this.#onData).removeListener('end', this.#onEnd);
    plain.removeListener('timeout', this.#onTimeout).removeListener('close', this.#onClose);
    // Whatever came before the handshake came from anybody (RFC 3207 §4.2, CVE-2011-0411).
    this.#input = EMPTY;
    this.#at = 0;
    this.#hold();
    this.#handshaking = true;
    plain.setTimeout(0);
    const secure = new TLSSocket(plain, { isServer: true, secureContext: this.#options.secureContext!() });
    this.#socket = secure;
    this.#listen();
    this.#silence = this.#options.limits.handshake;
    secure.setTimeout(this.#silence);
    secure.once('secure', () => {
      this.#handshaking = false;
      this.#enter();
      then();
      this.#release();
    });
  }

  #say(reply: Reply): void {
    if (!this.#leaving) this.#output += formatReply(reply);
  }

  #leaveWith(reply: Reply): void {
    this.#say(reply);
    this.#leaving = true;
  }

  /** A client that does not read is not read from: its replies would pile up here. */
  #flush(): void {
    if (this.#socket.destroyed) return;
    if (this.#output !== '') {
      const output = this.#output;
      this.#output = '';
      if (!this.#socket.write(output) && !this.#leaving) this.#awaitDrain();
    }
    if (this.#peerEnded && this.#holds === 0) this.#leaving = true;
    if (this.#leaving && !this.#linger) {
      this.#socket.end();
      this.#linger = setTimeout(() => this.#socket.destroy(), LINGER).unref();
    }
  }

  #awaitDrain(): void {
    this.#hold();
    this.#draining = true;
    this.#socket.once('drain', () => {
      this.#draining = false;
      this.#release();
    });
  }
}

/** `::ffff:192.0.2.1` is how a dual-stack socket writes an IPv4 address. */
export function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address;
}
