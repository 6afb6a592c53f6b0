/** Processes that the bench starts, each ended by its own id, and what it waits for between two of them. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PORT_WAIT = 20_000;
const TERM_WAIT = 15_000;
const LOAD_LIMIT = 120_000;
/** Share of all processors above which a machine is not quiet, and milliseconds that we wait for it to become so. */
const QUIET = 0.15;
const QUIET_WAIT = 3_000;
const QUIET_LOOK = 250;

const running = new Set<ChildProcess>();
const folders = new Set<string>();
const undone = new Set<() => void>();

/** Whatever ends the bench ends them too. */
process.once('exit', () => {
  for (const undo of undone) undo();
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

export function start(command: string, parameters: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(command, parameters, { stdio: ['ignore', 'ignore', 'inherit'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', (cause) => {
    running.delete(child);
    console.error(`${command}: ${cause.message}`);
  });
  return child;
}

export function startNode(
  file: string,
  parameters: readonly string[],
  { flags = [], ...options }: SpawnOptions & { readonly flags?: readonly string[] } = {},
): ChildProcess {
  const path = `${import.meta.dirname}/${file}`;
  return start(process.execPath, [...flags, path, ...parameters], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    ...options,
  });
}

/** The next message of a child over IPC; its end before that is a fault. */
export function told<Told>(child: ChildProcess): Promise<Told> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error(`${child.spawnargs.join(' ')} ended`));
    child.once('exit', ended);
    child.once('message', (told) => {
      child.off('exit', ended);
      resolve(told as Told);
    });
  });
}

/** Ends a process in order, or at once if it takes its time. */
export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), TERM_WAIT);
  await exited;
  clearTimeout(impatient);
}

/** Runs a command to its end within the limit; any other end than 0 is a fault. Returns the seconds that it took. */
export async function finished(child: ChildProcess): Promise<number> {
  const from = performance.now();
  const late = setTimeout(() => child.kill('SIGKILL'), LOAD_LIMIT);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(late);
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code ?? signal}`);
  return (performance.now() - from) / 1_000;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Until something listens. */
export async function listening(port: number): Promise<void> {
  const end = performance.now() + PORT_WAIT;
  while (!(await answers(port))) {
    if (performance.now() > end) throw new Error(`Nothing listens on port ${port}`);
    await pause(50);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A folder that goes with the bench, if not before. */
export async function temporaryFolder(name: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), `sesame-bench-${name}-`));
  folders.add(folder);
  return folder;
}

/** For what is no child of ours: done when the bench ends, whatever ends it, unless the answer was called before. */
export function atEnd(undo: () => void): () => void {
  undone.add(undo);
  return () => undone.delete(undo);
}

export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * Waits until what ran before has come to rest, a few seconds at most. Answers the share of the processors that was still
 * busy then: what others took of the machine.
 */
export async function quiet(): Promise<number> {
  const end = performance.now() + QUIET_WAIT;
  for (;;) {
    const before = ticks();
    await pause(QUIET_LOOK);
    const after = ticks();
    const busy = (after.busy - before.busy) / Math.max(1, after.all - before.all);
    if (busy < QUIET || performance.now() > end) return busy;
  }
}

function ticks(): { busy: number; all: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!;
  const [, ...counts] = line.split(/\s+/).map(Number);
  const all = counts.slice(0, 8).reduce((sum, count) => sum + count, 0);
  return { all, busy: all - counts[3]! - counts[4]! };
}
