import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './tools.ts';

/** Seconds: the clock that signs may have been moved. */
const CLOCK_DRIFT = 400 * 86_400;

/**
 * What OpenDKIM (a milter, in its test mode) says of each signature of a message, asking `dns` (`host:port`) for the keys:
 * `pass example.com`.
 */
export async function opendkim(message: string, dns: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'opendkim-'));
  const path = (name: string) => join(folder, name);
  try {
    // Its resolver is libunbound, which can be told of a port.
    await writeFile(
      path('unbound.conf'),
      `server:
    do-not-query-localhost: no
    module-config: "iterator"
    use-syslog: no
forward-zone:
    name: "."
    forward-addr: ${dns.replace(':', '@')}
`,
    );
    await writeFile(
      path('opendkim.conf'),
      `Mode v\nAlwaysAddARHeader yes\nClockDrift ${CLOCK_DRIFT}\nResolverConfiguration ${path('unbound.conf')}\n`,
    );
    await writeFile(path('message'), message, 'latin1');
    const { stdout, stderr } = await run('opendkim', ['-x', path('opendkim.conf'), '-vvv', '-t', path('message')]);
    const said = [...`${stdout}${stderr}`.matchAll(/dkim=(\S+) .*?header\.d=(\S+)/g)];
    return said.length > 0 ? said.map(([, result, domain]) => `${result} ${domain}`) : [`${stdout}${stderr}`];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
