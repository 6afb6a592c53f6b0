import { Refusal } from '../../../base/refusal.ts';
import type { Caller } from '../caller.ts';
import type { Rooms } from '../rooms.ts';
import type { In, Out } from './contract.ts';

const LISTED = 10;
const MOST_LISTED = 100;

export async function CreateTemplate(
  { templates }: Rooms,
  { Template }: In<'CreateTemplate'>,
  caller: Caller,
): Promise<Out<'CreateTemplate'>> {
  const { TemplateName: name } = Template;
  if (await templates.create(caller, { name, content: contentOf(Template) })) return {};
  throw new Refusal('already-exists', `Template ${name} already exists.`, { Name: name });
}

export async function UpdateTemplate(
  { templates }: Rooms,
  { Template }: In<'UpdateTemplate'>,
  caller: Caller,
): Promise<Out<'UpdateTemplate'>> {
  await templates.update(caller, Template.TemplateName, contentOf(Template));
  return {};
}

export async function GetTemplate(
  { templates }: Rooms,
  { TemplateName }: In<'GetTemplate'>,
  caller: Caller,
): Promise<Out<'GetTemplate'>> {
  const { name, content } = await templates.get(caller, TemplateName);
  return {
    Template: { TemplateName: name, SubjectPart: content.subject, TextPart: content.text, HtmlPart: content.html },
  };
}

/** One that is not there is fine. */
export async function DeleteTemplate(
  { templates }: Rooms,
  { TemplateName }: In<'DeleteTemplate'>,
  caller: Caller,
): Promise<Out<'DeleteTemplate'>> {
  await templates.remove(caller, TemplateName);
  return {};
}

/** A number of items that cannot be had is the most that can. */
export async function ListTemplates(
  { templates }: Rooms,
  { MaxItems = LISTED, NextToken }: In<'ListTemplates'>,
  caller: Caller,
): Promise<Out<'ListTemplates'>> {
  const limit = MaxItems >= 1 && MaxItems <= MOST_LISTED ? MaxItems : MOST_LISTED;
  const page = await templates.page(caller, { limit, token: NextToken });
  return {
    TemplatesMetadata: page.templates.map(({ name, created }) => ({ Name: name, CreatedTimestamp: new Date(created) })),
    NextToken: page.next,
  };
}

export async function TestRenderTemplate(
  { templates }: Rooms,
  { TemplateName, TemplateData }: In<'TestRenderTemplate'>,
  caller: Caller,
): Promise<Out<'TestRenderTemplate'>> {
  return { RenderedTemplate: await templates.rehearse(caller, TemplateName, TemplateData) };
}

function contentOf({ SubjectPart, TextPart, HtmlPart }: In<'CreateTemplate'>['Template']) {
  return { subject: SubjectPart, text: TextPart, html: HtmlPart };
}
