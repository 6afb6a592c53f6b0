import { Refusal } from '../../base/refusal.ts';
import { type Detail, type Inbox, MOST_LISTED } from '../../core/inbox/inbox.ts';
import type { HttpHandler, Request } from '../http.ts';
import { json, statusOf } from './json.ts';
import type { OperatorApi } from './operator.ts';

interface Needs {
  readonly inbox: Inbox;
  readonly operator: OperatorApi;
  readonly version: string;
}

/**
 * For people who come from elsewhere, in those projects' documented shapes: what was sent, as LocalStack (`/_aws/ses`) and
 * aws-ses-v2-local (`/store`) tell it. They are the operator's, as the listing is.
 */
export function compatibleHandler({ inbox, operator, version }: Needs): HttpHandler {
  const sent = async (id: string | undefined): Promise<Detail[]> => {
    const query = id ? `direction:out id:"${id}"` : 'direction:out';
    const { entries } = await inbox.list({ query, limit: MOST_LISTED });
    return Promise.all(entries.toReversed().map(({ message }) => inbox.get(message.id)));
  };
  const routes: Record<string, (request: Request) => Promise<unknown>> = {
    'GET /_aws/ses': async ({ query }) => {
      const wanted = new URLSearchParams(query);
      const messages = (await sent(wanted.get('id') ?? undefined)).map(localStackMessage);
      const source = wanted.get('email');
      return { messages: messages.filter((message) => !source || message.Source.includes(source)) };
    },
    'DELETE /_aws/ses': async ({ query }) => {
      const id = new URLSearchParams(query).get('id');
      await (id ? inbox.remove(id) : inbox.removeAll());
    },
    'GET /_localstack/health': async () => ({ services: { ses: 'running', sns: 'running', s3: 'running' }, version }),
    'GET /store': async ({ query }) => {
      const since = Number(new URLSearchParams(query).get('since') ?? 0);
      return { emails: (await sent(undefined)).map(storedEmail).filter(({ at }) => at >= since) };
    },
    'POST /clear-store': async () => {
      await inbox.removeAll();
      return { message: 'Emails cleared' };
    },
    'GET /health-check': async () => ({ status: 'ok' }),
  };
  return async (request) => {
    const answer = routes[`${request.method} ${request.path}`];
    if (!answer) return undefined;
    if (!operator.allows(request.headers)) return json(401, { message: 'The operator token is wanted.' });
    try {
      const value = await answer(request);
      return value === undefined ? { status: 204, headers: {}, body: '' } : json(200, value);
    } catch (cause) {
      if (cause instanceof Refusal) return json(statusOf(cause.code), { message: cause.message });
      throw cause;
    }
  };
}

function header({ letter }: Detail, name: string): string[] {
  const values = letter.headers.filter((one) => one.name.toLowerCase() === name).map(({ value }) => value);
  return values.flatMap((value) => value.split(/,(?![^"]*"(?:[^"]*"[^"]*")*[^"]*$)/)).map((value) => value.trim());
}

function localStackMessage(detail: Detail) {
  const { message, letter } = detail;
  return {
    Id: message.id,
    Region: message.region,
    Timestamp: new Date(message.at).toISOString(),
    Source: message.from,
    Destination: { ToAddresses: header(detail, 'to'), CcAddresses: header(detail, 'cc') },
    Subject: message.subject,
    Body: { text_part: letter.text || null, html_part: letter.html || null },
  };
}

function storedEmail(detail: Detail) {
  const { message, letter } = detail;
  const shown = new Set(
    [...header(detail, 'to'), ...header(detail, 'cc')].map((one) => /<([^>]*)>/.exec(one)?.[1] ?? one),
  );
  return {
    messageId: message.id,
    from: message.from,
    replyTo: header(detail, 'reply-to'),
    destination: {
      to: header(detail, 'to'),
      cc: header(detail, 'cc'),
      bcc: message.recipients.filter((recipient) => !shown.has(recipient)),
    },
    subject: message.subject,
    body: { html: letter.html, text: letter.text },
    attachments: letter.attachments.map(({ name, contentType, size }) => ({ filename: name, contentType, size })),
    at: Math.floor(message.at / 1000),
  };
}
