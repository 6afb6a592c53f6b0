import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import { partsOf, shown, verificationMail } from '../verification-templates.ts';
import type { In, Out } from './contract.ts';

const MOST_LISTED = 50;

export async function CreateCustomVerificationEmailTemplate(
  { identities }: Rooms,
  input: In<'CreateCustomVerificationEmailTemplate'>,
  caller: Caller,
): Promise<Out<'CreateCustomVerificationEmailTemplate'>> {
  const { TemplateName: name, Tags = [] } = input;
  const tags = Tags.map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (await identities.verificationTemplates.create(caller, { name, ...partsOf(input), tags })) return {};
  throw new Refusal('already-exists', `Custom verification email template <${name}> already exists`);
}

export async function UpdateCustomVerificationEmailTemplate(
  { identities }: Rooms,
  input: In<'UpdateCustomVerificationEmailTemplate'>,
  caller: Caller,
): Promise<Out<'UpdateCustomVerificationEmailTemplate'>> {
  const { TemplateName: name } = input;
  if (await identities.verificationTemplates.update(caller, name, partsOf(input))) return {};
  throw missing(name);
}

export async function GetCustomVerificationEmailTemplate(
  { identities }: Rooms,
  { TemplateName }: In<'GetCustomVerificationEmailTemplate'>,
  caller: Caller,
): Promise<Out<'GetCustomVerificationEmailTemplate'>> {
  const template = await identities.verificationTemplates.find(caller, TemplateName);
  if (!template) throw missing(TemplateName);
  return {
    ...shown(template),
    TemplateContent: template.content,
    Tags: template.tags.map(({ key, value }) => ({ Key: key, Value: value })),
  };
}

export async function ListCustomVerificationEmailTemplates(
  { identities }: Rooms,
  { PageSize = MOST_LISTED, NextToken }: In<'ListCustomVerificationEmailTemplates'>,
  caller: Caller,
): Promise<Out<'ListCustomVerificationEmailTemplates'>> {
  const limit = PageSize >= 1 && PageSize <= MOST_LISTED ? PageSize : MOST_LISTED;
  const page = await identities.verificationTemplates.page(caller, { limit, token: NextToken });
  return { CustomVerificationEmailTemplates: page.templates.map(shown), NextToken: page.next };
}

export async function DeleteCustomVerificationEmailTemplate(
  { identities }: Rooms,
  { TemplateName }: In<'DeleteCustomVerificationEmailTemplate'>,
  caller: Caller,
): Promise<Out<'DeleteCustomVerificationEmailTemplate'>> {
  if (await identities.verificationTemplates.remove(caller, TemplateName)) return {};
  throw missing(TemplateName);
}

export async function SendCustomVerificationEmail(
  { identities, sending }: Rooms,
  { EmailAddress: address, TemplateName: template, ConfigurationSetName }: In<'SendCustomVerificationEmail'>,
  caller: Caller,
): Promise<Out<'SendCustomVerificationEmail'>> {
  const mail = await identities.verificationTemplates.invite(caller, { address, template });
  if (!mail) throw missing(template);
  return { MessageId: await sending.send(verificationMail(caller, mail, ConfigurationSetName)) };
}

const missing = (name: string) =>
  new Refusal('not-found', `Custom verification email template <${name}> does not exist`);
