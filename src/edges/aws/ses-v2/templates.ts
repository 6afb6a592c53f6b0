import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const LISTED = 10;
const MOST_LISTED = 100;

export async function CreateEmailTemplate(
  { templates }: Rooms,
  { TemplateName: name, TemplateContent, Tags }: In<'CreateEmailTemplate'>,
  caller: Caller,
): Promise<Out<'CreateEmailTemplate'>> {
  const tags = (Tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (await templates.create(caller, { name, content: contentOf(TemplateContent), tags })) return {};
  throw new Refusal('already-exists', `Template ${name} already exists for account id ${caller.account}`);
}

export async function UpdateEmailTemplate(
  { templates }: Rooms,
  { TemplateName, TemplateContent }: In<'UpdateEmailTemplate'>,
  caller: Caller,
): Promise<Out<'UpdateEmailTemplate'>> {
  await templates.update(caller, TemplateName, contentOf(TemplateContent));
  return {};
}

export async function GetEmailTemplate(
  { templates }: Rooms,
  { TemplateName }: In<'GetEmailTemplate'>,
  caller: Caller,
): Promise<Out<'GetEmailTemplate'>> {
  const { name, content, tags } = await templates.get(caller, TemplateName);
  return {
    TemplateName: name,
    TemplateContent: { Subject: content.subject, Text: content.text, Html: content.html },
    Tags: tags.map(({ key, value }) => ({ Key: key, Value: value })),
  };
}

export async function DeleteEmailTemplate(
  { templates }: Rooms,
  { TemplateName }: In<'DeleteEmailTemplate'>,
  caller: Caller,
): Promise<Out<'DeleteEmailTemplate'>> {
  if (await templates.remove(caller, TemplateName)) return {};
  throw new Refusal('template-not-found', `Template ${TemplateName} does not exist.`);
}

export async function ListEmailTemplates(
  { templates }: Rooms,
  { PageSize = LISTED, NextToken }: In<'ListEmailTemplates'>,
  caller: Caller,
): Promise<Out<'ListEmailTemplates'>> {
  if (PageSize < 1 || PageSize > MOST_LISTED) {
    throw new Refusal('invalid-parameter', `The page size must be between 1 and ${MOST_LISTED}`);
  }
  const page = await templates.page(caller, { limit: PageSize, token: NextToken });
  return {
    TemplatesMetadata: page.templates.map(({ name, created }) => ({
      TemplateName: name,
      CreatedTimestamp: new Date(created),
    })),
    NextToken: page.next,
  };
}

export async function TestRenderEmailTemplate(
  { templates }: Rooms,
  { TemplateName, TemplateData }: In<'TestRenderEmailTemplate'>,
  caller: Caller,
): Promise<Out<'TestRenderEmailTemplate'>> {
  return { RenderedTemplate: await templates.rehearse(caller, TemplateName, TemplateData) };
}

function contentOf({ Subject, Text, Html }: In<'CreateEmailTemplate'>['TemplateContent']) {
  return { subject: Subject, text: Text, html: Html };
}
