import type { Credentials, SmtpVisit, Transaction } from './door.ts';
import { type EnvelopeFault, parseMail, parseRcpt, type Recipient, type Sender } from './envelope.ts';
import * as replies from './replies.ts';
import { type Reply, reply } from './reply.ts';

/**
 * The server's half of an SMTP conversation, without sockets and without waiting: a command line goes in, a step comes
 * out, and the answer that was given is reported back with `answered`, which alone moves the state.
 *
 *   connected ─EHLO─▶ ready ─MAIL─▶ sender known ─RCPT─▶ recipients ─DATA─▶ content ─▶ ready
 *
 * EHLO, RSET and the end of a message lead back to ready (RFC 5321 §4.1.4).
 */
export type Step =
  | { readonly kind: 'greeting' }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'authenticate'; readonly credentials: Credentials }
  | { readonly kind: 'mail'; readonly sender: Sender }
  | { readonly kind: 'rcpt'; readonly recipient: Recipient }
  | { readonly kind: 'content'; readonly reply: Reply }
  | { readonly kind: 'message' }
  | { readonly kind: 'starttls'; readonly reply: Reply }
  | { readonly kind: 'quit'; readonly reply: Reply };

export interface ConversationLimits {
  /** 5xx replies to commands since the last accepted message, then 421. */
  readonly errors: number;
  /** Commands since the last accepted message, then 421. */
  readonly commands: number;
  /** Recipients kept per message, then 452. */
  readonly recipients: number;
}

/** Octets of a command line with its CRLF: RFC 5321 §4.5.3.1.4. */
const COMMAND_OCTETS = 512;
/** MAIL and RCPT may be longer: by 500 for AUTH (RFC 4954 §5) and as much for ORCPT (RFC 3461 §5). */
const ENVELOPE_OCTETS = 1_536;
/** RFC 4954 §4: base64 of a credential. The longest line of all. */
export const AUTH_OCTETS = 12_288;

/** An AUTH command that is not at its end: what was asked for last. */
interface Exchange {
  readonly mechanism: 'PLAIN' | 'LOGIN';
  /** LOGIN's first answer; then the password is awaited. */
  readonly userName?: string;
}

export class Conversation {
  readonly #visit: SmtpVisit;
  readonly #limits: ConversationLimits;
  #offers: ReadonlySet<string>;
  #helo: { readonly name: string; readonly esmtp: boolean } | undefined;
  #exchange: Exchange | undefined;
  #authenticated = false;
  #unwelcome = false;
  #sender: Sender | undefined;
  #recipients: Recipient[] = [];
  #errors = 0;
  #commands = 0;

  constructor(visit: SmtpVisit, limits: ConversationLimits) {
    this.#visit = visit;
    this.#limits = limits;
    this.#offers = keywords(visit.ehlo());
  }

  get helo(): { readonly name: string; readonly esmtp: boolean } | undefined {
    return this.#helo;
  }

  /** The envelope so far; only where MAIL was accepted. */
  get transaction(): Transaction {
    return { sender: this.#sender!, recipients: this.#recipients };
  }

  /** `line` without its end, one character an octet. */
  read(line: string): Step {
    this.#commands++;
    if (this.#exchange) return this.#continueAuth(this.#exchange, line);
    const space = line.indexOf(' ');
    const verb = (space < 0 ? line : line.slice(0, space)).toUpperCase();
    if (line.length + 2 > octets(verb)) return say(replies.lineTooLong);
    if (this.#unwelcome && verb !== 'QUIT') return say(replies.noService);
    const argument = space < 0 ? '' : line.slice(space + 1).trim();
    switch (verb) {
      case 'EHLO':
      case 'HELO':
        return say(this.#hello(verb, argument));
      case 'MAIL':
        return this.#mail(argument);
      case 'RCPT':
        return this.#rcpt(argument);
      case 'DATA':
        return this.#data(argument);
      case 'RSET':
        this.#reset();
        return say(replies.ok);
      case 'NOOP':
        return say(replies.ok);
      case 'VRFY':
        return say(argument === '' ? replies.syntax('VRFY address') : replies.cannotVerify);
      case 'HELP':
        return say(replies.help);
      case 'QUIT':
        return { kind: 'quit', reply: replies.bye };
      case 'STARTTLS':
        return this.#startTls(argument);
      case 'AUTH':
        return this.#auth(argument);
      default:
        return say(knownVerbs.has(verb) ? replies.notImplemented : replies.unknownCommand);
    }
  }

  /** A line that was too long to be kept; it also ends what it may have been meant to answer. */
  overflow(): Step {
    this.#commands++;
    this.#exchange = undefined;
    return say(replies.lineTooLong);
  }

  /** Books what was answered to a step. Returns the 421 that must follow where the client has gone too far. */
  answered(step: Step, { code }: Reply): Reply | undefined {
    const good = code >= 200 && code < 300;
    switch (step.kind) {
      case 'greeting':
        this.#unwelcome = !good;
        return undefined;
      case 'mail':
        if (good) this.#sender = step.sender;
        break;
      case 'rcpt':
        if (good) this.#recipients.push(step.recipient);
        break;
      case 'authenticate':
        // RFC 4954 §4: what is offered may change with who is asking.
        this.#authenticated ||= good;
        if (good) this.#offers = keywords(this.#visit.ehlo());
        break;
      case 'message':
        this.#reset();
        if (good) this.#errors = this.#commands = 0;
        return undefined;
    }
    if (code >= 500 && ++this.#errors >= this.#limits.errors) return replies.tooManyErrors;
    return this.#commands >= this.#limits.commands ? replies.tooManyCommands : undefined;
  }

  #reset(): void {
    this.#sender = undefined;
    this.#recipients = [];
  }

  #hello(verb: 'EHLO' | 'HELO', name: string): Reply {
    if (name === '') return replies.syntax(`${verb} hostname`);
    this.#reset();
    this.#helo = { name, esmtp: verb === 'EHLO' };
    const lines = this.#visit.ehlo();
    return verb === 'EHLO' ? reply(250, ...lines) : reply(250, lines[0]!);
  }

  #mail(argument: string): Step {
    if (!this.#helo) return say(replies.helloFirst);
    const refused = this.#visit.gate('MAIL');
    if (refused) return say(refused);
    if (this.#sender) return say(replies.nestedMail);
    const sender = parseMail(argument, this.#offers);
    if ('fault' in sender) return say(this.#explain(sender, 'MAIL FROM:<address>', this.#visit.texts.invalidSender));
    // RFC 1870 §6.1: refused before a single octet of it is sent.
    if ((sender.size ?? 0) > this.#visit.limits.messageOctets) return say(this.#visit.texts.tooLarge);
    return { kind: 'mail', sender };
  }

  #rcpt(argument: string): Step {
    if (!this.#sender) return say(replies.needMail);
    const recipient = parseRcpt(argument, this.#offers);
    if ('fault' in recipient) {
      return say(this.#explain(recipient, 'RCPT TO:<address>', this.#visit.texts.invalidRecipient));
    }
    if (this.#recipients.length >= this.#limits.recipients) return say(replies.tooManyRecipients);
    return { kind: 'rcpt', recipient };
  }

  #explain(fault: EnvelopeFault, usage: string, invalid: (path: string) => Reply): Reply {
    switch (fault.fault) {
      case 'syntax':
        return replies.syntax(usage);
      case 'path':
        return invalid(fault.path);
      case 'parameter':
        return replies.badParameter(fault.parameter);
      case 'unknown-parameter':
        return replies.unknownParameter(fault.parameter);
    }
  }

  #data(argument: string): Step {
    if (argument !== '') return say(replies.syntax('DATA'));
    if (!this.#sender) return say(replies.needMail);
    if (this.#recipients.length === 0) return say(replies.needRecipient);
    return { kind: 'content', reply: replies.sendContent };
  }

  #startTls(argument: string): Step {
    if (!this.#offers.has('STARTTLS')) return say(replies.notImplemented);
    if (argument !== '') return say(replies.syntax('STARTTLS'));
    return { kind: 'starttls', reply: replies.readyForTls };
  }

  /** RFC 4954: once, outside a transaction. PLAIN is RFC 4616; LOGIN has no RFC, user name and password are asked. */
  #auth(argument: string): Step {
    if (!this.#helo) return say(replies.helloFirst);
    if (!this.#offers.has('AUTH')) return say(replies.notImplemented);
    const refused = this.#visit.gate('AUTH');
    if (refused) return say(refused);
    if (this.#authenticated) return say(replies.alreadyAuthenticated);
    if (this.#sender) return say(replies.noAuthInMail);
    const [mechanism = '', initial, ...surplus] = argument.split(' ');
    if (mechanism === '' || surplus.length > 0) return say(replies.syntax('AUTH mechanism'));
    const name = mechanism.toUpperCase();
    if (name !== 'PLAIN' && name !== 'LOGIN') return say(replies.unknownMechanism);
    const exchange: Exchange = { mechanism: name };
    if (initial !== undefined) return this.#continueAuth(exchange, initial === '=' ? '' : initial);
    this.#exchange = exchange;
    return say(name === 'PLAIN' ? replies.challenge('') : replies.challenge('Username:'));
  }

  #continueAuth(exchange: Exchange, line: string): Step {
    this.#exchange = undefined;
    if (line.length + 2 > AUTH_OCTETS) return say(replies.lineTooLong);
    if (line === '*') return say(replies.authCancelled);
    const text = decodeBase64(line);
    if (text === undefined) return say(replies.badBase64);
    if (exchange.mechanism === 'PLAIN') {
      // authorization identity NUL user name NUL password; we act for nobody else, so the first is read over.
      const [, userName, password, ...surplus] = text.split('\0');
      if (userName === undefined || password === undefined || surplus.length > 0) return say(replies.badBase64);
      return { kind: 'authenticate', credentials: { userName, password } };
    }
    if (exchange.userName !== undefined) {
      return { kind: 'authenticate', credentials: { userName: exchange.userName, password: text } };
    }
    this.#exchange = { mechanism: 'LOGIN', userName: text };
    return say(replies.challenge('Password:'));
  }
}

const knownVerbs = new Set(['EXPN', 'TURN', 'ETRN', 'ATRN', 'SEND', 'SOML', 'SAML', 'BDAT', 'BURL', 'XCLIENT', 'LHLO']);

function say(reply: Reply): Step {
  return { kind: 'reply', reply };
}

function octets(verb: string): number {
  if (verb === 'AUTH') return AUTH_OCTETS;
  return verb === 'MAIL' || verb === 'RCPT' ? ENVELOPE_OCTETS : COMMAND_OCTETS;
}

function keywords([, ...offered]: readonly string[]): ReadonlySet<string> {
  return new Set(offered.map((line) => line.split(' ', 1)[0]!));
}

function decodeBase64(text: string): string | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64').toString('utf8');
}
