import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { type Clock, SECOND } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { RateLimit } from './rate.ts';
import { type Authority, respond } from './response.ts';

/** Questions over UDP that are being answered; more are dropped, and their askers try again. */
const MOST_IN_FLIGHT = 1_000;
/** Open TCP connections, in all and of one address. */
const MOST_CONNECTIONS = 200;
const MOST_CONNECTIONS_PER_PEER = 20;
/** Questions on one connection. */
const MOST_QUESTIONS = 200;
/** Milliseconds in which a connection must bring the next whole question (RFC 7766 §6.2.3). */
const IDLE = 10 * SECOND;
/** Octets of one question over TCP: a name, and options that we pass over. */
const QUESTION_OCTETS = 4_096;
/** With port 0 a free port must be free for both transports. */
const PORT_TRIES = 20;

interface DnsServerOptions {
  readonly authority: Authority;
  readonly clock: Clock;
  readonly log: Log;
}

/** A DNS server (RFC 1035, 7766, 6891) that speaks for its own zones over UDP and TCP, and asks nobody else. */
export class DnsServer {
  readonly #options: DnsServerOptions;
  readonly #rate: RateLimit;
  readonly #udp: UdpSocket[] = [];
  readonly #tcp: Server[] = [];
  readonly #connections = new Map<Socket, string>();
  #inFlight = 0;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#rate = new RateLimit(() => options.clock.monotonic());
  }

  /** Both transports on one port. */
  async listen(host: string, port: number): Promise<{ host: string; port: number }> {
    for (let tries = 1; ; tries++) {
      const udp = await this.#listenUdp(host, port);
      const bound = udp.address().port;
      try {
        this.#tcp.push(await this.#listenTcp(host, bound));
        this.#udp.push(udp);
        return { host, port: bound };
      } catch (cause) {
        udp.close();
        if (port !== 0 || tries === PORT_TRIES) throw cause;
      }
    }
  }

  /** What is being answered is dropped: whoever asked asks again, another server or later. */
  async close(): Promise<void> {
    for (const socket of this.#connections.keys()) socket.destroy();
    await Promise.all([
      ...this.#tcp.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))),
      ...this.#udp.splice(0).map((socket) => new Promise<void>((resolve) => socket.close(resolve))),
    ]);
  }

  async #listenUdp(host: string, port: number): Promise<UdpSocket> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: host, port, exclusive: true }, () => {
        socket.removeListener('error', reject);
        resolve();
      });
    });
    socket.on('error', (err) => this.#options.log.error({ err }, 'dns: a listener failed'));
    socket.on('message', (message, peer) => void this.#answerUdp(socket, message, peer));
    return socket;
  }

  async #answerUdp(socket: UdpSocket, message: Buffer, { address, port }: RemoteInfo): Promise<void> {
    const allowance = this.#rate.allow(address);
    if (allowance === 'none' || this.#inFlight >= MOST_IN_FLIGHT) return;
    this.#inFlight += 1;
    try {
      const answer = await this.#respond(message, 'udp', allowance === 'short');
      // A network that cannot be reached is the asker's trouble; a closed socket ends the process's work.
      if (answer && this.#udp.includes(socket)) socket.send(answer, port, address, () => {});
    } finally {
      this.#inFlight -= 1;
    }
  }

  async #listenTcp(host: string, port: number): Promise<Server> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
    server.on('error', (err) => this.#options.log.error({ err }, 'dns: a listener failed'));
    return server;
  }

  #accept(socket: Socket): void {
    const peer = socket.remoteAddress ?? '';
    const ofPeer = [...this.#connections.values()].filter((one) => one === peer).length;
    if (this.#connections.size >= MOST_CONNECTIONS || ofPeer >= MOST_CONNECTIONS_PER_PEER) {
      socket.destroy();
      return;
    }
    this.#connections.set(socket, peer);
    // Whatever went wrong with it, what is left to do is to forget it.
    socket.on('error', () => {});
    const deadline = setTimeout(() => socket.destroy(), IDLE);
    socket.on('close', () => {
      clearTimeout(deadline);
      this.#connections.delete(socket);
    });
    void this.#converse(socket, deadline);
  }

  /** Each message has its length before it (RFC 1035 §4.2.2); they are answered in their order. */
  async #converse(socket: Socket, deadline: NodeJS.Timeout): Promise<void> {
    let waiting: Buffer = Buffer.alloc(0);
    let questions = 0;
    try {
      for await (const chunk of socket as AsyncIterable<Buffer>) {
        waiting = Buffer.concat([waiting, chunk]);
        while (waiting.length >= 2) {
          const length = waiting.readUInt16BE(0);
          questions += waiting.length >= 2 + length ? 1 : 0;
          if (length > QUESTION_OCTETS || questions > MOST_QUESTIONS) return;
          if (waiting.length < 2 + length) break;
          const answer = await this.#respond(waiting.subarray(2, 2 + length), 'tcp');
          waiting = waiting.subarray(2 + length);
          if (!answer) return;
          deadline.refresh();
          const size = Buffer.alloc(2);
          size.writeUInt16BE(answer.length);
          socket.write(Buffer.concat([size, answer]));
        }
      }
    } catch {
      // The connection broke: there is nobody left to tell.
    } finally {
      socket.destroySoon();
    }
  }

  #respond(message: Buffer, transport: 'udp' | 'tcp', shorten = false): Promise<Buffer | undefined> {
    const { authority, log } = this.#options;
    return respond(message, {
      authority,
      transport,
      shorten,
      onFault: (err) => log.error({ err }, 'dns: a question could not be answered'),
    });
  }
}
