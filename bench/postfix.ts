/**
 * Postfix as Debian packages it, but with configuration, queue and port of its own, relaying everything to a sink. Without
 * chroot (which only changes where it looks for files) and, as nobody reads syslog here, without the cost of a log.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atEnd, freePort, listening, temporaryFolder } from './children.ts';
import { Sink } from './sink.ts';

const SHARE = '/usr/share/postfix';

export class Postfix {
  readonly port: number;
  readonly sink: Sink;
  readonly #folder: string;
  readonly #stopped: () => void;

  private constructor(port: number, sink: Sink, folder: string) {
    this.port = port;
    this.sink = sink;
    this.#folder = folder;
    this.#stopped = atEnd(() => control(folder, 'stop'));
  }

  /** Nothing where it is not installed, or where we are not root (its master must be). */
  static async start(): Promise<Postfix | undefined> {
    if (process.getuid?.() !== 0 || !existsSync(`${SHARE}/master.cf.dist`) || !existsSync('/usr/sbin/postfix')) return;
    const folder = await temporaryFolder('postfix');
    const [port, sink] = [await freePort(), await Sink.start()];
    await mkdir(join(folder, 'etc'));
    await mkdir(join(folder, 'queue'));
    await writeFile(join(folder, 'etc/main.cf'), mainConfiguration(folder, sink.port));
    await writeFile(
      join(folder, 'etc/master.cf'),
      masterConfiguration(await readFile(`${SHARE}/master.cf.dist`, 'utf8'), port),
    );
    spawnSync('chmod', ['755', folder]);
    spawnSync('install', ['-d', '-o', 'postfix', join(folder, 'lib')]);
    const { status, stderr } = control(folder, 'start');
    if (status !== 0) throw new Error(`Postfix does not start: ${stderr}`);
    await listening(port);
    return new Postfix(port, sink, folder);
  }

  /** Postfix ends its own processes by the id in its queue folder. */
  async stop(): Promise<void> {
    this.#stopped();
    control(this.#folder, 'stop');
    await this.sink.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function control(folder: string, command: 'start' | 'stop'): SpawnSyncReturns<string> {
  return spawnSync('/usr/sbin/postfix', ['-c', join(folder, 'etc'), command], { encoding: 'utf8' });
}

/** Debian's own file says no more than this that matters to speed: everything is at its default. */
function mainConfiguration(folder: string, sinkPort: number): string {
  return [
    'compatibility_level = 3.6',
    'biff = no',
    'append_dot_mydomain = no',
    'myhostname = postfix.bench.example',
    'mydestination = $myhostname, localhost',
    'smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination',
    'mynetworks = 127.0.0.0/8',
    'inet_interfaces = loopback-only',
    'inet_protocols = ipv4',
    'alias_maps =',
    'alias_database =',
    `relayhost = [127.0.0.1]:${sinkPort}`,
    `queue_directory = ${folder}/queue`,
    `data_directory = ${folder}/lib`,
    '',
  ].join('\n');
}

/** Our port for the smtpd, no chroot anywhere. */
function masterConfiguration(text: string, port: number): string {
  return text
    .split('\n')
    .map((line) => {
      if (/^smtp +inet /.test(line)) return `127.0.0.1:${port} inet n - n - - smtpd`;
      const [name, type, shared, unprivileged, chroot, ...rest] = line.split(/ +/);
      const isService = /^[a-z]/.test(line) && type?.startsWith('unix');
      return isService && chroot === 'y' ? [name, type, shared, unprivileged, 'n', ...rest].join(' ') : line;
    })
    .join('\n');
}
