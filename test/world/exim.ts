import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program, run, unpackedExim } from './tools.ts';

/** Of the account that Debian's Exim was built to run as, which its package would make. */
const EXIM = 65_533;

/**
 * An Exim that sends everything to a port of this machine. It is unpacked, not installed, since Debian's package conflicts
 * with Postfix; the account that it wants is told to it by nss_wrapper. Only root can run one.
 */
export class Exim {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start({ relay }: { relay: number }): Promise<Exim> {
    const folder = await mkdtemp(join(tmpdir(), 'sesame-exim-'));
    await chown(folder, EXIM, EXIM);
    for (const name of ['spool', 'log']) {
      await mkdir(join(folder, name));
      await chown(join(folder, name), EXIM, EXIM);
    }
    for (const [name, entry] of [
      ['passwd', `Debian-exim:x:${EXIM}:${EXIM}::/nonexistent:/usr/sbin/nologin\n`],
      ['group', `Debian-exim:x:${EXIM}:\n`],
    ] as const) {
      await writeFile(join(folder, name), (await readFile(`/etc/${name}`, 'utf8')) + entry);
    }
    await writeFile(join(folder, 'exim.conf'), configuration(folder, relay));
    return new Exim(folder);
  }

  /** Sends in the foreground; answers the lines of its log. */
  async send(mail: string, { from, to, flags = [] }: { from: string; to: string; flags?: readonly string[] }) {
    const libraries = join(unpackedExim, 'lib');
    const found = (await readdir(libraries)).map((name) => join(libraries, name));
    const env = {
      LD_LIBRARY_PATH: found.join(':'),
      LD_PRELOAD: 'libnss_wrapper.so',
      NSS_WRAPPER_PASSWD: join(this.#folder, 'passwd'),
      NSS_WRAPPER_GROUP: join(this.#folder, 'group'),
    };
    const parameters = ['-C', join(this.#folder, 'exim.conf'), '-odf', '-i', '-f', from, ...flags, '--', to];
    const { status, stderr } = await run('exim4', parameters, { env, input: mail });
    if (status !== 0) throw new Error(`exim: ${stderr}`);
    return readFile(join(this.#folder, 'log', 'mainlog'), 'utf8');
  }

  async stop(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, relay: number): string {
  return `exim_path = ${program('exim4')}
keep_environment = LD_LIBRARY_PATH : LD_PRELOAD : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP
deliver_drop_privilege = true
primary_hostname = exim.world.example
spool_directory = ${folder}/spool
log_file_path = ${folder}/log/%slog
log_selector = +smtp_confirmation
begin routers
out:
  driver = manualroute
  route_list = * 127.0.0.1 byname
  self = send
  transport = out
begin transports
out:
  driver = smtp
  port = ${relay}
  allow_localhost
  message_linelength_limit = 100K
`;
}
