import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { decode, encode, type OptAnswer, type Packet, type RecordType, streamEncode } from 'dns-packet';
import { MovableClock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { ANSWERS_PER_SECOND, networkOf, RateLimit } from './rate.ts';
import type { ResourceRecord, Verdict } from './records.ts';
import { respond } from './response.ts';
import { DnsServer } from './server.ts';

const soa: ResourceRecord = {
  name: 'sesame.example',
  ttl: 60,
  type: 'SOA',
  data: { server: 'ns.sesame.example', mailbox: 'hostmaster.sesame.example', serial: 7, minimum: 60 },
};
const key = `v=DKIM1; k=rsa; p=${'M'.repeat(392)}`;
const records: ResourceRecord[] = [
  { name: 'key.sesame.example', ttl: 300, type: 'TXT', data: key },
  { name: 'mail.sesame.example', ttl: 300, type: 'MX', data: { preference: 10, host: 'mx.sesame.example' } },
  { name: 'mx.sesame.example', ttl: 300, type: 'A', data: '192.0.2.1' },
  // Longer than any answer over UDP.
  ...Array.from({ length: 5 }, (_, n): ResourceRecord => {
    return { name: 'long.sesame.example', ttl: 300, type: 'TXT', data: `${n}${'x'.repeat(400)}` };
  }),
];

async function authority({ name, type }: { name: string; type: string }): Promise<Verdict> {
  if (name === 'broken.sesame.example') throw new Error('broken');
  if (!name.endsWith('sesame.example')) return { kind: 'refused' };
  const here = records.filter((record) => record.name === name);
  const answers = here.filter((record) => record.type === type);
  return { kind: 'answered', exists: here.length > 0, answers, authority: answers.length > 0 ? [] : [soa] };
}

const OPT: OptAnswer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: 4_096,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
};

function query(name: string, type: RecordType, more: Packet = {}): Buffer {
  return encode({ type: 'query', id: 4711, flags: 0x0100, questions: [{ name, type }], ...more });
}

interface Answered extends Packet {
  readonly rcode?: string;
  readonly opcode?: string;
  readonly flag_tc?: boolean;
  readonly flag_aa?: boolean;
  readonly flag_ra?: boolean;
}

async function over(transport: 'udp' | 'tcp', message: Buffer): Promise<Answered & { octets: number }> {
  const answer = await respond(message, { authority, transport, onFault: () => {} });
  assert.ok(answer, 'no answer');
  return { ...(decode(answer) as Answered), octets: answer.length };
}

describe('what is answered', () => {
  test('a record, with authority and without recursion, the name as it was asked', async () => {
    const answer = await over('udp', query('MAIL.sesAme.example', 'MX'));
    assert.deepEqual([answer.id, answer.rcode, answer.flag_aa, answer.flag_ra], [4711, 'NOERROR', true, false]);
    assert.equal(answer.questions?.[0]?.name, 'MAIL.sesAme.example');
    assert.deepEqual(
      answer.answers?.map((one) => [one.name, one.type, 'data' in one && one.data]),
      [['MAIL.sesAme.example', 'MX', { preference: 10, exchange: 'mx.sesame.example' }]],
    );
  });

  test('a long text in strings of 255 octets', async () => {
    const answer = await over('udp', query('key.sesame.example', 'TXT', { additionals: [OPT] }));
    const [record] = answer.answers ?? [];
    assert.ok(record?.type === 'TXT' && Array.isArray(record.data));
    assert.deepEqual(
      record.data.map((string) => string.length),
      [255, key.length - 255],
    );
    assert.equal(Buffer.concat(record.data as Buffer[]).toString(), key);
  });

  test('a name that is not there, and one without such a record: both with the SOA', async () => {
    for (const [name, rcode] of [
      ['gone.sesame.example', 'NXDOMAIN'],
      ['mx.sesame.example', 'NOERROR'],
    ] as const) {
      const answer = await over('udp', query(name, 'TXT'));
      assert.deepEqual([answer.rcode, answer.answers], [rcode, []]);
      const [authorities] = answer.authorities ?? [];
      assert.ok(authorities?.type === 'SOA');
      assert.deepEqual(
        [authorities.data.mname, authorities.data.serial, authorities.data.minimum],
        ['ns.sesame.example', 7, 60],
      );
    }
  });

  const refused: [string, string, Buffer][] = [
    ['another zone', 'REFUSED', query('example.org', 'A')],
    ['a zone transfer', 'REFUSED', query('sesame.example', 'AXFR')],
    [
      'another class',
      'REFUSED',
      query('sesame.example', 'TXT', { questions: [{ name: 'sesame.example', type: 'TXT', class: 'CH' }] }),
    ],
    ['an update', 'NOTIMP', query('sesame.example', 'SOA', { flags: 5 << 11 })],
    ['no question', 'FORMERR', query('', 'A', { questions: [] })],
    [
      'two questions',
      'FORMERR',
      query('', 'A', {
        questions: [
          { name: 'a.sesame.example', type: 'A' },
          { name: 'b.sesame.example', type: 'A' },
        ],
      }),
    ],
    [
      'octets that are no message',
      'FORMERR',
      Buffer.concat([query('sesame.example', 'A').subarray(0, 14), Buffer.from([0xc0])]),
    ],
    ['a fault of ours', 'SERVFAIL', query('broken.sesame.example', 'A')],
  ];
  for (const [what, rcode, message] of refused) {
    test(`${what}: ${rcode}`, async () => {
      const answer = await over('udp', message);
      assert.deepEqual([answer.id, answer.rcode, answer.answers], [4711, rcode, []]);
    });
  }

  test('an answer, and what is too short to be a message, is answered with silence', async () => {
    const answering = { authority, transport: 'udp', onFault: () => {} } as const;
    assert.equal(await respond(encode({ type: 'response', id: 1, questions: [] }), answering), undefined);
    assert.equal(await respond(Buffer.alloc(11), answering), undefined);
  });
});

describe('sizes', () => {
  test('over UDP without EDNS 512 octets, then TC and nothing else', async () => {
    const answer = await over('udp', query('key.sesame.example', 'TXT', {}));
    assert.ok(answer.octets <= 512);
    const cut = await over('udp', query('long.sesame.example', 'TXT'));
    assert.deepEqual([cut.flag_tc, cut.answers, cut.rcode], [true, [], 'NOERROR']);
  });

  test('with EDNS no more than we ourselves want to send', async () => {
    const cut = await over('udp', query('long.sesame.example', 'TXT', { additionals: [OPT] }));
    assert.equal(cut.flag_tc, true);
    const [opt] = cut.additionals ?? [];
    assert.ok(opt?.type === 'OPT');
    assert.equal(opt.udpPayloadSize, 1_232);
  });

  test('an EDNS version that is to come is BADVERS', async () => {
    const answer = await over('udp', query('mx.sesame.example', 'A', { additionals: [{ ...OPT, ednsVersion: 1 }] }));
    const [opt] = answer.additionals ?? [];
    assert.ok(opt?.type === 'OPT');
    assert.deepEqual([opt.extendedRcode, answer.answers], [1, []]);
  });

  test('over TCP whole', async () => {
    const answer = await over('tcp', query('long.sesame.example', 'TXT'));
    assert.deepEqual([answer.flag_tc, answer.answers?.length], [false, 5]);
  });
});

describe('the rate of answers to one network', () => {
  test('whole, then short, then none; another network is not touched, a second later all is well', () => {
    let now = 0;
    const rate = new RateLimit(() => now);
    const many = (address: string, count: number) => Array.from({ length: count }, () => rate.allow(address)).at(-1);
    assert.equal(many('192.0.2.1', ANSWERS_PER_SECOND), 'whole');
    assert.equal(rate.allow('192.0.2.77'), 'short');
    assert.equal(many('192.0.2.1', ANSWERS_PER_SECOND), 'none');
    assert.equal(rate.allow('192.0.3.1'), 'whole');
    now += 1_000;
    assert.equal(rate.allow('192.0.2.1'), 'whole');
  });

  const check = (address: string, network: string) =>
    test(`${address} is of ${network}`, () => assert.equal(networkOf(address), network));
  check('192.0.2.9', '192.0.2');
  check('::ffff:192.0.2.9', '192.0.2');
  check('2001:db8::1', '20010db8000000');
  check('2001:db8:1:2ff::1', '20010db8000102');
  check('fe80::1%eth0', 'fe800000000000');
});

describe('a server', () => {
  let server: DnsServer;
  let port: number;
  const clock = new MovableClock();
  let now = 0;
  clock.monotonic = () => now;

  before(async () => {
    server = new DnsServer({ authority, clock, log: silentLog });
    ({ port } = await server.listen('127.0.0.1', 0));
  });
  after(() => server.close());

  /** The answers over one connection; fewer than asked where it was closed. */
  async function overTcp(socket: Socket, count: number): Promise<Answered[]> {
    const answers: Answered[] = [];
    let waiting = Buffer.alloc(0);
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      waiting = Buffer.concat([waiting, chunk]);
      while (waiting.length >= 2 && waiting.length >= 2 + waiting.readUInt16BE(0)) {
        const length = waiting.readUInt16BE(0);
        answers.push(decode(waiting.subarray(2, 2 + length)) as Answered);
        waiting = waiting.subarray(2 + length);
      }
      if (answers.length === count) break;
    }
    socket.destroy();
    return answers;
  }

  test('answers over UDP', async () => {
    const socket = createSocket('udp4');
    socket.send(query('mx.sesame.example', 'A'), port, '127.0.0.1');
    const [message] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    const answer = decode(message) as Answered;
    assert.deepEqual(
      answer.answers?.map((one) => 'data' in one && one.data),
      ['192.0.2.1'],
    );
  });

  test('answers several questions on one connection, in whatever pieces they come', async () => {
    const socket = connect(port, '127.0.0.1');
    const ask = (name: string) => streamEncode({ type: 'query', id: 1, questions: [{ name, type: 'A' }] });
    const octets = Buffer.concat([ask('mx.sesame.example'), ask('gone.sesame.example')]);
    socket.write(octets.subarray(0, 1));
    socket.write(octets.subarray(1, 20));
    socket.write(octets.subarray(20));
    const answers = await overTcp(socket, 2);
    assert.deepEqual(
      answers.map(({ rcode }) => rcode),
      ['NOERROR', 'NXDOMAIN'],
    );
  });

  test('sends whoever asks too much over UDP to TCP, until a second has passed', async () => {
    const socket = createSocket('udp4');
    const ask = async () => {
      socket.send(query('mx.sesame.example', 'A'), port, '127.0.0.1');
      const [message] = (await once(socket, 'message')) as [Buffer];
      const { flag_tc, answers } = decode(message) as Answered;
      return [flag_tc, answers?.length];
    };
    now += 1_000;
    for (let n = 0; n < ANSWERS_PER_SECOND; n++) assert.deepEqual(await ask(), [false, 1]);
    assert.deepEqual(await ask(), [true, 0]);
    const stream = connect(port, '127.0.0.1');
    stream.write(streamEncode({ type: 'query', id: 1, questions: [{ name: 'mx.sesame.example', type: 'A' }] }));
    assert.deepEqual(
      (await overTcp(stream, 1)).map(({ flag_tc, answers }) => [flag_tc, answers?.length]),
      [[false, 1]],
    );
    now += 1_000;
    assert.deepEqual(await ask(), [false, 1]);
    socket.close();
  });

  test('closes on a length that no question has', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write(Buffer.from([0xff, 0xff, 0]));
    assert.deepEqual(await overTcp(socket, 1), []);
  });
});
