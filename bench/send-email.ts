/** SendEmail of SES v2 over HTTP, signature checked, durable; beside a server that only parses, and one that keeps mail in memory. */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { finished, freePort, listening, start, startNode, stop, told } from './children.ts';
import type { HttpLoad, HttpLoadTold } from './http-load.ts';
import { FROM, TO } from './mail.ts';
import type { Bench, Places } from './peers.ts';
import { alternate, type Contender, type Figure, paced } from './rounds.ts';
import { KEY, Sesame } from './sesame.ts';
import { Watch } from './watch.ts';

const CONNECTIONS = [1, 10, 100] as const;
const OCTETS = 4_096;
const MOST_REQUESTS = 100_000;

export async function sendEmail({ effort, places }: Bench): Promise<Figure[]> {
  const scenario = 'SendEmail v2, 4 KB, SigV4';
  const sesame = await Sesame.start({ environment: { SESAME_AUTH: 'sigv4' } });
  const local = await startAwsSesV2Local(places);
  const nothing = startNode('null-http.ts', []);
  const nullPort = await told<number>(nothing);
  const figures: Figure[] = [];
  try {
    await sendRequests({ port: sesame.httpPort, connections: 10, requests: 2_000 });
    for (const connections of CONNECTIONS) {
      const watch = new Watch(sesame, { scenario, connections });
      const sends = (port: number, watched?: Watch) => {
        const send = (requests: number) => sendRequests({ port, connections, requests });
        return paced(watched ? watched.during(send) : send, {
          seconds: effort.seconds,
          pilot: 200 + 10 * connections,
          most: MOST_REQUESTS,
        });
      };
      const contenders: Contender[] = [
        { peer: 'sesame', run: sends(sesame.httpPort, watch) },
        ...(local ? [{ peer: 'aws-ses-v2-local', run: sends(local.port) }] : []),
        { peer: 'node:http, parses only', run: sends(nullPort) },
      ];
      figures.push(...(await alternate({ scenario, connections, unit: 'requests/s' }, contenders, effort.rounds)));
      figures.push(...watch.figures());
    }
  } finally {
    await Promise.all([sesame.stop(), local && stop(local.child), stop(nothing)]);
  }
  return figures;
}

export async function sendRequests(
  load: Pick<HttpLoad, 'port' | 'connections' | 'requests' | 'template'>,
): Promise<number> {
  const whole: HttpLoad = { octets: OCTETS, from: FROM, to: TO, key: KEY, ...load };
  const child = startNode('http-load.ts', [JSON.stringify(whole)]);
  const [{ seconds }] = await Promise.all([told<HttpLoadTold>(child), finished(child)]);
  return seconds;
}

/** From a folder of its own: it is no dependency of ours. */
export async function startAwsSesV2Local(
  { awsSesV2Local: folder }: Places,
  wait = true,
): Promise<{ child: ChildProcess; port: number } | undefined> {
  const program = join(folder ?? '/nowhere', 'node_modules/aws-ses-v2-local/dist/cli.js');
  if (!existsSync(program)) return undefined;
  const port = await freePort();
  const child = start(process.execPath, [program, '--port', String(port)]);
  if (wait) await listening(port);
  return { child, port };
}
