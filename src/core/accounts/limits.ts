import { type Documents, documents } from '../../storage/documents.ts';
import { generation } from '../../storage/generations.ts';
import type { Rows, Scope } from '../../storage/ports.ts';

/** What an account may send in one region, in recipients. */
export interface SendingLimits {
  /** Only to verified identities and the mailbox simulator. */
  readonly sandbox: boolean;
  /** In any 24 hours; -1 is without limit. */
  readonly perDay: number;
  readonly perSecond: number;
}

/** SES: every account begins so, in each region. */
export const sandboxLimits: SendingLimits = { sandbox: true, perDay: 200, perSecond: 1 };
/** Without a sandbox nothing is limited; a rate has to be a number, so it is one that nobody reaches. */
export const freeLimits: SendingLimits = { sandbox: false, perDay: -1, perSecond: 10_000 };

/** The one document of a scope. */
const NAME = 'sending';

/** Limits of every account and region: those granted to it, else those with which accounts begin here. */
export class Limits {
  readonly #rows: Rows;
  readonly #initial: SendingLimits;
  readonly #granted: Documents<SendingLimits>;
  readonly #known = new Map<string, { readonly generation: number; readonly limits: SendingLimits }>();

  constructor(rows: Rows, initial: SendingLimits) {
    this.#rows = rows;
    this.#initial = initial;
    this.#granted = documents(rows, 'sending-limits');
  }

  async of(scope: Scope): Promise<SendingLimits> {
    const key = `${scope.account} ${scope.region}`;
    const current = await generation(this.#rows, scope);
    const known = this.#known.get(key);
    if (known?.generation === current) return known.limits;
    const limits = (await this.#granted.get(scope, NAME))?.value ?? this.#initial;
    this.#known.set(key, { generation: current, limits });
    return limits;
  }
}
