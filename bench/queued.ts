/**
 * A long queue: 100,000 messages for 1,000 domains, none of which can leave (nothing listens where they should go). What
 * they cost in memory, and what accepting costs beside them; the null responder, measured before and after, tells whether
 * the machine itself has become slower.
 */
import { freePort, quiet, startNode, stop, told } from './children.ts';
import { sendByOurOwn } from './mail.ts';
import type { Bench } from './peers.ts';
import { alternate, type Contender, type Figure, figure, paced } from './rounds.ts';
import { Sesame } from './sesame.ts';

const QUEUED = 100_000;
const QUEUED_QUICK = 20_000;
const DOMAINS = 1_000;
const CONNECTIONS = 100;
const OCTETS = 4_096;
/** A turn adds to the queue; it must stay small beside it. */
const MOST_A_TURN = 3_000;
/** Looks at a queue that comes to rest (each waits some seconds). */
const LOOKS = 5;

export async function queued({ effort }: Bench): Promise<Figure[]> {
  const environment = { SESAME_DELIVERY: `smtp://127.0.0.1:${await freePort()}` };
  const sesame = await Sesame.start({ environment });
  const nothing = startNode('null-smtp.ts', []);
  const nullPort = await told<number>(nothing);
  const target = effort.rounds < 3 ? QUEUED_QUICK : QUEUED;
  let sent = 0;
  const send = async (port: number, messages: number) => {
    if (port === sesame.smtpPort) sent += messages;
    return (await sendByOurOwn({ port, connections: CONNECTIONS, messages, octets: OCTETS, domains: DOMAINS })).seconds;
  };
  const turns = (state: string): Contender[] =>
    [sesame.smtpPort, nullPort].map((port, n) => ({
      peer: `${n === 0 ? 'sesame' : 'null responder'}, ${state}`,
      run: paced((messages) => send(port, messages), { seconds: effort.seconds, pilot: 1_000, most: MOST_A_TURN }),
    }));
  const labels = { scenario: 'SMTP accept beside a queue', connections: CONNECTIONS, unit: 'messages/s' };
  const memory = (peer: string, runs: readonly number[]) =>
    figure({ scenario: 'Resident memory', unit: 'MB', peer: `sesame, ${peer}`, runs, others: [] });
  try {
    const idle = await settled(sesame);
    const empty = await alternate(labels, turns('empty'), effort.rounds);
    const warm = await settled(sesame);
    while (sent < target) await send(sesame.smtpPort, Math.min(10_000, target - sent));
    const full = await settled(sesame);
    const beside = await alternate(labels, turns(`${target} queued`), effort.rounds);
    return [...empty, ...beside, memory('idle', idle), memory('warm', warm), memory(`${target} queued`, full)];
  } finally {
    await Promise.all([sesame.stop(), stop(nothing)]);
  }
}

/** Megabytes once it has come to rest, or has not for half a minute: the last of a few looks counts. */
async function settled(sesame: Sesame): Promise<number[]> {
  for (let look = 0; look < LOOKS; look++) if ((await quiet()) < 0.1) break;
  return [(await sesame.stats()).residentMegabytes];
}
