import type { Answer, MailExchanger } from '../../wire/dns/dns.ts';
import type { Answer as PeerAnswer } from './classify.ts';

/** Hosts to try, the most preferred first; or why there is none, as a peer would say it. */
export type Exchangers =
  | { readonly kind: 'hosts'; readonly hosts: readonly string[] }
  | { readonly kind: 'nowhere'; readonly answer: PeerAnswer };

/**
 * Pure: who takes mail for a domain (RFC 5321 §5.1). Equal preferences are shuffled by `chance`; no MX means the domain
 * itself; a single MX of `.` means that the domain takes no mail (RFC 7505).
 */
export function exchangersOf(domain: string, records: Answer<MailExchanger[]>, chance: () => number): Exchangers {
  switch (records.kind) {
    case 'failed':
      return { kind: 'nowhere', answer: { code: 421, text: `4.4.0 Unable to lookup DNS for ${domain}` } };
    case 'none':
      return { kind: 'hosts', hosts: [domain] };
    case 'found': {
      if (records.value.every(({ host }) => host === '' || host === '.')) {
        return { kind: 'nowhere', answer: { code: 556, text: `5.1.10 ${domain} does not accept mail (null MX)` } };
      }
      const hosts = records.value
        .filter(({ host }) => host !== '' && host !== '.')
        .map((record) => ({ ...record, lot: chance() }))
        .sort((a, b) => a.preference - b.preference || a.lot - b.lot)
        .map(({ host }) => host);
      return { kind: 'hosts', hosts };
    }
  }
}
