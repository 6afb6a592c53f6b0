import { Refusal } from '../../../base/refusal.ts';
import type { Suppressed, SuppressionReason } from '../../../core/reputation/reputation.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { reasonNames } from './suppression-reasons.ts';

const A_PAGE = 1_000;

export async function PutSuppressedDestination(
  { reputation, standings }: Rooms,
  { EmailAddress, Reason }: In<'PutSuppressedDestination'>,
  caller: Caller,
): Promise<Out<'PutSuppressedDestination'>> {
  await standings.requireProduction(caller);
  await reputation.put(caller, EmailAddress, reasons[Reason]);
  return {};
}

export async function GetSuppressedDestination(
  { reputation }: Rooms,
  { EmailAddress }: In<'GetSuppressedDestination'>,
  caller: Caller,
): Promise<Out<'GetSuppressedDestination'>> {
  const found = await reputation.get(caller, EmailAddress);
  const { cause } = found;
  return {
    SuppressedDestination: {
      ...summary(found),
      Attributes: cause && { MessageId: cause.messageId, FeedbackId: cause.feedbackId },
    },
  };
}

export async function DeleteSuppressedDestination(
  { reputation }: Rooms,
  { EmailAddress }: In<'DeleteSuppressedDestination'>,
  caller: Caller,
): Promise<Out<'DeleteSuppressedDestination'>> {
  await reputation.remove(caller, EmailAddress);
  return {};
}

export async function ListSuppressedDestinations(
  { reputation }: Rooms,
  { Reasons, StartDate, EndDate, PageSize, NextToken }: In<'ListSuppressedDestinations'>,
  caller: Caller,
): Promise<Out<'ListSuppressedDestinations'>> {
  if (PageSize !== undefined && (PageSize < 1 || PageSize > A_PAGE)) {
    throw new Refusal('invalid-parameter', `The page size must be between 1 and ${A_PAGE}`);
  }
  const page = await reputation.page(caller, {
    reasons: Reasons?.map((reason) => reasons[reason]),
    from: StartDate?.getTime(),
    to: EndDate?.getTime(),
    limit: PageSize ?? A_PAGE,
    token: NextToken,
  });
  return { SuppressedDestinationSummaries: page.suppressed.map(summary), NextToken: page.next };
}

export async function PutAccountSuppressionAttributes(
  { reputation }: Rooms,
  { SuppressedReasons, ValidationAttributes }: In<'PutAccountSuppressionAttributes'>,
  caller: Caller,
): Promise<Out<'PutAccountSuppressionAttributes'>> {
  if (ValidationAttributes) throw new Refusal('not-built', 'ValidationAttributes are not built yet');
  await reputation.setReasons(
    caller,
    (SuppressedReasons ?? []).map((reason) => reasons[reason]),
  );
  return {};
}

const reasons = { BOUNCE: 'bounce', COMPLAINT: 'complaint' } as const satisfies Record<string, SuppressionReason>;

function summary({ address, reason, updated }: Suppressed) {
  return { EmailAddress: address, Reason: reasonNames[reason], LastUpdateTime: new Date(updated) };
}
