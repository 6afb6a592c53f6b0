import { Refusal } from '../../../base/refusal.ts';
import type { Dkim } from '../../../core/identities/identities.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { statuses } from './statuses.ts';

export async function VerifyDomainIdentity(
  { identities }: Rooms,
  { Domain }: In<'VerifyDomainIdentity'>,
  caller: Caller,
): Promise<Out<'VerifyDomainIdentity'>> {
  const { verificationToken } = await identities.domains.ensure(caller, Domain);
  return { VerificationToken: verificationToken ?? '' };
}

export async function VerifyDomainDkim(
  { identities }: Rooms,
  { Domain }: In<'VerifyDomainDkim'>,
  caller: Caller,
): Promise<Out<'VerifyDomainDkim'>> {
  return { DkimTokens: tokensOf(await identities.domains.ensureEasyDkim(caller, Domain)) };
}

export async function SetIdentityDkimEnabled(
  { identities: { domains } }: Rooms,
  { Identity, DkimEnabled }: In<'SetIdentityDkimEnabled'>,
  caller: Caller,
): Promise<Out<'SetIdentityDkimEnabled'>> {
  if (DkimEnabled && !(await domains.canSign(caller, Identity))) {
    const domain = Identity.slice(Identity.lastIndexOf('@') + 1);
    throw new Refusal('invalid-parameter', `Domain ${domain} is not verified for DKIM signing.`);
  }
  if (await domains.setSigning(caller, Identity, DkimEnabled)) return {};
  throw new Refusal('not-found', `Identity <${Identity}> does not exist.`);
}

export async function GetIdentityDkimAttributes(
  { identities: { domains } }: Rooms,
  { Identities }: In<'GetIdentityDkimAttributes'>,
  caller: Caller,
): Promise<Out<'GetIdentityDkimAttributes'>> {
  const shown = await Promise.all(
    Identities.map(async (name) => {
      const of = await domains.dkimOf(caller, name);
      if (!of) return [];
      const { signing, dkim } = of;
      if (!dkim) return [[name, { DkimEnabled: signing, DkimVerificationStatus: 'NotStarted' as const }] as const];
      const DkimVerificationStatus = statuses[dkim.proof.status];
      return [[name, { DkimEnabled: signing, DkimVerificationStatus, DkimTokens: tokensOf(dkim) }] as const];
    }),
  );
  return { DkimAttributes: Object.fromEntries(shown.flat()) };
}

export async function SetIdentityMailFromDomain(
  { identities: { mailFroms } }: Rooms,
  { Identity, MailFromDomain, BehaviorOnMXFailure }: In<'SetIdentityMailFromDomain'>,
  caller: Caller,
): Promise<Out<'SetIdentityMailFromDomain'>> {
  const onFailure = BehaviorOnMXFailure === 'RejectMessage' ? 'reject' : 'default';
  if (await mailFroms.set(caller, Identity, { domain: MailFromDomain, onFailure })) return {};
  throw new Refusal('not-found', `Identity <${Identity}> does not exist.`);
}

export async function GetIdentityMailFromDomainAttributes(
  { identities }: Rooms,
  { Identities }: In<'GetIdentityMailFromDomainAttributes'>,
  caller: Caller,
): Promise<Out<'GetIdentityMailFromDomainAttributes'>> {
  const found = await identities.getMany(caller, Identities);
  return {
    MailFromDomainAttributes: Object.fromEntries(
      found.map(([asked, { mailFrom: set }]) => [
        asked,
        {
          ...(set && { MailFromDomain: set.domain, MailFromDomainStatus: statuses[set.proof.status] }),
          BehaviorOnMXFailure: set?.onFailure === 'reject' ? 'RejectMessage' : 'UseDefaultValue',
        } as MailFromAttributes,
      ]),
    ),
  };
}

/** Where nothing is set SES leaves out two members that its model wants. */
type MailFromAttributes = NonNullable<Out<'GetIdentityMailFromDomainAttributes'>['MailFromDomainAttributes']>[string];

/** Of Easy DKIM; a customer's own selector is none. */
const tokensOf = ({ origin, tokens }: Dkim) => (origin === 'easy' ? [...tokens] : []);
