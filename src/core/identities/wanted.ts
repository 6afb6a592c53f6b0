import type { OwnNames } from '../../base/own-names.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Answer } from '../../wire/dns/dns.ts';
import type { RecordData, RecordOf } from '../../wire/dns/records.ts';
import type { Identity } from './identity.ts';
import type { Finding } from './proof.ts';

/** A record that has to be in DNS, and what it is for. */
export interface Wanted {
  readonly purpose: 'ownership' | 'dkim' | 'mail-from' | 'spf' | 'inbound' | 'host';
  readonly record: RecordOf;
  /** Another name at which the same text is taken; with `amazonses:` before it, as it stands among others there. */
  readonly elsewhere?: string;
}

/** SES: before the token where it is not at a name of its own. */
const TOKEN_PREFIX = 'amazonses:';

/** Everything that a domain may publish; nothing for what the identity does not have. */
export function wantedOf(identity: Identity, { region }: Scope, names: OwnNames): Wanted[] {
  const inbound: Wanted = {
    purpose: 'inbound',
    record: { name: identity.name, type: 'MX', data: { preference: 10, host: names.inboundHost(region) } },
  };
  return [
    ...ownership(identity),
    ...dkim(identity, names),
    ...mailFrom(identity, region, names),
    ...(identity.type === 'domain' ? [inbound] : []),
  ];
}

function ownership({ name, type, verificationToken }: Identity): Wanted[] {
  if (type !== 'domain' || verificationToken === undefined) return [];
  const record = { name: `_amazonses.${name}`, type: 'TXT', data: verificationToken } as const;
  return [{ purpose: 'ownership', record, elsewhere: name }];
}

function dkim({ name, dkim: set }: Identity, { dkimZone }: OwnNames): Wanted[] {
  if (set?.origin === 'easy') {
    return set.tokens.map((token) => ({
      purpose: 'dkim',
      record: { name: `${token}._domainkey.${name}`, type: 'CNAME', data: `${token}.${dkimZone}` },
    }));
  }
  if (set?.publicKey === undefined) return [];
  return [{ purpose: 'dkim', record: keyRecord(`${set.tokens[0]}._domainkey.${name}`, set.publicKey) }];
}

function mailFrom({ mailFrom: set }: Identity, region: string, names: OwnNames): Wanted[] {
  if (!set) return [];
  const name = set.domain;
  const exchanger = { preference: 10, host: names.feedbackHost(region) };
  return [
    { purpose: 'mail-from', record: { name, type: 'MX', data: exchanger } },
    { purpose: 'spf', record: { name, type: 'TXT', data: `v=spf1 include:${names.spfDomain} ~all` } },
  ];
}

/** RFC 6376 §3.6.1. */
export const keyRecord = (name: string, publicKey: string): RecordOf => ({
  name,
  type: 'TXT',
  data: `v=DKIM1; k=rsa; p=${publicKey}`,
});

/** The data as a zone file has it, without quotes and final dots. */
export function textOf(record: RecordData): string {
  switch (record.type) {
    case 'MX':
      return `${record.data.preference} ${record.data.host}`;
    case 'SOA':
      return `${record.data.server} ${record.data.mailbox} ${record.data.serial}`;
    default:
      return record.data;
  }
}

/** What `texts` (as `textOf` has them) show of a record. */
export function findingOf({ purpose, record }: Wanted, answer: Answer<string[]>): Finding {
  if (answer.kind === 'failed') return { kind: 'unknown', error: 'dns-server-error' };
  if (answer.kind === 'none') {
    return { kind: 'absent', error: answer.missing === 'type' ? 'type-not-found' : 'host-not-found' };
  }
  return matches(purpose, record, answer.value) ? { kind: 'found' } : { kind: 'absent', error: 'invalid-value' };
}

function matches(purpose: Wanted['purpose'], record: RecordOf, texts: readonly string[]): boolean {
  const wanted = textOf(record);
  switch (purpose) {
    case 'ownership':
      return texts.some((text) => text.trim() === wanted || text.trim() === TOKEN_PREFIX + wanted);
    case 'dkim':
      return record.type === 'CNAME'
        ? texts.some((text) => sameName(text, wanted))
        : texts.some((text) => sameKey(text, wanted));
    case 'mail-from':
      // SES: exactly one MX; its preference says nothing then.
      return texts.length === 1 && sameName(hostOf(texts[0]!), hostOf(wanted));
    case 'inbound':
      return texts.some((text) => sameName(hostOf(text), hostOf(wanted)));
    case 'host':
      return texts.includes(wanted);
    case 'spf':
      return texts.some((text) => includes(text, wanted));
  }
}

const hostOf = (exchanger: string) => exchanger.split(' ')[1] ?? '';

const sameName = (a: string, b: string) => a.replace(/\.$/, '').toLowerCase() === b.toLowerCase();

/** The same p=; version and kind may be left out (RFC 6376 §3.6.1), as SES's guide does. */
function sameKey(text: string, wanted: string): boolean {
  const key = (record: string) => /(?:^|;)\s*p\s*=\s*([^;]*)/.exec(record)?.[1]?.replace(/\s+/g, '');
  const kind = /(?:^|;)\s*k\s*=\s*([^;\s]*)/.exec(text)?.[1] ?? 'rsa';
  return kind === 'rsa' && key(text) === key(wanted);
}

/** An SPF record with all the mechanisms that are wanted, whatever else it has. */
function includes(text: string, wanted: string): boolean {
  const [version, ...mechanisms] = wanted.split(' ').slice(0, -1);
  const terms = text.toLowerCase().split(/\s+/);
  return terms[0] === version && mechanisms.every((mechanism) => terms.includes(mechanism.toLowerCase()));
}
