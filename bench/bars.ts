/** The bars of issue 2, "Durable and fast", and of those after it: ratios within one run, as machines differ. */
import type { Figure } from './rounds.ts';

export interface Bar {
  readonly sentence: string;
  readonly value: number;
  /** What must be reached, and where we want to be; at most instead of at least where `below`. */
  readonly bar: number;
  readonly wanted?: number;
  readonly below?: true;
  readonly met: boolean;
}

interface Wanted {
  readonly sentence: string;
  readonly bar: number;
  readonly wanted?: number;
  readonly below?: true;
  value(read: Read): number | undefined;
}

/** The median of a peer whose name begins so, at so many connections. */
type Read = (scenario: string, peer: string, connections?: number) => number | undefined;

const ACCEPT = 'SMTP accept, 4 KB';
const RELAY = 'Accept, sign, deliver';
const SEND = 'SendEmail v2';
const BESIDE = 'SMTP accept beside a queue';
const RECEIVE = 'Receive to S3';
const LARGE = 'Receive 40';
const MEMORY = 'Resident memory';
const TRACKING = 'Tracking rewrite';
const RENDERING = 'Rendering';
const BULK = 'Bulk';

const bars: readonly Wanted[] = [
  ...(
    [
      [100, 10, 15],
      [10, 5, 8],
      [1, 2, 3],
    ] as const
  ).map(([connections, bar, wanted]) => ({
    sentence: `SMTP accept at ${connections}, × Postfix while it relays`,
    bar,
    wanted,
    value: (read: Read) => ratio(read(ACCEPT, 'sesame', connections), read(ACCEPT, 'postfix', connections)),
  })),
  {
    sentence: 'SMTP accept at 100, × OpenSMTPD at its best',
    bar: 2,
    value: (read) => ratio(read(ACCEPT, 'sesame', 100), best(read, ACCEPT, 'opensmtpd')),
  },
  {
    sentence: 'Accept, sign, deliver at 100, × Postfix without DKIM',
    bar: 5,
    wanted: 8,
    value: (read) => ratio(read(RELAY, 'sesame', 100), read(RELAY, 'postfix', 100)),
  },
  {
    sentence: 'SendEmail at 100, × node:http that only parses',
    bar: 0.15,
    wanted: 0.3,
    value: (read) => ratio(read(SEND, 'sesame', 100), read(SEND, 'node:http', 100)),
  },
  {
    sentence: 'SendEmail at 100, × aws-ses-v2-local',
    bar: 1,
    value: (read) => ratio(read(SEND, 'sesame', 100), read(SEND, 'aws-ses-v2-local', 100)),
  },
  {
    sentence: 'A long queue: MB over idle',
    bar: 100,
    below: true,
    value: (read) => difference(queued(read, MEMORY), read(MEMORY, 'sesame, idle')),
  },
  {
    sentence: 'A long queue: accept rate, × empty',
    bar: 0.8,
    value: (read) => ratio(queued(read, BESIDE, 100), read(BESIDE, 'sesame, empty', 100)),
  },
  {
    sentence: 'Receive to S3 at 100, × Postfix that only accepts',
    bar: 8,
    value: (read) => ratio(read(RECEIVE, 'sesame', 100), read(RECEIVE, 'postfix', 100)),
  },
  {
    sentence: 'Forty mails of 30 MB at a time, MB over idle',
    bar: 300,
    below: true,
    value: (read) => read(LARGE, 'sesame, memory over idle'),
  },
  {
    sentence: 'Tracking rewrite of 20 KB of HTML, × htmlparser2 that only parses',
    bar: 0.5,
    value: (read) => ratio(read(TRACKING, 'sesame, one page'), read(TRACKING, 'htmlparser2')),
  },
  {
    sentence: 'Rendering, × bare Handlebars that has compiled and parsed before',
    bar: 0.25,
    value: (read) => ratio(read(RENDERING, 'sesame'), read(RENDERING, 'Handlebars, compiled, data at hand')),
  },
  {
    sentence: 'SendBulkEmail of 50 destinations, × SendEmail for each, destinations/s',
    bar: 2,
    value: (read) => ratio(read(BULK, 'SendBulkEmail', 10), read(BULK, 'SendEmail', 10)),
  },
  { sentence: 'Idle MB', bar: 130, below: true, value: (read) => read(MEMORY, 'sesame, idle') },
  {
    sentence: 'Loop delay p99 at 100, ms',
    bar: 50,
    below: true,
    value: (read) => read(`Loop delay p99, ${ACCEPT}`, 'sesame', 100),
  },
];

/** Those that this run says something about. */
export function judge(figures: readonly Figure[]): Bar[] {
  const read: Read = (scenario, peer, connections) =>
    figures.find(
      (figure) =>
        figure.scenario.startsWith(scenario) && figure.peer.startsWith(peer) && figure.connections === connections,
    )?.median;
  return bars.flatMap(({ value: measure, ...wanted }) => {
    const value = measure(read);
    if (value === undefined) return [];
    return [{ ...wanted, value, met: wanted.below ? value < wanted.bar : value >= wanted.bar }];
  });
}

/** The long queue of a quick run is shorter, and its name says so. */
function queued(read: Read, scenario: string, connections?: number): number | undefined {
  return read(scenario, 'sesame, 100000 queued', connections) ?? read(scenario, 'sesame, 20000 queued', connections);
}

/** Its own way of waiting makes it slower at 100 connections than at 10. */
function best(read: Read, scenario: string, peer: string): number | undefined {
  const rates = [1, 10, 100]
    .map((connections) => read(scenario, peer, connections))
    .filter((rate) => rate !== undefined);
  return rates.length > 0 ? Math.max(...rates) : undefined;
}

function ratio(ours?: number, theirs?: number): number | undefined {
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}

function difference(one?: number, other?: number): number | undefined {
  return one === undefined || other === undefined ? undefined : one - other;
}
