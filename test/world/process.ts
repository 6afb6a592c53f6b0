import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A Sesame as a process of its own, that can be killed and started again on the same data folder. */
export class SesameProcess {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  #child: ChildProcess | undefined;
  #said = '';
  endpoints!: Readonly<Record<'http' | 'https' | 'submission' | 'submissionTls' | 'mx', string[]>>;

  constructor(folder: string, environment: Readonly<Record<string, string>> = {}) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** Resolves once it says that it is ready. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts'), 'up'], {
      env: {
        PATH: process.env['PATH'],
        SESAME_DATA: this.#folder,
        SESAME_HTTP: '127.0.0.1:0',
        SESAME_SUBMISSION: '127.0.0.1:0',
        SESAME_SUBMISSION_TLS: '127.0.0.1:0',
        SESAME_MX: '127.0.0.1:0',
        SESAME_DISK_RESERVE: '1MiB',
        ...this.#environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.#said += text;
      });
    }
    await new Promise<void>((ready, failed) => {
      child.once('exit', (code) => failed(new Error(`Sesame ended with ${code}: ${this.#said}`)));
      child.stdout.on('data', (text: string) => {
        if (text.includes(': ready.')) ready();
      });
    });
    this.endpoints = JSON.parse(await readFile(join(this.#folder, 'endpoints.json'), 'utf8'));
  }

  /** All that it wrote on standard output and standard error. */
  get said(): string {
    return this.#said;
  }

  get url(): string {
    return `http://${this.endpoints.http[0]}`;
  }

  port(door: 'submission' | 'submissionTls' | 'mx'): number {
    return Number(this.endpoints[door][0]!.split(':').at(-1));
  }

  /** As a power cut would, but for what the kernel still writes. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async post(path: string, body: unknown): Promise<Response> {
    return fetch(this.url + path, { method: 'POST', body: JSON.stringify(body) });
  }
}
