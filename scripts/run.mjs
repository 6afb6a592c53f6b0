// The one door of every npm script: set up what is missing, then run the named script on a Node that can.
import { spawn, spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { compileCache, nodeEnvironment, nodeFlags } from './node-flags.mjs';
import { dependencies, root, runtime } from './setup.mjs';

const [name, ...rest] = process.argv.slice(2);
const bin = (tool) => join(root, 'node_modules', tool);
const biome = bin('@biomejs/biome/bin/biome');
/** Milliseconds: a test that hangs is a test that fails. */
const TEST_TIMEOUT = 120_000;
const tests = [
  '--test',
  '--test-concurrency=2',
  `--test-timeout=${TEST_TIMEOUT}`,
  ...(process.env.CI ? ['--test-reporter=spec'] : []),
];
const patterns = ['src/**/*.test.ts', 'test/**/*.test.ts'];

const check = [[biome, 'ci', '--error-on-warnings'], [bin('typescript/bin/tsc'), '-p', '.'], [bin('knip/bin/knip.js')]];
/** Each script: what must be installed, and the commands (arguments of node), in order. */
const scripts = {
  start: { needs: 'production', commands: [[...nodeFlags, 'src/main.ts', 'up', ...rest]] },
  test: { needs: 'all', commands: rest.length ? [[...tests, ...rest]] : [...check, [...tests, ...patterns]] },
  check: { needs: 'all', commands: check },
  unit: { needs: 'all', commands: [[...tests, ...(rest.length ? rest : ['src/**/*.test.ts'])]] },
  format: { needs: 'all', commands: [[biome, 'check', '--write', ...rest]] },
  generate: { needs: 'all', commands: [['scripts/generate.ts', ...rest]] },
  bench: { needs: 'all', commands: [['bench/bench.ts', ...rest]] },
};

const script = scripts[name];
if (!script) {
  console.error(`Unknown script '${name}'. There are: ${Object.keys(scripts).join(', ')}.`);
  process.exit(2);
}
const node = runtime();
dependencies(script.needs, node);
const env = { ...process.env, PATH: dirname(node) + delimiter + process.env.PATH };

if (name === 'start') {
  const child = spawn(node, script.commands[0], {
    cwd: root,
    env: { ...nodeEnvironment, ...compileCache, ...env },
    stdio: 'inherit',
  });
  // The terminal sends Ctrl-C to both of us; a supervisor signals this process only.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {});
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
} else {
  for (const command of script.commands) {
    const { status } = spawnSync(node, command, { cwd: root, env, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  }
}
