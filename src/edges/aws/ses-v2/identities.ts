import { Refusal } from '../../../base/refusal.ts';
import { type Identity, notificationsOf } from '../../../core/identities/identities.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const MOST_LISTED = 1_000;
const LISTED = 25;

export async function CreateEmailIdentity(
  { identities, configurationSets }: Rooms,
  input: In<'CreateEmailIdentity'>,
  caller: Caller,
): Promise<Out<'CreateEmailIdentity'>> {
  const { EmailIdentity, DkimSigningAttributes, ConfigurationSetName, Tags } = input;
  const { DomainSigningSelector: selector, DomainSigningPrivateKey: privateKey } = DkimSigningAttributes ?? {};
  if (ConfigurationSetName) await configurationSets.get(caller, ConfigurationSetName);
  if ((selector === undefined) !== (privateKey === undefined)) {
    throw new Refusal('invalid-parameter', 'DomainSigningSelector and DomainSigningPrivateKey go together.');
  }
  const identity = await identities.create(caller, EmailIdentity, {
    ...(selector !== undefined && privateKey !== undefined && { ownKey: { selector, privateKey } }),
    tags: (Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value })),
    configurationSet: ConfigurationSetName || undefined,
  });
  return {
    IdentityType: typeOf(identity),
    VerifiedForSendingStatus: identity.status === 'success',
    DkimAttributes: dkimOf(identity),
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
    VerifiedForSendingStatus: identity.status === 'success',
    DkimAttributes: dkimOf(identity),
    MailFromAttributes: { BehaviorOnMxFailure: 'USE_DEFAULT_VALUE' } as Out<'GetEmailIdentity'>['MailFromAttributes'],
    Policies: { ...identity.policies },
    Tags: identity.tags.map(({ key, value }) => ({ Key: key, Value: value })),
    ConfigurationSetName: identity.configurationSet,
    VerificationStatus: statuses[identity.status],
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
  return {
    EmailIdentities: page.identities.map((identity) => ({
      IdentityType: typeOf(identity),
      IdentityName: identity.name,
      SendingEnabled: identity.status === 'success',
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

const statuses = {
  pending: 'PENDING',
  success: 'SUCCESS',
  failed: 'FAILED',
  'temporary-failure': 'TEMPORARY_FAILURE',
} as const;

const typeOf = ({ type }: Identity) => (type === 'domain' ? ('DOMAIN' as const) : ('EMAIL_ADDRESS' as const));

function dkimOf({ dkim, status }: Identity) {
  if (!dkim)
    return { SigningEnabled: false, Status: 'NOT_STARTED' as const, SigningAttributesOrigin: 'AWS_SES' as const };
  const length = dkim.bits === 1024 ? ('RSA_1024_BIT' as const) : ('RSA_2048_BIT' as const);
  return {
    SigningEnabled: dkim.signing,
    Status: statuses[status],
    Tokens: [...dkim.tokens],
    ...(dkim.origin === 'own'
      ? { SigningAttributesOrigin: 'EXTERNAL' as const }
      : {
          SigningAttributesOrigin: 'AWS_SES' as const,
          NextSigningKeyLength: length,
          CurrentSigningKeyLength: length,
          LastKeyGenerationTimestamp: new Date(dkim.generated),
        }),
  };
}
