import { Refusal } from '../../../base/refusal.ts';
import type { GivenAttachment, Submission } from '../../../core/sending/sending.ts';
import { bulkStatusV2 } from '../bulk-status.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import { field, letterOf, recipientsOf, submissionBy, tag } from '../submissions.ts';
import type { In, Out } from './contract.ts';

/** SES: 40 MB after encoding. */
const MESSAGE_OCTETS = 41_943_040;

export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>> {
  const list = input.ListManagementOptions;
  const MessageId = await sending.send({
    ...submissionBy(caller, {
      ...input,
      operation: operationOf(input.Content),
      sizeLimit: MESSAGE_OCTETS,
      tags: input.EmailTags,
      identityArns: identityArns(input),
    }),
    ...chosenBy(input),
    list: list && { list: list.ContactListName, topic: list.TopicName },
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
  if (!input.FromEmailAddress) throw new Refusal('validation', 'Source cannot be empty');
  const { template, data } = templateOf(Template);
  const outcomes = await sending.sendBulk({
    ...submissionBy(caller, {
      ...input,
      operation: 'SendBulkTemplatedEmail',
      sizeLimit: MESSAGE_OCTETS,
      tags: input.DefaultEmailTags,
      identityArns: identityArns(input),
    }),
    ...chosenBy(input),
    letter: {
      ...envelopeOf(input, input.FromEmailAddress),
      template,
      fields: Template.Headers?.map(field),
      attachments: Template.Attachments?.map(attachmentOf),
    },
    defaults: data || undefined,
    entries: input.BulkEmailEntries.map(entryOf),
  });
  return { BulkEmailEntryResults: outcomes.map(bulkStatusV2) };
}

function entryOf(entry: In<'SendBulkEmail'>['BulkEmailEntries'][number]) {
  const { Destination, ReplacementTags, ReplacementEmailContent, ReplacementHeaders } = entry;
  return {
    ...recipientsOf(Destination),
    tags: ReplacementTags?.map(tag),
    fields: ReplacementHeaders?.map(field),
    data: ReplacementEmailContent?.ReplacementTemplate?.ReplacementTemplateData || undefined,
  };
}

/** SES: events name the operation of v1 that does the same. */
function operationOf({ Raw, Template }: In<'SendEmail'>['Content']): string {
  if (Raw) return 'SendRawEmail';
  return Template ? 'SendTemplatedEmail' : 'SendEmail';
}

function mailOf(input: In<'SendEmail'>): Submission['mail'] {
  const { Content, FromEmailAddress, FeedbackForwardingEmailAddress } = input;
  const { Simple, Raw, Template } = Content;
  if ([Simple, Raw, Template].filter(Boolean).length !== 1) {
    throw new Refusal('invalid-parameter', 'Content must be one of Simple, Raw or Template.');
  }
  const recipients = recipientsOf(input.Destination);
  if (Raw) {
    const given = Object.values(recipients).flat();
    return {
      kind: 'raw',
      content: Raw.Data,
      from: FromEmailAddress,
      recipients: given.length > 0 ? given : undefined,
      returnPath: FeedbackForwardingEmailAddress,
      replyTo: input.ReplyToAddresses,
    };
  }
  const given = (Simple ?? Template)!;
  // SES answers with no message at all where the content is Simple.
  if (!FromEmailAddress) throw new Refusal('validation', Simple ? '' : 'Source cannot be empty');
  const envelope = { ...envelopeOf(input, FromEmailAddress), ...recipients, fields: given.Headers?.map(field) };
  const attachments = given.Attachments?.map(attachmentOf);
  if (!Simple) return { kind: 'templated', ...envelope, ...templateOf(Template!), attachments };
  return { kind: 'formatted', ...envelope, ...letterOf(Simple.Subject, Simple.Body), attachments };
}

interface Named {
  readonly ReplyToAddresses?: readonly string[] | undefined;
  readonly FeedbackForwardingEmailAddress?: string | undefined;
}

function envelopeOf({ ReplyToAddresses = [], FeedbackForwardingEmailAddress }: Named, from: string) {
  return { from, replyTo: ReplyToAddresses, returnPath: FeedbackForwardingEmailAddress };
}

interface Choosing {
  readonly EndpointId?: string | undefined;
  readonly TenantName?: string | undefined;
  readonly ConfigurationOverrides?: In<'SendEmail'>['ConfigurationOverrides'];
}

/** What counts for this call only, whatever the account or its set says. */
function chosenBy({ EndpointId, TenantName: tenant, ConfigurationOverrides }: Choosing) {
  if (EndpointId) throw new Refusal('not-built', 'Multi-region endpoints are not built yet');
  const { OpenTrackingEnabled: opens, ClickTrackingEnabled: clicks } = ConfigurationOverrides?.Tracking ?? {};
  return { tenant, tracking: { opens: opens && opens === 'ENABLED', clicks: clicks && clicks === 'ENABLED' } };
}

interface Delegated {
  readonly FromEmailAddressIdentityArn?: string | undefined;
  readonly FeedbackForwardingEmailAddressIdentityArn?: string | undefined;
}

/** The one of From is also that of the envelope sender (SES: SendEmail). */
function identityArns(given: Delegated) {
  const { FromEmailAddressIdentityArn: from, FeedbackForwardingEmailAddressIdentityArn: returnPath } = given;
  return { source: from, from, returnPath };
}

function templateOf({ TemplateName, TemplateArn, TemplateContent, TemplateData }: Template) {
  const content = TemplateContent && {
    subject: TemplateContent.Subject,
    text: TemplateContent.Text,
    html: TemplateContent.Html,
  };
  return { template: { name: TemplateName, arn: TemplateArn, content }, data: TemplateData };
}
type Template = NonNullable<In<'SendEmail'>['Content']['Template']>;

const encodings = { BASE64: 'base64', QUOTED_PRINTABLE: 'quoted-printable', SEVEN_BIT: '7bit' } as const;

function attachmentOf(given: Attachment): GivenAttachment {
  const { FileName: fileName, RawContent, ContentType: contentType, ContentId: contentId } = given;
  return {
    fileName,
    content: RawContent,
    contentType,
    disposition: given.ContentDisposition === 'INLINE' ? 'inline' : 'attachment',
    contentId,
    description: given.ContentDescription,
    encoding: encodings[given.ContentTransferEncoding ?? 'SEVEN_BIT'],
  };
}
type Attachment = NonNullable<Template['Attachments']>[number];
