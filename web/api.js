/**
 * The inbox API as this page uses it, and the operator token where one is wanted.
 *
 * @typedef {{ id: string, direction: 'out' | 'in', account: string, region: string, from: string, to: string[],
 *   subject: string, at: string, state: string, size: number, tags: Record<string, string>, preview: string }} Entry
 * @typedef {{ recipient: string, state: string, attempts: number, due?: string, reply?: string }} Standing
 * @typedef {{ type: string, at: string } & Record<string, unknown>} TimelineEvent
 * @typedef {{ name: string, contentType: string, size: number, contentId?: string }} Attachment
 * @typedef {Entry & { envelopeFrom: string, recipients: Standing[], headers: { name: string, value: string }[],
 *   text: string, html: string, attachments: Attachment[], timeline: TimelineEvent[] }} Detail
 * @typedef {{ total: number, messages: Entry[], next?: string }} Page
 */

const TOKEN = 'sesame.operator-token';

/** The server's no. */
export class Refused extends Error {
  /** @param {number} status @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {{ query: string, limit: number, next?: string, wait?: string }} wanted
 * @param {AbortSignal} signal
 * @returns {Promise<Page>}
 */
export async function listMessages({ query, limit, next, wait }, signal) {
  const parameters = new URLSearchParams({ query, limit: String(limit), ...(next && { next }), ...(wait && { wait }) });
  return (await call(`?${parameters}`, { signal })).json();
}

/** @param {string} id @returns {Promise<Detail>} */
export const getMessage = async (id) => (await call(place(id))).json();

/** @param {string} id @returns {Promise<Blob>} */
export const getSource = async (id) => (await call(`${place(id)}/raw`)).blob();

/** @param {string} id */
export const deleteMessage = (id) => call(place(id), { method: 'DELETE' });

/** @returns {Promise<{ deleted: number }>} */
export const deleteAllMessages = async () => (await call('', { method: 'DELETE' })).json();

/** @param {string} id */
const place = (id) => `/${encodeURIComponent(id)}`;

/** @param {string} path @param {RequestInit} [options] */
async function call(path, options) {
  for (;;) {
    const token = sessionStorage.getItem(TOKEN);
    const headers = token ? { authorization: `Bearer ${token}` } : undefined;
    const response = await fetch(`/_sesame/messages${path}`, { ...options, headers });
    if (response.ok) return response;
    if (response.status !== 401) throw new Refused(response.status, await sentenceOf(response));
    await tokenInsteadOf(token);
  }
}

/** @param {Response} response */
async function sentenceOf(response) {
  const text = await response.text();
  try {
    return JSON.parse(text).message;
  } catch {
    return text || `The server answered ${response.status}.`;
  }
}

/** However many calls were refused, the question is asked once. @type {Promise<void> | undefined} */
let question;

/** @param {string | null} refused */
async function tokenInsteadOf(refused) {
  if (sessionStorage.getItem(TOKEN) !== refused) return;
  question ??= askToken(refused !== null).finally(() => {
    question = undefined;
  });
  await question;
}

/** @param {boolean} again */
async function askToken(again) {
  const dialog = /** @type {HTMLDialogElement} */ (document.getElementById('ask-token'));
  const input = /** @type {HTMLInputElement} */ (document.getElementById('token'));
  const text = /** @type {HTMLElement} */ (document.getElementById('token-text'));
  if (again) text.textContent = 'This token was not accepted. Sesame printed the right one at its first start.';
  input.value = '';
  do {
    dialog.showModal();
    await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  } while (!input.value.trim());
  sessionStorage.setItem(TOKEN, input.value.trim());
}
