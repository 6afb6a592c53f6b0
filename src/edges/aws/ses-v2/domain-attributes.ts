import { Refusal } from '../../../base/refusal.ts';
import type { DkimWish, Identity, KeyLength, ShownDkim } from '../../../core/identities/identities.ts';
import type { In, Out } from './contract.ts';
import { statuses } from './statuses.ts';

type Attributes = NonNullable<In<'PutEmailIdentityDkimSigningAttributes'>['SigningAttributes']>;
type Origin = In<'PutEmailIdentityDkimSigningAttributes'>['SigningAttributesOrigin'];

/** What is wanted of a domain's DKIM; the origin may be left to what comes with it. */
export function wishOf(attributes: Attributes | undefined, origin?: Origin): DkimWish {
  const {
    DomainSigningSelector: selector,
    DomainSigningPrivateKey: privateKey,
    NextSigningKeyLength,
  } = attributes ?? {};
  if ((selector === undefined) !== (privateKey === undefined)) {
    throw new Refusal('invalid-parameter', 'DomainSigningSelector and DomainSigningPrivateKey go together.');
  }
  const ownKey = selector !== undefined && privateKey !== undefined ? { selector, privateKey } : undefined;
  const from = origin ?? attributes?.DomainSigningAttributesOrigin ?? (ownKey ? 'EXTERNAL' : 'AWS_SES');
  if (from !== 'EXTERNAL' && from !== 'AWS_SES') {
    throw new Refusal('not-built', 'DKIM that is shared between regions is not built yet.');
  }
  if (from === 'EXTERNAL' && (!ownKey || NextSigningKeyLength !== undefined)) {
    const wanted = 'The EXTERNAL origin takes a DomainSigningSelector and a DomainSigningPrivateKey, and no length.';
    throw new Refusal('invalid-parameter', wanted);
  }
  if (from === 'AWS_SES' && ownKey) {
    throw new Refusal('invalid-parameter', 'A selector and a private key are for the EXTERNAL origin.');
  }
  return ownKey ? { ownKey } : { bits: NextSigningKeyLength && bitsOf[NextSigningKeyLength] };
}

const bitsOf = { RSA_1024_BIT: 1024, RSA_2048_BIT: 2048 } as const;

/** `anew`: the reply to a creation says that nothing was looked at yet (SES). */
export function dkimAttributes({ signing, dkim }: ShownDkim, hostedZone: string, { anew = false } = {}) {
  if (!dkim) {
    return { SigningEnabled: signing, Status: 'NOT_STARTED' as const, SigningAttributesOrigin: 'AWS_SES' as const };
  }
  const Status = anew && dkim.proof.status === 'pending' ? ('NOT_STARTED' as const) : statuses[dkim.proof.status];
  const shown = { SigningEnabled: signing, Status, Tokens: [...dkim.tokens] };
  if (dkim.origin === 'own') return { ...shown, SigningAttributesOrigin: 'EXTERNAL' as const };
  return {
    ...shown,
    SigningHostedZone: hostedZone,
    SigningAttributesOrigin: 'AWS_SES' as const,
    NextSigningKeyLength: lengthOf(dkim.nextBits as KeyLength),
    CurrentSigningKeyLength: lengthOf(dkim.bits as KeyLength),
    LastKeyGenerationTimestamp: new Date(dkim.generated),
  };
}

const lengthOf = (bits: KeyLength) => `RSA_${bits}_BIT` as const;

/** Where nothing is set SES leaves out two members that its model wants. */
export function mailFromAttributes({ mailFrom: set }: Identity): Out<'GetEmailIdentity'>['MailFromAttributes'] {
  const BehaviorOnMxFailure = set?.onFailure === 'reject' ? 'REJECT_MESSAGE' : 'USE_DEFAULT_VALUE';
  if (!set) return { BehaviorOnMxFailure } as Out<'GetEmailIdentity'>['MailFromAttributes'];
  return { MailFromDomain: set.domain, MailFromDomainStatus: statuses[set.proof.status], BehaviorOnMxFailure };
}

const errors = {
  'host-not-found': 'HOST_NOT_FOUND',
  'type-not-found': 'TYPE_NOT_FOUND',
  'invalid-value': 'INVALID_VALUE',
  'dns-server-error': 'DNS_SERVER_ERROR',
} as const;

/** Once DNS was asked. */
export function verificationInfo({ proof, authority }: Identity): Out<'GetEmailIdentity'>['VerificationInfo'] {
  if (proof?.checked === undefined) return undefined;
  return {
    LastCheckedTimestamp: new Date(proof.checked),
    LastSuccessTimestamp: proof.succeeded === undefined ? undefined : new Date(proof.succeeded),
    ErrorType: proof.error && errors[proof.error],
    SOARecord: authority && {
      PrimaryNameServer: authority.server,
      AdminEmail: authority.mailbox,
      SerialNumber: authority.serial,
    },
  };
}
