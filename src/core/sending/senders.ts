/**
 * In whose name mail goes out, and whether its caller may: SES's identity check and its sending authorization. An identity
 * is the account's own, or another's that lets the caller send with it.
 */
import { formatArn, parseArn } from '../../base/arn.ts';
import { Refusal } from '../../base/refusal.ts';
import { readMailboxes } from '../../mail/mailboxes.ts';
import type { Scope } from '../../storage/ports.ts';
import type { Authority, Caller, Context, SendingLimits, Standings } from '../accounts/accounts.ts';
import { isSimulated } from '../delivery/delivery.ts';
import { type Identities, type Identity, readPolicies } from '../identities/identities.ts';
import type { Draft, Sender } from './draft.ts';
import type { Occasion } from './submission.ts';

/** A verified identity, and whose it is. */
export interface Author {
  readonly identity: Identity;
  readonly owner: Scope;
}

/** What stands behind the senders and, in the sandbox, the recipients of a letter. */
export interface Meant {
  /** Of the From field; nothing where it is not verified. */
  readonly author: Author | undefined;
  /** Each identity once: all that are sent with or to. */
  readonly resources: readonly Resource[];
  /** As the caller wrote them. */
  readonly unverified: readonly string[];
}

interface Resource {
  readonly arn: string;
  readonly owner: string;
  readonly identity: Identity | undefined;
}

interface Needs {
  readonly identities: Identities;
  readonly standings: Standings;
  readonly authority: Authority;
}

export class Senders {
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /**
   * Everyone in whose name the mail goes out must be a verified identity, and in the sandbox everyone it goes to as well
   * (but for the mailbox simulator); it is one if either account is in it (SES: delegate sending).
   */
  async meant(caller: Caller, draft: Draft, { sandbox }: SendingLimits): Promise<Meant> {
    const resources = new Map<string, Resource>();
    const unverified: string[] = [];
    let author: Author | undefined;
    for (const sender of draft.senders) {
      const addresses = readMailboxes(sender.given).map(({ address }) => address);
      const found = await Promise.all(addresses.map((address) => this.#resource(caller, sender, address)));
      if (found.length === 0 || found.some(({ identity }) => !identity)) unverified.push(sender.given);
      for (const one of found) resources.set(one.arn, one);
      author ??= authorOf(caller, found[addresses.indexOf(draft.fromAddress)]);
    }
    const foreign = [...resources.values()].filter(({ owner }) => owner !== caller.account);
    const sandboxes = await Promise.all(
      foreign.map(({ owner }) => this.#needs.standings.of({ account: owner, region: caller.region })),
    );
    const closed = sandbox || sandboxes.some((standing) => standing.sandbox);
    for (const { given, address } of closed ? draft.givenRecipients : []) {
      if (isSimulated(address) || unverified.includes(given)) continue;
      const resource = await this.#resource(caller, { given }, address);
      if (resource.identity) resources.set(resource.arn, resource);
      else unverified.push(given);
    }
    return { author, resources: [...resources.values()], unverified };
  }

  /** The identity that covers the address, or the one that the sender names. */
  async #resource(caller: Caller, { arn: text }: Sender, address: string): Promise<Resource> {
    const { identities } = this.#needs;
    const { account, region } = caller;
    if (text === undefined) {
      const identity = await identities.covering(caller, address);
      return { arn: arnOf(caller, `identity/${identity?.name ?? address}`), owner: account, identity };
    }
    const named = parseArn(text)!;
    if (named.region !== region) {
      throw new Refusal('invalid-parameter', `The identity <${text}> is not one of region ${region}.`);
    }
    const name = named.resource.slice(named.resource.indexOf('/') + 1);
    const identity = await identities.coveringAs({ account: named.account, region }, name, address);
    return { arn: formatArn(named), owner: named.account, identity };
  }

  /**
   * Whether the caller may send so: with each identity, configuration set and template that takes part.
   *
   * @throws Refusal `access-denied`, which tells nothing of another account's identities.
   */
  async authorize(
    { caller, operation }: Pick<Occasion, 'caller' | 'operation'>,
    draft: Draft,
    { meant, set }: { meant: Meant; set: string | undefined },
  ): Promise<void> {
    const context = contextOf(draft);
    const actions = actionsOf(operation, caller);
    const own = (kind: string, name: string): Resource => ({
      arn: arnOf(caller, `${kind}/${name}`),
      owner: caller.account,
      identity: undefined,
    });
    const resources: Resource[] = [
      ...meant.resources,
      ...(set === undefined ? [] : [own('configuration-set', set)]),
      ...(draft.template === undefined ? [] : [own('template', draft.template)]),
    ];
    for (const resource of resources) {
      if (await this.#may(caller, actions, resource, context)) continue;
      const what = `to perform \`${actions[0]}' on resource \`${resource.arn}'`;
      throw new Refusal('access-denied', `User \`${caller.arn}' is not authorized ${what}`);
    }
  }

  /** What the account owns its own policies or the identity's may allow; what another owns both must. */
  async #may(caller: Caller, actions: readonly string[], { arn, owner, identity }: Resource, context: Context) {
    const { authority } = this.#needs;
    const policies = readPolicies(identity?.policies);
    let allowed = false;
    for (const action of actions) {
      const request = { action, resource: arn, context };
      const byCallers = await authority.decide(caller, request);
      const byOwners = policies.length === 0 ? 'unspoken' : await authority.decideBy(policies, caller, request);
      if (byCallers === 'denied' || byOwners === 'denied') return false;
      const [one, other] = [byCallers === 'allowed', byOwners === 'allowed'];
      allowed ||= owner === caller.account ? one || other : one && other;
    }
    return allowed;
  }
}

/** @throws Refusal `message-rejected`: all that failed are named together. */
export function verifiedAuthor({ region }: Scope, { author, unverified }: Meant): Author {
  if (unverified.length === 0 && author) return author;
  throw new Refusal(
    'message-rejected',
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${unverified.join(', ')}`,
  );
}

function authorOf({ region }: Caller, resource: Resource | undefined): Author | undefined {
  return resource?.identity && { identity: resource.identity, owner: { account: resource.owner, region } };
}

const arnOf = ({ account, region }: Scope, resource: string) =>
  formatArn({ service: 'ses', account, region, resource });

/**
 * SES: actions and API operations. Of v2 the raw form was seen to want v1's action; for its templates the guide and the
 * reference name different ones, so either is enough.
 */
function actionsOf(operation: string, { apiVersion }: Caller): readonly [string, ...string[]] {
  const action = `ses:${operation === 'SendSmtpEmail' ? 'SendRawEmail' : operation}` as const;
  if (apiVersion !== '2') return [action];
  if (operation === 'SendTemplatedEmail') return [action, 'ses:SendEmail'];
  return operation === 'SendBulkTemplatedEmail' ? [action, 'ses:SendBulkEmail'] : [action];
}

/** SES: condition keys of sending. */
function contextOf({ from, fromAddress, feedback, givenRecipients }: Draft): Context {
  const author = readMailboxes(from).find(({ address }) => address === fromAddress);
  return {
    'ses:fromaddress': fromAddress,
    'ses:fromdisplayname': author?.display,
    'ses:feedbackaddress': readMailboxes(feedback)[0]?.address ?? feedback,
    'ses:recipients': givenRecipients.map(({ address }) => address),
  };
}
