import type { OwnNames } from '../../base/own-names.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Dns } from '../../wire/dns/dns.ts';
import type { RecordData } from '../../wire/dns/records.ts';
import type { Identity } from './identity.ts';
import { type Look, look } from './look.ts';
import type { Place, Records } from './records.ts';
import { textOf, type Wanted, wantedOf } from './wanted.ts';
import type { Zones } from './zones.ts';

interface Needs {
  readonly records: Records;
  readonly zones: Zones;
  readonly dns: Dns;
  readonly names: OwnNames;
  /** Nothing where we only carry SES's names, which are not ours to publish. */
  readonly domain: string | undefined;
}

/** A record that should be published, and what is found in its place now. */
export interface Examined {
  readonly name: string;
  readonly type: RecordData['type'];
  /** As a zone file has it, without quotes and final dots. */
  readonly value: string;
  readonly purpose: Wanted['purpose'];
  readonly found: readonly string[];
  /** `unknown`: nobody could say. */
  readonly state: 'published' | 'missing' | 'different' | 'unknown';
}

export interface Patient extends Scope {
  readonly name: string;
  readonly type: Identity['type'];
  readonly status: Identity['status'];
  readonly records: readonly Examined[];
}

/** Records that are asked for together; a page of identities has many. */
const MOST_AT_ONCE = 50;

/** Says what has to be published, for us and for each identity, and what DNS shows of it now. */
export class Doctor {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** What is ours: hosts, the keys, SPF, where bounces and mail come in. */
  async ours(): Promise<Examined[]> {
    const records = this.#needs.domain === undefined ? [] : await this.#needs.zones.ownRecords();
    return this.#examined(records.map((record) => ({ purpose: purposeOf(record.type, record.name), record })));
  }

  /** Identities of all accounts and regions in their order, `limit` at most, after a place. */
  async identities(after: Place, limit: number): Promise<Patient[]> {
    const { records, names } = this.#needs;
    const patients: Patient[] = [];
    for (const { identity, ...scope } of await records.everywhere(after, limit)) {
      const { name, type, status } = identity;
      patients.push({ ...scope, name, type, status, records: await this.#examined(wantedOf(identity, scope, names)) });
    }
    return patients;
  }

  async #examined(wanted: readonly Wanted[]): Promise<Examined[]> {
    const looks: Look[] = [];
    for (let n = 0; n < wanted.length; n += MOST_AT_ONCE) {
      looks.push(...(await look(this.#needs.dns, wanted.slice(n, n + MOST_AT_ONCE))));
    }
    return looks.map(({ wanted: { purpose, record }, found, finding }) => ({
      name: record.name,
      type: record.type,
      value: textOf(record),
      purpose,
      found: found.kind === 'found' ? found.value : [],
      state: stateOf(finding),
    }));
  }
}

function purposeOf(type: RecordData['type'], name: string): Examined['purpose'] {
  if (type === 'A' || type === 'AAAA') return 'host';
  if (type === 'MX') return 'inbound';
  return name.includes('._domainkey.') ? 'dkim' : 'spf';
}

function stateOf(finding: Look['finding']): Examined['state'] {
  if (finding.kind === 'found') return 'published';
  if (finding.kind === 'unknown') return 'unknown';
  return finding.error === 'invalid-value' ? 'different' : 'missing';
}
