import { isIPv6 } from 'node:net';
import type { Answer, Dns } from '../../wire/dns/dns.ts';
import type { RecordOf } from '../../wire/dns/records.ts';
import { any, type Finding } from './proof.ts';
import { findingOf, type Wanted } from './wanted.ts';

/** A wanted record and what DNS shows in its place. */
export interface Look {
  readonly wanted: Wanted;
  /** As `textOf` has them. */
  readonly found: Answer<string[]>;
  readonly finding: Finding;
}

/** Asks for every record at once. */
export function look(dns: Dns, wanted: readonly Wanted[]): Promise<Look[]> {
  return Promise.all(wanted.map((one) => lookFor(dns, one)));
}

async function lookFor(dns: Dns, wanted: Wanted): Promise<Look> {
  const { record, elsewhere } = wanted;
  const names = [record.name, ...(elsewhere === undefined ? [] : [elsewhere])];
  const looks = await Promise.all(
    names.map(async (name): Promise<Look> => {
      const found = await ask(dns, { ...record, name });
      return { wanted, found, finding: findingOf(wanted, found) };
    }),
  );
  const finding = any(looks.map((one) => one.finding) as [Finding, ...Finding[]]);
  return looks.find((one) => one.finding === finding)!;
}

async function ask(dns: Dns, { name, type }: RecordOf): Promise<Answer<string[]>> {
  switch (type) {
    case 'TXT':
      return dns.txt(name);
    case 'CNAME':
      return dns.cname(name);
    case 'MX': {
      const answer = await dns.mx(name);
      if (answer.kind !== 'found') return answer;
      return { kind: 'found', value: answer.value.map(({ preference, host }) => `${preference} ${host}`) };
    }
    case 'A':
    case 'AAAA': {
      const answer = await dns.addresses(name);
      if (answer.kind !== 'found') return answer;
      const value = answer.value.filter((address) => isIPv6(address) === (type === 'AAAA'));
      return value.length > 0 ? { kind: 'found', value } : { kind: 'none', missing: 'type' };
    }
    default:
      throw new Error(`No ${type} record is wanted of anybody`);
  }
}
