/**
 * Accepting over SMTP: open, without TLS, in capture, durable. The peers relay what they accept to a sink while they are
 * measured, as they do in real life; the null responder shows what the generator and the protocol alone allow.
 */
import { startNode, stop, told } from './children.ts';
import { type Mail, sendMail } from './mail.ts';
import { OpenSmtpd } from './opensmtpd.ts';
import type { Bench } from './peers.ts';
import { Postfix } from './postfix.ts';
import { alternate, type Contender, type Figure, paced } from './rounds.ts';
import { Sesame } from './sesame.ts';
import { Watch } from './watch.ts';

const CONNECTIONS = [1, 10, 100] as const;
const MOST_MESSAGES = 60_000;

export async function accept({ effort, places }: Bench, octets: number): Promise<Figure[]> {
  const scenario = `SMTP accept, ${octets / 1_024} KB`;
  const [sesame, postfix, openSmtpd] = [
    await Sesame.start(),
    await Postfix.start(),
    await OpenSmtpd.start(places.openSmtpd),
  ];
  const nothing = startNode('null-smtp.ts', []);
  const nullPort = await told<number>(nothing);
  const pace = { seconds: effort.seconds, most: MOST_MESSAGES };
  const figures: Figure[] = [];
  try {
    await sendMail({ port: sesame.smtpPort, connections: 10, messages: 2_000, octets: 4_096 });
    for (const connections of CONNECTIONS) {
      const send = (port: number) => (messages: number) =>
        sendMail({ port, connections, messages, octets } satisfies Mail);
      const watch = new Watch(sesame, { scenario, connections });
      const ours = { ...pace, pilot: 200 + 10 * connections };
      const theirs = { ...pace, pilot: 100 + 3 * connections };
      const contenders: Contender[] = [
        { peer: 'sesame', run: paced(watch.during(send(sesame.smtpPort)), ours) },
        ...(postfix ? [{ peer: 'postfix', run: paced(drained(postfix, send(postfix.port)), theirs) }] : []),
        ...(openSmtpd ? [{ peer: 'opensmtpd', run: paced(send(openSmtpd.port), theirs) }] : []),
        { peer: 'null responder', run: paced(send(nullPort), { ...pace, pilot: 1_000 }) },
      ];
      figures.push(...(await alternate({ scenario, connections, unit: 'messages/s' }, contenders, effort.rounds)));
      figures.push(...watch.figures());
    }
  } finally {
    await Promise.all([sesame.stop(), postfix?.stop(), openSmtpd?.stop(), stop(nothing)]);
  }
  return figures;
}

/** What it has accepted but not relayed must not weigh on the turn of the next. */
function drained({ sink }: Postfix, send: (messages: number) => Promise<number>) {
  return async (messages: number): Promise<number> => {
    const before = await sink.taken();
    const seconds = await send(messages);
    await sink.reached(before + messages);
    return seconds;
  };
}
