import { Refusal } from '../../../base/refusal.ts';
import { type Identity, notificationsOf } from '../../../core/identities/identities.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { dkimAttributes, mailFromAttributes, verificationInfo, wishOf } from './domain-attributes.ts';
import { statuses } from './statuses.ts';

const MOST_LISTED = 1_000;
const LISTED = 25;

export async function CreateEmailIdentity(
  { identities }: Rooms,
  input: In<'CreateEmailIdentity'>,
  caller: Caller,
): Promise<Out<'CreateEmailIdentity'>> {
  const { EmailIdentity, DkimSigningAttributes, ConfigurationSetName, Tags } = input;
  const identity = await identities.create(caller, EmailIdentity, {
    ...(DkimSigningAttributes && { dkim: wishOf(DkimSigningAttributes) }),
    tags: (Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
    configurationSet: ConfigurationSetName || undefined,
  });
  return {
    IdentityType: typeOf(identity),
    VerifiedForSendingStatus: (await identities.sendable(caller, [identity])).has(identity.name),
    DkimAttributes: await dkimOf(identities, caller, identity, { anew: true }),
  };
}

export async function GetEmailIdentity(
  { identities }: Rooms,
  { EmailIdentity }: In<'GetEmailIdentity'>,
  caller: Caller,
): Promise<Out<'GetEmailIdentity'>> {
  const identity = await identities.get(caller, EmailIdentity);
  if (!identity) throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
  return {
    IdentityType: typeOf(identity),
    FeedbackForwardingStatus: notificationsOf(identity).forwarding,
    VerifiedForSendingStatus: (await identities.sendable(caller, [identity])).has(identity.name),
    DkimAttributes: await dkimOf(identities, caller, identity),
    MailFromAttributes: mailFromAttributes(identity),
    Policies: { ...identity.policies },
    Tags: identity.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ConfigurationSetName: identity.configurationSet,
    VerificationStatus: statuses[identity.status],
    VerificationInfo: verificationInfo(identity),
  };
}

export async function PutEmailIdentityConfigurationSetAttributes(
  { identities, configurationSets }: Rooms,
  { EmailIdentity, ConfigurationSetName }: In<'PutEmailIdentityConfigurationSetAttributes'>,
  caller: Caller,
): Promise<Out<'PutEmailIdentityConfigurationSetAttributes'>> {
  if (ConfigurationSetName) await configurationSets.get(caller, ConfigurationSetName);
  if (await identities.setConfigurationSet(caller, EmailIdentity, ConfigurationSetName || undefined)) return {};
  throw new Refusal('not-found', `Identity <${EmailIdentity}> does not exist.`);
}

export async function ListEmailIdentities(
  { identities }: Rooms,
  { PageSize, NextToken }: In<'ListEmailIdentities'>,
  caller: Caller,
): Promise<Out<'ListEmailIdentities'>> {
  if (PageSize !== undefined && (PageSize < 1 || PageSize > MOST_LISTED)) {
    const text = `Value ${PageSize} for parameter PageSize is invalid. PageSize must be between 1 and ${MOST_LISTED}.`;
    throw new Refusal('invalid-parameter', text);
  }
  const page = await identities.page(caller, { limit: PageSize ?? LISTED, token: NextToken });
  const sendable = await identities.sendable(caller, page.identities);
  return {
    EmailIdentities: page.identities.map((identity) => ({
      IdentityType: typeOf(identity),
      IdentityName: identity.name,
      SendingEnabled: sendable.has(identity.name),
      VerificationStatus: statuses[identity.status],
    })),
    NextToken: page.next,
  };
}

export async function DeleteEmailIdentity(
  { identities }: Rooms,
  { EmailIdentity }: In<'DeleteEmailIdentity'>,
  caller: Caller,
): Promise<Out<'DeleteEmailIdentity'>> {
  if (await identities.remove(caller, EmailIdentity)) return {};
  throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
}

const typeOf = ({ type }: Identity) => (type === 'domain' ? ('DOMAIN' as const) : ('EMAIL_ADDRESS' as const));

async function dkimOf({ domains }: Rooms['identities'], caller: Caller, { name }: Identity, { anew = false } = {}) {
  const shown = await domains.dkimOf(caller, name);
  return dkimAttributes(shown ?? { signing: false, dkim: undefined }, domains.hostedZone, { anew });
}
