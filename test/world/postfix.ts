/** Mail servers that others wrote, each in a temporary folder of its own: a whole Postfix, and Postfix's `smtp-sink`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { watch } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { systemRandom } from '../../src/base/random.ts';
import { localCertificate } from '../../src/wire/certificates.ts';
import { freePort } from './free-port.ts';
import { program, run } from './tools.ts';

/** Milliseconds for a program to listen, and between two looks. */
const LONGEST_START = 10_000;
const PAUSE = 10;
/** User and group `nobody`: who a mail belongs to where no one else does. */
const NOBODY = 65_534;

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sesame-postfix-'));
  await chmod(folder, 0o755); // its daemons run as another user
  return folder;
}

async function listening(port: number): Promise<void> {
  const end = performance.now() + LONGEST_START;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const answer = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.destroy();
    if (answer) return;
    if (performance.now() > end) throw new Error(`nothing listens on ${port}`);
    await wait(PAUSE);
  }
}

/** A folder into which somebody else puts one file per mail. */
class Arrivals {
  readonly #folder: string;
  readonly #read = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** A mail that was not read before, once it is there. */
  async next(): Promise<string> {
    const news = watch(this.#folder);
    try {
      for (;;) {
        const changed = once(news, 'change');
        const name = (await readdir(this.#folder)).find((one) => !this.#read.has(one));
        if (name) {
          this.#read.add(name);
          return await readFile(join(this.#folder, name), 'latin1');
        }
        await changed;
      }
    } finally {
      news.close();
    }
  }
}

interface Dumped {
  /** Paths of MAIL and RCPT, without parameters. */
  readonly mail: string;
  readonly rcpt: readonly string[];
  /** With CRLF line ends. */
  readonly content: string;
}

/** `smtp-sink` takes whatever it is sent, announces what its flags say, and writes each transaction to a file. */
export class SmtpSink {
  readonly port: number;
  readonly #arrivals: Arrivals;
  readonly #stop: () => Promise<void>;

  private constructor(port: number, folder: string, stop: () => Promise<void>) {
    this.port = port;
    this.#arrivals = new Arrivals(folder);
    this.#stop = stop;
  }

  static async start(...flags: readonly string[]): Promise<SmtpSink> {
    const folder = await newFolder();
    const port = await freePort();
    const isRoot = process.getuid?.() === 0;
    if (isRoot) await chown(folder, NOBODY, NOBODY);
    const child = spawn(
      program('smtp-sink'),
      [...(isRoot ? ['-u', 'nobody'] : []), '-d', join(folder, '%s.'), ...flags, `127.0.0.1:${port}`, '10'],
      { stdio: 'ignore', cwd: folder },
    );
    const ended = once(child, 'close');
    await listening(port);
    return new SmtpSink(port, folder, async () => {
      child.kill();
      await ended;
      await rm(folder, { recursive: true });
    });
  }

  /** A transaction that was not read before; whole once its client has the answer. */
  async mail(): Promise<Dumped> {
    const text = await this.#arrivals.next();
    // Before the content stand fields of its own, the last of them a Received of three lines.
    const [, head = '', content = ''] = /^([\s\S]*?\nReceived: .*\n(?:\t.*\n)*)([\s\S]*)\n$/.exec(text) ?? [];
    return {
      mail: /^X-Mail-Args: (.*)$/m.exec(head)?.[1] ?? '',
      rcpt: [...head.matchAll(/^X-Rcpt-Args: (.*)$/gm)].map((match) => match[1]!),
      content: content.replace(/\n/g, '\r\n'),
    };
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** A Postfix that offers STARTTLS and delivers everything into one Maildir. Only root can run one. */
export class Postfix {
  readonly port: number;
  readonly #folder: string;
  readonly #arrivals: Arrivals;

  private constructor(port: number, folder: string) {
    this.port = port;
    this.#folder = folder;
    this.#arrivals = new Arrivals(join(folder, 'mail', 'new'));
  }

  /** `domain` is what it takes mail for; all other mail goes on to `relay`, a port of this machine, where there is one. */
  static async start({ domain, relay }: { domain: string; relay?: number }): Promise<Postfix> {
    const folder = await newFolder();
    const port = await freePort();
    await writeSetUp(folder, port, { domain, relay });
    const { status, stdout, stderr } = await run('postfix', ['-c', join(folder, 'etc'), 'start']);
    if (status !== 0) throw new Error(`postfix did not start: ${stdout}${stderr}${await readLog(folder)}`);
    return new Postfix(port, folder);
  }

  /** A delivered mail that was not read before, as it lies in the Maildir but with CRLF line ends. */
  async mail(): Promise<string> {
    return (await this.#arrivals.next()).replace(/\n/g, '\r\n');
  }

  async stop(): Promise<void> {
    await run('postfix', ['-c', join(this.#folder, 'etc'), 'stop']);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

const readLog = (folder: string) => readFile(join(folder, 'log', 'postfix.log'), 'utf8').catch(() => '');

interface Handling {
  readonly domain: string;
  readonly relay: number | undefined;
}

async function writeSetUp(folder: string, port: number, handling: Handling): Promise<void> {
  for (const name of ['etc', 'queue', 'data', 'log', 'mail']) await mkdir(join(folder, name));
  for (const name of ['new', 'cur', 'tmp']) await mkdir(join(folder, 'mail', name));
  const { uid, gid } = await stat('/var/lib/postfix'); // its own data folder
  await chown(join(folder, 'data'), uid, gid);
  for (const name of ['', 'new', 'cur', 'tmp']) await chown(join(folder, 'mail', name), NOBODY, NOBODY);
  const { cert, key } = await localCertificate({
    folder: join(folder, 'tls'),
    names: ['mx.postfix.example'],
    now: Date.now(),
    random: systemRandom,
  });
  await writeFile(join(folder, 'etc', 'chain.pem'), key + cert, { mode: 0o600 });
  await writeFile(join(folder, 'etc', 'main.cf'), mainOf(folder, handling));
  await writeFile(join(folder, 'etc', 'master.cf'), masterOf(port));
}

function mainOf(folder: string, { domain, relay }: Handling): string {
  const settings = {
    compatibility_level: '3.6',
    queue_directory: join(folder, 'queue'),
    data_directory: join(folder, 'data'),
    maillog_file: join(folder, 'log', 'postfix.log'),
    maillog_file_prefixes: folder,
    myhostname: 'mx.postfix.example',
    mydestination: '',
    inet_interfaces: '127.0.0.1',
    inet_protocols: 'ipv4',
    smtpd_peername_lookup: 'no',
    ...(relay === undefined
      ? { smtpd_relay_restrictions: 'reject_unauth_destination' }
      : {
          mynetworks: '127.0.0.0/8',
          smtpd_relay_restrictions: 'permit_mynetworks, reject',
          relayhost: `[127.0.0.1]:${relay}`,
          smtp_tls_security_level: 'may',
        }),
    smtpd_tls_chain_files: join(folder, 'etc', 'chain.pem'),
    smtpd_tls_security_level: 'may',
    smtpd_tls_received_header: 'yes',
    // No hop after this one would take 8-bit content either.
    smtpd_discard_ehlo_keywords: '8bitmime',
    alias_maps: '',
    alias_database: '',
    virtual_mailbox_domains: domain,
    virtual_mailbox_base: folder,
    virtual_mailbox_maps: 'static:mail/',
    virtual_uid_maps: `static:${NOBODY}`,
    virtual_gid_maps: `static:${NOBODY}`,
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

/** The services of Debian's master.cf that delivery here needs, none in a chroot. */
function masterOf(port: number): string {
  return [
    `127.0.0.1:${port} inet n - n - - smtpd`,
    'cleanup unix n - n - 0 cleanup',
    'qmgr unix n - n 300 1 qmgr',
    'tlsmgr unix - - n 1000? 1 tlsmgr',
    'rewrite unix - - n - - trivial-rewrite',
    'bounce unix - - n - 0 bounce',
    'defer unix - - n - 0 bounce',
    'trace unix - - n - 0 bounce',
    'proxymap unix - - n - - proxymap',
    'error unix - - n - - error',
    'virtual unix - n n - - virtual',
    'smtp unix - - n - - smtp',
    'relay unix - - n - - smtp',
    'anvil unix - - n - 1 anvil',
    'postlog unix-dgram n - n - 1 postlogd',
    '',
  ].join('\n');
}
