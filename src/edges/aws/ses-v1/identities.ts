import { Refusal } from '../../../base/refusal.ts';
import type { Identity } from '../../../core/identities/identities.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { statuses } from './statuses.ts';

const MOST_LISTED = 1_000;

export async function VerifyEmailIdentity(
  { identities }: Rooms,
  { EmailAddress }: In<'VerifyEmailIdentity'>,
  caller: Caller,
): Promise<Out<'VerifyEmailIdentity'>> {
  await identities.addresses.ensure(caller, EmailAddress);
  return {};
}

export async function VerifyEmailAddress(
  { identities }: Rooms,
  { EmailAddress }: In<'VerifyEmailAddress'>,
  caller: Caller,
): Promise<Out<'VerifyEmailAddress'>> {
  await identities.addresses.ensure(caller, EmailAddress);
  return {};
}

export async function GetIdentityVerificationAttributes(
  { identities }: Rooms,
  { Identities }: In<'GetIdentityVerificationAttributes'>,
  caller: Caller,
): Promise<Out<'GetIdentityVerificationAttributes'>> {
  const found = await identities.getMany(caller, Identities);
  return { VerificationAttributes: Object.fromEntries(found.map(([asked, one]) => [asked, verification(one)])) };
}

export async function ListIdentities(
  { identities }: Rooms,
  { IdentityType, MaxItems, NextToken }: In<'ListIdentities'>,
  caller: Caller,
): Promise<Out<'ListIdentities'>> {
  if (MaxItems !== undefined && (MaxItems < 1 || MaxItems > MOST_LISTED)) {
    const text = `Value ${MaxItems} for parameter MaxItems is invalid. MaxItems must be between 1 and ${MOST_LISTED}.`;
    throw new Refusal('invalid-parameter', text);
  }
  const type = IdentityType && (IdentityType === 'Domain' ? 'domain' : 'address');
  const page = await identities.page(caller, { type, limit: MaxItems ?? MOST_LISTED, token: NextToken });
  return { Identities: page.identities.map(({ name }) => name), NextToken: page.next };
}

export async function DeleteIdentity(
  { identities }: Rooms,
  { Identity }: In<'DeleteIdentity'>,
  caller: Caller,
): Promise<Out<'DeleteIdentity'>> {
  await identities.remove(caller, Identity);
  return {};
}

export async function ListVerifiedEmailAddresses(
  { identities }: Rooms,
  _input: In<'ListVerifiedEmailAddresses'>,
  caller: Caller,
): Promise<Out<'ListVerifiedEmailAddresses'>> {
  return { VerifiedEmailAddresses: await identities.addresses.verified(caller) };
}

export async function DeleteVerifiedEmailAddress(
  { identities }: Rooms,
  { EmailAddress }: In<'DeleteVerifiedEmailAddress'>,
  caller: Caller,
): Promise<Out<'DeleteVerifiedEmailAddress'>> {
  if (EmailAddress.includes('@')) await identities.remove(caller, EmailAddress);
  return {};
}

function verification({ status, verificationToken }: Identity) {
  return { VerificationStatus: statuses[status], VerificationToken: verificationToken };
}
