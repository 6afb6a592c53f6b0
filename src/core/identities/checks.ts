import { type Clock, MINUTE } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { OwnNames } from '../../base/own-names.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import type { Command, Scope } from '../../storage/ports.ts';
import type { Dns } from '../../wire/dns/dns.ts';
import type { Accounts } from '../accounts/accounts.ts';
import type { Notices } from '../notices/notices.ts';
import { nextToken, turned } from './dkim.ts';
import { proved } from './domains.ts';
import type { Identity } from './identity.ts';
import { proofLetter } from './letters.ts';
import { type Look, look } from './look.ts';
import { all, any, type Finding, judged, toldOf } from './proof.ts';
import type { Place, Records } from './records.ts';
import type { Signing } from './signing.ts';
import { findingOf, keyRecord, wantedOf } from './wanted.ts';

/** Identities that are looked at together; each asks some ten questions at once. */
const MOST_CHECKS = 10;
/** Longer than all questions of one may take. */
const CLAIM_TIME = 5 * MINUTE;

interface Needs {
  readonly records: Records;
  readonly signing: Signing;
  readonly dns: Dns;
  readonly accounts: Accounts;
  readonly notices: Notices;
  readonly names: OwnNames;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Asks DNS for what domains have to publish, when it is due, and keeps what that says of them. An account that has an
 * address is told by mail what it won or lost by it.
 */
export class Checks {
  readonly loop: WorkLoop;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.loop = new WorkLoop({
      name: 'identity checks',
      clock: needs.clock,
      log: needs.log,
      limit: MOST_CHECKS,
      look: (room) => this.#look(room),
    });
  }

  async #look(room: number): Promise<Pass> {
    const { records, clock } = this.#needs;
    const now = clock.civil();
    const due = await records.nextDue();
    if (due === undefined || due > now) return { tasks: [], nextDue: due };
    const claimed = await records.claim({ now, until: now + CLAIM_TIME, limit: room });
    return { tasks: claimed.map((place) => () => this.#check(place)), nextDue: due };
  }

  async #check(place: Place): Promise<void> {
    const { records, signing, dns, accounts, notices, names, clock } = this.#needs;
    const { account, region, name } = place;
    const scope = { account, region };
    const identity = await records.get(scope, name);
    if (!identity) return;
    const wanted = wantedOf(identity, scope, names).filter(({ purpose }) => purpose !== 'inbound' && purpose !== 'spf');
    const [looks, authority, next, email] = await Promise.all([
      look(dns, wanted),
      identity.type === 'domain' ? dns.authority(name) : undefined,
      this.#nextKey(place, identity),
      accounts.emailOf(account),
    ]);
    const now = clock.civil();
    await records.change(
      scope,
      name,
      (one) => {
        const seen = judgedBy(one, looks, now);
        const identity = { ...seen, ...(authority?.kind === 'found' && { authority: authority.value }) };
        const told = email === undefined ? [] : this.#told(scope, { before: one, after: seen, to: email });
        const { dkim } = seen;
        if (!dkim || next === undefined || nextToken(dkim) !== next) {
          return { identity, also: told, isOnlyTime: isAsBefore(one, seen) };
        }
        const after = turned(dkim, now);
        // What signed two turns ago is wanted by no mail any more: its place is for the key that comes after this one.
        return {
          identity: { ...identity, dkim: after },
          also: [...told, signing.forget(scope, name, nextToken(after))],
        };
      },
      'committed',
    );
    notices.announce();
  }

  /** The mails that a change is worth. */
  #told(scope: Scope, { before, after, to }: { before: Identity; after: Identity; to: string }): Command[] {
    const { names, notices } = this.#needs;
    const { account, region } = scope;
    return (['proof', 'dkim', 'mailFrom'] as const).flatMap((subject) => {
      const [was, is] = [before, after].map((one) => (subject === 'proof' ? one.proof : one[subject]?.proof));
      const told = was && is && toldOf(was, is);
      if (!told) return [];
      const letter = proofLetter(names, { identity: after, region, subject, told });
      return [notices.owe({ account, region, kind: `${kinds[subject]}-${told}`, to, letter })];
    });
  }

  /** The token whose key is to sign from now on: its time has come, and the world can look it up. */
  async #nextKey(scope: Place, identity: Identity): Promise<string | undefined> {
    const { dkim, name } = identity;
    if (dkim?.turn === undefined || dkim.turn > this.#needs.clock.civil() || dkim.proof.status !== 'success')
      return undefined;
    const token = nextToken(dkim);
    const record = keyRecord(
      `${token}._domainkey.${name}`,
      await this.#needs.signing.publicKey(scope, identity, token),
    );
    const finding = findingOf({ purpose: 'dkim', record }, await this.#needs.dns.txt(record.name));
    return finding.kind === 'found' ? token : undefined;
  }
}

const kinds = { proof: 'domain-verification', dkim: 'dkim', mailFrom: 'mail-from' } as const;

/** Whether a look showed nothing new: mail that relies on the identity is sent as it was before. */
const isAsBefore = (before: Identity, after: Identity): boolean =>
  before.proof?.status === after.proof?.status &&
  before.dkim?.proof.status === after.dkim?.proof.status &&
  before.mailFrom?.proof.status === after.mailFrom?.proof.status;

/** What was looked for may have changed since: only what is still wanted counts. */
function judgedBy(identity: Identity, looks: readonly Look[], now: number): Identity {
  const { proof, dkim, mailFrom } = identity;
  const findings = (purpose: Look['wanted']['purpose'], suffix: string) =>
    looks
      .filter(({ wanted }) => wanted.purpose === purpose && wanted.record.name.endsWith(suffix))
      .map((one) => one.finding);
  const ofDkim = dkim ? dkim.tokens.flatMap((token) => findings('dkim', `${token}._domainkey.${identity.name}`)) : [];
  const isWhole = dkim !== undefined && ofDkim.length === dkim.tokens.length;
  const signed = isWhole ? all(ofDkim) : undefined;
  const owned = [...findings('ownership', ''), ...(signed ? [signed] : [])];
  const [sent] = mailFrom ? findings('mail-from', mailFrom.domain) : [];
  const after: Identity = {
    ...identity,
    ...(dkim && signed && { dkim: { ...dkim, proof: judged(dkim.proof, signed, now) } }),
    ...(mailFrom && sent && { mailFrom: { ...mailFrom, proof: judged(mailFrom.proof, sent, now) } }),
  };
  return proof && owned.length > 0 ? proved(after, judged(proof, any(owned as [Finding, ...Finding[]]), now)) : after;
}
