import type { MovableClock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { Timeline } from '../base/timeline.ts';
import type { WorkLoop } from '../base/work-loop.ts';
import type { Accounts, Keys, NewKey, Vault } from '../core/accounts/accounts.ts';
import type { Delivery } from '../core/delivery/delivery.ts';
import type { Identities } from '../core/identities/identities.ts';
import type { Inbox } from '../core/inbox/inbox.ts';
import type { Notices } from '../core/notices/notices.ts';
import type { Receiving, RuleSets } from '../core/receiving/receiving.ts';
import type { Sending } from '../core/sending/sending.ts';
import type { Buckets, Publications, Queues, Uploads } from '../core/targets/targets.ts';
import type { Templates } from '../core/templates/templates.ts';
import type { Settings } from '../settings/settings.ts';
import { facts } from '../storage/facts.ts';
import type { Rows, Scope, Store } from '../storage/ports.ts';

const CLOCK_OFFSET = 'clock-offset';
const OPERATOR_TOKEN = 'operator-token';

/** Secrets that were made at this start and are told only now. */
export interface FirstSecrets {
  key?: NewKey;
  operatorToken?: string;
}

/** How far an earlier process had moved the clock. */
export async function keptClockOffset(rows: Rows): Promise<number> {
  return Number((await facts.get(rows, CLOCK_OFFSET)) ?? 0);
}

interface Needs {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: MovableClock;
  readonly random: Random;
  readonly vault: Vault;
  readonly accounts: Accounts;
  readonly keys: Keys;
  readonly identities: Identities;
  readonly templates: Templates;
  readonly sending: Sending;
  readonly delivery: Delivery;
  readonly ruleSets: RuleSets;
  readonly receiving: Receiving;
  readonly notices: Notices;
  readonly publications: Publications;
  readonly queues: Queues;
  readonly buckets: Buckets;
  readonly uploads: Uploads;
  readonly inbox: Inbox;
}

/** How the rooms begin, go on in another time, forget, and end. */
export class Life {
  readonly #loops: readonly WorkLoop[];
  readonly #timeline: Timeline;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
    const { delivery, receiving, publications, queues, notices, identities, inbox } = needs;
    const { checks, ownKey } = identities;
    const working = [delivery, receiving, publications, queues, notices, checks, ownKey, inbox];
    this.#loops = working.map(({ loop }) => loop);
    this.#timeline = new Timeline(needs.clock, this.#loops);
  }

  /** Makes what the first start makes; the loops begin. */
  async start(): Promise<{ secrets: FirstSecrets; operatorToken: string }> {
    const { settings, accounts, delivery, receiving, publications, notices, queues, identities, inbox } = this.#needs;
    const secrets: FirstSecrets = {};
    const key = await accounts.ensureFirst(settings.account, settings);
    if (key) secrets.key = key;
    const operatorToken = await this.#operatorToken(secrets);
    await Promise.all([delivery.start(), receiving.start(), publications.start(), notices.start()]);
    for (const { loop } of [queues, identities.checks, identities.ownKey, inbox]) loop.start();
    return { secrets, operatorToken };
  }

  /** Forgets all state (or that of one account and region) and goes on as after a first start, with the same root key. */
  async reset(scope?: Scope): Promise<void> {
    const { sending, receiving, identities } = this.#needs;
    if (scope) await this.#forget(scope);
    else await this.#forgetAll();
    sending.forgetQuotas();
    receiving.forgetCounts();
    identities.addresses.forgetCounts();
    for (const loop of this.#loops) loop.wake();
  }

  /** Moves civil time; the new offset is kept, so that it survives a restart. */
  async advance(milliseconds: number): Promise<void> {
    const { store, clock } = this.#needs;
    await this.#timeline.advance(milliseconds);
    await store.rows.write([facts.set(CLOCK_OFFSET, String(clock.offset))], 'durable');
  }

  /** In reverse: no new work, what is in flight ends, the store is closed. */
  async stop(): Promise<void> {
    const { identities, inbox, receiving, notices, delivery, publications } = this.#needs;
    const { queues, templates, store } = this.#needs;
    await inbox.loop.stop();
    await identities.ownKey.loop.stop();
    await identities.checks.loop.stop();
    await receiving.stop();
    await notices.stop();
    await delivery.stop();
    await publications.stop();
    await queues.loop.stop();
    await templates.stop();
    await store.close();
  }

  async #forget(scope: Scope): Promise<void> {
    const { ruleSets, buckets, uploads, store, delivery } = this.#needs;
    // What is kept outside the scope, since it is looked up without knowing it.
    await ruleSets.activate(scope, undefined);
    for (const bucket of await buckets.removeAll(scope)) await uploads.forget(bucket);
    await store.erase(scope);
    await delivery.repairLanes();
  }

  async #forgetAll(): Promise<void> {
    const { settings, keys, store, clock, accounts } = this.#needs;
    const key = await keys.rootKey(settings.account);
    await store.erase();
    clock.offset = 0;
    await store.rows.write([facts.set(CLOCK_OFFSET, '0')], 'durable');
    await accounts.ensureFirst(settings.account, key ?? settings);
  }

  /** The settings', or one that is made once and kept sealed. */
  async #operatorToken(secrets: FirstSecrets): Promise<string> {
    const { settings, store, vault, random } = this.#needs;
    if (settings.operatorToken) return settings.operatorToken;
    const kept = await facts.get(store.rows, OPERATOR_TOKEN);
    if (kept) return vault.open(Buffer.from(kept, 'base64'), OPERATOR_TOKEN);
    const token = random.bytes(24).toString('base64url');
    secrets.operatorToken = token;
    const sealed = vault.seal(token, OPERATOR_TOKEN).toString('base64');
    await store.rows.write([facts.set(OPERATOR_TOKEN, sealed)], 'durable');
    return token;
  }
}
