/** A Sesame of the bench: `server.ts` in a process of its own, on a fresh data folder. */
import type { ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { compileCache, nodeEnvironment, nodeFlags } from '../scripts/node-flags.mjs';
import { startNode, stop, temporaryFolder, told } from './children.ts';
import { DOMAIN } from './mail.ts';
import type { Asked, Ready, Stats } from './server-words.ts';

export const KEY = { accessKeyId: 'AKIABENCHBENCHBENCH1', secretAccessKey: 'wJalrXUtnFEMI0K7MDENG0bPxRfiCYEXAMPLEKEY' };

export interface SesameOptions {
  /** Beside ports and the data folder; everything else is the development profile's default. */
  readonly environment?: Readonly<Record<string, string>>;
  /** The identity signs with an RSA-2048 key of its own (BYODKIM). */
  readonly signs?: boolean;
}

export class Sesame {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #ready: Ready;

  private constructor(child: ChildProcess, folder: string, ready: Ready) {
    this.#child = child;
    this.#folder = folder;
    this.#ready = ready;
  }

  /** Ready, with the identity that the bench sends from. */
  static async start({ environment = {}, signs = false }: SesameOptions = {}): Promise<Sesame> {
    const folder = await temporaryFolder('data');
    const child = startNode('server.ts', [], {
      flags: nodeFlags,
      env: { ...cleanEnvironment(), ...nodeEnvironment, ...compileCache, ...sesameEnvironment(folder), ...environment },
    });
    const sesame = new Sesame(child, folder, await told<Ready>(child));
    await sesame.#createIdentity(signs);
    return sesame;
  }

  get smtpPort(): number {
    return portOf(this.#ready.endpoints.submission);
  }

  get mxPort(): number {
    return portOf(this.#ready.endpoints.mx);
  }

  get httpPort(): number {
    return portOf(this.#ready.endpoints.http);
  }

  /** What the process measured of itself since `reset`. */
  stats(): Promise<Stats> {
    const answer = told<Stats>(this.#child);
    this.#ask('stats');
    return answer;
  }

  reset(): void {
    this.#ask('reset');
  }

  async stop(): Promise<void> {
    await stop(this.#child);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #ask(what: Asked): void {
    this.#child.send(what);
  }

  client(): SESv2Client {
    return new SESv2Client(this.configuration);
  }

  /** Of a client of any service. */
  get configuration() {
    return { endpoint: this.#ready.url, region: 'us-east-1', credentials: KEY };
  }

  /** Answers when nothing that is due is left to do. */
  async settled(): Promise<void> {
    const answer = await fetch(`${this.#ready.url}/_sesame/clock`, { method: 'POST', body: '{"advance":"0s"}' });
    if (!answer.ok) throw new Error(await answer.text());
  }

  async #createIdentity(signs: boolean): Promise<void> {
    const client = this.client();
    await client.send(
      new CreateEmailIdentityCommand({
        EmailIdentity: DOMAIN,
        ...(signs && {
          DkimSigningAttributes: { DomainSigningSelector: 'bench', DomainSigningPrivateKey: privateKey() },
        }),
      }),
    );
    client.destroy();
  }
}

/** Free ports, a folder of its own, and the known root key. */
export function sesameEnvironment(folder: string): Record<string, string> {
  return {
    SESAME_DATA: folder,
    SESAME_HTTP: '127.0.0.1:0',
    SESAME_SUBMISSION: '127.0.0.1:0',
    SESAME_SUBMISSION_TLS: '127.0.0.1:0',
    SESAME_MX: '127.0.0.1:0',
    SESAME_ACCESS_KEY_ID: KEY.accessKeyId,
    SESAME_SECRET_ACCESS_KEY: KEY.secretAccessKey,
  };
}

/** Settings of whoever runs the bench are not those of the bench. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SESAME_')));
}

function portOf(endpoints: readonly string[]): number {
  return Number(endpoints[0]!.split(':').at(-1));
}

function privateKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}
