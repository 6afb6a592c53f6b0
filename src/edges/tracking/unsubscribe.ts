import { type Contacts, UNSUBSCRIBE_PATH, type UnsubscribeLink } from '../../core/contacts/contacts.ts';
import type { HttpHandler, Request, Response } from '../http.ts';
import { plainPage } from './page.ts';
import { choicesPage, formOf } from './unsubscribe-page.ts';

/** Octets of a form: a mail program sends thirty, our page as many as its topics have letters. */
const LONGEST_FORM = 65_536;

/**
 * The links that lists put into messages. A POST by a mail program leaves at once (RFC 8058); a GET only shows the
 * page, since scanners follow links; its form saves what was chosen. The token says who it is: nobody signs in.
 */
export function unsubscribeHandler(contacts: Contacts): HttpHandler {
  return async (request) => {
    const { method, path, headers } = request;
    if (!path.startsWith(UNSUBSCRIBE_PATH) || headers['authorization']) return undefined;
    const link = contacts.readToken(path.slice(UNSUBSCRIBE_PATH.length));
    if (!link) return notOurs;
    switch (method) {
      case 'GET':
      case 'HEAD':
        return show(contacts, link);
      case 'POST':
        return take(contacts, link, request);
      default:
        return {
          ...plainPage(405, 'This link does not do that', 'Open it in a browser.'),
          headers: { allow: 'GET, HEAD, POST' },
        };
    }
  };
}

async function show(contacts: Contacts, link: UnsubscribeLink, saved = false): Promise<Response> {
  const choices = await contacts.choices(link);
  return choices ? choicesPage({ address: link.address, ...choices, saved }) : gone;
}

async function take(contacts: Contacts, link: UnsubscribeLink, request: Request): Promise<Response> {
  const form = await readForm(request);
  if (form?.get('List-Unsubscribe') === 'One-Click') {
    // Where the list is gone nothing more will come, and the mail program has nobody to tell.
    await contacts.unsubscribe(link);
    return plainPage(200, 'Unsubscribed', `${link.address} will get no more of this mail.`);
  }
  const chosen = form && formOf(form);
  if (!chosen) return notUnderstood;
  return (await contacts.choose(link, chosen)) ? show(contacts, link, true) : gone;
}

/** Both kinds of forms (RFC 8058 §3.2); nothing where it is none. */
async function readForm({ body, headers }: Request): Promise<FormData | undefined> {
  if (body.length > LONGEST_FORM) return undefined;
  const type = headers['content-type'] ?? 'application/x-www-form-urlencoded';
  try {
    return await new globalThis.Response(body, { headers: { 'content-type': type } }).formData();
  } catch {
    // Not a form: the page says so.
    return undefined;
  }
}

const notOurs = plainPage(
  400,
  'This link is not complete',
  'It may have been cut or changed on its way. Open the link in the message once more, or copy all of it.',
);
const notUnderstood = plainPage(400, 'That was not understood', 'Go back, load the page again, and choose once more.');
const gone = plainPage(404, 'This list is no more', 'It was deleted: there is nothing left to unsubscribe from.');
