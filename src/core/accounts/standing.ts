import type { Clock } from '../../base/clock.ts';
import { Refusal } from '../../base/refusal.ts';
import { Answers } from '../../storage/answers.ts';
import { type Documents, documents } from '../../storage/documents.ts';
import type { Command, Rows, Scope } from '../../storage/ports.ts';

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

/** Under `probation` an account sends as ever and is watched; after a `shutdown` it sends nothing (SES: EnforcementStatus). */
export type Enforcement = 'healthy' | 'probation' | 'shutdown';

/** Virtual Deliverability Manager, as far as an account says whether it wants it. */
export interface DeliverabilityManager {
  readonly enabled: boolean;
  readonly engagementMetrics: boolean;
  readonly optimizedSharedDelivery: boolean;
}

/** How an account stands in one region: what reviewers grant, what is enforced, and what it chose for itself. */
export interface Standing extends SendingLimits {
  readonly enforcement: Enforcement;
  /** Why it is not healthy, in the words of who said so. */
  readonly enforcementReason?: string | undefined;
  /** The account's own switch (SES: PutAccountSendingAttributes). */
  readonly sendingEnabled: boolean;
  /** SES: PutAccountDedicatedIpWarmupAttributes. */
  readonly dedicatedIpWarmup: boolean;
  /** Nothing until it is set. */
  readonly deliverabilityManager?: DeliverabilityManager | undefined;
}

/** The one document of a scope. */
const NAME = 'account';

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  /** With which accounts begin here. */
  readonly initial: SendingLimits;
}

/** The standing of every account and region. A change is in force for all that asks after it. */
export class Standings {
  readonly #needs: Needs;
  readonly #initial: Standing;
  /** What differs from the beginning. */
  readonly #changed: Documents<Partial<Standing>>;
  readonly #known: Answers<Standing>;

  constructor(needs: Needs) {
    this.#needs = needs;
    this.#initial = { ...needs.initial, enforcement: 'healthy', sendingEnabled: true, dedicatedIpWarmup: true };
    this.#changed = documents(needs.rows, 'standing');
    this.#known = new Answers(needs.rows);
  }

  /** Asked at every send: kept until the scope's generation is another. */
  of(scope: Scope): Promise<Standing> {
    return this.#known.of(scope, NAME, async () => ({
      ...this.#initial,
      ...(await this.#changed.get(scope, NAME))?.value,
    }));
  }

  /** SES: what accounts in the sandbox may not do, such as filling the suppression list. */
  async requireProduction(scope: Scope): Promise<void> {
    if (!(await this.of(scope)).sandbox) return;
    throw new Refusal(
      'production-access-not-granted',
      'This operation needs production access, your account is in the sandbox.',
    );
  }

  /** What goes into the batch of whatever causes the change; the batch fails where somebody else was faster. */
  async changing(scope: Scope, change: Partial<Standing>): Promise<Command[]> {
    const at = this.#needs.clock.civil();
    const present = await this.#changed.get(scope, NAME);
    return present
      ? this.#changed.replace(scope, present, { ...present.value, ...change }, at)
      : this.#changed.create(scope, NAME, change, at);
  }

  /** What the account says for itself. Refused is the switch of one that was shut down: only who did it undoes it (SES). */
  async choose(
    scope: Scope,
    choice: Partial<Pick<Standing, 'sendingEnabled' | 'dedicatedIpWarmup' | 'deliverabilityManager'>>,
  ): Promise<void> {
    const { enforcement } = await this.of(scope);
    if (choice.sendingEnabled && enforcement === 'shutdown') throw new Refusal('invalid-parameter', SUSPENDED);
    while (!(await this.#needs.rows.write(await this.changing(scope, choice), 'durable')).applied);
  }
}

const MORE = 'For more information, please check the inbox of the email address associated with your AWS account.';
const SUSPENDED = `Sending suspended for this account. ${MORE}`;

/** Whether new mail is taken at all. */
export const maySend = ({ enforcement, sendingEnabled }: Standing): boolean =>
  sendingEnabled && enforcement !== 'shutdown';

/** Asked of every new message, at whichever door. */
export function refusePaused({ enforcement, sendingEnabled }: Standing): void {
  if (enforcement === 'shutdown') throw new Refusal('account-suspended', SUSPENDED);
  if (!sendingEnabled) throw new Refusal('sending-paused', `Sending paused for this account. ${MORE}`);
}
