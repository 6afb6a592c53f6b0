import type { Recipient, Sender } from './envelope.ts';
import type { Reply } from './reply.ts';

/**
 * What stands behind a listener: the server speaks the protocol, a door decides.
 * A door is entered once per connection and once more after STARTTLS, because a server must forget all that it was
 * told in plain text (RFC 3207 §4.2); what a client has proved therefore lives in the visit.
 */
export type SmtpDoor = (session: SmtpSession) => SmtpVisit;

/** Who is on the line, as the wire knows it; live, so `helo` changes as the client speaks. */
export interface SmtpSession {
  /** IPv4 addresses are never written as IPv6 (`::ffff:`). */
  readonly peerAddress: string;
  readonly peerPort: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** The name that the client gave itself; none before EHLO or HELO. */
  readonly helo: string | undefined;
  /** The client said EHLO, not HELO. */
  readonly esmtp: boolean;
  readonly tls: { readonly protocol: string; readonly cipher: string } | undefined;
  /** There is a certificate and no TLS yet: STARTTLS can be offered. */
  readonly canStartTls: boolean;
}

/**
 * One client's stay. Handlers may answer at once, which costs no tick, or later; input that comes meanwhile waits.
 * What they throw is a fault: logged, answered with `texts.fault`. A 2xx moves the conversation on, nothing else does.
 */
export interface SmtpVisit {
  readonly texts: SmtpTexts;
  readonly limits: SmtpVisitLimits;
  /** The 220 that opens the connection, or a 554: then there is nothing but QUIT (RFC 5321 §3.1). */
  greeting(): Reply | Promise<Reply>;
  /**
   * The lines of the EHLO reply, host name first, in order. What they offer is what the conversation allows:
   * STARTTLS, AUTH, DSN and their parameters are refused while they are not among them.
   */
  ehlo(): readonly string[];
  /** A no to the verb itself, before its arguments are looked at. */
  gate(verb: 'AUTH' | 'MAIL'): Reply | undefined;
  /** 235 lets the client in. */
  authenticate(credentials: Credentials): Reply | Promise<Reply>;
  mail(sender: Sender): Reply | Promise<Reply>;
  /** `transaction` holds the recipients accepted so far. */
  rcpt(recipient: Recipient, transaction: Transaction): Reply | Promise<Reply>;
  /**
   * Where large content goes while it comes; asked once a message, when it turns out to be large. Without one, content is
   * collected in memory.
   */
  spool?(): Spool | undefined;
  /** Called only for whole, clean content. The content counts against the budget until the answer is there. */
  message(message: ReceivedMessage): Reply | Promise<Reply>;
}

interface SmtpVisitLimits {
  /** Octets of one message as transmitted, without dot-stuffing; at most this is what SIZE should announce. */
  readonly messageOctets: number;
  /** Octets of one line of content, CRLF included (RFC 5321 §4.5.3.1.6: 1,000). */
  readonly lineOctets: number;
  /** Milliseconds of silence until the client is sent away; read again after every command. */
  readonly silence: number;
}

export interface Credentials {
  readonly userName: string;
  readonly password: string;
}

export interface Transaction {
  readonly sender: Sender;
  readonly recipients: readonly Recipient[];
}

export interface ReceivedMessage extends Transaction {
  /** Without dot-stuffing and without the final dot; every line ends in CRLF. Never changed by the wire afterwards. */
  readonly content: Buffer;
  /** Where the content was too large to be collected it is here, whole, and `content` is empty. */
  readonly spool?: Spool | undefined;
}

/** Takes content in order while it comes, and lets the sender wait meanwhile. */
export interface Spool {
  /** Resolves when the octets have left memory. What it rejects with is logged; the sender is asked to try later. */
  write(chunk: Buffer): Promise<void>;
  /** Its message will not be handed on, or the door has answered to it: idempotent. */
  drop(): Promise<void>;
}

/** Replies that the wire gives and a door words. */
export interface SmtpTexts {
  /** `path` is what stood between the angle brackets. */
  readonly invalidSender: (path: string) => Reply;
  readonly invalidRecipient: (path: string) => Reply;
  /** The content breaks RFC 5321 §2.3.8 or §4.5.3.1.6: bare line ends, lines too long. */
  readonly invalidContent: (reason: string) => Reply;
  /** By SIZE at MAIL, or by the octets themselves. */
  readonly tooLarge: Reply;
  /** No room in the budget for long; worth another try later. */
  readonly noRoom: Reply;
  readonly fault: Reply;
  /** A fault of `authenticate`: RFC 4954 §4.7.4 asks for 454. */
  readonly authenticationFault: Reply;
}
