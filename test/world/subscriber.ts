import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Posted {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** An HTTP endpoint of the world: remembers what is posted to it, and answers as the test says. */
export class Subscriber {
  readonly posted: Posted[] = [];
  status = 200;
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';
  #waiting: (() => void)[] = [];

  private constructor(certificate?: { cert: string; key: string }) {
    const take: RequestListener = (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk) => chunks.push(chunk));
      request.on('end', () => {
        response.writeHead(this.status).end();
        this.posted.push({ headers: request.headers, body: Buffer.concat(chunks).toString('utf8') });
        for (const resume of this.#waiting.splice(0)) resume();
      });
    };
    this.#server = certificate ? createSecureServer(certificate, take) : createServer(take);
    this.#scheme = certificate ? 'https' : 'http';
  }

  /** With a certificate it speaks TLS only. */
  static async start(certificate?: { cert: string; key: string }): Promise<Subscriber> {
    const subscriber = new Subscriber(certificate);
    await new Promise<void>((resolve) => subscriber.#server.listen(0, '127.0.0.1', resolve));
    return subscriber;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** The first post of which `wanted` is true, once it is there. */
  async post(wanted: (posted: Posted) => boolean = () => true): Promise<Posted> {
    for (;;) {
      const found = this.posted.find(wanted);
      if (found) return found;
      await new Promise<void>((resume) => this.#waiting.push(resume));
    }
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
