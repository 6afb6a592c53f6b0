import { isIP } from 'node:net';
import type { Headers } from './http.ts';

/** From where a request came, and whether over TLS. */
export interface Origin {
  readonly remoteAddress: string;
  readonly secure: boolean;
}

/**
 * Where a request came from before it went through proxies that we trust. Each proxy adds at the end of X-Forwarded-For from
 * whom it had it, so the client is the last that is no proxy of ours; what stands before it anybody may have written.
 * X-Forwarded-Proto counts as the proxy next to us has it.
 */
export function originOf(peer: Origin, headers: Headers, isTrusted: (address: string) => boolean): Origin {
  if (!isTrusted(peer.remoteAddress)) return peer;
  let { remoteAddress } = peer;
  for (const address of entries(headers['x-forwarded-for']).reverse()) {
    if (isIP(address) === 0) break;
    remoteAddress = address;
    if (!isTrusted(address)) break;
  }
  const scheme = entries(headers['x-forwarded-proto']).at(-1)?.toLowerCase();
  return { remoteAddress, secure: scheme === undefined ? peer.secure : scheme === 'https' };
}

const entries = (header = '') =>
  header
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
