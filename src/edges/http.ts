/** A request whose body has been read whole. Header names are lower-case, repeated headers are joined with a comma. */
export interface Request {
  readonly method: string;
  /** As on the wire: percent-encoded, without the query. */
  readonly path: string;
  /** As on the wire, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  readonly body: Buffer;
  readonly remoteAddress: string;
  /** The connection that it came on is TLS. */
  readonly secure: boolean;
  /** Fires when the client goes away before it has its answer: a long poll need not wait any longer. */
  readonly aborted: AbortSignal;
}

export type Headers = Readonly<Record<string, string | undefined>>;

export interface Response {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer | string;
}

/** Nothing means: not mine, ask the next one. */
export type HttpHandler = (request: Request) => Response | undefined | Promise<Response | undefined>;

export function plainText(status: number, text: string): Response {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` };
}
