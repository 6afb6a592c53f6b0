import { bulkStatusV1 } from '../bulk-status.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import { letterOf, recipientsOf, submissionBy, tag } from '../submissions.ts';
import type { In, Out } from './contract.ts';

/** SES: 10 MB after encoding. */
const MESSAGE_OCTETS = 10_485_760;

export async function SendEmail({ sending }: Rooms, input: In<'SendEmail'>, caller: Caller): Promise<Out<'SendEmail'>> {
  const { Destination, Message, Tags: tags } = input;
  const MessageId = await sending.send({
    ...submissionBy(caller, { ...input, ...limited('SendEmail'), tags, identityArns: identityArns(input) }),
    mail: {
      kind: 'formatted',
      ...envelopeOf(input),
      ...recipientsOf(Destination),
      ...letterOf(Message.Subject, Message.Body),
    },
  });
  return { MessageId };
}

export async function SendRawEmail(
  { sending }: Rooms,
  input: In<'SendRawEmail'>,
  caller: Caller,
): Promise<Out<'SendRawEmail'>> {
  const { Destinations, RawMessage, Source, Tags: tags } = input;
  const MessageId = await sending.send({
    ...submissionBy(caller, { ...input, ...limited('SendRawEmail'), tags, identityArns: identityArns(input) }),
    mail: {
      kind: 'raw',
      content: RawMessage.Data,
      from: Source,
      recipients: Destinations?.length ? Destinations : undefined,
    },
  });
  return { MessageId };
}

export async function SendTemplatedEmail(
  { sending }: Rooms,
  input: In<'SendTemplatedEmail'>,
  caller: Caller,
): Promise<Out<'SendTemplatedEmail'>> {
  const { Destination, Tags: tags, Template: name, TemplateArn: arn, TemplateData: data } = input;
  const MessageId = await sending.send({
    ...submissionBy(caller, { ...input, ...limited('SendTemplatedEmail'), tags, identityArns: identityArns(input) }),
    mail: { kind: 'templated', ...envelopeOf(input), ...recipientsOf(Destination), template: { name, arn }, data },
  });
  return { MessageId };
}

export async function SendBulkTemplatedEmail(
  { sending }: Rooms,
  input: In<'SendBulkTemplatedEmail'>,
  caller: Caller,
): Promise<Out<'SendBulkTemplatedEmail'>> {
  const { DefaultTags: tags, Template: name, TemplateArn: arn } = input;
  const outcomes = await sending.sendBulk({
    ...submissionBy(caller, {
      ...input,
      ...limited('SendBulkTemplatedEmail'),
      tags,
      identityArns: identityArns(input),
    }),
    letter: { ...envelopeOf(input), template: { name, arn } },
    defaults: input.DefaultTemplateData || undefined,
    entries: input.Destinations.map(({ Destination, ReplacementTags, ReplacementTemplateData }) => ({
      ...recipientsOf(Destination),
      tags: ReplacementTags?.map(tag),
      data: ReplacementTemplateData || undefined,
    })),
  });
  return { Status: outcomes.map(bulkStatusV1) };
}

const limited = (operation: string) => ({ operation, sizeLimit: MESSAGE_OCTETS });

interface Named {
  readonly Source: string;
  readonly ReplyToAddresses?: readonly string[] | undefined;
  readonly ReturnPath?: string | undefined;
}

function envelopeOf({ Source, ReplyToAddresses = [], ReturnPath }: Named) {
  return { from: Source, replyTo: ReplyToAddresses, returnPath: ReturnPath };
}

interface Delegated {
  readonly SourceArn?: string | undefined;
  readonly FromArn?: string | undefined;
  readonly ReturnPathArn?: string | undefined;
}

function identityArns({ SourceArn: source, FromArn: from, ReturnPathArn: returnPath }: Delegated) {
  return { source, from, returnPath };
}
