import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What a hostile peer does with one connection; the whole of it, from the first octet. */
export type Behaviour = (socket: Socket) => void;

/** A peer of the world that keeps no rule: what it does with a connection is the test's word. */
export class HostilePeer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  behave: Behaviour;
  /** Connections so far. */
  visits = 0;

  private constructor(behave: Behaviour) {
    this.behave = behave;
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.visits += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => this.#sockets.delete(socket));
      this.behave(socket);
    });
  }

  static async start(behave: Behaviour, { host = '127.0.0.1', port = 0 } = {}): Promise<HostilePeer> {
    const peer = new HostilePeer(behave);
    peer.#server.listen(port, host);
    await once(peer.#server, 'listening');
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

/** Takes every connection and says nothing, ever. */
export const blackHole: Behaviour = (socket) => void socket.resume();
