import { Refusal } from '../../../base/refusal.ts';
import { type Identity, notificationsOf } from '../../../core/identities/identities.ts';
import type { Caller } from '../caller.ts';
import { ownIdentity } from '../identity-names.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const kinds = { Bounce: 'bounce', Complaint: 'complaint', Delivery: 'delivery' } as const;

/** Without a topic it is unset. */
export async function SetIdentityNotificationTopic(
  { identities }: Rooms,
  { Identity, NotificationType, SnsTopic }: In<'SetIdentityNotificationTopic'>,
  caller: Caller,
): Promise<Out<'SetIdentityNotificationTopic'>> {
  const name = ownIdentity(caller, Identity) ?? Identity;
  const kind = kinds[NotificationType];
  if (await identities.notifications.setTopic(caller, name, { kind, topic: SnsTopic })) return {};
  throw invalid(`Identity ${Identity} is invalid. Must be`);
}

export async function SetIdentityFeedbackForwardingEnabled(
  { identities }: Rooms,
  { Identity, ForwardingEnabled: enabled }: In<'SetIdentityFeedbackForwardingEnabled'>,
  caller: Caller,
): Promise<Out<'SetIdentityFeedbackForwardingEnabled'>> {
  const name = ownIdentity(caller, Identity) ?? Identity;
  if (await identities.notifications.setForwarding(caller, name, { enabled, withTopicsOnly: true })) return {};
  throw invalid(`Identity ${Identity} is invalid. Must be`);
}

export async function SetIdentityHeadersInNotificationsEnabled(
  { identities }: Rooms,
  { Identity, NotificationType, Enabled: enabled }: In<'SetIdentityHeadersInNotificationsEnabled'>,
  caller: Caller,
): Promise<Out<'SetIdentityHeadersInNotificationsEnabled'>> {
  const name = ownIdentity(caller, Identity) ?? Identity;
  const kind = kinds[NotificationType];
  if (await identities.notifications.setHeaders(caller, name, { kind, enabled })) return {};
  throw invalid(`Identity ${Identity} is invalid. It must be`);
}

/** Those that are there. */
export async function GetIdentityNotificationAttributes(
  { identities }: Rooms,
  { Identities }: In<'GetIdentityNotificationAttributes'>,
  caller: Caller,
): Promise<Out<'GetIdentityNotificationAttributes'>> {
  const names = new Map(Identities.map((asked) => [asked, ownIdentity(caller, asked) ?? asked]));
  const found = new Map(await identities.getMany(caller, [...names.values()]));
  const shown = [...names].flatMap(([asked, name]) => {
    const identity = found.get(name);
    return identity ? [[asked, attributes(identity)] as const] : [];
  });
  return { NotificationAttributes: Object.fromEntries(shown) };
}

function attributes(identity: Identity) {
  const { topics, headers, forwarding } = notificationsOf(identity);
  return {
    BounceTopic: topics.bounce,
    ComplaintTopic: topics.complaint,
    DeliveryTopic: topics.delivery,
    ForwardingEnabled: forwarding,
    HeadersInBounceNotificationsEnabled: headers.bounce ?? false,
    HeadersInComplaintNotificationsEnabled: headers.complaint ?? false,
    HeadersInDeliveryNotificationsEnabled: headers.delivery ?? false,
  };
}

const invalid = (beginning: string) =>
  new Refusal('invalid-parameter', `${beginning} a verified email address or domain.`);
