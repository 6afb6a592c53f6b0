/**
 * Accept, sign with RSA-2048, deliver to a sink: end to end, until the sink has all. Postfix relays without a signature.
 */
import { sendMail } from './mail.ts';
import type { Bench } from './peers.ts';
import { Postfix } from './postfix.ts';
import { alternate, type Contender, type Figure, paced } from './rounds.ts';
import { Sesame } from './sesame.ts';
import { Sink } from './sink.ts';
import { Watch } from './watch.ts';

const CONNECTIONS = [1, 10, 100] as const;
const OCTETS = 4_096;
const MOST_MESSAGES = 30_000;

export async function relay({ effort }: Bench): Promise<Figure[]> {
  const scenario = 'Accept, sign, deliver to a sink, 4 KB';
  const sink = await Sink.start();
  const environment = { SESAME_DELIVERY: `smtp://127.0.0.1:${sink.port}` };
  const sesame = await Sesame.start({ environment, signs: true });
  const postfix = await Postfix.start();
  const figures: Figure[] = [];
  try {
    await through({ port: sesame.smtpPort, sink, connections: 10 })(1_000);
    for (const connections of CONNECTIONS) {
      const watch = new Watch(sesame, { scenario, connections });
      const relays = (send: (messages: number) => Promise<number>, pilot: number) =>
        paced(send, {
          seconds: effort.seconds,
          pilot,
          most: MOST_MESSAGES,
        });
      const contenders: Contender[] = [
        {
          peer: 'sesame, RSA-2048',
          run: relays(watch.during(through({ port: sesame.smtpPort, sink, connections })), 200 + 5 * connections),
        },
        ...(postfix
          ? [
              {
                peer: 'postfix, no DKIM',
                run: relays(through({ port: postfix.port, sink: postfix.sink, connections }), 100 + 3 * connections),
              },
            ]
          : []),
      ];
      figures.push(...(await alternate({ scenario, connections, unit: 'messages/s' }, contenders, effort.rounds)));
      figures.push(...watch.figures());
    }
  } finally {
    await Promise.all([sesame.stop(), postfix?.stop(), sink.stop()]);
  }
  return figures;
}

/** Seconds from the first connection until the sink has the last message. */
function through({ port, sink, connections }: { port: number; sink: Sink; connections: number }) {
  return async (messages: number): Promise<number> => {
    const from = performance.now();
    const before = await sink.taken();
    await sendMail({ port, connections, messages, octets: OCTETS });
    await sink.reached(before + messages);
    return (performance.now() - from) / 1_000;
  };
}
