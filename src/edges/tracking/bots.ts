import type { Request } from '../http.ts';

/** Programs that fetch before a person does, or instead of one: crawlers, previews, scanners of mail. */
const programs =
  /bot\b|crawl|spider|slurp|preview|prefetch|scanner|headless|phantomjs|facebookexternalhit|whatsapp|barracuda|mimecast|proofpoint|symantec|trendmicro|fortinet/i;

/**
 * SES: `isBotEvent`, whose rules are not published. Likely: only the head is asked for, the browser says that it fetches
 * ahead, or the program names itself one of those above. So does Apple's Mail by `Mozilla/5.0` alone: it fetches whether
 * or not a mail is read. Image proxies that fetch when a mail is opened (Gmail, Yahoo) stand for a person.
 */
export function isBotEvent({ method, headers }: Pick<Request, 'method' | 'headers'>): 'Likely' | 'Unlikely' {
  const ahead = [headers['sec-purpose'], headers['purpose'], headers['x-purpose'], headers['x-moz']].join();
  const agent = headers['user-agent']?.trim() ?? '';
  const isBot =
    method === 'HEAD' || /prefetch|preview|prerender/i.test(ahead) || agent === 'Mozilla/5.0' || programs.test(agent);
  return isBot ? 'Likely' : 'Unlikely';
}
