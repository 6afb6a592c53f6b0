import { SECOND } from '../../base/clock.ts';
import { type Answer, type ConnectOptions, type OutgoingMessage, type RecipientAnswer, SmtpClient } from './client.ts';

/**
 * Connections kept for the next message to the same peer over the same way. Deliveries beyond the limit of a peer wait
 * their turn; where nobody is connected and a connection fails, they have its answer, since theirs would be the same. A kept connection that turns out to be closed, before the peer has answered anything, is replaced and
 * nobody hears of it: the content had not been sent (it follows 354 only), so nothing can arrive twice.
 */
export interface SmtpPoolLimits {
  /** Open connections to one peer at a time. */
  readonly connectionsPerPeer: number;
  /** Messages, then the connection is closed: big receivers spread load over connections. */
  readonly messagesPerConnection: number;
  /** Milliseconds that a connection is kept without work. */
  readonly idle: number;
}

const smtpPoolLimits: SmtpPoolLimits = {
  connectionsPerPeer: 10,
  messagesPerConnection: 100,
  idle: 5 * SECOND,
};

export interface PooledAnswer extends RecipientAnswer {
  /** Address that we spoke from, where there was a connection. */
  readonly localAddress?: string | undefined;
}

interface Kept {
  readonly client: SmtpClient;
  messages: number;
  timer: NodeJS.Timeout | undefined;
}

interface Peer {
  readonly key: string;
  busy: number;
  /** Of the busy ones: those that are not connected yet. */
  connecting: number;
  /** The newest last: it is the least likely to have been closed, and the oldest run out. */
  readonly idle: Kept[];
  /** Each is told that it is its turn, or why no connection came about. */
  readonly waiting: ((failure?: Answer) => void)[];
}

export class SmtpPool {
  readonly #limits: SmtpPoolLimits;
  readonly #peers = new Map<string, Peer>();
  #closed = false;

  constructor(limits: Partial<SmtpPoolLimits> = {}) {
    this.#limits = { ...smtpPoolLimits, ...limits };
  }

  /** Open connections, at work and idle. */
  get connections(): number {
    let count = 0;
    for (const peer of this.#peers.values()) count += peer.busy + peer.idle.length;
    return count;
  }

  /** An answer for each recipient, in order; where no connection came about all get its answer. */
  async deliver(options: ConnectOptions, message: OutgoingMessage): Promise<readonly PooledAnswer[]> {
    const key = peerKey(options);
    const peer = this.#peers.get(key) ?? { key, busy: 0, connecting: 0, idle: [], waiting: [] };
    this.#peers.set(key, peer);
    if (peer.busy >= this.#limits.connectionsPerPeer) {
      const failure = await new Promise<Answer | undefined>((turn) => peer.waiting.push(turn));
      if (failure) return unconnected(message, failure);
    } else peer.busy++;
    try {
      const answers = await this.#deliverKept(peer, message);
      return answers ?? (await this.#deliverFresh(peer, options, message));
    } finally {
      const next = peer.waiting.shift();
      if (next) next();
      else peer.busy--;
      this.#tidy(peer);
    }
  }

  /** Closes what is idle; what is at work closes when it is done. */
  close(): void {
    this.#closed = true;
    for (const peer of this.#peers.values()) {
      for (const kept of peer.idle.splice(0)) retire(kept);
      this.#tidy(peer);
    }
  }

  /** Nothing where no kept connection is left, or where the one tried was dead. */
  async #deliverKept(peer: Peer, message: OutgoingMessage): Promise<readonly PooledAnswer[] | undefined> {
    const kept = peer.idle.pop();
    if (!kept) return undefined;
    clearTimeout(kept.timer);
    if (!kept.client.open) return undefined;
    const answers = await deliverBy(kept.client, message);
    this.#keep(peer, kept);
    return answers.every(wasGoodbye) ? undefined : answers;
  }

  async #deliverFresh(peer: Peer, options: ConnectOptions, message: OutgoingMessage) {
    peer.connecting++;
    const client = await SmtpClient.connect(options).finally(() => peer.connecting--);
    if (!(client instanceof SmtpClient)) {
      const nobodyConnected = peer.idle.length === 0 && peer.busy - 1 === peer.connecting;
      if (nobodyConnected) for (const tell of peer.waiting.splice(0)) tell(client);
      return unconnected(message, client);
    }
    const answers = await deliverBy(client, message);
    this.#keep(peer, { client, messages: 0, timer: undefined });
    return answers;
  }

  #keep(peer: Peer, kept: Kept): void {
    kept.messages++;
    if (this.#closed || kept.messages >= this.#limits.messagesPerConnection) retire(kept);
    else if (kept.client.open) {
      peer.idle.push(kept);
      kept.timer = setTimeout(() => this.#expire(peer, kept), this.#limits.idle).unref();
    }
  }

  #expire(peer: Peer, kept: Kept): void {
    peer.idle.splice(peer.idle.indexOf(kept), 1);
    retire(kept);
    this.#tidy(peer);
  }

  #tidy(peer: Peer): void {
    if (peer.busy === 0 && peer.idle.length === 0) this.#peers.delete(peer.key);
  }
}

function unconnected(message: OutgoingMessage, failure: Answer): readonly PooledAnswer[] {
  return message.to.map((address) => ({ address, accepted: false, ...failure }));
}

async function deliverBy(client: SmtpClient, message: OutgoingMessage): Promise<readonly PooledAnswer[]> {
  // A connection that has ended no longer tells.
  const { localAddress } = client;
  return (await client.deliver(message)).map((answer) => ({ ...answer, localAddress }));
}

function retire({ client, timer }: Kept): void {
  clearTimeout(timer);
  client.close();
}

/** The first thing said on a kept connection was nothing, or 421 (RFC 5321 §3.8). */
function wasGoodbye({ stage, code }: Answer): boolean {
  return stage === 'mail' && (code === undefined || code === 421);
}

/** Two deliveries share a connection only if they would have opened the same; a pool trusts one set of authorities. */
function peerKey({ host, port, localAddress, ehloName, tls, servername, verifyCertificate, auth }: ConnectOptions) {
  return JSON.stringify([host, port, localAddress, ehloName, tls, servername, verifyCertificate, auth]);
}
