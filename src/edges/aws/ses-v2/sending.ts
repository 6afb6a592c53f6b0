import { Refusal } from '../../../base/refusal.ts';
import type { Submission } from '../../../core/sending/sending.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { reasonNames } from './suppression-reasons.ts';

/** SES: 40 MB after encoding. */
const MESSAGE_OCTETS = 41_943_040;

export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>> {
  const MessageId = await sending.send({
    caller,
    operation: input.Content.Raw ? 'SendRawEmail' : 'SendEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.EmailTags?.map(({ Name, Value }) => ({ name: Name, value: Value })),
    mail: mailOf(input),
  });
  return { MessageId };
}

export async function GetAccount(
  { sending, reputation }: Rooms,
  _input: In<'GetAccount'>,
  caller: Caller,
): Promise<Out<'GetAccount'>> {
  const [quota, reasons] = await Promise.all([sending.quota(caller), reputation.reasons(caller)]);
  return {
    DedicatedIpAutoWarmupEnabled: true,
    EnforcementStatus: 'HEALTHY',
    ProductionAccessEnabled: !quota.sandbox,
    SendQuota: { Max24HourSend: quota.perDay, MaxSendRate: quota.perSecond, SentLast24Hours: quota.sentLastDay },
    SendingEnabled: true,
    SuppressionAttributes: { SuppressedReasons: reasons.map((reason) => reasonNames[reason]) },
  };
}

function mailOf(input: In<'SendEmail'>): Submission['mail'] {
  const { Content, Destination, FromEmailAddress, ReplyToAddresses, FeedbackForwardingEmailAddress } = input;
  const { Simple, Raw, Template } = Content;
  const to = Destination?.ToAddresses ?? [];
  const cc = Destination?.CcAddresses ?? [];
  const bcc = Destination?.BccAddresses ?? [];
  if (input.ListManagementOptions) throw new Refusal('not-built', 'ListManagementOptions are not built yet');
  if (Raw) {
    const given = [...to, ...cc, ...bcc];
    return {
      kind: 'raw',
      content: Raw.Data,
      from: FromEmailAddress,
      recipients: given.length > 0 ? given : undefined,
      returnPath: FeedbackForwardingEmailAddress,
    };
  }
  if (Template) throw new Refusal('not-built', 'Template content is not built yet');
  if (!Simple) throw new Refusal('invalid-parameter', 'Content must be one of Simple, Raw or Template.');
  if (Simple.Attachments?.length) throw new Refusal('not-built', 'Attachments are not built yet');
  // SES answers with no message at all.
  if (!FromEmailAddress) throw new Refusal('validation', '');
  const { Subject, Body, Headers } = Simple;
  return {
    kind: 'formatted',
    from: FromEmailAddress,
    to,
    cc,
    bcc,
    replyTo: ReplyToAddresses ?? [],
    returnPath: FeedbackForwardingEmailAddress,
    subject: { text: Subject.Data, charset: Subject.Charset },
    text: Body.Text && { text: Body.Text.Data, charset: Body.Text.Charset },
    html: Body.Html && { text: Body.Html.Data, charset: Body.Html.Charset },
    fields: (Headers ?? []).map(({ Name, Value }) => [Name, Value] as const),
  };
}
