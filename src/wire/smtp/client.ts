import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, TLSSocket } from 'node:tls';
import type NodemailerConnection from 'nodemailer/lib/smtp-connection';
import type { SMTPConnectionEnvelope, SMTPConnectionOptions, SMTPError } from 'nodemailer/lib/smtp-connection';
import { MINUTE, SECOND } from '../../base/clock.ts';

/**
 * The client's half of SMTP: nodemailer's connection, with every outcome as a value. Nothing here throws for what a
 * peer or the network does; each recipient gets an answer that says how far it came and what was said there.
 */

/** Where an attempt ended. `final` is the answer to the end of the content: only a 2xx there hands the mail over. */
export type Stage = 'connect' | 'greeting' | 'tls' | 'auth' | 'mail' | 'rcpt' | 'data' | 'final';

/** What ended it: the peer's reply where there was one, else what happened to the connection. */
export interface Answer {
  readonly stage: Stage;
  /** None where the peer said nothing: refused, timed out, dropped. */
  readonly code?: number;
  /** RFC 3463, where the reply has one. */
  readonly enhanced?: string;
  /** The reply's lines without codes, joined by spaces; else a sentence of ours. */
  readonly text: string;
}

export interface RecipientAnswer extends Answer {
  readonly address: string;
  /** The peer has taken responsibility for this recipient. */
  readonly accepted: boolean;
}

/**
 * `never`: plain text. `opportunistic`: STARTTLS where offered, any certificate; where the handshake fails (stage `tls`)
 * the caller may come again with `never` (RFC 7435). `required`: STARTTLS or nothing. `implicit`: TLS at once.
 */
export type TlsPolicy = 'never' | 'opportunistic' | 'required' | 'implicit';

export interface ConnectOptions {
  /** An address, or a name that the system resolves; a mail exchanger's address is looked up by the caller. */
  readonly host: string;
  readonly port: number;
  readonly localAddress?: string | undefined;
  /** How we greet (RFC 5321 §4.1.1.1). */
  readonly ehloName: string;
  readonly tls: TlsPolicy;
  /** SNI, and the name that a verified certificate must carry; default the host. */
  readonly servername?: string | undefined;
  /** Default: yes for `required` and `implicit`. SES's TlsPolicy Require asks for TLS, not for a known certificate. */
  readonly verifyCertificate?: boolean | undefined;
  /** PEM; instead of the well-known authorities. */
  readonly ca?: readonly string[] | undefined;
  readonly auth?: { readonly userName: string; readonly password: string } | undefined;
  readonly timeouts?: Partial<ClientTimeouts> | undefined;
}

/** Milliseconds. */
interface ClientTimeouts {
  /** From the first packet until greeted and secured. RFC 5321 §4.5.3.2.1 would wait five minutes for the greeting. */
  readonly connect: number;
  /** Silence in the conversation; the wait after the content is the longest (RFC 5321 §4.5.3.2.6: ten minutes). */
  readonly silence: number;
}

const clientTimeouts: ClientTimeouts = { connect: MINUTE, silence: 10 * MINUTE };

export interface OutgoingMessage {
  /** Empty for the null reverse path. */
  readonly from: string;
  /** At least one. */
  readonly to: readonly string[];
  /** 7-bit, CRLF line ends, no dot-stuffing. */
  readonly content: Buffer;
}

/** Octets that one reply may have. */
const REPLY_OCTETS = 64 * 1_024;
/** Milliseconds for the peer to close after QUIT. */
const CLOSE_WAIT = 2 * SECOND;

export class SmtpClient {
  readonly #connection: NodemailerConnection;
  #open = true;
  #clean = true;
  #failure: SMTPError | undefined;

  private constructor(connection: NodemailerConnection) {
    this.#connection = connection;
    connection.on('error', (error: SMTPError) => {
      this.#failure = error;
    });
    connection.once('end', () => {
      this.#open = false;
    });
  }

  /** An open, greeted, secured and logged-in connection, or where that ended. */
  static async connect(options: ConnectOptions): Promise<SmtpClient | Answer> {
    // Loaded when mail first goes out: a start should not wait for it.
    const { default: Connection } = await import('nodemailer/lib/smtp-connection');
    const connection = new Connection(connectionOptions(options));
    const client = new SmtpClient(connection);
    const failed = await client.#handshake();
    if (failed) return failed;
    const refused = options.auth && (await client.#logIn(options.auth));
    if (!refused) return client;
    connection.close();
    return refused;
  }

  /** False once either side has closed. */
  get open(): boolean {
    return this.#open;
  }

  get tls(): { readonly protocol: string; readonly cipher: string; readonly verified: boolean } | undefined {
    const socket = this.#connection._socket;
    if (!(socket instanceof TLSSocket)) return undefined;
    const { authorized: verified } = socket;
    return { protocol: socket.getProtocol() ?? '', cipher: socket.getCipher()?.standardName ?? '', verified };
  }

  get localAddress(): string | undefined {
    return (this.#connection._socket as Socket).localAddress;
  }

  /** One message, one answer for each recipient, in order. One call at a time. */
  async deliver({ from, to, content }: OutgoingMessage): Promise<readonly RecipientAnswer[]> {
    if (!this.#clean && !(await this.#reset())) return everybody(to, lost('mail', this.#failure));
    this.#clean = false;
    // nodemailer keeps its book on the envelope itself, so that it can be read after a failure as well.
    const envelope = { from, to: [...to], size: content.length } as unknown as SMTPConnectionEnvelope;
    const outcome = await this.#ask<Answer>(
      (done) => {
        this.#connection.send(envelope, content, (error, info) => {
          done(error ? deliveryFailure(error, envelope) : readReply('final', info!.response));
        });
      },
      () => lost(deliveryStage(this.#failure, envelope), this.#failure),
    );
    const accepted = outcome.stage === 'final' && outcome.code !== undefined && outcome.code < 300;
    this.#clean = accepted;
    // Where MAIL was refused, what RCPT was told in the same packet (503) says nothing about a recipient.
    const rejected = outcome.stage === 'mail' ? [] : (envelope.rejectedErrors ?? []);
    const refused = new Map(rejected.map((error) => [error.recipient, error.response]));
    return to.map((address) => {
      const response = refused.get(address);
      if (response !== undefined) return { address, accepted: false, ...readReply('rcpt', response) };
      return { address, accepted, ...outcome };
    });
  }

  /** QUIT, without waiting for the goodbye. */
  close(): void {
    if (this.#open) this.#connection.quit();
    this.#open = false;
    // nodemailer closes on the reply to QUIT; a peer that owes it must not keep us.
    setTimeout(() => this.#connection.close(), CLOSE_WAIT).unref();
  }

  #handshake(): Promise<Answer | undefined> {
    const connection = this.#connection;
    return this.#ask<Answer | undefined>(
      (done) => {
        const fail = (error: SMTPError): void => done(failure(connectStage(error, connection), error));
        connection.once('error', fail);
        connection.connect((error) => {
          connection.removeListener('error', fail);
          if (error) fail(error);
          else done(undefined);
        });
      },
      () => lost('greeting', this.#failure),
    );
  }

  #logIn({ userName, password }: { userName: string; password: string }): Promise<Answer | undefined> {
    return this.#ask<Answer | undefined>(
      (done) => {
        this.#connection.login({ user: userName, pass: password }, (error) => {
          done(error ? failure('auth', error) : undefined);
        });
      },
      () => lost('auth', this.#failure),
    );
  }

  /** After a message that failed the peer may still hold its envelope; after one that went it holds none. */
  #reset(): Promise<boolean> {
    return this.#ask(
      (done) => this.#connection.reset((error) => done(!error)),
      () => false,
    );
  }

  /** nodemailer forgets most callbacks when the connection ends; one that it remembers follows the event at once. */
  #ask<T>(question: (done: (answer: T) => void) => void, ended: () => T): Promise<T> {
    return new Promise((resolve) => {
      const end = (): void => void setImmediate(() => resolve(ended()));
      this.#connection.once('end', end);
      question((answer) => {
        this.#connection.removeListener('end', end);
        resolve(answer);
      });
    });
  }
}

function connectionOptions(options: ConnectOptions): SMTPConnectionOptions {
  const { host, port, localAddress, ehloName, tls, servername, ca } = options;
  const verify = options.verifyCertificate ?? (tls === 'required' || tls === 'implicit');
  const timeouts = { ...clientTimeouts, ...options.timeouts };
  const tlsOptions: ConnectionOptions = { rejectUnauthorized: verify, minVersion: 'TLSv1.2' };
  if (ca) tlsOptions.ca = [...ca];
  return {
    host,
    port,
    localAddress,
    // RFC 6066 §3: an address is no server name.
    servername: servername !== undefined && isIP(servername) ? undefined : servername,
    name: ehloName,
    secure: tls === 'implicit',
    ignoreTLS: tls === 'never',
    requireTLS: tls === 'required',
    opportunisticTLS: tls === 'opportunistic',
    tls: tlsOptions,
    connectionTimeout: timeouts.connect,
    greetingTimeout: timeouts.connect,
    socketTimeout: timeouts.silence,
    socketCloseTimeout: CLOSE_WAIT,
    maxResponseSize: REPLY_OCTETS,
    logger: false,
  };
}

function connectStage(error: SMTPError, connection: NodemailerConnection): Stage {
  if (error.code === 'ETLS' || connection.upgrading) return 'tls';
  if (connection.stage === 'connected') return 'greeting';
  const tcp = error.syscall !== undefined || error.code === 'EDNS' || error.code === 'ETIMEDOUT';
  return connection.secureConnection && !tcp ? 'tls' : 'connect';
}

function deliveryFailure(error: SMTPError, envelope: SMTPConnectionEnvelope): Answer {
  // The peer's SIZE is smaller: RFC 1870 §6.1 lets us take its 552 as read.
  if (error.code === 'EMESSAGE' && error.command === 'MAIL FROM') {
    return { stage: 'mail', code: 552, enhanced: '5.3.4', text: 'Message size exceeds what the peer announced' };
  }
  return failure(deliveryStage(error, envelope), error);
}

function deliveryStage(error: SMTPError | undefined, envelope: SMTPConnectionEnvelope): Stage {
  switch (error?.command) {
    case 'MAIL FROM':
      return 'mail';
    case 'RCPT TO':
      return 'rcpt';
    case 'DATA':
      return error.code === 'EMESSAGE' ? 'final' : 'data';
    default:
      // The connection went: what had been answered says where.
      return envelope.accepted?.length ? 'data' : envelope.rejected?.length ? 'rcpt' : 'mail';
  }
}

function failure(stage: Stage, error: SMTPError): Answer {
  return error.response ? readReply(stage, error.response) : lost(stage, error);
}

function lost(stage: Stage, error: Error | undefined): Answer {
  return { stage, text: error?.message ?? 'Connection closed unexpectedly' };
}

function everybody(to: readonly string[], answer: Answer): readonly RecipientAnswer[] {
  return to.map((address) => ({ address, accepted: false, ...answer }));
}

/** A whole reply, its lines ended by LF (RFC 5321 §4.2.1, RFC 2034 §4). */
export function readReply(stage: Stage, response: string): Answer {
  if (!/^[2-5]\d\d(?:[ -]|$)/.test(response)) return { stage, text: `Malformed reply: ${response}` };
  const code = Number(response.slice(0, 3));
  const enhanced = /^\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})(?=\s|$)/.exec(response)?.[1];
  const text = response
    .split('\n')
    .map((line) => withoutCodes(line, enhanced))
    .filter((line) => line !== '')
    .join(' ');
  return enhanced === undefined ? { stage, code, text } : { stage, code, enhanced, text };
}

function withoutCodes(line: string, enhanced: string | undefined): string {
  const text = line.replace(/^\d{3}[ -]?/, '');
  return (enhanced && text.startsWith(enhanced) ? text.slice(enhanced.length) : text).trim();
}
