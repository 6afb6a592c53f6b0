import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { wishOf } from './domain-attributes.ts';
import { statuses } from './statuses.ts';

export async function PutEmailIdentityDkimAttributes(
  { identities: { domains } }: Rooms,
  { EmailIdentity, SigningEnabled }: In<'PutEmailIdentityDkimAttributes'>,
  caller: Caller,
): Promise<Out<'PutEmailIdentityDkimAttributes'>> {
  if (await domains.setSigning(caller, EmailIdentity, SigningEnabled ?? false)) return {};
  throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
}

export async function PutEmailIdentityDkimSigningAttributes(
  { identities: { domains } }: Rooms,
  { EmailIdentity, SigningAttributesOrigin, SigningAttributes }: In<'PutEmailIdentityDkimSigningAttributes'>,
  caller: Caller,
): Promise<Out<'PutEmailIdentityDkimSigningAttributes'>> {
  const dkim = await domains.setDkim(caller, EmailIdentity, wishOf(SigningAttributes, SigningAttributesOrigin));
  return {
    DkimStatus: statuses[dkim.proof.status],
    DkimTokens: [...dkim.tokens],
    ...(dkim.origin === 'easy' && { SigningHostedZone: domains.hostedZone }),
  };
}

export async function PutEmailIdentityMailFromAttributes(
  { identities: { mailFroms } }: Rooms,
  { EmailIdentity, MailFromDomain, BehaviorOnMxFailure }: In<'PutEmailIdentityMailFromAttributes'>,
  caller: Caller,
): Promise<Out<'PutEmailIdentityMailFromAttributes'>> {
  const onFailure = BehaviorOnMxFailure === 'REJECT_MESSAGE' ? 'reject' : 'default';
  if (await mailFroms.set(caller, EmailIdentity, { domain: MailFromDomain, onFailure })) return {};
  throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
}
