/**
 * Inputs for any operation of AWS, made from the SDK's own schemas: a member whose name says what it names gets the name of
 * such a thing, every other required one the plainest value that fits.
 */
import { kindOf, type Member, membersOf, modelOf, type Schema } from '../../src/edges/aws/protocol/schema.ts';

/** Who calls, and what they write where somebody may write anything. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  readonly text: string;
}

/** What things are called. A name that AWS makes up is here once its thing exists. */
export interface Names {
  /** In every name that somebody chooses. */
  readonly tag: string;
  /** Whose things they are, for ARNs. */
  readonly account: string;
  readonly region: string;
  readonly messageId: string;
  /** Of received mail. */
  readonly receivedId: string;
  readonly accessKeyId: string;
  readonly requestId: string;
  readonly subscription: string;
  readonly receiptHandle: string;
  /** Of S3. */
  readonly uploadId: string;
  /** Of SQS. */
  readonly queueUrl: string;
}

type Make = (names: Names, caller: Caller) => unknown;

const domain = ({ tag }: Names) => `${tag}.example`;
const address = (names: Names) => `news@${domain(names)}`;
const topic = ({ tag, account, region }: Names) => `arn:aws:sns:${region}:${account}:${tag}-sns`;
const set = ({ tag }: Names) => `${tag}-set`;
const template = ({ tag }: Names) => `${tag}-template`;
const arnOf = ({ account, region }: Names, resource: string) => `arn:aws:ses:${region}:${account}:${resource}`;

const toSomebody = { ToAddresses: ['somebody@elsewhere.example'] };
const wordsOf = ({ text }: Caller) => ({ Subject: { Data: text }, Body: { Text: { Data: text } } });
const anytime = new Date('2026-11-20T00:00:00Z');

/** A statement for whoever owns the identity. */
const policy: Make = (names, { account, region }) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::999999999999:root' },
        Action: ['ses:SendEmail'],
        Resource: `arn:aws:ses:${region}:${account}:identity/${domain(names)}`,
      },
    ],
  });

const receiptRule: Make = (names) => ({
  Name: `${names.tag}-rule`,
  Enabled: true,
  Recipients: [domain(names)],
  Actions: [{ SNSAction: { TopicArn: topic(names) } }],
});

/** By `API.Operation.Member`, `Operation.Member`, `API.Member` or `Member`, the narrowest first. `undefined` leaves a member out. */
const makers: Readonly<Record<string, Make>> = {
  // identities
  EmailIdentity: domain,
  Identity: domain,
  Domain: domain,
  Identities: (names) => [domain(names), address(names)],
  EmailAddress: (names) => `reader@${domain(names)}`,
  'VerifyEmailIdentity.EmailAddress': address,
  'VerifyEmailAddress.EmailAddress': address,
  'DeleteVerifiedEmailAddress.EmailAddress': address,
  PolicyName: ({ tag }) => `${tag}-policy`,
  PolicyNames: ({ tag }) => [`${tag}-policy`],
  'PutIdentityPolicy.Policy': policy,
  'CreateEmailIdentityPolicy.Policy': policy,
  'UpdateEmailIdentityPolicy.Policy': policy,
  MailFromDomain: (names) => `bounces.${domain(names)}`,
  SnsTopic: topic,
  'SetIdentityNotificationTopic.NotificationType': () => 'Bounce',
  'PutEmailIdentityDkimSigningAttributes.SigningAttributesOrigin': () => 'AWS_SES',
  // configuration sets
  ConfigurationSetName: set,
  ConfigurationSet: (names) => ({ Name: set(names) }),
  EventDestinationName: ({ tag }) => `${tag}-destination`,
  'v1.CreateConfigurationSetEventDestination.EventDestination': (names) => v1Destination(names),
  'v1.UpdateConfigurationSetEventDestination.EventDestination': (names) => v1Destination(names),
  EventDestination: (names) => ({
    Enabled: true,
    MatchingEventTypes: ['SEND'],
    SnsDestination: { TopicArn: topic(names) },
  }),
  TrackingOptions: (names) => ({ CustomRedirectDomain: domain(names) }),
  CustomRedirectDomain: domain,
  'v2.CreateConfigurationSet.TrackingOptions': () => undefined,
  // templates
  TemplateName: template,
  'SendCustomVerificationEmail.TemplateName': ({ tag }) => `${tag}-verification`,
  'CreateCustomVerificationEmailTemplate.TemplateName': ({ tag }) => `${tag}-verification`,
  'GetCustomVerificationEmailTemplate.TemplateName': ({ tag }) => `${tag}-verification`,
  'UpdateCustomVerificationEmailTemplate.TemplateName': ({ tag }) => `${tag}-verification`,
  'DeleteCustomVerificationEmailTemplate.TemplateName': ({ tag }) => `${tag}-verification`,
  'CreateCustomVerificationEmailTemplate.TemplateContent': (_, { text }) => `<html><body>${text}</body></html>`,
  'UpdateCustomVerificationEmailTemplate.TemplateContent': (_, { text }) => `<html><body>${text}</body></html>`,
  TemplateSubject: (_, { text }) => text,
  'v1.CreateTemplate.Template': (names, { text }) => ({
    TemplateName: template(names),
    SubjectPart: text,
    TextPart: text,
  }),
  'v1.UpdateTemplate.Template': (names, { text }) => ({
    TemplateName: template(names),
    SubjectPart: text,
    TextPart: text,
  }),
  Template: template,
  TemplateContent: (_, { text }) => ({ Subject: text, Text: text }),
  TemplateData: () => '{}',
  DefaultTemplateData: () => '{}',
  FromEmailAddress: address,
  SuccessRedirectionURL: () => 'https://elsewhere.example/yes',
  FailureRedirectionURL: () => 'https://elsewhere.example/no',
  // contacts
  ContactListName: ({ tag }) => `${tag}-list`,
  // sending
  Source: address,
  Destination: () => toSomebody,
  Destinations: () => [{ Destination: toSomebody }],
  'SendRawEmail.Destinations': () => toSomebody.ToAddresses,
  'v1.SendEmail.Message': (_, caller) => wordsOf(caller),
  RawMessage: (names, { text }) => ({ Data: Buffer.from(`From: ${address(names)}\r\nSubject: ${text}\r\n\r\nx\r\n`) }),
  'v2.SendEmail.Content': (_, caller) => ({ Simple: wordsOf(caller) }),
  DefaultContent: (names) => ({ Template: { TemplateName: template(names), TemplateData: '{}' } }),
  BulkEmailEntries: () => [{ Destination: toSomebody }],
  MessageId: ({ messageId }) => messageId,
  OriginalMessageId: ({ receivedId }) => receivedId,
  // There are no tenants yet.
  'SendEmail.TenantName': () => undefined,
  'SendBulkEmail.TenantName': () => undefined,
  BounceSender: address,
  BouncedRecipientInfoList: (names) => [{ Recipient: address(names), BounceType: 'DoesNotExist' }],
  // receiving
  RuleSetName: ({ tag }) => `${tag}-rules`,
  OriginalRuleSetName: ({ tag }) => `${tag}-rules`,
  'CloneReceiptRuleSet.RuleSetName': ({ tag }) => `${tag}-clone`,
  RuleName: ({ tag }) => `${tag}-rule`,
  RuleNames: ({ tag }) => [`${tag}-rule`],
  Rule: receiptRule,
  FilterName: ({ tag }) => `${tag}-filter`,
  'CreateReceiptFilter.Filter': ({ tag }) => ({
    Name: `${tag}-filter`,
    IpFilter: { Policy: 'Block', Cidr: '198.51.100.0/24' },
  }),
  // the account
  WebsiteURL: () => 'https://elsewhere.example',
  UseCaseDescription: (_, { text }) => text,
  VdmAttributes: () => ({ VdmEnabled: 'ENABLED' }),
  'v2.PutAccountSendingAttributes.SendingEnabled': () => true,
  'v1.UpdateAccountSendingEnabled.Enabled': () => true,
  // what is still to come in SES
  PoolName: ({ tag }) => `${tag}-pool`,
  TenantName: ({ tag }) => `${tag}-tenant`,
  'GetSuppressedDestination.TenantName': () => undefined,
  'PutSuppressedDestination.TenantName': () => undefined,
  'DeleteSuppressedDestination.TenantName': () => undefined,
  'ListSuppressedDestinations.TenantName': () => undefined,
  EndpointName: ({ tag }) => `${tag}-endpoint`,
  ResourceArn: (names) => arnOf(names, `configuration-set/${set(names)}`),
  StartDate: () => anytime,
  EndDate: () => new Date(anytime.getTime() + 86_400_000),
  'ListSuppressedDestinations.StartDate': () => undefined,
  'ListSuppressedDestinations.EndDate': () => undefined,
  // SNS
  TopicArn: topic,
  'sns.CreateTopic.Name': ({ tag }) => `${tag}-sns`,
  'sns.Subscribe.Protocol': () => 'https',
  'sns.Subscribe.Endpoint': ({ tag }) => `https://127.0.0.1:9/${tag}`,
  'sns.Subscribe.ReturnSubscriptionArn': () => true,
  SubscriptionArn: ({ subscription }) => subscription,
  'sns.ResourceArn': topic,
  'sns.SetSubscriptionAttributes.AttributeName': () => 'RawMessageDelivery',
  'sns.SetSubscriptionAttributes.AttributeValue': () => 'true',
  'sns.SetTopicAttributes.AttributeName': () => 'DisplayName',
  'sns.SetTopicAttributes.AttributeValue': (_, { text }) => text,
  // SQS
  QueueName: ({ tag }) => `${tag}-queue`,
  QueueUrl: ({ queueUrl }) => queueUrl,
  ReceiptHandle: ({ receiptHandle }) => receiptHandle,
  'sqs.SetQueueAttributes.Attributes': () => ({ VisibilityTimeout: '40' }),
  'sqs.SendMessageBatch.Entries': (_, { text }) => [{ Id: 'one', MessageBody: text }],
  MessageBody: (_, { text }) => text,
  'sqs.DeleteMessageBatch.Entries': ({ receiptHandle }) => [{ Id: 'one', ReceiptHandle: receiptHandle }],
  'sqs.ChangeMessageVisibilityBatch.Entries': ({ receiptHandle }) => [
    { Id: 'one', ReceiptHandle: receiptHandle, VisibilityTimeout: 0 },
  ],
  'sqs.TagQueue.Tags': (_, { text }) => ({ key: text }),
  // S3
  Bucket: ({ tag }) => `${tag}-bucket`,
  Key: ({ tag }) => `${tag}/object`,
  'CopyObject.Key': ({ tag }) => `${tag}/copy`,
  CopySource: ({ tag }) => `${tag}-bucket/${tag}/object`,
  UploadId: ({ uploadId }) => uploadId,
  's3.PutBucketPolicy.Policy': (_, { text }) => JSON.stringify({ Id: text }),
  's3.CompleteMultipartUpload.MultipartUpload': () => ({ Parts: [{ PartNumber: 1, ETag: 'x' }] }),
  's3.DeleteObjects.Delete': ({ tag }) => ({ Objects: [{ Key: `${tag}/object` }] }),
  Body: (_, { text }) => Buffer.from(text),
  // IAM
  UserName: ({ tag }) => `${tag}-user`,
  PolicyArn: ({ tag, account }) => `arn:aws:iam::${account}:policy/${tag}-policy`,
  PolicyDocument: () =>
    JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'ses:*', Resource: '*' }] }),
  VersionId: () => 'v1',
  AccessKeyId: ({ accessKeyId }) => accessKeyId,
  'iam.UpdateAccessKey.Status': () => 'Active',
  // Service Quotas
  ServiceCode: () => 'ses',
  QuotaCode: () => 'L-804C8AE8',
  DesiredValue: () => 20_000,
  'quotas.RequestServiceQuotaIncrease.QuotaCode': () => 'L-CDEF9B6B',
  RequestId: ({ requestId }) => requestId,
};

function v1Destination(names: Names) {
  return {
    Name: `${names.tag}-destination`,
    Enabled: true,
    MatchingEventTypes: ['send'],
    SNSDestination: { TopicARN: topic(names) },
  };
}

export interface Api {
  /** `v1`, `v2`, `sns`… */
  readonly name: string;
  readonly sdk: object;
}

/** The plainest input of an operation that names these things. */
export function inputOf({ name: api, sdk }: Api, operation: string, names: Names, caller: Caller): object {
  const model = modelOf(sdk).operations.get(operation)!;
  return structure(model.input, (member) => {
    const make = [
      `${api}.${operation}.${member.name}`,
      `${operation}.${member.name}`,
      `${api}.${member.name}`,
      member.name,
    ]
      .map((key) => makers[key])
      .find((one) => one !== undefined);
    return make ? { value: make(names, caller) } : undefined;
  });
}

type Lookup = (member: Member) => { readonly value: unknown } | undefined;

function structure(schema: Schema, lookup: Lookup): object {
  const entries: [string, unknown][] = [];
  for (const member of membersOf(schema)) {
    const found = lookup(member);
    if (found?.value !== undefined) entries.push([member.name, found.value]);
    else if (!found && member.required) entries.push([member.name, plain(member, lookup)]);
  }
  return Object.fromEntries(entries);
}

/** A value of the kind; where AWS takes words of a list only, a maker has to know one. */
function plain({ name, schema, kind }: Member, lookup: Lookup): unknown {
  const byKind: Partial<Record<typeof kind, () => unknown>> = {
    structure: () => structure(schema, lookup),
    list: () => {
      const item = schema.getValueSchema();
      return [item.isStructSchema() ? structure(item, lookup) : 'x'];
    },
    map: () => ({}),
    boolean: () => true,
    number: () => 1,
    blob: () => Buffer.from('x'),
    timestamp: () => anytime,
  };
  return (byKind[kindOf(schema)] ?? (() => enums[name] ?? 'x'))();
}

/** Words that stand for a choice. */
const enums: Readonly<Record<string, string>> = {
  MailType: 'TRANSACTIONAL',
  Reason: 'COMPLAINT',
  Plan: 'NONE',
  NotificationType: 'Bounce',
};
