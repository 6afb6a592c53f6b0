/** Accepting over SMTP as a client of SES does it: STARTTLS, AUTH, then the mail; and without both, by the same generator. */
import { smtpPassword } from '../src/core/accounts/smtp-password.ts';
import { sendByOurOwn } from './mail.ts';
import type { Bench } from './peers.ts';
import { alternate, type Figure, figure, paced } from './rounds.ts';
import { KEY, Sesame } from './sesame.ts';

const CONNECTIONS = [10, 100] as const;
const OCTETS = 4_096;

export async function acceptSecured({ effort }: Bench): Promise<Figure[]> {
  const scenario = 'SMTP accept, 4 KB, our own generator';
  const secured = await Sesame.start({ environment: { SESAME_AUTH: 'sigv4' } });
  const open = await Sesame.start();
  const logIn = { userName: KEY.accessKeyId, password: smtpPassword(KEY.secretAccessKey, 'us-east-1') };
  const figures: Figure[] = [];
  try {
    for (const connections of CONNECTIONS) {
      const handshakes: number[] = [];
      const pace = { seconds: effort.seconds, pilot: 200 + 10 * connections, most: 30_000 };
      const withBoth = paced(async (messages) => {
        const told = await sendByOurOwn({ port: secured.smtpPort, connections, messages, octets: OCTETS, logIn });
        handshakes.push(connections / told.handshakeSeconds);
        return told.seconds;
      }, pace);
      const without = paced(async (messages) => {
        const told = await sendByOurOwn({ port: open.smtpPort, connections, messages, octets: OCTETS });
        return told.seconds;
      }, pace);
      const contenders = [
        { peer: 'sesame, TLS and AUTH', run: withBoth },
        { peer: 'sesame, neither', run: without },
      ];
      figures.push(...(await alternate({ scenario, connections, unit: 'messages/s' }, contenders, effort.rounds)));
      const opening = {
        scenario: 'TLS and AUTH opened',
        connections,
        unit: 'connections/s',
        peer: 'sesame',
        others: [],
      };
      figures.push(figure({ ...opening, runs: handshakes }));
    }
  } finally {
    await Promise.all([secured.stop(), open.stop()]);
  }
  return figures;
}
