import { createPrivateKey, generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { type Clock, HOUR, MINUTE } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import { type Random, randomText } from '../../base/random.ts';
import { type Pass, WorkLoop } from '../../base/work-loop.ts';
import { facts } from '../../storage/facts.ts';
import type { Rows } from '../../storage/ports.ts';
import type { Dns } from '../../wire/dns/dns.ts';
import type { RecordOf } from '../../wire/dns/records.ts';
import type { Vault } from '../accounts/accounts.ts';
import { publicPart, SELECTOR_ALPHABET } from './keys.ts';
import type { SigningKey } from './signing.ts';
import { findingOf, keyRecord } from './wanted.ts';

const FACT = 'own-dkim-key';
const BITS = 2048;
/** Between two looks, while the key is published and while it is not. */
const PAUSE = HOUR;
const PAUSE_UNTIL_PUBLISHED = MINUTE;
const makeKeyPair = promisify(generateKeyPair);

interface Needs {
  readonly rows: Rows;
  readonly vault: Vault;
  readonly dns: Dns;
  /** `SESAME_DOMAIN`; without one there is no key, since nobody may sign as Amazon. */
  readonly domain: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

interface Kept extends SigningKey {
  readonly record: RecordOf;
}

/**
 * The key of our own domain, which signs all mail that leaves beside the author's (SES: d=amazonses.com), as long as DNS
 * shows it. It belongs to the data folder, not to what is in it: a reset leaves it, since it is published.
 */
export class OwnKey {
  readonly loop: WorkLoop;
  readonly #needs: Needs;
  #kept: Promise<Kept> | undefined;
  /** Set while it is published. */
  #published: SigningKey | undefined;
  #due: number;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#due = needs.clock.civil();
    this.loop = new WorkLoop({
      name: 'own key',
      clock: needs.clock,
      log: needs.log,
      limit: 1,
      look: async () => this.#look(),
    });
  }

  /** Nothing while nobody could check what it signs. */
  get published(): SigningKey | undefined {
    return this.#published;
  }

  /** What has to be in DNS; nothing without a domain of our own. */
  async record(): Promise<RecordOf | undefined> {
    return this.#needs.domain === undefined ? undefined : (await this.#key(this.#needs.domain)).record;
  }

  /** A hint that DNS may show something else by now. */
  lookNow(): void {
    this.#due = this.#needs.clock.civil();
    this.loop.wake();
  }

  #look(): Pass {
    const { domain, clock } = this.#needs;
    if (domain === undefined) return { tasks: [], nextDue: undefined };
    const now = clock.civil();
    if (this.#due > now) return { tasks: [], nextDue: this.#due };
    this.#due = now + PAUSE_UNTIL_PUBLISHED;
    return { tasks: [() => this.#check(domain)], nextDue: this.#due };
  }

  async #check(domain: string): Promise<void> {
    const { record, ...key } = await this.#key(domain);
    const finding = findingOf({ purpose: 'dkim', record }, await this.#needs.dns.txt(record.name));
    // What nobody could say changes nothing.
    if (finding.kind !== 'unknown') this.#published = finding.kind === 'found' ? key : undefined;
    this.#due = this.#needs.clock.civil() + (finding.kind === 'found' ? PAUSE : PAUSE_UNTIL_PUBLISHED);
  }

  #key(domain: string): Promise<Kept> {
    this.#kept ??= this.#load(domain).catch((cause: unknown) => {
      this.#kept = undefined;
      throw cause;
    });
    return this.#kept;
  }

  async #load(domain: string): Promise<Kept> {
    const { rows, vault } = this.#needs;
    const sealed = (await facts.get(rows, FACT)) ?? (await this.#make());
    const { selector, pem } = JSON.parse(vault.open(Buffer.from(sealed, 'base64'), FACT)) as {
      selector: string;
      pem: string;
    };
    const key = createPrivateKey(pem);
    return { domain, selector, key, record: keyRecord(`${selector}._domainkey.${domain}`, publicPart(key)) };
  }

  async #make(): Promise<string> {
    const { rows, vault, random } = this.#needs;
    const { privateKey } = await makeKeyPair('rsa', { modulusLength: BITS });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    const made = { selector: randomText(random, SELECTOR_ALPHABET, 32), pem };
    const sealed = vault.seal(JSON.stringify(made), FACT).toString('base64');
    await rows.write([facts.set(FACT, sealed)], 'durable');
    return sealed;
  }
}
