/**
 * What a caller may: the root of an account all that is the account's, a user what its policies allow. Where callers are
 * taken at their word (`open`) everybody may what a root may.
 */
import type { Clock } from '../../base/clock.ts';
import { type Caller, userNameOf } from './caller.ts';
import { type Context, couldAllow, type Decision, decide, type Policy } from './policy/policy.ts';
import type { User, Users } from './users.ts';

export interface Request {
  /** `ses:SendEmail`. */
  readonly action: string;
  /** An ARN; `*` where the action knows no resources. */
  readonly resource: string;
  /** Condition keys of the service, in lower case. */
  readonly context?: Context | undefined;
}

interface Needs {
  readonly users: Users;
  readonly clock: Clock;
  /** Policies are not asked. */
  readonly open: boolean;
}

export class Authority {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** Whether there is anything to ask: a root may all. */
  isBound(caller: Caller): boolean {
    return this.#userName(caller) !== undefined;
  }

  /** By the policies of the caller; `denied` where one says so, `unspoken` where none allows it. */
  async decide(caller: Caller, { action, resource, context }: Request): Promise<Decision> {
    const userName = this.#userName(caller);
    if (userName === undefined) return 'allowed';
    const policies = await this.#needs.users.policiesOf(caller.account, userName);
    return decide(policies, { action, resource, context: { ...(await this.#contextOf(caller)), ...context } });
  }

  /** By policies that hang at a thing, which may be another account's. */
  async decideBy(
    policies: readonly Policy[],
    caller: Caller,
    { action, resource, context }: Request,
  ): Promise<Decision> {
    const known = await this.#contextOf(caller);
    return decide(policies, { action, resource, context: { ...known, ...context }, principal: caller });
  }

  /** Whether some request of this action could be allowed: for a door that is asked before there is one. */
  async couldAllow(caller: Caller, action: string): Promise<boolean> {
    const userName = this.#userName(caller);
    return userName === undefined || couldAllow(await this.#needs.users.policiesOf(caller.account, userName), action);
  }

  #userName(caller: Caller): string | undefined {
    return this.#needs.open ? undefined : userNameOf(caller);
  }

  async #contextOf(caller: Caller): Promise<Context> {
    const userName = userNameOf(caller);
    const user = userName === undefined ? undefined : await this.#needs.users.find(caller.account, userName);
    return contextOf(caller, user, this.#needs.clock.civil());
  }
}

/** IAM: AWS global condition context keys, as far as a request with a long-lived key has them; SES: `ses:ApiVersion`. */
function contextOf(caller: Caller, user: User | undefined, now: number): Context {
  const { account, region, arn, sourceIp, userAgent, secure, apiVersion } = caller;
  return {
    'aws:currenttime': new Date(now).toISOString(),
    'aws:epochtime': String(Math.floor(now / 1_000)),
    'aws:principalaccount': account,
    'aws:principalarn': arn,
    'aws:principaltype': user ? 'User' : 'Account',
    'aws:principalisawsservice': 'false',
    'aws:requestedregion': region,
    'aws:userid': user?.id ?? account,
    'aws:username': user?.name,
    'aws:sourceip': sourceIp,
    'aws:useragent': userAgent,
    'aws:securetransport': secure === undefined ? undefined : String(secure),
    'ses:apiversion': apiVersion,
    ...Object.fromEntries((user?.tags ?? []).map(({ key, value }) => [`aws:principaltag/${key.toLowerCase()}`, value])),
  };
}
