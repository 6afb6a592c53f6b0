import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import { field } from '../submissions.ts';
import type { In, Out } from './contract.ts';

export async function SendBounce(
  { sending }: Rooms,
  input: In<'SendBounce'>,
  caller: Caller,
): Promise<Out<'SendBounce'>> {
  const { MessageDsn, BounceSenderArn: from } = input;
  const MessageId = await sending.sendBounce({
    caller,
    operation: 'SendBounce',
    sourceIp: caller.sourceIp,
    identityArns: { from },
    messageId: input.OriginalMessageId,
    sender: input.BounceSender,
    explanation: input.Explanation || undefined,
    reportingMta: MessageDsn?.ReportingMta,
    arrival: MessageDsn?.ArrivalDate?.getTime(),
    fields: MessageDsn?.ExtensionFields?.map(field),
    recipients: input.BouncedRecipientInfoList.map(recipientOf),
  });
  return { MessageId };
}

type Bounced = In<'SendBounce'>['BouncedRecipientInfoList'][number];

/** SES: what a type of bounce stands for, as its receipt rules answer it. */
const types: Readonly<Record<NonNullable<Bounced['BounceType']>, readonly [status: string, answer: string]>> = {
  DoesNotExist: ['5.1.1', '550 5.1.1 Mailbox does not exist'],
  MessageTooLarge: ['5.3.4', '552 5.3.4 Message too large'],
  ExceededQuota: ['5.2.2', '552 5.2.2 Mailbox full'],
  ContentRejected: ['5.6.1', '500 5.6.1 Message content rejected'],
  Undefined: ['5.0.0', '554 5.0.0 Unknown failure'],
  TemporaryFailure: ['4.0.0', '450 4.0.0 Temporary failure'],
};

/** What the caller says of the report counts more than the type. */
function recipientOf({
  Recipient: recipient,
  RecipientArn: identityArn,
  BounceType,
  RecipientDsnFields: given,
}: Bounced) {
  if (given) {
    return {
      recipient,
      identityArn,
      address: given.FinalRecipient ?? recipient,
      action: given.Action,
      status: given.Status,
      remoteMta: given.RemoteMta,
      diagnosticCode: given.DiagnosticCode,
      lastAttempt: given.LastAttemptDate?.getTime(),
      fields: given.ExtensionFields?.map(field),
    };
  }
  if (!BounceType) throw new Refusal('invalid-parameter', 'Either BounceType or RecipientDsnFields must be specified.');
  const [status, answer] = types[BounceType];
  return {
    recipient,
    identityArn,
    address: recipient,
    action: 'failed',
    status,
    diagnosticCode: `smtp; ${answer}`,
  } as const;
}
