import { isIP } from 'node:net';
import type { Dns } from '../../wire/dns/dns.ts';
import { isPrivateAddress } from '../../wire/private-addresses.ts';
import { exchangersOf } from './exchangers.ts';
import type { Peer, Peers } from './smtp-route.ts';

interface Finding {
  readonly dns: Dns;
  /** Loopback and private addresses are no place for mail, unless the settings say so. */
  readonly allowPrivate: boolean;
}

/** The exchangers of a domain, with every address of each, over opportunistic TLS. */
export function exchangerPeers({ dns, allowPrivate, port, chance }: Finding & { port: number; chance: () => number }) {
  return async (domain: string): Promise<Peers> => {
    const literal = /^\[(?:IPv6:)?([0-9a-f:.]+)\]$/i.exec(domain)?.[1];
    const found = literal
      ? ({ kind: 'hosts', hosts: [literal] } as const)
      : exchangersOf(domain, await dns.mx(domain), chance);
    if (found.kind === 'nowhere') return found;
    const peers: Peer[] = [];
    let refused = 0;
    for (const host of found.hosts) {
      const addresses = await dns.addresses(host);
      for (const address of addresses.kind === 'found' ? addresses.value : []) {
        if (!allowPrivate && isPrivateAddress(address)) refused += 1;
        else peers.push({ address, port, host, tls: 'opportunistic', verifyCertificate: false });
      }
    }
    if (peers.length > 0) return { kind: 'peers', peers };
    const text = refused > 0 ? `${domain} leads to a private address` : `4.4.0 Unable to lookup DNS for ${domain}`;
    return { kind: 'nowhere', answer: { code: 421, text } };
  };
}

export interface Smarthost {
  readonly host: string;
  readonly port: number;
  readonly implicitTls: boolean;
  readonly user?: string;
  readonly password?: string;
}

/**
 * One relay for every domain, at each of its addresses. A password is sent in plain text only to this machine itself; to
 * any other it needs TLS with a certificate of that name.
 */
export function smarthostPeers({ dns, smarthost }: { dns: Dns; smarthost: Smarthost }) {
  const { host, port, implicitTls, user, password } = smarthost;
  return async (): Promise<Peers> => {
    const addresses = await dns.addresses(host);
    if (addresses.kind !== 'found') {
      return { kind: 'nowhere', answer: { code: 421, text: `4.4.0 Unable to lookup DNS for ${host}` } };
    }
    const auth = user === undefined ? {} : { auth: { userName: user, password: password ?? '' } };
    const peers = addresses.value.map((address): Peer => {
      const secret = user !== undefined && !isLoopback(address);
      const tls = implicitTls ? 'implicit' : secret ? 'required' : 'opportunistic';
      return { address, port, host, tls, verifyCertificate: secret, ...auth };
    });
    return { kind: 'peers', peers };
  };
}

const isLoopback = (address: string) => address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
