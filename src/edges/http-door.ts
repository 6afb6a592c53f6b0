/**
 * The HTTP door: listens, reads each request whole, asks the handlers in their order, writes the answer.
 * On failure: a body over the limit is 413, no room for it 503, a fault in a handler 500 without detail. A client that
 * goes away takes its request with it; what it had buffered is given back.
 */
import type { Server as HttpServer, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import { type AddressInfo, isIP } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Budget } from '../base/budget.ts';
import type { Log } from '../base/log.ts';
import { isSigned } from '../wire/sigv4.ts';
import { type Origin, originOf } from './forwarded.ts';
import { type Headers, type HttpHandler, plainText, type Request, type Response } from './http.ts';

// Got, not imported: for an import Node reads every name of the module, and some load its fetch (decision 0008).
const { createServer } = process.getBuiltinModule('node:http');
const { createServer: createSecureServer } = process.getBuiltinModule('node:https');

/** Bytes of a body on the wire: 40 MB of mail in base64, and what stands around it. */
export const MAX_BODY = 64 * 1024 * 1024;
/** Bytes of a body that is not read whole: S3's limit of an object that comes in one piece. */
const MAX_STREAM = 5 * 2 ** 30;
/** Bytes that a streamed body may hold in memory on its way. */
const STREAM_HELD = 12 * 2 ** 20;
/** Bytes of all headers of a request: presigned URLs and session tokens are long. */
const MAX_HEADERS = 32 * 1024;
/** Milliseconds for all headers of a request to come in. */
const HEADERS_TIMEOUT = 15_000;
/** Milliseconds for a whole request to come in: 64 MiB at 2 Mbit/s. */
const REQUEST_TIMEOUT = 300_000;
/** Milliseconds that a quiet connection is kept: more than the 60 s of the usual load balancer before us. */
const KEEP_ALIVE = 65_000;
/** Milliseconds between looks at connections for the time-outs above. */
const CHECK_INTERVAL = 5_000;
/** Milliseconds that a client whose body was refused may go on sending: cut off at once, it would not see its answer. */
const LINGER = 2_000;
/** Connections of one listener. */
const MAX_CONNECTIONS = 10_000;

export interface HttpAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** PEM texts. */
export interface Tls {
  readonly cert: string;
  readonly key: string;
}

export interface HttpDoorOptions {
  /** In the order of asking. */
  readonly handlers: readonly HttpHandler[];
  readonly budget: Budget;
  /** Whether a Host (lower case, without port) is a name of ours. */
  readonly isOurName: (host: string) => boolean;
  /** Whether a request is answered under any name. None is where nothing is given. */
  readonly isForAnyName?: (request: Pick<Request, 'method' | 'path'>) => boolean;
  /** Whether the body of a request is handed on as it comes in. None is where nothing is given. */
  readonly isStreamed?: (request: Head) => boolean;
  /** Whether the forwarding fields of a peer count. Nobody's do where nothing is given. */
  readonly isProxy?: ((address: string) => boolean) | undefined;
  readonly log: Log;
  /** Bytes. */
  readonly maxBody?: number;
}

export class HttpDoor {
  readonly #options: HttpDoorOptions;
  readonly #maxBody: number;
  readonly #servers: (HttpServer | HttpsServer)[] = [];
  #closing = false;

  constructor(options: HttpDoorOptions) {
    this.#options = options;
    this.#maxBody = options.maxBody ?? MAX_BODY;
  }

  /** Resolves to the address bound; rejects where it cannot be (`EADDRINUSE`). */
  async listen(address: HttpAddress, tls?: Tls): Promise<HttpAddress> {
    const timeouts = { headersTimeout: HEADERS_TIMEOUT, requestTimeout: REQUEST_TIMEOUT, keepAliveTimeout: KEEP_ALIVE };
    const options = { ...timeouts, connectionsCheckingInterval: CHECK_INTERVAL, maxHeaderSize: MAX_HEADERS };
    const listener: RequestListener = (incoming, outgoing) => void this.#serve(incoming, outgoing, tls !== undefined);
    const server = tls
      ? createSecureServer({ ...options, ...tls, minVersion: 'TLSv1.2' }, listener)
      : createServer(options, listener);
    server.maxConnections = MAX_CONNECTIONS;
    // Without this the client would be told to go on before we know that there is room for its body.
    server.on('checkContinue', listener);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(address.port, address.host, () => {
        server.off('error', reject);
        resolve();
      });
    });
    server.on('error', (err) => this.#options.log.error({ err }, 'an HTTP listener failed'));
    this.#servers.push(server);
    const bound = server.address() as AddressInfo;
    return { host: bound.address, port: bound.port };
  }

  /** Stops listening, lets requests under way finish for `grace` milliseconds, then cuts what is left. */
  async close(grace: number): Promise<void> {
    this.#closing = true;
    const closed = this.#servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    for (const server of this.#servers) server.closeIdleConnections();
    const cut = setTimeout(() => {
      for (const server of this.#servers) server.closeAllConnections();
    }, grace);
    await Promise.all(closed);
    clearTimeout(cut);
  }

  #isForeign(head: Head): boolean {
    const { isOurName, isForAnyName } = this.#options;
    return !isForAnyName?.(head) && isForeign(head, isOurName);
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse, secure: boolean): Promise<void> {
    const held = new Held(this.#options.budget);
    outgoing.once('close', () => held.giveBack());
    const head = headOf(incoming);
    try {
      const streamed = this.#options.isStreamed?.(head) === true;
      const body = this.#isForeign(head)
        ? plainText(403, 'This name is not one of ours')
        : await (streamed ? openBody : readBody)(incoming, outgoing, { held, limit: this.#maxBody });
      if (body === undefined) return;
      if (!Buffer.isBuffer(body)) return this.#write(incoming, outgoing, body);
      const stream = streamed ? limited(incoming, MAX_STREAM) : undefined;
      const peer = { remoteAddress: withoutMapping(incoming.socket.remoteAddress ?? ''), secure };
      const origin = originOf(peer, head.headers, this.#options.isProxy ?? (() => false));
      const request = new ReadRequest(head, body, { ...origin, stream, outgoing });
      this.#write(incoming, outgoing, await this.#answer(request));
    } catch (err) {
      this.#options.log.error({ err, method: head.method, path: head.path }, 'an HTTP request failed');
      this.#write(incoming, outgoing, plainText(500, 'Internal failure'));
    }
  }

  async #answer(request: Request): Promise<Response> {
    for (const handler of this.#options.handlers) {
      const response = await handler(request);
      if (response) return response;
    }
    return plainText(404, 'Nothing here');
  }

  #write(incoming: IncomingMessage, outgoing: ServerResponse, { status, headers, body }: Response): void {
    if (outgoing.destroyed) return;
    const own: Record<string, string | number> = { ...headers };
    if (typeof body !== 'string' && !Buffer.isBuffer(body)) {
      if (this.#closing) own['connection'] = 'close';
      outgoing.writeHead(status, own);
      // Half an answer is no answer: the connection ends with what failed.
      pipeline(Readable.from(body, { objectMode: false }), outgoing).catch((err) => {
        if (!incoming.socket.destroyed) this.#options.log.error({ err }, 'an HTTP answer broke off');
        outgoing.destroy();
      });
      return;
    }
    // A HEAD may tell the length of what it does not carry.
    if (hasContent(status) && (incoming.method !== 'HEAD' || own['content-length'] === undefined)) {
      own['content-length'] = Buffer.byteLength(body);
    }
    const content = hasContent(status) ? body : undefined;
    if (this.#closing || !incoming.complete) own['connection'] = 'close';
    outgoing.writeHead(status, own);
    if (incoming.complete || incoming.headers.expect !== undefined) outgoing.end(content);
    else linger(incoming, outgoing, content ?? '');
  }
}

/** Answers at once, reads and drops what still comes, and closes when no more does. */
function linger(incoming: IncomingMessage, outgoing: ServerResponse, content: Buffer | string): void {
  outgoing.write(content);
  const cut = setTimeout(() => outgoing.end(), LINGER);
  incoming.once('end', () => outgoing.end());
  outgoing.once('close', () => clearTimeout(cut));
  incoming.resume();
}

/** RFC 9110 §6.4.1 */
function hasContent(status: number): boolean {
  return status !== 204 && status !== 304;
}

/** What one request has taken from the budget. */
class Held {
  readonly #budget: Budget;
  #bytes = 0;
  #returned = false;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** False: there is no room. */
  take(bytes: number): boolean {
    if (this.#returned || !this.#budget.tryTake(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  giveBack(): void {
    if (this.#returned) return;
    this.#returned = true;
    if (this.#bytes > 0) this.#budget.give(this.#bytes);
  }
}

interface Limits {
  readonly held: Held;
  /** Bytes. */
  readonly limit: number;
}

const tooLarge = (limit: number): Response => plainText(413, `A body may have ${limit} bytes`);
const noRoom = (): Response => plainText(503, 'There is no room for this request now');
const empty = Buffer.alloc(0);

/** The body, the refusal of it, or nothing where the client has gone away. */
async function readBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { held, limit }: Limits,
): Promise<Buffer | Response | undefined> {
  const declared = incoming.headers['content-length'];
  const length = declared === undefined ? undefined : Number(declared);
  if (length === 0 || (length === undefined && incoming.headers['transfer-encoding'] === undefined)) return empty;
  if (length !== undefined && length > limit) return tooLarge(limit);
  if (length !== undefined && !held.take(length)) return noRoom();
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();

  const chunks: Buffer[] = [];
  let size = 0;
  return new Promise((resolve) => {
    const refuse = (refusal: Response) => {
      incoming.off('data', take);
      incoming.pause();
      resolve(refusal);
    };
    const take = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) refuse(tooLarge(limit));
      else if (length === undefined && !held.take(chunk.length)) refuse(noRoom());
      else chunks.push(chunk);
    };
    incoming.on('data', take);
    incoming.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
    incoming.on('error', () => resolve(undefined));
    incoming.on('close', () => resolve(undefined));
  });
}

/** There must be room for what a streamed body holds. */
async function openBody(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { held }: Limits,
): Promise<Buffer | Response> {
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_STREAM) return tooLarge(MAX_STREAM);
  if (!held.take(STREAM_HELD)) return noRoom();
  if (incoming.headers.expect !== undefined) outgoing.writeContinue();
  return empty;
}

/** Ends in an error where more comes than may. */
async function* limited(incoming: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let size = 0;
  // An error of the handler must not cut off the connection before it is answered.
  for await (const chunk of incoming.iterator({ destroyOnReturn: false })) {
    size += chunk.length;
    if (size > limit) throw new Error(`A body may have ${limit} bytes`);
    yield chunk as Buffer;
  }
}

type Head = Pick<Request, 'method' | 'path' | 'query' | 'headers'>;

function headOf({ method = 'GET', url = '/', rawHeaders }: IncomingMessage): Head {
  // The absolute form (RFC 9112 §3.2.2) names our host once more.
  const target = url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/?]*/i, '') || '/';
  const question = target.indexOf('?');
  return question < 0
    ? { method, path: target, query: '', headers: headersOf(rawHeaders) }
    : { method, path: target.slice(0, question), query: target.slice(question + 1), headers: headersOf(rawHeaders) };
}

/** Repeated headers are joined by a bare comma, as signatures want them; of two hosts neither counts. */
function headersOf(raw: readonly string[]): Headers {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (let position = 0; position < raw.length; position += 2) {
    const name = raw[position]!.toLowerCase();
    const known = headers[name];
    headers[name] = known === undefined ? raw[position + 1]! : `${known},${raw[position + 1]!}`;
  }
  return headers;
}

/**
 * DNS rebinding: a page from elsewhere makes the browser send it our answers under a name of its own. Who signs has a
 * key and is no such page. Unsigned requests must name an address, a single label, or one of our names, and come from
 * a page of ours if they come from a page.
 */
function isForeign({ headers, query }: Head, isOurName: (host: string) => boolean): boolean {
  if (isSigned({ headers, query })) return false;
  const host = headers['host'] ?? '';
  const name = hostName(host);
  const known = isIP(name) !== 0 || !name.includes('.') || isOurName(name);
  const { origin } = headers;
  return !known || (origin !== undefined && !isOwnOrigin(origin, host, isOurName));
}

function isOwnOrigin(origin: string, host: string, isOurName: (host: string) => boolean): boolean {
  const [, page = ''] = /^https?:\/\/([^/]+)$/i.exec(origin) ?? [];
  return page !== '' && (page.toLowerCase() === host.toLowerCase() || isOurName(hostName(page)));
}

/** Lower case, without the port and the brackets of IPv6. */
function hostName(host: string): string {
  return host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .toLowerCase();
}

interface Connection extends Origin {
  readonly stream: AsyncIterable<Buffer> | undefined;
  readonly outgoing: ServerResponse;
}

class ReadRequest implements Request {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly stream: AsyncIterable<Buffer> | undefined;
  readonly remoteAddress: string;
  readonly secure: boolean;
  readonly #outgoing: ServerResponse;
  #aborted: AbortSignal | undefined;

  constructor(
    { method, path, query, headers }: Head,
    body: Buffer,
    { remoteAddress, secure, stream, outgoing }: Connection,
  ) {
    this.method = method;
    this.path = path;
    this.query = query;
    this.headers = headers;
    this.body = body;
    this.stream = stream;
    this.remoteAddress = remoteAddress;
    this.secure = secure;
    this.#outgoing = outgoing;
  }

  get aborted(): AbortSignal {
    this.#aborted ??= abortedBefore(this.#outgoing);
    return this.#aborted;
  }
}

/** `::ffff:192.0.2.1` is how a socket for both families shows an IPv4 peer. */
function withoutMapping(address: string): string {
  return address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}

function abortedBefore(outgoing: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (outgoing.destroyed) controller.abort();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) controller.abort();
  });
  return controller.signal;
}
