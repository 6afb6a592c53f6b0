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
  const { TemplateName: name } = input;
  if (await identities.verificationTemplates.create(caller, { name, ...partsOf(input), tags: [] })) return {};
  const text = `Custom verification email template <${name}> already exists`;
  throw new Refusal('already-exists', text, { CustomVerificationEmailTemplateName: name });
}

/** What is not given stays. */
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
  return { ...shown(template), TemplateContent: template.content };
}

export async function ListCustomVerificationEmailTemplates(
  { identities }: Rooms,
  { MaxResults = MOST_LISTED, NextToken }: In<'ListCustomVerificationEmailTemplates'>,
  caller: Caller,
): Promise<Out<'ListCustomVerificationEmailTemplates'>> {
  const page = await identities.verificationTemplates.page(caller, { limit: MaxResults, token: NextToken });
  return { CustomVerificationEmailTemplates: page.templates.map(shown), NextToken: page.next };
}

/** One that is not there is fine. */
export async function DeleteCustomVerificationEmailTemplate(
  { identities }: Rooms,
  { TemplateName }: In<'DeleteCustomVerificationEmailTemplate'>,
  caller: Caller,
): Promise<Out<'DeleteCustomVerificationEmailTemplate'>> {
  await identities.verificationTemplates.remove(caller, TemplateName);
  return {};
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
  new Refusal('template-not-found', `Template <${name}> does not exist`, { CustomVerificationEmailTemplateName: name });
