import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { type Answer, decode, encode, type Packet, RECURSION_AVAILABLE } from 'dns-packet';

/** Records of the fake world by name: `{ 'example.org': { MX: [[10, 'mx.example.org']] }, … }`. */
export type Zones = Record<
  string,
  { MX?: [number, string][]; A?: string[]; TXT?: string[]; CNAME?: string; SOA?: [server: string, mailbox: string] }
>;

/** A DNS server on loopback that knows only what the test tells it, and follows its aliases; other names do not exist. */
export class ZoneServer {
  readonly zones: Zones;
  readonly #socket: Socket;
  /** Names that are answered with SERVFAIL. */
  readonly broken = new Set<string>();

  private constructor(zones: Zones, socket: Socket) {
    this.zones = zones;
    this.#socket = socket;
  }

  static async start(zones: Zones): Promise<ZoneServer> {
    const socket = createSocket('udp4');
    const server = new ZoneServer(zones, socket);
    socket.on('message', (message, peer) => socket.send(server.#answer(decode(message)), peer.port, peer.address));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return server;
  }

  /** `host:port`, for SESAME_DNS. */
  get address(): string {
    const { address, port } = this.#socket.address() as AddressInfo;
    return `${address}:${port}`;
  }

  #answer({ id, questions = [] }: Packet): Buffer {
    const [question] = questions;
    const name = question?.name.toLowerCase() ?? '';
    const rcode = this.broken.has(name) ? 2 : this.zones[name] ? 0 : 3;
    const answers = rcode === 0 ? this.#recordsOf(name, question?.type ?? '') : [];
    return encode({ type: 'response', id: id ?? 0, flags: RECURSION_AVAILABLE | rcode, questions, answers });
  }

  #recordsOf(name: string, type: string): Answer[] {
    const alias = this.zones[name]?.CNAME;
    if (alias === undefined) return recordsOf(name, type, this.zones[name] ?? {});
    const here: Answer = { type: 'CNAME', name, ttl: 1, data: alias };
    return type === 'CNAME' ? [here] : [here, ...this.#recordsOf(alias, type)];
  }

  close(): void {
    this.#socket.close();
  }
}

function recordsOf(name: string, type: string, { MX = [], A = [], TXT = [], SOA }: Zones[string]): Answer[] {
  if (type === 'MX')
    return MX.map(([preference, exchange]) => ({ type, name, ttl: 1, data: { preference, exchange } }));
  if (type === 'A') return A.map((data) => ({ type, name, ttl: 1, data }));
  // A string has 255 octets at most.
  if (type === 'TXT') return TXT.map((text) => ({ type, name, ttl: 1, data: text.match(/.{1,255}/gs) ?? [''] }));
  if (type === 'SOA' && SOA)
    return [
      {
        type,
        name,
        ttl: 1,
        data: { mname: SOA[0], rname: SOA[1], serial: 2026112401, refresh: 1, retry: 1, expire: 1, minimum: 1 },
      },
    ];
  return [];
}
