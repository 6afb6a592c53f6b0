import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

export async function PutEmailIdentityFeedbackAttributes(
  { identities }: Rooms,
  { EmailIdentity, EmailForwardingEnabled: enabled = false }: In<'PutEmailIdentityFeedbackAttributes'>,
  caller: Caller,
): Promise<Out<'PutEmailIdentityFeedbackAttributes'>> {
  if (await identities.notifications.setForwarding(caller, EmailIdentity, { enabled })) return {};
  throw new Refusal('not-found', `Email identity ${EmailIdentity} does not exist.`);
}
