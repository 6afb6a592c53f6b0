import { type AddressInfo, createServer, isIPv6, type Server, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import type { Budget } from '../../base/budget.ts';
import { SECOND } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { SmtpDoor } from './door.ts';
import * as replies from './replies.ts';
import { formatReply } from './reply.ts';
import { Session, type SessionLimits, withoutMapping } from './session.ts';

/**
 * An SMTP server (RFC 5321): one door behind any number of addresses.
 * SIZE, 8BITMIME, PIPELINING, STARTTLS, AUTH PLAIN and LOGIN, DSN; no CHUNKING, no SMTPUTF8.
 * A connection that drops in the middle of content hands nothing on.
 */
export interface SmtpServerOptions {
  readonly door: SmtpDoor;
  /** Content is collected against it; one budget for all doors. */
  readonly budget: Budget;
  readonly log: Log;
  /** Asked for each handshake, so that a renewed certificate needs no restart. Without it there is no TLS. */
  readonly secureContext?: (() => SecureContext) | undefined;
  /** TLS from the first byte. */
  readonly implicitTls?: boolean;
  readonly limits?: Partial<SmtpServerLimits>;
}

interface SmtpServerLimits extends SessionLimits {
  /** Open connections of this server. */
  readonly connections: number;
  /** Open connections of one peer: an IPv4 address or an IPv6 /64. */
  readonly connectionsPerPeer: number;
}

const smtpServerLimits: SmtpServerLimits = {
  connections: 1_000,
  connectionsPerPeer: 250,
  errors: 10,
  commands: 2_000,
  recipients: 1_000,
  handshake: 30 * SECOND,
  roomWait: 30 * SECOND,
};

interface BoundAddress {
  readonly host: string;
  readonly port: number;
}

export class SmtpServer {
  readonly #options: SmtpServerOptions;
  readonly #limits: SmtpServerLimits;
  readonly #listeners: Server[] = [];
  readonly #sessions = new Set<Session>();
  readonly #perPeer = new Map<string, number>();
  #whenEmpty: (() => void) | undefined;

  constructor(options: SmtpServerOptions) {
    if (options.implicitTls && !options.secureContext) throw new Error('Implicit TLS needs a certificate');
    this.#options = options;
    this.#limits = { ...smtpServerLimits, ...options.limits };
  }

  get connections(): number {
    return this.#sessions.size;
  }

  /** Binds one address more and returns it; port 0 takes a free one. Rejects where it cannot be bound (EADDRINUSE). */
  async listen(host: string, port: number): Promise<BoundAddress> {
    // Half-open: a client may shut its side after QUIT or DATA and still wants the answer.
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen({ host, port }, () => {
        listener.removeListener('error', reject);
        resolve();
      });
    });
    listener.on('error', (error) => this.#options.log.error({ err: error }, 'smtp: a listener failed'));
    this.#listeners.push(listener);
    return { host, port: (listener.address() as AddressInfo).port };
  }

  /** No new connections; 421 to who is idle; messages under way have `grace` milliseconds, then the rest is cut. */
  async close(grace = 10 * SECOND): Promise<void> {
    for (const listener of this.#listeners) listener.close();
    for (const session of this.#sessions) session.leave();
    if (this.#sessions.size === 0) return;
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy();
    }, grace);
    await new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    clearTimeout(timer);
  }

  #accept(socket: Socket): void {
    const peerAddress = withoutMapping(socket.remoteAddress ?? '');
    const peer = peerNetwork(peerAddress);
    const ofPeer = this.#perPeer.get(peer) ?? 0;
    if (this.#sessions.size >= this.#limits.connections || ofPeer >= this.#limits.connectionsPerPeer) {
      turnAway(socket, this.#options.implicitTls ?? false);
      return;
    }
    this.#perPeer.set(peer, ofPeer + 1);
    const session = new Session({
      socket,
      peerAddress,
      door: this.#options.door,
      budget: this.#options.budget,
      log: this.#options.log,
      limits: this.#limits,
      secureContext: this.#options.secureContext,
      implicitTls: this.#options.implicitTls ?? false,
      onClose: () => this.#forget(session, peer),
    });
    this.#sessions.add(session);
  }

  #forget(session: Session, peer: string): void {
    this.#sessions.delete(session);
    const left = this.#perPeer.get(peer)! - 1;
    if (left === 0) this.#perPeer.delete(peer);
    else this.#perPeer.set(peer, left);
    if (this.#sessions.size === 0) this.#whenEmpty?.();
  }
}

/** A client that speaks TLS first could not read the reason; a handshake is more than it is worth. */
function turnAway(socket: Socket, implicitTls: boolean): void {
  socket.on('error', () => {});
  if (implicitTls) socket.destroy();
  else socket.end(formatReply(replies.tooManyConnections), () => socket.destroy());
}

/** Who has one IPv6 address has its /64. */
function peerNetwork(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) while (groups.length < 4) groups.push('0');
  return `${groups.slice(0, 4).join(':')}::/64`;
}
