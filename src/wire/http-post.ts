import { lookup } from 'node:dns';
import type { Agent } from 'node:http';
import type { Agent as SecureAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { isPrivateAddress } from './private-addresses.ts';

// Got, not imported: for an import Node reads every name of the module, and some load its fetch (decision 0008).
const http = process.getBuiltinModule('node:http');
const https = process.getBuiltinModule('node:https');

export type PostAnswer =
  | { readonly kind: 'answered'; readonly status: number }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Post {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Milliseconds from connect to the end of the answer (SNS waits 15 s for an HTTP endpoint). */
const TIMEOUT = 15_000;
/** Octets of an answer that are read; what it says is not used. */
const MOST_ANSWER = 65_536;

/** Posts to webhooks over kept connections. Redirects are not followed; private addresses only where they are allowed. */
export class HttpPost {
  readonly #allowPrivate: boolean;
  readonly #agents: { readonly 'http:': Agent; readonly 'https:': SecureAgent };

  constructor({ allowPrivate, ca }: { allowPrivate: boolean; ca?: readonly string[] }) {
    this.#allowPrivate = allowPrivate;
    const kept = { keepAlive: true, maxFreeSockets: 16, ...(!allowPrivate && { lookup: lookupPublic }) };
    this.#agents = {
      'http:': new http.Agent(kept),
      'https:': new https.Agent({ ...kept, ...(ca?.length && { ca: [...ca] }) }),
    };
  }

  /** Never throws for what the endpoint or the network does. */
  send({ url, headers, body }: Post): Promise<PostAnswer> {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    const protocol = target?.protocol;
    if (!target || (protocol !== 'http:' && protocol !== 'https:')) {
      return Promise.resolve({ kind: 'failed', reason: `${url} is no HTTP endpoint` });
    }
    const host = target.hostname.replace(/^\[|\]$/g, '');
    // An address literal is never looked up, so it is judged here.
    if (!this.#allowPrivate && isIP(host) && isPrivateAddress(host)) {
      return Promise.resolve({ kind: 'failed', reason: `${host} is a private address` });
    }
    return new Promise((resolve) => {
      const fail = (cause: Error) => resolve({ kind: 'failed', reason: cause.message });
      const request = (protocol === 'https:' ? https : http).request(target, {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: this.#agents[protocol],
        signal: AbortSignal.timeout(TIMEOUT),
      });
      request.on('error', fail);
      request.on('response', (response) => {
        let octets = 0;
        response.on('data', (chunk: Buffer) => {
          octets += chunk.length;
          if (octets > MOST_ANSWER) response.destroy();
        });
        response.on('error', fail);
        response.on('close', () => resolve({ kind: 'answered', status: response.statusCode ?? 0 }));
      });
      request.end(body);
    });
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

/** Looks a name up and refuses an answer inside, at the moment of connecting: a name cannot change its mind in between. */
const lookupPublic: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, []);
    const allowed = addresses.filter(({ address }) => !isPrivateAddress(address));
    if (allowed.length === 0) return callback(new Error(`${hostname} has only private addresses`), []);
    if (options.all) return callback(null, allowed);
    callback(null, allowed[0]!.address, allowed[0]!.family);
  });
};
