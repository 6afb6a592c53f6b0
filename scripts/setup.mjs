// Plain JavaScript on purpose: it runs on whatever Node the machine has, before anything is installed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const runtimeFolder = join(root, '.runtime');

/** Native TypeScript without a flag. Keep in step with `engines` in package.json. */
const oldestNode = [22, 18];

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

function npmCi(folder, flags, node = process.execPath) {
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...flags], {
    cwd: folder,
    // npm's own notices would be the first thing that a newcomer reads.
    env: {
      ...process.env,
      PATH: dirname(node) + delimiter + process.env.PATH,
      npm_config_loglevel: 'error',
      npm_config_update_notifier: 'false',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`npm ci failed in ${folder}; is a registry reachable?`);
    process.exit(status ?? 1);
  }
}

const digest = (file) => createHash('sha256').update(readFileSync(file)).digest('hex');
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** The path of a Node that runs our sources: the machine's own, or one from npm kept in a git-ignored folder. */
export function runtime() {
  if (isRecent(process.versions.node)) return process.execPath;
  const lock = join(root, 'scripts', 'runtime', 'package-lock.json');
  const mark = join(runtimeFolder, '.installed');
  const binary = join(runtimeFolder, 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (read(mark) !== digest(lock) || !existsSync(binary)) {
    console.error(
      `Node ${process.versions.node} is older than ${oldestNode.join('.')}: bringing a newer one from npm …`,
    );
    mkdirSync(runtimeFolder, { recursive: true });
    for (const name of ['package.json', 'package-lock.json'])
      copyFileSync(join(dirname(lock), name), join(runtimeFolder, name));
    npmCi(runtimeFolder, []);
    if (!existsSync(binary)) {
      console.error(
        `No prebuilt Node for ${process.platform}-${process.arch}: please install Node ${oldestNode.join('.')} or newer.`,
      );
      process.exit(1);
    }
    writeFileSync(mark, digest(lock));
  }
  return binary;
}

/** Installs the dependencies once per lockfile; afterwards it costs a few milliseconds. `all` includes what tests need. */
export function dependencies(want, node) {
  const mark = join(root, 'node_modules', '.installed');
  const lock = digest(join(root, 'package-lock.json'));
  const have = read(mark);
  if (have === `${lock} all` || have === `${lock} ${want}`) return;
  console.error('Installing dependencies …');
  npmCi(root, want === 'all' ? [] : ['--omit=dev'], node);
  writeFileSync(mark, `${lock} ${want}`);
}
