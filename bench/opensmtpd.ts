/**
 * OpenSMTPD from an unpacked Debian package (`dpkg -x`, as it cannot be installed beside Postfix). Its folders and users
 * are compiled in, so it runs in a mount namespace of its own, where they are laid over the machine's. It only accepts: with its
 * relaying on it took a few dozen messages a second here, and nobody needs a bar that low.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, listening, start, stop, temporaryFolder } from './children.ts';
import { Sink } from './sink.ts';

const USERS = [
  'opensmtpd:x:990:990::/var/lib/opensmtpd/empty:/usr/sbin/nologin',
  'opensmtpq:x:991:991::/:/usr/sbin/nologin',
];
const GROUPS = ['opensmtpd:x:990:', 'opensmtpq:x:991:'];

export class OpenSmtpd {
  readonly port: number;
  readonly sink: Sink;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor({
    port,
    sink,
    child,
    folder,
  }: { port: number; sink: Sink; child: ChildProcess; folder: string }) {
    this.port = port;
    this.sink = sink;
    this.#child = child;
    this.#folder = folder;
  }

  /** `unpacked` is where its package was unpacked. Nothing where there is none. */
  static async start(unpacked: string | undefined): Promise<OpenSmtpd | undefined> {
    const program = join(unpacked ?? '/nowhere', 'usr/sbin/smtpd');
    if (process.getuid?.() !== 0 || !existsSync(program)) return undefined;
    const folder = await temporaryFolder('opensmtpd');
    const [port, sink] = [await freePort(), await Sink.start()];
    await layOut(folder, { port, sinkPort: sink.port });
    const script = [
      'set -e',
      'chmod 711 . spool/smtpd; chmod 755 lib/opensmtpd/empty',
      'mount --bind passwd /etc/passwd; mount --bind group /etc/group',
      'mount --bind spool /var/spool; mount --bind lib /var/lib; mount -t tmpfs tmpfs /run',
      `(sleep 1; setpriv --regid=991 --clear-groups ${join(unpacked!, 'usr/sbin/smtpctl')} pause mta) &`,
      `exec ${program} -F -f smtpd.conf`,
    ].join('\n');
    const namespace = ['-m', '--propagation', 'private', 'sh', '-c', script];
    const child = start('unshare', namespace, { cwd: folder, stdio: 'ignore' });
    await listening(port);
    return new OpenSmtpd({ port, sink, child, folder });
  }

  async stop(): Promise<void> {
    await stop(this.#child);
    await this.sink.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function layOut(folder: string, { port, sinkPort }: { port: number; sinkPort: number }): Promise<void> {
  await mkdir(join(folder, 'spool/smtpd'), { recursive: true });
  await mkdir(join(folder, 'lib/opensmtpd/empty'), { recursive: true });
  await copyFile('/etc/passwd', join(folder, 'passwd'));
  await copyFile('/etc/group', join(folder, 'group'));
  await appendFile(join(folder, 'passwd'), `${USERS.join('\n')}\n`);
  await appendFile(join(folder, 'group'), `${GROUPS.join('\n')}\n`);
  const configuration = [
    // The default sends a client away after 100 messages; ours keep their connection.
    'smtp limit max-mails 1000000',
    `listen on 127.0.0.1 port ${port}`,
    `action "relay" relay host smtp://127.0.0.1:${sinkPort}`,
    'match from any for any action "relay"',
    '',
  ];
  await writeFile(join(folder, 'smtpd.conf'), configuration.join('\n'));
}
