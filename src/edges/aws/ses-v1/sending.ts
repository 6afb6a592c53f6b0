import { bulkStatusV1 } from '../bulk-status.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

/** SES: 10 MB after encoding. */
const MESSAGE_OCTETS = 10_485_760;

export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>> {
  const { Destination, Message } = input;
  const { Subject, Body } = Message;
  const MessageId = await sending.send({
    caller,
    operation: 'SendEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.Tags?.map(tag),
    mail: {
      kind: 'formatted',
      from: input.Source,
      to: Destination.ToAddresses ?? [],
      cc: Destination.CcAddresses ?? [],
      bcc: Destination.BccAddresses ?? [],
      replyTo: input.ReplyToAddresses ?? [],
      returnPath: input.ReturnPath,
      subject: { text: Subject.Data, charset: Subject.Charset },
      text: Body.Text && { text: Body.Text.Data, charset: Body.Text.Charset },
      html: Body.Html && { text: Body.Html.Data, charset: Body.Html.Charset },
    },
  });
  return { MessageId };
}

export async function SendRawEmail(
  { sending }: Rooms,
  input: In<'SendRawEmail'>,
  caller: Caller,
): Promise<Out<'SendRawEmail'>> {
  const MessageId = await sending.send({
    caller,
    operation: 'SendRawEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.Tags?.map(tag),
    mail: {
      kind: 'raw',
      content: input.RawMessage.Data,
      from: input.Source,
      recipients: input.Destinations?.length ? input.Destinations : undefined,
    },
  });
  return { MessageId };
}

export async function SendTemplatedEmail(
  { sending }: Rooms,
  input: In<'SendTemplatedEmail'>,
  caller: Caller,
): Promise<Out<'SendTemplatedEmail'>> {
  const { Destination } = input;
  const MessageId = await sending.send({
    caller,
    operation: 'SendTemplatedEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.Tags?.map(tag),
    mail: {
      kind: 'templated',
      from: input.Source,
      to: Destination.ToAddresses ?? [],
      cc: Destination.CcAddresses ?? [],
      bcc: Destination.BccAddresses ?? [],
      replyTo: input.ReplyToAddresses ?? [],
      returnPath: input.ReturnPath,
      template: { name: input.Template, arn: input.TemplateArn },
      data: input.TemplateData,
    },
  });
  return { MessageId };
}

export async function SendBulkTemplatedEmail(
  { sending }: Rooms,
  input: In<'SendBulkTemplatedEmail'>,
  caller: Caller,
): Promise<Out<'SendBulkTemplatedEmail'>> {
  const outcomes = await sending.sendBulk({
    caller,
    operation: 'SendBulkTemplatedEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.DefaultTags?.map(tag),
    letter: {
      from: input.Source,
      replyTo: input.ReplyToAddresses ?? [],
      returnPath: input.ReturnPath,
      template: { name: input.Template, arn: input.TemplateArn },
    },
    defaults: input.DefaultTemplateData || undefined,
    entries: input.Destinations.map(({ Destination, ReplacementTags, ReplacementTemplateData }) => ({
      to: Destination.ToAddresses ?? [],
      cc: Destination.CcAddresses ?? [],
      bcc: Destination.BccAddresses ?? [],
      tags: ReplacementTags?.map(tag),
      data: ReplacementTemplateData || undefined,
    })),
  });
  return { Status: outcomes.map(bulkStatusV1) };
}

export async function GetSendQuota(
  { sending }: Rooms,
  _input: In<'GetSendQuota'>,
  caller: Caller,
): Promise<Out<'GetSendQuota'>> {
  const quota = await sending.quota(caller);
  return { Max24HourSend: quota.perDay, MaxSendRate: quota.perSecond, SentLast24Hours: quota.sentLastDay };
}

export function GetAccountSendingEnabled(): Out<'GetAccountSendingEnabled'> {
  return { Enabled: true };
}

function tag({ Name, Value }: { Name?: string | undefined; Value?: string | undefined }) {
  return { name: Name ?? '', value: Value ?? '' };
}
