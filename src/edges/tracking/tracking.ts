/**
 * Where the links and pixels of sent mail lead. Whoever follows one is answered at once: what is told about it runs
 * beside, and when that fails it is logged and the reader has what he came for. A link leads only to where the author
 * let it lead, also when it is too old to be counted; what was changed is 404, like any other address that is none.
 */
import { setImmediate } from 'node:timers/promises';
import { type Clock, DAY } from '../../base/clock.ts';
import { timeOfMessageId } from '../../base/ids.ts';
import type { Log } from '../../base/log.ts';
import type { LinkTags } from '../../mail/link-tags.ts';
import type { TrackedLinks } from '../../mail/tracked-links.ts';
import { type HttpHandler, plainText, type Request, type Response } from '../http.ts';
import { isBotEvent } from './bots.ts';

/** SES: opens and clicks are collected so long after a message was sent, in milliseconds. */
const COLLECTED_FOR = 60 * DAY;
/** Of what is told, at a time; beyond it readers still get their answers, and nobody is told. */
const MAX_UNDER_WAY = 1_000;
/** Characters of a User-Agent that are kept. */
const MAX_USER_AGENT = 1_000;

export interface Opened {
  readonly messageId: string;
  /** Civil, in milliseconds since 1970. */
  readonly at: number;
  readonly ip: string;
  readonly userAgent: string;
  readonly isBotEvent: 'Likely' | 'Unlikely';
}

export interface Clicked extends Opened {
  readonly url: string;
  readonly tags: LinkTags;
}

interface Needs {
  readonly links: TrackedLinks;
  readonly clock: Clock;
  readonly log: Log;
  opened(event: Opened): void | Promise<void>;
  clicked(event: Clicked): void | Promise<void>;
}

/**
 * Whether a request is for us, who are asked under any name: a customer's domain leads here, and pages of others show
 * our pixels. It does no harm, as only what we signed is answered and nothing is told that the link does not say.
 */
export function isTracked({ method, path }: Pick<Request, 'method' | 'path'>): boolean {
  return (method === 'GET' || method === 'HEAD') && /^\/[IL]0\//.test(path);
}

/** Answers all that `isTracked`, so it must be asked first: under another's name nothing else may be reached. */
export function tracking({ links, clock, log, opened, clicked }: Needs): HttpHandler {
  let underWay = 0;
  const tell = async (report: () => void | Promise<void>) => {
    if (underWay === MAX_UNDER_WAY) return log.warn('too many opens and clicks at a time, one is not recorded');
    underWay++;
    try {
      // The answer first.
      await setImmediate();
      await report();
    } catch (err) {
      log.error({ err }, 'an open or a click is not recorded');
    } finally {
      underWay--;
    }
  };
  return (request) => {
    if (!isTracked(request)) return undefined;
    const followed = links.follow(request.path);
    if (!followed) return plainText(404, 'Nothing here');
    const at = clock.civil();
    const { messageId } = followed;
    if (at - (timeOfMessageId(messageId) ?? 0) <= COLLECTED_FOR) {
      const event: Opened = {
        messageId,
        at,
        ip: request.remoteAddress,
        userAgent: (request.headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT),
        isBotEvent: isBotEvent(request),
      };
      const { kind } = followed;
      void tell(() =>
        kind === 'open' ? opened(event) : clicked({ ...event, url: followed.url, tags: followed.tags }),
      );
    }
    return followed.kind === 'open' ? pixel() : redirect(followed.url);
  };
}

/** Each open is one request, not one that a cache has answered. */
const uncached = {
  'cache-control': 'no-store, no-cache, must-revalidate, private, max-age=0',
  pragma: 'no-cache',
  expires: '0',
};

/** GIF89a, 1 × 1, transparent. */
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

function pixel(): Response {
  return { status: 200, headers: { 'content-type': 'image/gif', ...uncached }, body: gif };
}

function redirect(location: string): Response {
  return { status: 302, headers: { location, ...uncached }, body: '' };
}
