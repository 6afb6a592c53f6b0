/**
 * What people and machines ask beside the AWS APIs: the web app, health, the inbox and the operator's calls.
 */
import { readFileSync } from 'node:fs';
import type { HttpHandler, Response } from '../http.ts';
import { json } from './json.ts';

export { AccountsApi } from './accounts.ts';
export { compatibleHandler } from './compatible.ts';
export { DoctorApi } from './doctor.ts';
export { MessagesApi } from './messages.ts';
export { OperatorApi } from './operator.ts';
export { QueueApi } from './queue.ts';
export { ReceiptRulesApi } from './receipt-rules.ts';
export { ReviewsApi } from './reviews.ts';

/** `/livez`: the process answers. `/readyz`: every door is open and mail is taken. */
export function healthHandler(readiness: () => { ready: boolean; reason?: string }): HttpHandler {
  return ({ method, path }) => {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    if (path === '/livez') return json(200, { status: 'ok' });
    if (path !== '/readyz') return undefined;
    const { ready, reason } = readiness();
    return ready ? json(200, { status: 'ok' }) : json(503, { status: 'unavailable', reason });
  };
}

/** Nothing from elsewhere is loaded, nothing inline runs, and nobody frames the page. */
const contentSecurity =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; " +
  "frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const types = { html: 'text/html', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' } as const;

/** The files of the web app, read once. */
export function webHandler(folder: URL): HttpHandler {
  const files = new Map(
    (['inbox.html', 'inbox.js', 'api.js', 'letter.js', 'page.js', 'inbox.css', 'sesame.svg'] as const).map((name) => {
      const type = types[name.split('.').at(-1) as keyof typeof types];
      const headers = {
        'content-type': `${type}; charset=utf-8`,
        'content-security-policy': contentSecurity,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      };
      const page: Response = { status: 200, headers, body: readFileSync(new URL(name, folder)) };
      return [name === 'inbox.html' ? '/' : `/${name}`, page] as const;
    }),
  );
  return ({ method, path, query, headers }) => {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    // An unsigned call of the query protocol by GET (a subscriber that confirms) is the API's.
    if (headers['authorization'] || /(^|&)(Action|X-Amz-Signature)=/.test(query)) return undefined;
    return files.get(path);
  };
}
