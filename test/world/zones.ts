import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Answer, decode, encode, type Packet, RECURSION_AVAILABLE, type RecordType } from 'dns-packet';

/** Records of the fake world by name: `{ 'example.org': { MX: [[10, 'mx.example.org']] }, … }`. */
export type Zones = Record<
  string,
  { MX?: [number, string][]; A?: string[]; TXT?: string[]; CNAME?: string; SOA?: [server: string, mailbox: string] }
>;

/** A DNS server on loopback that knows only what the test tells it, and follows its aliases; other names do not exist. */
export class ZoneServer {
  readonly zones: Zones;
  readonly #socket: Socket;
  /** Names of which nothing is ever answered. */
  readonly silent = new Set<string>();
  /** Names that are answered with SERVFAIL. */
  readonly broken = new Set<string>();
  /** Ports of servers on loopback that are asked for a name and all below it. */
  readonly delegated = new Map<string, number>();

  private constructor(zones: Zones, socket: Socket) {
    this.zones = zones;
    this.#socket = socket;
  }

  static async start(zones: Zones): Promise<ZoneServer> {
    const socket = createSocket('udp4');
    const server = new ZoneServer(zones, socket);
    socket.on('message', async (message, peer) => {
      const packet = decode(message);
      if (packet.questions?.some(({ name }) => server.silent.has(name.toLowerCase()))) return;
      const answer = await server.#answer(packet);
      socket.send(answer, peer.port, peer.address);
    });
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return server;
  }

  /** `host:port`, for SESAME_DNS. */
  get address(): string {
    const { address, port } = this.#socket.address() as AddressInfo;
    return `${address}:${port}`;
  }

  async #answer({ id = 0, questions = [] }: Packet): Promise<Buffer> {
    const [{ name, type } = { name: '', type: 'A' as const }] = questions;
    const { rcode, answers } = await this.#find(name.toLowerCase(), type);
    return encode({ type: 'response', id, flags: RECURSION_AVAILABLE | rcode, questions, answers: [...answers] });
  }

  async #find(name: string, type: RecordType): Promise<Found> {
    const port = [...this.delegated].find(([zone]) => name === zone || name.endsWith(`.${zone}`))?.[1];
    if (this.broken.has(name)) return { rcode: 2, answers: [] };
    if (port !== undefined) return this.#followed(await askServer(port, name, type), type);
    const zone = this.zones[name];
    if (!zone) return { rcode: 3, answers: [] };
    if (zone.CNAME === undefined) return { rcode: 0, answers: recordsOf(name, type, zone) };
    return this.#followed({ rcode: 0, answers: [{ type: 'CNAME', name, ttl: 1, data: zone.CNAME }] }, type);
  }

  /** A resolver goes on where an alias leads elsewhere. */
  async #followed(found: Found, type: RecordType): Promise<Found> {
    const last = found.answers.at(-1);
    if (type === 'CNAME' || last?.type !== 'CNAME') return found;
    const { rcode, answers } = await this.#find(last.data.toLowerCase(), type);
    return { rcode, answers: [...found.answers, ...answers] };
  }

  close(): void {
    this.#socket.close();
  }
}

interface Found {
  readonly rcode: number;
  readonly answers: readonly Answer[];
}

async function askServer(port: number, name: string, type: RecordType): Promise<Found> {
  const socket = createSocket('udp4');
  const opt = {
    type: 'OPT',
    name: '.',
    udpPayloadSize: 4_096,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } as const;
  const question = encode({
    type: 'query',
    id: 1,
    questions: [{ name, type }],
    additionals: [{ ...opt, options: [] }],
  });
  socket.send(question, port, '127.0.0.1');
  const [message] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  const { flags = 0, answers = [] } = decode(message);
  return { rcode: flags & 0xf, answers };
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
