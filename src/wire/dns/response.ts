import { decode, type Answer as Encodable, encode, type OptAnswer, type Packet } from 'dns-packet';
import type { Question, ResourceRecord, Verdict } from './records.ts';

/** Octets of an answer over UDP where the asker names no size (RFC 1035 §2.3.4), and at most (DNS flag day 2020). */
const PLAIN_OCTETS = 512;
const MOST_OCTETS = 1_232;

const HEADER_OCTETS = 12;
const RESPONSE = 0x8000;
const AUTHORITATIVE = 0x0400;
const TRUNCATED = 0x0200;
const RECURSION_DESIRED = 0x0100;

const codes = { ok: 0, malformed: 1, failed: 2, 'no-such-name': 3, 'not-implemented': 4, refused: 5 } as const;
type Code = keyof typeof codes;

/** Says what is at a name; a server that only speaks for its own zones. */
export type Authority = (question: Question) => Promise<Verdict>;

interface Answering {
  readonly authority: Authority;
  /** UDP has a size; TCP has not. */
  readonly transport: 'udp' | 'tcp';
  /** Over UDP: say only that the answer is to be had over TCP, which nobody can ask for in another's name. */
  readonly shorten?: boolean;
  /** The authority broke: the asker is told to try later. */
  readonly onFault: (cause: unknown) => void;
}

/**
 * The octets that answer a message; nothing for one that is no question at all. The question comes back as it was written,
 * letter case and all (draft-vixie-dnsext-dns0x20).
 */
export async function respond(message: Buffer, answering: Answering): Promise<Buffer | undefined> {
  // An answer to an answer could go on for ever.
  if (message.length < HEADER_OCTETS || message.readUInt16BE(2) & RESPONSE) return undefined;
  const packet = read(message);
  if (!packet) return bare(message, 'malformed');
  if (packet.opcode !== 'QUERY') return bare(message, 'not-implemented');
  const [question] = packet.questions ?? [];
  const opt = (packet.additionals ?? []).filter((record): record is OptAnswer => record.type === 'OPT');
  if (packet.questions?.length !== 1 || !question || opt.length > 1) return bare(message, 'malformed');
  const reply = new Reply(packet, { question, opt: opt[0] });
  // RFC 6891 §6.1.3: BADVERS, 16.
  if (opt[0] && opt[0].ednsVersion > 0) return reply.encode({ extended: 1 });
  const { transport, shorten } = answering;
  if (shorten && transport === 'udp') return reply.encode({ flags: TRUNCATED });
  const verdict = await verdictOf(question, answering);
  if (typeof verdict === 'string') return reply.encode({ code: verdict });
  const whole = reply.encode(verdict);
  const room = Math.min(Math.max(opt[0]?.udpPayloadSize ?? 0, PLAIN_OCTETS), MOST_OCTETS);
  if (transport === 'tcp' || whole.length <= room) return whole;
  return reply.encode({ flags: AUTHORITATIVE | TRUNCATED });
}

interface Said {
  readonly code?: Code;
  readonly extended?: number;
  readonly flags?: number;
  readonly answers?: readonly Encodable[];
  readonly authorities?: readonly Encodable[];
}

async function verdictOf(asked: Packetted, { authority, onFault }: Answering): Promise<Said | Code> {
  const question = { name: asked.name.toLowerCase(), type: asked.type };
  // A whole zone is nobody's business (RFC 5936 §5), and there is no zone of another class.
  if (asked.class !== 'IN' || ['AXFR', 'IXFR'].includes(question.type)) return 'refused';
  try {
    const verdict = await authority(question);
    if (verdict.kind === 'refused') return 'refused';
    return {
      code: verdict.exists ? 'ok' : 'no-such-name',
      flags: AUTHORITATIVE,
      // Where the asker's own spelling is the name of the answer it comes back as it was asked.
      answers: verdict.answers.map((record) =>
        encodable(record.name === question.name ? { ...record, name: asked.name } : record),
      ),
      authorities: verdict.authority.map(encodable),
    };
  } catch (cause) {
    onFault(cause);
    return 'failed';
  }
}

type Packetted = NonNullable<Packet['questions']>[number];

class Reply {
  readonly #packet: Packet;
  readonly #question: Packetted;
  readonly #opt: OptAnswer | undefined;

  constructor(packet: Packet, { question, opt }: { question: Packetted; opt: OptAnswer | undefined }) {
    this.#packet = packet;
    this.#question = question;
    this.#opt = opt;
  }

  encode({ code = 'ok', extended = 0, flags = 0, answers = [], authorities = [] }: Said): Buffer {
    const { id = 0, flags: asked = 0 } = this.#packet;
    return encode({
      type: 'response',
      id,
      flags: flags | (asked & RECURSION_DESIRED) | codes[code],
      questions: [this.#question],
      answers: [...answers],
      authorities: [...authorities],
      additionals: this.#opt ? [ourOpt(extended)] : [],
    });
  }
}

const ourOpt = (extendedRcode: number): OptAnswer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: MOST_OCTETS,
  extendedRcode,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
});

/** Nothing where it cannot be read, or its question could not be given back octet for octet. */
function read(message: Buffer): (Packet & { opcode?: string }) | undefined {
  try {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    const written = question && encode({ questions: [question] }).subarray(HEADER_OCTETS);
    if (written && !message.subarray(HEADER_OCTETS, HEADER_OCTETS + written.length).equals(written)) return undefined;
    return packet;
  } catch {
    // Not a message: answered as such.
    return undefined;
  }
}

/** The header alone, for what could not be read. */
function bare(message: Buffer, code: Code): Buffer {
  const header = Buffer.alloc(HEADER_OCTETS);
  message.copy(header, 0, 0, 2);
  // Opcode and RD as they came.
  header.writeUInt16BE(RESPONSE | (message.readUInt16BE(2) & 0x7900) | codes[code], 2);
  return header;
}

/** Octets of one string of a TXT record (RFC 1035 §3.3). */
const STRING_OCTETS = 255;

function encodable(record: ResourceRecord): Encodable {
  const { name, ttl } = record;
  switch (record.type) {
    case 'TXT':
      return { name, ttl, type: 'TXT', data: strings(record.data) };
    case 'MX': {
      const { preference, host: exchange } = record.data;
      return { name, ttl, type: 'MX', data: { preference, exchange } };
    }
    case 'SOA': {
      const { server: mname, mailbox: rname, serial, minimum } = record.data;
      return {
        name,
        ttl,
        type: 'SOA',
        data: { mname, rname, serial, minimum, refresh: 3_600, retry: 600, expire: 604_800 },
      };
    }
    default:
      return { name, ttl, type: record.type, data: record.data };
  }
}

function strings(text: string): Buffer[] {
  const octets = Buffer.from(text);
  const count = Math.max(1, Math.ceil(octets.length / STRING_OCTETS));
  return Array.from({ length: count }, (_, n) => octets.subarray(n * STRING_OCTETS, (n + 1) * STRING_OCTETS));
}
