import { Refusal } from '../../../base/refusal.ts';
import type { Submission } from '../../../core/sending/sending.ts';
import { bulkStatusV2 } from '../bulk-status.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';
import { reasonNames } from './suppression-reasons.ts';

/** SES: 40 MB after encoding. */
const MESSAGE_OCTETS = 41_943_040;

export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>> {
  const MessageId = await sending.send({
    caller,
    operation: operationOf(input.Content),
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.EmailTags?.map(tag),
    mail: mailOf(input),
  });
  return { MessageId };
}

export async function SendBulkEmail(
  { sending }: Rooms,
  input: In<'SendBulkEmail'>,
  caller: Caller,
): Promise<Out<'SendBulkEmail'>> {
  const { Template } = input.DefaultContent;
  if (!Template) throw new Refusal('invalid-parameter', 'DefaultContent must have a Template.');
  if (Template.Attachments?.length) throw new Refusal('not-built', 'Attachments are not built yet');
  if (!input.FromEmailAddress) throw new Refusal('validation', 'Source cannot be empty');
  const { template, data } = templateOf(Template);
  const outcomes = await sending.sendBulk({
    caller,
    operation: 'SendBulkTemplatedEmail',
    sourceIp: caller.sourceIp,
    sizeLimit: MESSAGE_OCTETS,
    configurationSet: input.ConfigurationSetName,
    tags: input.DefaultEmailTags?.map(tag),
    letter: {
      from: input.FromEmailAddress,
      replyTo: input.ReplyToAddresses ?? [],
      returnPath: input.FeedbackForwardingEmailAddress,
      template,
      fields: Template.Headers?.map(field),
    },
    defaults: data || undefined,
    entries: input.BulkEmailEntries.map(entryOf),
  });
  return { BulkEmailEntryResults: outcomes.map(bulkStatusV2) };
}

function entryOf(entry: In<'SendBulkEmail'>['BulkEmailEntries'][number]) {
  const { Destination, ReplacementTags, ReplacementEmailContent, ReplacementHeaders } = entry;
  return {
    to: Destination.ToAddresses ?? [],
    cc: Destination.CcAddresses ?? [],
    bcc: Destination.BccAddresses ?? [],
    tags: ReplacementTags?.map(tag),
    fields: ReplacementHeaders?.map(field),
    data: ReplacementEmailContent?.ReplacementTemplate?.ReplacementTemplateData || undefined,
  };
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

/** SES: events name the operation of v1 that does the same. */
function operationOf({ Raw, Template }: In<'SendEmail'>['Content']): string {
  if (Raw) return 'SendRawEmail';
  return Template ? 'SendTemplatedEmail' : 'SendEmail';
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
  const given = Simple ?? Template;
  if (!given) throw new Refusal('invalid-parameter', 'Content must be one of Simple, Raw or Template.');
  if (given.Attachments?.length) throw new Refusal('not-built', 'Attachments are not built yet');
  // SES answers with no message at all where the content is Simple.
  if (!FromEmailAddress) throw new Refusal('validation', Simple ? '' : 'Source cannot be empty');
  const envelope = {
    from: FromEmailAddress,
    to,
    cc,
    bcc,
    replyTo: ReplyToAddresses ?? [],
    returnPath: FeedbackForwardingEmailAddress,
    fields: (given.Headers ?? []).map(field),
  };
  if (!Simple) return { kind: 'templated', ...envelope, ...templateOf(Template!) };
  const { Subject, Body } = Simple;
  return {
    kind: 'formatted',
    ...envelope,
    subject: { text: Subject.Data, charset: Subject.Charset },
    text: Body.Text && { text: Body.Text.Data, charset: Body.Text.Charset },
    html: Body.Html && { text: Body.Html.Data, charset: Body.Html.Charset },
  };
}

interface Named {
  readonly Name: string;
  readonly Value: string;
}
const tag = ({ Name, Value }: Named) => ({ name: Name, value: Value });
const field = ({ Name, Value }: Named) => [Name, Value] as const;

/** An ARN counts where no name is given. */
function templateOf({ TemplateName, TemplateArn, TemplateContent, TemplateData }: Template) {
  const content = TemplateContent && {
    subject: TemplateContent.Subject,
    text: TemplateContent.Text,
    html: TemplateContent.Html,
  };
  return { template: { name: TemplateName, arn: TemplateArn, content }, data: TemplateData };
}
type Template = NonNullable<In<'SendEmail'>['Content']['Template']>;
