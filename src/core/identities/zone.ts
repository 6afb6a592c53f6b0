import { isIPv6 } from 'node:net';
import type { OwnNames } from '../../base/own-names.ts';
import type { Question, RecordOf, ResourceRecord, Verdict } from '../../wire/dns/records.ts';
import { isVerified } from './identity.ts';
import type { Placed } from './records.ts';
import { wantedOf } from './wanted.ts';

/** A part of the name space that we speak for, with what is known there. */
export interface Zone {
  readonly apex: string;
  readonly records: readonly RecordOf[];
  /** Names that are there even though nothing is known at them: a no would be one for all below them (RFC 8020). */
  readonly branches?: readonly string[];
}

export interface Speaker {
  /** Our name server. */
  readonly server: string;
  readonly mailbox: string;
  readonly serial: number;
}

/** Seconds: of answers, and of the knowledge that there is none, so that what was just made is soon seen. */
const TTL = 300;
const NEGATIVE_TTL = 60;

/** What the zones say to a question: the one whose apex is nearest answers, an alias is followed as far as we know. */
export function verdictOf({ name, type }: Question, zones: readonly Zone[], speaker: Speaker): Verdict {
  const zone = zoneOf(name, zones);
  if (!zone) return { kind: 'refused' };
  const soa = soaOf(zone, speaker);
  const here = recordsAt(name, zone, speaker);
  const isBranch = zone.branches?.includes(name) ?? false;
  const exists = here.length > 0 || isBranch || zone.records.some((record) => record.name.endsWith(`.${name}`));
  const answers = chosen(here, type);
  const alias = here.find((record): record is ResourceRecord & { type: 'CNAME' } => record.type === 'CNAME');
  if (alias && type !== 'CNAME' && type !== 'ANY') {
    const target = zoneOf(alias.data, zones);
    const there = target ? chosen(recordsAt(alias.data, target, speaker), type) : [];
    return { kind: 'answered', exists, answers: [alias, ...there], authority: [] };
  }
  return { kind: 'answered', exists, answers, authority: answers.length > 0 ? [] : [soa] };
}

function zoneOf(name: string, zones: readonly Zone[]): Zone | undefined {
  return zones.filter(({ apex }) => isWithin(name, apex)).sort((a, b) => b.apex.length - a.apex.length)[0];
}

/** For ANY one kind of record is answer enough (RFC 8482 §4.1). */
function chosen(records: readonly ResourceRecord[], type: string): ResourceRecord[] {
  const wanted = type === 'ANY' ? records[0]?.type : type;
  return records.filter((record) => record.type === wanted);
}

function recordsAt(name: string, zone: Zone, speaker: Speaker): ResourceRecord[] {
  const here = zone.records
    .filter((record) => record.name.toLowerCase() === name)
    .map((record): ResourceRecord => ({ ...record, name, ttl: TTL }));
  if (name !== zone.apex) return here;
  return [...here, { name, type: 'NS', data: speaker.server, ttl: TTL }, soaOf(zone, speaker)];
}

function soaOf({ apex }: Zone, { server, mailbox, serial }: Speaker): ResourceRecord {
  return { name: apex, type: 'SOA', data: { server, mailbox, serial, minimum: NEGATIVE_TTL }, ttl: NEGATIVE_TTL };
}

export const isWithin = (name: string, apex: string): boolean => name === apex || name.endsWith(`.${apex}`);

interface Own {
  readonly names: OwnNames;
  readonly regions: readonly string[];
  /** Where we can be reached. */
  readonly addresses: readonly string[];
  /** EHLO name. */
  readonly hostname: string;
  /** Where mail to our own addresses goes. */
  readonly region: string;
  /** The key that signs as our own domain. */
  readonly key: RecordOf | undefined;
}

/** Everything of ours but the keys of Easy DKIM. */
export function ownZones({ names, regions, addresses, hostname, region, key }: Own): Zone[] {
  const exchanger = (name: string, host: string): RecordOf => ({ name, type: 'MX', data: { preference: 10, host } });
  const reachable = (name: string) =>
    addresses.map((data): RecordOf => ({ name, type: isIPv6(data) ? 'AAAA' : 'A', data }));
  const hosts = [
    nameServer(names),
    hostname,
    names.submissionHost,
    ...regions.flatMap((one) => [names.inboundHost(one), names.feedbackHost(one), names.regionalSubmissionHost(one)]),
  ];
  const senders = addresses.map((address) => `${isIPv6(address) ? 'ip6' : 'ip4'}:${address}`);
  const records: RecordOf[] = [
    ...[...new Set(hosts.map((host) => host.toLowerCase()))].flatMap(reachable),
    { name: names.spfDomain, type: 'TXT', data: ['v=spf1', ...senders, '~all'].join(' ') },
    exchanger(names.spfDomain, names.inboundHost(region)),
    ...regions
      .map((one) => [names.returnPathDomain(one), one] as const)
      .filter(([domain]) => domain !== names.spfDomain)
      .flatMap(([domain, one]): RecordOf[] => [
        exchanger(domain, names.feedbackHost(one)),
        { name: domain, type: 'TXT', data: `v=spf1 include:${names.spfDomain} ~all` },
      ]),
    ...(key ? [key] : []),
  ];
  return names.zones.map((apex) => ({
    apex,
    records: records.filter(({ name }) => isWithin(name, apex)),
    branches: [names.dkimZone, `_domainkey.${apex}`].filter((name) => isWithin(name, apex)),
  }));
}

export const nameServer = ({ zones: [zone] }: OwnNames): string => `ns.${zone}`;

/** Labels under which a domain publishes what concerns us; each may be delegated to us. */
const DELEGATED = ['_domainkey', '_amazonses'];

/** The customer's domain that a name may belong to: what follows one of the labels. */
export function delegatedDomain(name: string): { apex: string; domain: string } | undefined {
  const labels = name.split('.');
  const at = labels.findLastIndex((label) => DELEGATED.includes(label));
  if (at < 0 || at > labels.length - 3) return undefined;
  return { apex: labels.slice(at).join('.'), domain: labels.slice(at + 1).join('.') };
}

/** What the identities have to publish within a zone that was delegated to us. */
export function delegatedZone(apex: string, identities: readonly Placed[], names: OwnNames): Zone {
  const wanted = identities.flatMap(({ identity, ...scope }) => wantedOf(identity, scope, names));
  return { apex, records: wanted.map(({ record }) => record).filter(({ name }) => isWithin(name, apex)) };
}

/**
 * For whom we speak in a domain that several accounts may claim: those who have proved it. While nobody has, a single
 * claimant; with more than one the delegation tells nothing of whose the domain is, and one has to be proved by hand.
 */
export function spokenFor(claims: readonly Placed[]): Placed[] {
  const proved = new Set(claims.filter(({ identity }) => isVerified(identity)).map(({ account }) => account));
  const accounts = proved.size > 0 ? proved : new Set(claims.map(({ account }) => account));
  return proved.size > 0 || accounts.size === 1 ? claims.filter(({ account }) => accounts.has(account)) : [];
}
