import { promises as dns, type SoaRecord } from 'node:dns';
import { isIP } from 'node:net';

/** An answer, a certain no, or a question that could not be put. */
export type Answer<T> =
  | { readonly kind: 'found'; readonly value: T }
  /** No such name, or none of this type at the name (RFC 2308 §2); where it is not said, either. */
  | { readonly kind: 'none'; readonly missing?: 'name' | 'type' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface MailExchanger {
  readonly preference: number;
  readonly host: string;
}

/** Milliseconds for one question, tries for one server. */
const TIMEOUT = 5_000;
const TRIES = 2;

/** Who speaks for a zone (SOA, RFC 1035 §3.3.13). */
export interface ZoneAuthority {
  readonly server: string;
  /** Mailbox with a dot for its @. */
  readonly mailbox: string;
  readonly serial: number;
}

/** DNS questions of the house. With servers given every question goes to them; else the system's resolver is asked. */
export class Dns {
  readonly #resolver = new dns.Resolver({ timeout: TIMEOUT, tries: TRIES });
  readonly #ownServers: boolean;

  /** `host:port` each; none for the system's. */
  constructor(servers: readonly string[] = []) {
    this.#ownServers = servers.length > 0;
    if (this.#ownServers) this.#resolver.setServers(servers);
  }

  mx(domain: string): Promise<Answer<MailExchanger[]>> {
    return ask(async () => {
      const records = await this.#resolver.resolveMx(domain);
      return records.map(({ priority, exchange }) => ({ preference: priority, host: exchange }));
    });
  }

  /** Texts of the TXT records, each with its strings joined (RFC 7208 §3.3). An alias is followed. */
  txt(name: string): Promise<Answer<string[]>> {
    return ask(async () => (await this.#resolver.resolveTxt(name)).map((strings) => strings.join('')));
  }

  cname(name: string): Promise<Answer<string[]>> {
    return ask(() => this.#resolver.resolveCname(name));
  }

  /** Of a name at which a zone begins. */
  async authority(zone: string): Promise<Answer<ZoneAuthority>> {
    const answer = await ask(async () => [await this.#resolver.resolveSoa(zone)]);
    if (answer.kind !== 'found') return answer;
    const [{ nsname, hostmaster, serial }] = answer.value as [SoaRecord];
    return { kind: 'found', value: { server: nsname, mailbox: hostmaster, serial } };
  }

  /** IPv4 before IPv6. A host that is an address already answers itself. */
  async addresses(host: string): Promise<Answer<string[]>> {
    if (isIP(host)) return { kind: 'found', value: [host] };
    if (!this.#ownServers) {
      // The hosts file counts too, as it does for every other program of the machine.
      return ask(async () => (await dns.lookup(host, { all: true, order: 'ipv4first' })).map(({ address }) => address));
    }
    const [v4, v6] = await Promise.all([
      ask(() => this.#resolver.resolve4(host)),
      ask(() => this.#resolver.resolve6(host)),
    ]);
    const found = [v4, v6].flatMap((answer) => (answer.kind === 'found' ? answer.value : []));
    if (found.length > 0) return { kind: 'found', value: found };
    return v4.kind === 'failed' ? v4 : v6;
  }
}

async function ask<T>(question: () => Promise<T[]>): Promise<Answer<T[]>> {
  try {
    const value = await question();
    return value.length > 0 ? { kind: 'found', value } : { kind: 'none' };
  } catch (cause) {
    const { code = 'EUNKNOWN' } = cause as { code?: string };
    if (code === 'ENODATA') return { kind: 'none', missing: 'type' };
    if (code === 'ENOTFOUND') return { kind: 'none', missing: 'name' };
    return { kind: 'failed', reason: code };
  }
}
