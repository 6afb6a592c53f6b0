import type { Delivery, QueueBy, QueuePart } from '../../core/delivery/delivery.ts';
import type { Request, Response } from '../http.ts';
import { BadRequest, json, limitOf, readJson, textMember } from './json.ts';

const DEFAULT_LIMIT = 50;
const MOST_LISTED = 1_000;
const groupings: readonly QueueBy[] = ['domain', 'provider', 'route'];

/**
 * `GET /_sesame/queue?by=domain|provider|route&limit=50`: `{"by", "queue": [{"name", "waiting", "lanes", "due", "provider",
 * "failures"}]}`, the fullest first. `POST …/{retry|cancel}` with one of `{"domain"}`, `{"provider"}`, `{"route"}`: everything
 * there is due now, or is never sent (`{"retried"}`, `{"cancelled"}`: deliveries). What is under way is let be.
 */
export class QueueApi {
  readonly #queue: Delivery['queue'];

  constructor(queue: Delivery['queue']) {
    this.#queue = queue;
  }

  async handle(request: Request, [verb, ...rest]: readonly string[]): Promise<Response | undefined> {
    if (rest.length > 0) return undefined;
    const { method } = request;
    if (verb === undefined) return method === 'GET' ? this.#list(request) : undefined;
    if (method !== 'POST') return undefined;
    if (verb === 'retry') return json(200, { retried: await this.#queue.retry(partOf(request)) });
    if (verb === 'cancel') return json(200, { cancelled: await this.#queue.cancel(partOf(request)) });
    return undefined;
  }

  async #list({ query }: Request): Promise<Response> {
    const parameters = new URLSearchParams(query);
    const wanted = parameters.get('by') ?? 'domain';
    const by = groupings.find((one) => one === wanted);
    if (by === undefined) throw new BadRequest('by must be domain, provider or route.');
    const entries = await this.#queue.list(by, limitOf(parameters, { fallback: DEFAULT_LIMIT, most: MOST_LISTED }));
    const queue = entries.map(({ due, ...entry }) => ({
      ...entry,
      ...(due !== undefined && { due: new Date(due).toISOString() }),
    }));
    return json(200, { by, queue });
  }
}

function partOf(request: Request): QueuePart {
  const body = readJson(request);
  const named = groupings.flatMap((by) => {
    const name = textMember(body, by);
    return name === undefined ? [] : [{ by, name: name.toLowerCase() }];
  });
  const [part, ...others] = named;
  if (!part || others.length > 0) throw new BadRequest('Say one of domain, provider and route.');
  return part;
}
