/**
 * Stored templates, and what becomes of a template with data. One state for both APIs.
 *
 * Rendering promises: a template reaches nothing but its data; it comes to an end, in bounded time and memory; what it
 * cannot do is told in the words of SES's Rendering Failure and concerns the message at hand only.
 */
import { parseArn } from '../../base/arn.ts';
import type { Clock } from '../../base/clock.ts';
import { pagedList, pageToken, readPageToken } from '../../base/page-token.ts';
import type { Random } from '../../base/random.ts';
import { Refusal } from '../../base/refusal.ts';
import { composeMail } from '../../mail/compose.ts';
import { formatDate } from '../../mail/date.ts';
import { type Documents, documents, type Versioned } from '../../storage/documents.ts';
import type { Rows, Scope } from '../../storage/ports.ts';
import { type DataSets, type Rendering, renderBatch, type TemplateContent } from './batch.ts';
import { readPlain } from './plain.ts';
import { limits, Renderers } from './renderers.ts';

export type { DataSets, Rendering, TemplateContent } from './batch.ts';

export interface Template {
  readonly name: string;
  readonly content: TemplateContent;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** Civil milliseconds. */
  readonly created: number;
}

/** A template as a send names it: stored, by its name or ARN, or brought along (simple substitutions only). */
export interface Choice {
  readonly name?: string | undefined;
  readonly arn?: string | undefined;
  readonly content?: Partial<TemplateContent> | undefined;
}

interface Needs {
  readonly rows: Rows;
  readonly clock: Clock;
  readonly random: Random;
}
type Document = Pick<Template, 'content' | 'tags'>;

/** SES: quotas of templates. */
const MOST_TEMPLATES = 20_000;
const STORED_OCTETS = 500 * 1024;
const INLINE_OCTETS = 1024 * 1024;
/** Places that are filled on the spot; a template with more of them, or with anything else, goes to a thread. */
const MOST_PLAIN_VARIABLES = 1_000;

const KIND = 'template';

export class Templates {
  readonly #needs: Needs;
  readonly #documents: Documents<Document>;
  readonly #renderers: Renderers;

  constructor(needs: Needs, renderers = new Renderers()) {
    this.#needs = needs;
    this.#documents = documents(needs.rows, KIND);
    this.#renderers = renderers;
  }

  /** False where there is one of that name. */
  async create(
    scope: Scope,
    { name, content, tags = [] }: { name: string; content: Partial<TemplateContent>; tags?: Template['tags'] },
  ): Promise<boolean> {
    if (!/^[\w-]{1,64}$/.test(name)) {
      throw new Refusal(
        'invalid-parameter',
        'TemplateName can contain up to 64 characters. Only alphanumeric characters, underscores(_) and hyphens(-) are allowed.',
      );
    }
    const whole = await this.#valid(scope, name, content);
    if ((await this.#documents.count(scope)) >= MOST_TEMPLATES) {
      throw new Refusal(
        'limit-exceeded',
        `A maximum of ${MOST_TEMPLATES} templates is allowed per account and region.`,
      );
    }
    const batch = this.#documents.create(scope, name, { content: whole, tags }, this.#needs.clock.civil());
    return (await this.#needs.rows.write(batch, 'durable')).applied;
  }

  /** The whole content is replaced; tags and age stay. */
  async update(scope: Scope, name: string, content: Partial<TemplateContent>): Promise<void> {
    await this.#existing(scope, name);
    const whole = await this.#valid(scope, name, content);
    for (;;) {
      const present = await this.#existing(scope, name);
      const value = { ...present.value, content: whole };
      const batch = this.#documents.replace(scope, present, value, this.#needs.clock.civil());
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return;
    }
  }

  /** Nothing where there is no such template. */
  async tags(scope: Scope, name: string): Promise<Template['tags'] | undefined> {
    return (await this.#documents.get(scope, name))?.value.tags;
  }

  /** False where there is no such template. */
  async retag(scope: Scope, name: string, change: (tags: Template['tags']) => Template['tags']): Promise<boolean> {
    for (;;) {
      const present = await this.#documents.get(scope, name);
      if (!present) return false;
      const value = { ...present.value, tags: change(present.value.tags) };
      const batch = this.#documents.replace(scope, present, value, this.#needs.clock.civil());
      if ((await this.#needs.rows.write(batch, 'durable')).applied) return true;
    }
  }

  async get(scope: Scope, name: string): Promise<Template> {
    const { value, created } = await this.#existing(scope, name);
    return { ...value, name, created };
  }

  /** Whether there was one. */
  async remove(scope: Scope, name: string): Promise<boolean> {
    return (await this.#needs.rows.write(this.#documents.remove(scope, name), 'durable')).applied;
  }

  /** The latest created first, `limit` at most, from where the page before ended. */
  async page(
    scope: Scope,
    { limit, token }: { limit: number; token?: string | undefined },
  ): Promise<{ templates: Pick<Template, 'name' | 'created'>[]; next?: string }> {
    const before = token === undefined ? undefined : placeOf(scope, token);
    const found = await this.#documents.newest(scope, { ...(before && { before }), limit: limit + 1 });
    const templates = found.slice(0, limit).map(({ name, created }) => ({ name, created }));
    if (found.length <= limit) return { templates };
    const last = templates.at(-1)!;
    return { templates, next: pageToken(pagedList(KIND, scope), `${last.created} ${last.name}`) };
  }

  /** The content that a send names. SES: what is brought along may hold simple substitutions only. */
  async chosen(scope: Scope, { name, arn, content }: Choice): Promise<{ name?: string; content: TemplateContent }> {
    if (content) {
      const whole = complete(content, INLINE_OCTETS);
      if (plainOf(whole)) return { content: whole };
      throw new Refusal('invalid-template', 'Template content that is sent along can have simple substitutions only.');
    }
    const named = nameOfArn(scope, arn);
    if (name && named && name !== named) {
      throw new Refusal('invalid-parameter', `The ARN <${arn}> does not name template <${name}>.`);
    }
    const stored = name ?? named;
    if (stored) return { name: stored, content: (await this.get(scope, stored)).content };
    throw new Refusal('invalid-parameter', 'A template needs a name, an ARN or its content.');
  }

  async render(scope: Scope, content: TemplateContent, data: string | undefined): Promise<Rendering> {
    return (await this.renderMany(scope, content, { entries: [data] }))[0]!;
  }

  /** One answer for each of `data.entries`, in their order. */
  async renderMany({ account }: Scope, content: TemplateContent, data: DataSets): Promise<Rendering[]> {
    const plain = plainOf(content);
    return plain && plain.variables <= MOST_PLAIN_VARIABLES
      ? renderBatch(plain.pieces, data, limits)
      : this.#renderers.ask({ template: content, data }, account);
  }

  /** The message that a stored template makes of data (SES: TestRenderTemplate); what fails is refused. */
  async rehearse(scope: Scope, name: string, data: string): Promise<string> {
    const { content } = await this.get(scope, name);
    const rendering = await this.render(scope, content, data);
    if (!rendering.ok) {
      const code = rendering.failure === 'attribute' ? 'missing-rendering-attribute' : 'invalid-rendering-data';
      throw new Refusal(code, rendering.reason, { TemplateName: name });
    }
    const { subject, text, html } = rendering.rendered;
    const { clock, random } = this.#needs;
    const mail = composeMail({ from: [], ...inUtf8({ subject, text, html }), unique: random.uuid() });
    return `Date: ${formatDate(clock.civil())}\r\n${mail.toString('latin1')}`;
  }

  /** The threads end; what they were at is not answered. */
  async stop(): Promise<void> {
    await this.#renderers.stop();
  }

  /** Templates that only fail with their data are fine. */
  async #valid({ account }: Scope, name: string, content: Partial<TemplateContent>): Promise<TemplateContent> {
    const whole = complete(content, STORED_OCTETS, { TemplateName: name });
    const [fault] = plainOf(whole) ? [] : await this.#renderers.ask({ template: whole }, account);
    if (fault && !fault.ok) throw new Refusal('invalid-template', fault.reason, { TemplateName: name });
    return whole;
  }

  async #existing(scope: Scope, name: string): Promise<Versioned<Document>> {
    const found = await this.#documents.get(scope, name);
    if (!found) throw new Refusal('template-not-found', `Template ${name} does not exist.`, { TemplateName: name });
    return found;
  }
}

/** A subject and a body; a part without a character is none. */
function complete(
  { subject, text, html }: Partial<TemplateContent>,
  most: number,
  detail: Readonly<Record<string, string>> = {},
): TemplateContent {
  if (!subject) throw new Refusal('invalid-parameter', 'The subject must be specified.');
  if (!text && !html) throw new Refusal('invalid-parameter', 'Template must have at least a text or html part.');
  const content = { subject, ...(text && { text }), ...(html && { html }) };
  const octets = Object.values(content).reduce((sum, part) => sum + Buffer.byteLength(part), 0);
  if (octets <= most) return content;
  throw new Refusal('invalid-template', `The template is more than ${most} bytes long: ${octets}.`, detail);
}

function plainOf({ subject, text, html }: TemplateContent) {
  const [inSubject, inText, inHtml] = [readPlain(subject), readPlain(text ?? ''), readPlain(html ?? '')];
  if (!inSubject || !inText || !inHtml) return undefined;
  const pieces = {
    subject: inSubject.piece,
    text: text === undefined ? undefined : inText.piece,
    html: html === undefined ? undefined : inHtml.piece,
  };
  return { pieces, variables: inSubject.variables + inText.variables + inHtml.variables };
}

function placeOf(scope: Scope, token: string): Pick<Template, 'name' | 'created'> {
  const [, created, name = ''] = /^(\d{1,15}) (.+)$/s.exec(readPageToken(pagedList(KIND, scope), token) ?? '') ?? [];
  if (created === undefined) throw new Refusal('invalid-parameter', `Invalid PageToken <${token}>.`);
  return { name, created: Number(created) };
}

/** `arn:aws:ses:<region>:<account>:template/<name>`, of the scope itself. */
function nameOfArn(scope: Scope, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const arn = parseArn(text);
  const [type, name = ''] = arn?.resource.split('/') ?? [];
  if (arn?.service !== 'ses' || type !== 'template' || name === '') {
    throw new Refusal('invalid-parameter', `Invalid template ARN: ${text}`);
  }
  if (arn.region === scope.region && arn.account === scope.account) return name;
  throw new Refusal('template-not-found', `Template ${name} does not exist.`, { TemplateName: name });
}

function inUtf8({ subject, text, html }: TemplateContent) {
  const inCharset = (part: string) => ({ text: part, charset: 'UTF-8' });
  return {
    subject: inCharset(subject),
    text: text === undefined ? undefined : inCharset(text),
    html: html === undefined ? undefined : inCharset(html),
  };
}
