import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FirstSecrets } from '../../src/app/life.ts';
import { type App, buildApp } from '../../src/app.ts';
import { silentLog } from '../../src/base/log.ts';
import { type Doors, openDoors } from '../../src/doors.ts';
import { resolveSettings } from '../../src/settings/settings.ts';

/** A Sesame of its own for one test file: real doors on free ports, a data folder that goes with it. */
export class SesameUnderTest {
  readonly #folder: string;
  readonly #environment: Readonly<Record<string, string>>;
  app!: App;
  doors!: Doors;
  secrets!: FirstSecrets;
  operatorToken!: string;

  private constructor(folder: string, environment: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** `environment` as a person would set it: `{ SESAME_DELIVERY: 'direct' }`. */
  static async start(environment: Readonly<Record<string, string>> = {}): Promise<SesameUnderTest> {
    const sesame = new SesameUnderTest(await mkdtemp(join(tmpdir(), 'sesame-test-')), environment);
    await sesame.#open();
    return sesame;
  }

  async #open(): Promise<void> {
    const settings = resolveSettings({
      flags: [],
      environment: {
        SESAME_DATA: this.#folder,
        SESAME_HTTP: '127.0.0.1:0',
        SESAME_SUBMISSION: '127.0.0.1:0',
        SESAME_SUBMISSION_TLS: '127.0.0.1:0',
        SESAME_MX: '127.0.0.1:0',
        SESAME_HOSTNAME: 'sesame.test',
        SESAME_DISK_RESERVE: '1MiB',
        ...this.#environment,
      },
    });
    this.app = await buildApp(settings, silentLog);
    const { secrets, operatorToken } = await this.app.life.start();
    this.secrets = secrets;
    this.operatorToken = operatorToken;
    this.doors = await openDoors(this.app, { operatorToken, version: 'test' });
  }

  /** Ends in order and starts again on the same data folder (and other ports). */
  async restart(): Promise<void> {
    await this.#close();
    await this.#open();
  }

  async stop(): Promise<void> {
    await this.#close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #close(): Promise<void> {
    await this.doors.close();
    await this.app.life.stop();
  }

  get folder(): string {
    return this.#folder;
  }

  get url(): string {
    return this.doors.url;
  }

  port(door: 'submission' | 'submissionTls' | 'mx' | 'dns'): number {
    return Number(this.doors.endpoints[door][0]!.split(':').at(-1));
  }

  /** What an SDK client is made with. */
  get client() {
    return {
      endpoint: this.url,
      region: 'us-east-1',
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'anything' },
      maxAttempts: 1,
    };
  }

  /** A call of the operator's API, or of any other path. */
  async call(method: string, path: string, body?: unknown): Promise<{ status: number; json: any; text: string }> {
    const answer = await fetch(this.url + path, {
      method,
      headers: { authorization: `Bearer ${this.operatorToken}` },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json');
    return { status: answer.status, json: isJson ? JSON.parse(text) : undefined, text };
  }

  /** Waits (by the long poll) for a message, and answers it whole. */
  async message(query: string): Promise<any> {
    const { json } = await this.call('GET', `/_sesame/messages?wait=20s&query=${encodeURIComponent(query)}`);
    if (!json.messages[0]) throw new Error(`no message matches ${query}`);
    return (await this.call('GET', `/_sesame/messages/${json.messages[0].id}`)).json;
  }

  /** The message whole, now: it is listed before its sender is told that it was accepted. */
  async shown(id: string): Promise<any> {
    const { status, json, text } = await this.call('GET', `/_sesame/messages/${id}`);
    if (status !== 200) throw new Error(text);
    return json;
  }

  async raw(id: string): Promise<string> {
    return (await this.call('GET', `/_sesame/messages/${id}/raw`)).text;
  }

  /** Moves civil time and runs what falls due; `0s` only runs what is due now. */
  async advance(time: string): Promise<void> {
    const { status, text } = await this.call('POST', '/_sesame/clock', { advance: time });
    if (status !== 200) throw new Error(text);
  }
}
