/**
 * Accepting over SMTP: open, without TLS, in capture, durable. The peers relay what they accept to a sink while they are
 * measured, as they do in real life; the null responder shows what the generator and the protocol alone allow.
 */
import { startNode, stop, told } from './children.ts';
import { type Mail, sendMail } from './mail.ts';
import { OpenSmtpd } from './opensmtpd.ts';
import type { Bench } from './peers.ts';
import { Postfix } from './postfix.ts';
import { alternate, type Contender, type Figure, figure, paced } from './rounds.ts';
import type { Stats } from './server-words.ts';
import { Sesame } from './sesame.ts';

const CONNECTIONS = [1, 10, 100] as const;
const MOST_MESSAGES = 60_000;

export async function accept({ effort, places }: Bench, octets: number): Promise<Figure[]> {
  const scenario = `SMTP accept, ${octets / 1_024} KB`;
  const [sesame, postfix, openSmtpd] = [
    await Sesame.start(),
    await Postfix.start(),
    await OpenSmtpd.start(places.openSmtpd, 'accept'),
  ];
  const nothing = startNode('null-smtp.ts', []);
  const nullPort = await told<number>(nothing);
  const pace = { seconds: effort.seconds, most: MOST_MESSAGES };
  const figures: Figure[] = [];
  try {
    await sendMail({ port: sesame.smtpPort, connections: 10, messages: 2_000, octets: 4_096 });
    for (const connections of CONNECTIONS) {
      const accepts = (port: number, pilot: number) =>
        paced((messages) => sendMail({ port, connections, messages, octets } satisfies Mail), { ...pace, pilot });
      const stats: Stats[] = [];
      const ours = accepts(sesame.smtpPort, 200 + 10 * connections);
      const contenders: Contender[] = [
        { peer: 'sesame', run: () => watched(sesame, ours, stats) },
        ...[postfix && { peer: 'postfix', ...postfix }, openSmtpd && { peer: 'opensmtpd', ...openSmtpd }]
          .filter((one) => one !== undefined)
          .map(({ peer, port }) => ({ peer, run: accepts(port, 100 + 3 * connections) })),
        { peer: 'null responder', run: accepts(nullPort, 1_000) },
      ];
      figures.push(...(await alternate({ scenario, connections, unit: 'messages/s' }, contenders, effort.rounds)));
      const delays = { scenario: `Loop delay p99, ${scenario}`, connections, unit: 'ms', peer: 'sesame', others: [] };
      figures.push(figure({ ...delays, runs: stats.map(({ loopDelayP99 }) => loopDelayP99) }));
      const memory = { scenario: `Resident after ${scenario}`, connections, unit: 'MB', peer: 'sesame', others: [] };
      figures.push(figure({ ...memory, runs: stats.map(({ residentMegabytes }) => residentMegabytes) }));
    }
  } finally {
    await Promise.all([sesame.stop(), postfix?.stop(), openSmtpd?.stop(), stop(nothing)]);
  }
  return figures;
}

/** One turn, and what the process measured of itself meanwhile. */
async function watched(sesame: Sesame, run: () => Promise<number>, stats: Stats[]): Promise<number> {
  sesame.reset();
  const rate = await run();
  stats.push(await sesame.stats());
  return rate;
}
