import { type Detail, type Entry, type Inbox, MOST_LISTED } from '../../core/inbox/inbox.ts';
import { duration } from '../../settings/values.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, json, limitOf } from './json.ts';

const DEFAULT_LIMIT = 50;
/** Milliseconds that one long poll may last. */
const LONGEST_WAIT = 300_000;

/** `GET|DELETE /_sesame/messages`, `GET|DELETE …/{id}`, `GET …/{id}/raw`. */
export class MessagesApi {
  readonly #inbox: Inbox;

  constructor(inbox: Inbox) {
    this.#inbox = inbox;
  }

  async handle(request: Request, [id, part]: readonly string[]): Promise<Response | undefined> {
    const { method } = request;
    if (id === undefined) {
      if (method === 'GET') return this.#list(request);
      if (method === 'DELETE') return json(200, { deleted: await this.#inbox.removeAll() });
    } else if (part === undefined) {
      if (method === 'GET') return json(200, detailOf(await this.#inbox.get(id)));
      if (method === 'DELETE') {
        await this.#inbox.remove(id);
        return json(200, {});
      }
    } else if (part === 'raw' && method === 'GET') {
      const headers = { 'content-type': 'message/rfc822', 'content-disposition': `inline; filename="${id}.eml"` };
      return { status: 200, headers, body: await this.#inbox.raw(id) };
    }
    return undefined;
  }

  async #list({ query, aborted }: Request): Promise<Response> {
    const parameters = new URLSearchParams(query);
    const limit = limitOf(parameters, { fallback: DEFAULT_LIMIT, most: MOST_LISTED });
    const wanted = { query: parameters.get('query') ?? '', limit, next: parameters.get('next') ?? undefined };
    const wait = parameters.get('wait');
    const page =
      wait === null
        ? await this.#inbox.list(wanted)
        : await this.#inbox.await(wanted, { wait: waitOf(wait), gone: aborted });
    const { total, entries, next } = page;
    return json(200, { total, messages: entries.map(entryOf), ...(next !== undefined && { next }) });
  }
}

function waitOf(text: string): number {
  try {
    return Math.min(duration(text), LONGEST_WAIT);
  } catch (cause) {
    throw new BadRequest(`wait ${(cause as Error).message}.`);
  }
}

const iso = (at: number) => new Date(at).toISOString();

export function entryOf({ message, state, preview }: Entry) {
  const { id, direction, account, region, from, recipients, subject, at, size, tags } = message;
  return {
    id,
    direction,
    account,
    region,
    from,
    to: recipients,
    subject,
    at: iso(at),
    state,
    size,
    tags: Object.fromEntries(tags.map(({ name, value }) => [name, value])),
    preview,
  };
}

function detailOf(detail: Detail) {
  const { letter, standings, timeline } = detail;
  return {
    ...entryOf(detail),
    envelopeFrom: detail.message.envelopeFrom,
    recipients: standings.map(({ due, ...standing }) => ({ ...standing, ...(due !== undefined && { due: iso(due) }) })),
    headers: letter.headers,
    text: letter.text,
    html: letter.html,
    attachments: letter.attachments,
    timeline: timeline.map((event) => ({
      ...event,
      at: iso(event.at),
      ...('expires' in event && { expires: iso(event.expires) }),
    })),
  };
}
