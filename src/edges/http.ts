/** A request whose body has been read whole, or comes in as it is read. Header names are lower-case, repeated headers are joined with a comma. */
export interface Request {
  readonly method: string;
  /** As on the wire: percent-encoded, without the query. */
  readonly path: string;
  /** As on the wire, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  /** Empty where it is streamed. */
  readonly body: Buffer;
  /** The body of a request that may be large, to be read once; errs where it breaks off or is too long. */
  readonly stream?: AsyncIterable<Buffer> | undefined;
  /** Of the client; of the peer, where that is no proxy that we trust. */
  readonly remoteAddress: string;
  /** The client's connection is TLS, as far as we or a proxy that we trust can tell. */
  readonly secure: boolean;
  /** Fires when the client goes away before it has its answer: a long poll need not wait any longer. */
  readonly aborted: AbortSignal;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Response {
  readonly status: number;
  readonly headers: Record<string, string>;
  /** What is streamed says its length in the headers, and is cut off where it fails. */
  readonly body: Buffer | string | AsyncIterable<Buffer>;
}

/** Nothing means: not mine, ask the next one. */
export type HttpHandler = (request: Request) => Response | undefined | Promise<Response | undefined>;

export function plainText(status: number, text: string): Response {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` };
}
