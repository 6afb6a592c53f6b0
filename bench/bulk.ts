/** SendBulkEmail with 50 destinations beside SendEmail for each of them, both with one stored template. */
import { CreateEmailTemplateCommand } from '@aws-sdk/client-sesv2';
import type { Bench } from './peers.ts';
import { alternate, type Figure, paced } from './rounds.ts';
import { sendRequests } from './send-email.ts';
import { Sesame } from './sesame.ts';

const DESTINATIONS = 50;
const CONNECTIONS = 10;
const MOST_REQUESTS = 50_000;
const TEMPLATE = 'news';

export async function bulk({ effort: { rounds, seconds } }: Bench): Promise<Figure[]> {
  const sesame = await Sesame.start({ environment: { SESAME_AUTH: 'sigv4' } });
  try {
    await createTemplate(sesame);
    const sends = (destinations?: number) => {
      const template = { name: TEMPLATE, ...(destinations && { destinations }) };
      const send = (requests: number) =>
        sendRequests({ port: sesame.httpPort, connections: CONNECTIONS, requests, template });
      const run = paced(send, { seconds, pilot: destinations ? 50 : 1_000, most: MOST_REQUESTS });
      return async () => (await run()) * (destinations ?? 1);
    };
    const labels = { scenario: 'Bulk, stored template, SigV4', connections: CONNECTIONS, unit: 'destinations/s' };
    const contenders = [
      { peer: 'SendEmail, one each', run: sends() },
      { peer: `SendBulkEmail, ${DESTINATIONS} each`, run: sends(DESTINATIONS) },
    ];
    return await alternate(labels, contenders, rounds);
  } finally {
    await sesame.stop();
  }
}

async function createTemplate(sesame: Sesame): Promise<void> {
  const client = sesame.client();
  const lines = Array.from({ length: 30 }, (_, n) => `Line ${n} of the news, {{name}}, and what it has to tell.`);
  await client.send(
    new CreateEmailTemplateCommand({
      TemplateName: TEMPLATE,
      TemplateContent: {
        Subject: 'News for {{name}}',
        Text: lines.join('\n'),
        Html: lines.map((line) => `<p>${line}</p>`).join('\n'),
      },
    }),
  );
  client.destroy();
}
