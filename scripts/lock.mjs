// Rewrites package-lock.json after a change of package.json: `node scripts/lock.mjs`.
//
// A registry mirror may lack the prebuilt packages of platforms that it never serves. npm then leaves them out of the
// lockfile and `npm ci` refuses the result, everywhere. They are optional and of an exact version, so they are listed here
// with the platform that their name tells; elsewhere than on that platform nobody fetches them.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

const file = new URL('../package-lock.json', import.meta.url);
rmSync(file, { force: true });
const { status } = spawnSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund'], {
  stdio: 'inherit',
  cwd: new URL('..', import.meta.url),
});
if (status !== 0) process.exit(status ?? 1);

const systems = ['android', 'darwin', 'freebsd', 'linux', 'openbsd', 'netbsd', 'openharmony', 'sunos', 'aix', 'win32'];
const processors = ['arm64', 'x64', 'ia32', 'arm', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el', 'wasm32'];

function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) =>
    words.some((word) => word === processor || word.startsWith(`${processor}v`)),
  );
  const libc = words.some((word) => word.startsWith('musl')) ? ['musl'] : undefined;
  return { ...(os && { os: [os] }), ...(cpu && { cpu: [cpu] }), ...(libc && { libc }) };
}

const lock = JSON.parse(readFileSync(file, 'utf8'));
for (const [, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    const platform = platformOf(name);
    if (lock.packages[place] || !/^\d/.test(version) || (!platform.os && !platform.cpu)) continue;
    lock.packages[place] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    console.log(`listed ${name}@${version}`, platform);
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
