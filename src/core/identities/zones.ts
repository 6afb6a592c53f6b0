import type { Clock } from '../../base/clock.ts';
import type { OwnNames } from '../../base/own-names.ts';
import type { Question, RecordOf, Verdict } from '../../wire/dns/records.ts';
import { knownRegions } from '../accounts/accounts.ts';
import { domainChain, domainOf } from './covering.ts';
import type { OwnKey } from './own-key.ts';
import type { Placed, Records } from './records.ts';
import type { Signing } from './signing.ts';
import { keyRecord } from './wanted.ts';
import {
  delegatedDomain,
  delegatedZone,
  isWithin,
  nameServer,
  ownZones,
  spokenFor,
  verdictOf,
  type Zone,
} from './zone.ts';

interface Needs {
  readonly records: Records;
  readonly signing: Signing;
  readonly ownKey: OwnKey;
  readonly names: OwnNames;
  readonly clock: Clock;
  /** Where we can be reached. */
  readonly addresses: readonly string[];
  /** EHLO name. */
  readonly hostname: string;
  /** Where mail to our own addresses goes. */
  readonly region: string;
}

/** Labels of a name that are looked at; none of ours has more. */
const MOST_LABELS = 30;

/** Speaks for our own zones, and for what domains delegate to us: their keys, their proofs, their MAIL FROM. */
export class Zones {
  readonly #needs: Needs;
  #own: Promise<Zone[]> | undefined;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  async answer(question: Question): Promise<Verdict> {
    const { names, clock } = this.#needs;
    const { name } = question;
    if (name.split('.').length > MOST_LABELS) return { kind: 'refused' };
    const [own, delegated, key] = await Promise.all([
      this.#ownZones(),
      this.#delegated(name).then(async (zones) => [...zones, ...(await this.#mailFrom(name))]),
      isWithin(name, names.dkimZone) ? this.#keyAt(name) : [],
    ]);
    // What an alias of ours leads to is said with it.
    const aliases = delegated.flatMap(({ records }) => records.filter((record) => record.name === name));
    const behind = await Promise.all(aliases.map(({ type, data }) => (type === 'CNAME' ? this.#keyAt(data) : [])));
    const isOurs = ({ apex }: Zone) => own.some((zone) => isWithin(apex, zone.apex));
    const inOwn = delegated.filter(isOurs).flatMap(({ records }) => records);
    const zones = [
      ...withRecords(own, [...key, ...behind.flat(), ...inOwn]),
      ...delegated.filter((zone) => !isOurs(zone)),
    ];
    const serial = Math.floor(clock.civil() / 1_000);
    return verdictOf(question, zones, { server: nameServer(names), mailbox: `hostmaster.${names.zones[0]}`, serial });
  }

  /** What has to be published of our own, for whoever does not let us speak for it. */
  async ownRecords(): Promise<RecordOf[]> {
    const { ownKey, region } = this.#needs;
    const zones = ownZones({ ...this.#needs, regions: [region], key: await ownKey.record() });
    return zones.flatMap(({ records }) => records);
  }

  /** Nothing of it ever changes. */
  #ownZones(): Promise<Zone[]> {
    const { ownKey, region } = this.#needs;
    this.#own ??= ownKey.record().then(
      (key) => ownZones({ ...this.#needs, regions: [...new Set([...knownRegions, region])], key }),
      (cause: unknown) => {
        this.#own = undefined;
        throw cause;
      },
    );
    return this.#own;
  }

  /** The key of a token of Easy DKIM, at `<token>.dkim.<our domain>`. */
  async #keyAt(name: string): Promise<RecordOf[]> {
    const { records, signing, names } = this.#needs;
    const token = name.slice(0, -names.dkimZone.length - 1);
    const place = await signing.placeOf(token);
    const identity = place && (await records.get(place, place.name));
    if (!place || !identity?.dkim?.tokens.includes(token)) return [];
    return [keyRecord(name, await signing.publicKey(place, identity, token))];
  }

  async #delegated(name: string): Promise<Zone[]> {
    const found = delegatedDomain(name);
    if (!found) return [];
    const zone = delegatedZone(found.apex, await this.#claims(found.domain), this.#needs.names);
    return zone.records.length > 0 ? [zone] : [];
  }

  async #mailFrom(name: string): Promise<Zone[]> {
    const { records, names } = this.#needs;
    const having = await records.withMailFrom(domainChain(name));
    const spoken = await Promise.all(
      having.map(async (one) => {
        const claims = await this.#claims(domainOf(one.identity.name));
        return claims.some(({ account }) => account === one.account) ? [one] : [];
      }),
    );
    const byDomain = Map.groupBy(spoken.flat(), ({ identity }) => identity.mailFrom!.domain);
    return [...byDomain].map(([domain, identities]) => delegatedZone(domain, identities, names));
  }

  async #claims(domain: string): Promise<Placed[]> {
    return spokenFor(await this.#needs.records.domainEverywhere(domain));
  }
}

function withRecords(zones: readonly Zone[], more: readonly RecordOf[]): Zone[] {
  return zones.map((zone) => ({
    ...zone,
    records: [...zone.records, ...more.filter(({ name }) => isWithin(name, zone.apex))],
  }));
}
