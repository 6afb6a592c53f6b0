/**
 * The inbox at `/`: a list that is always live, the message that is open beside it, and the keys. The open message is the
 * fragment of the address and the search its query, so that both can be kept and shared.
 */
import { deleteAllMessages, deleteMessage, getMessage, listMessages, Refused } from './api.js';
import { closeLetter, openDetail, setUpLetter, showLetter, timelineIsShown, updateLetter } from './letter.js';
import { byId, copy, element, refreshTimes, setState, setText, tell, timeElement } from './page.js';

/** @typedef {import('./api.js').Entry} Entry */

const PAGE_SIZE = 50;
/** Milliseconds between two looks at a list that has something in it; more where the server takes long to answer. */
const PAUSE = 600;
const PAUSE_FACTOR = 4;
/** How long the server may wait for the first message. */
const LONG_POLL = '10s';
/** Milliseconds after the first failure; twice as much after each further one. */
const BACK_OFF = 500;
const LONGEST_BACK_OFF = 15_000;
/** Milliseconds without a key before a search is asked. */
const TYPING_PAUSE = 150;
/** Milliseconds. */
const TIMES_REFRESH = 10_000;

const state = {
  query: new URLSearchParams(location.search).get('query') ?? '',
  /** Pages that were turned, the one that is shown last: where each begins. @type {{ next?: string, first: number }[]} */
  pages: [{ first: 1 }],
  /** What is listed, newest first. @type {Entry[]} */
  entries: [],
  /** Where the page after this one begins. @type {string | undefined} */
  next: undefined,
  /** Whether `entries` answer the query and page above. */
  current: false,
  /** @type {string | undefined} */
  openId: undefined,
  /** Messages that came while nobody looked. */
  unseen: 0,
};

// ── The list, live ────────────────────────────────────────────────────────────────────────────────────────────────────

let turn = new AbortController();

/** Ends the wait, so that the list is asked for anew. */
const askNow = () => turn.abort();

/** An empty list waits at the server; one with messages, whose states may change too, is asked for at short intervals. */
async function keepListed() {
  for (let failures = 0; ; ) {
    turn = new AbortController();
    const { signal } = turn;
    let pause = PAUSE;
    try {
      const waits = state.current && state.entries.length === 0;
      const began = performance.now();
      const { query } = state;
      const { next } = pageShown();
      showPage(await listMessages({ query, limit: PAGE_SIZE, next, wait: waits ? LONG_POLL : undefined }, signal));
      if (!waits) pause = Math.max(PAUSE, PAUSE_FACTOR * (performance.now() - began));
      failures = 0;
      showConnection('');
    } catch (cause) {
      if (signal.aborted) continue;
      if (!(cause instanceof Refused || cause instanceof TypeError)) console.error(cause);
      showConnection(cause instanceof Refused ? cause.message : 'Disconnected, trying again …');
      pause = Math.min(LONGEST_BACK_OFF, BACK_OFF * 2 ** failures);
      failures += 1;
    }
    await sleep(pause, signal);
  }
}

/** @param {number} milliseconds @param {AbortSignal} signal ends it early @returns {Promise<void>} */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => resolve());
  });
}

/** @param {string} sentence nothing while all is well */
function showConnection(sentence) {
  setText(byId('connection'), sentence);
}

const pageShown = () => /** @type {{ next?: string, first: number }} */ (state.pages.at(-1));

/** @param {import('./api.js').Page} page */
function showPage({ total, messages, next }) {
  if (messages.length === 0 && state.pages.length > 1) return turnTo(state.pages.slice(0, 1));
  const known = new Set(state.entries.map(({ id }) => id));
  const fresh = state.current ? messages.filter(({ id }) => !known.has(id)) : [];
  state.entries = messages;
  state.next = next;
  state.current = true;
  showRows(new Set(fresh.map(({ id }) => id)));
  showCount(total);
  document.body.dataset.loaded = messages.length === 0 && state.query === '' ? 'empty' : 'yes';
  byId('nothing-found').hidden = messages.length > 0 || state.query === '';
  if (document.hidden && state.pages.length === 1) state.unseen += fresh.length;
  showTitle();
  const listed = messages.find(({ id }) => id === state.openId);
  if (listed && openDetail()?.id === listed.id && openDetail()?.state !== listed.state) void refreshOpen();
}

/** The total of a phrase search is counted only as far as it was looked. @param {number} total */
function showCount(total) {
  const { first } = pageShown();
  const last = first + state.entries.length - 1;
  const all = !state.next ? last : total > state.entries.length + 1 ? total : undefined;
  const of = all === undefined ? `of more than ${last}` : `of ${all.toLocaleString()}`;
  const plain = all === 1 ? '1 message' : `${last} messages`;
  setText(byId('count'), last < first ? 'No messages' : first === 1 && all === last ? plain : `${first}–${last} ${of}`);
  byId('older').hidden = state.next === undefined;
  byId('newer').hidden = state.pages.length === 1;
}

function showTitle() {
  const title = state.unseen > 0 ? `(${state.unseen}) Sesame` : 'Sesame';
  if (document.title !== title) document.title = title;
}

/** @param {typeof state.pages} pages */
function turnTo(pages) {
  state.pages = pages;
  state.current = false;
  byId('messages').scrollTop = 0;
  askNow();
}

/** @param {string} query */
function search(query) {
  if (query === state.query) return;
  state.query = query;
  const address = query === '' ? location.pathname : `${location.pathname}?${new URLSearchParams({ query })}`;
  history.replaceState(null, '', address + location.hash);
  turnTo([{ first: 1 }]);
}

// ── Rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @type {Map<string, HTMLElement>} by message id */
const rows = new Map();

/** Rows that stay are left where they are: focus, selection and scroll position are theirs. @param {Set<string>} fresh */
function showRows(fresh) {
  const list = byId('messages');
  const wanted = new Set(state.entries.map(({ id }) => id));
  for (const [id, row] of rows) {
    if (wanted.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  let place = list.firstElementChild;
  for (const entry of state.entries) {
    let row = rows.get(entry.id);
    if (row === place) place = place?.nextElementSibling ?? null;
    else {
      row ??= makeRow(entry, fresh.has(entry.id));
      rows.set(entry.id, row);
      list.insertBefore(row, place);
    }
    setState(/** @type {Element} */ (row?.querySelector('.badge')), entry.state);
  }
  markOpen();
}

/** @param {Entry} entry @param {boolean} fresh */
function makeRow({ id, direction, from, to, subject, preview, at }, fresh) {
  const words = direction === 'out' ? 'Sent' : 'Received';
  const others = to.length > 1 ? ` +${to.length - 1}` : '';
  const sender = element('span', { class: 'from', title: from }, nameOf(from));
  const recipients = element('span', { class: 'to', title: to.join(', ') }, `to ${to[0] ?? ''}${others}`);
  const link = element(
    'a',
    { href: `#${id}` },
    element('span', { class: `direction ${direction}`, role: 'img', 'aria-label': words, title: words }),
    element('span', { class: 'people' }, sender, ' ', recipients),
    timeElement(at),
    element('span', { class: 'subject' }, subject || '(no subject)'),
    element('span', { class: 'badge' }),
    element('span', { class: 'preview' }, preview),
  );
  return element('li', { class: fresh ? 'fresh' : undefined }, link);
}

/** The display name where there is one. @param {string} from */
function nameOf(from) {
  const [, name] = /^\s*"?(.*?)"?\s*<[^>]*>\s*$/.exec(from) ?? [];
  return name || from;
}

function markOpen() {
  for (const [id, row] of rows) {
    const link = row.firstElementChild;
    if (id === state.openId) link?.setAttribute('aria-current', 'true');
    else link?.removeAttribute('aria-current');
  }
}

// ── The open message ──────────────────────────────────────────────────────────────────────────────────────────────────

const isWide = () => matchMedia('(min-width: 761px)').matches;

/** What the address says is open. */
function followAddress() {
  const id = location.hash.slice(1) || undefined;
  if (id === state.openId) return;
  if (id === undefined) close();
  else void open(id);
}

/** @param {string} id @param {{ replace?: boolean }} [options] whether Back skips the message that was open before */
function go(id, { replace = false } = {}) {
  const address = `#${id}`;
  if (!replace) {
    location.hash = address;
    return;
  }
  history.replaceState(null, '', address);
  followAddress();
}

/** @param {string} id */
async function open(id) {
  state.openId = id;
  markOpen();
  try {
    const detail = await getMessage(id);
    if (state.openId !== id) return;
    showLetter(detail);
    document.body.dataset.view = 'letter';
    if (!isWide()) byId('subject').focus();
  } catch (cause) {
    if (state.openId !== id) return;
    tell(/** @type {Error} */ (cause).message);
    leave();
  }
}

/** What became of it, without touching what is being read. */
async function refreshOpen() {
  const id = state.openId;
  if (id === undefined) return;
  const detail = await getMessage(id).catch(() => undefined);
  if (detail && openDetail()?.id === id) updateLetter(detail);
}

function close() {
  const row = state.openId === undefined ? undefined : rows.get(state.openId);
  state.openId = undefined;
  document.body.dataset.view = 'list';
  closeLetter();
  markOpen();
  /** @type {HTMLElement | null | undefined} */ (row?.firstElementChild)?.focus();
}

/** Back to the list. */
function leave() {
  history.replaceState(null, '', location.pathname + location.search);
  close();
}

/** The next one is opened where both fit; a narrow page goes back to its list. */
async function deleteOpen() {
  const id = state.openId;
  if (id === undefined) return;
  try {
    await deleteMessage(id);
  } catch (cause) {
    return tell(/** @type {Error} */ (cause).message);
  }
  const place = state.entries.findIndex((entry) => entry.id === id);
  state.entries = state.entries.filter((entry) => entry.id !== id);
  const neighbour = place < 0 ? undefined : (state.entries[place] ?? state.entries.at(-1));
  if (neighbour && isWide()) go(neighbour.id, { replace: true });
  else leave();
  showRows(new Set());
  askNow();
  tell('Deleted.');
}

async function deleteAll() {
  const dialog = byId('confirm');
  const filtered = state.query === '' ? '' : 'Not only what the search found. ';
  byId('confirm-text').textContent =
    `${filtered}Every message, sent and received, of every account goes. Mail that is still on its way stays.`;
  dialog.returnValue = '';
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  if (dialog.returnValue !== 'yes') return;
  try {
    const { deleted } = await deleteAllMessages();
    leave();
    turnTo([{ first: 1 }]);
    tell(deleted === 1 ? 'One message deleted.' : `${deleted.toLocaleString()} messages deleted.`);
  } catch (cause) {
    tell(/** @type {Error} */ (cause).message);
  }
}

// ── Keys ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** @param {number} step */
function move(step) {
  const ids = state.entries.map(({ id }) => id);
  const focused = ids.findIndex((id) => rows.get(id)?.contains(document.activeElement));
  const from = focused >= 0 ? focused : ids.indexOf(state.openId ?? '');
  const target = from < 0 ? ids[0] : ids[from + step];
  if (target === undefined) return;
  /** @type {HTMLElement | null | undefined} */ (rows.get(target)?.firstElementChild)?.focus();
  if (state.openId !== undefined) go(target, { replace: true });
}

/** @type {Record<string, () => void>} */
const keys = {
  j: () => move(1),
  k: () => move(-1),
  '/': () => byId('search').select(),
  '?': () => byId('keys').showModal(),
  Escape: () => state.openId !== undefined && leave(),
};

/** @param {KeyboardEvent} event */
function pressed(event) {
  const target = /** @type {Element} */ (event.target);
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || target.closest('dialog')) return;
  if (target === byId('search')) return pressedInSearch(event);
  const arrow = target.closest('#reader') ? undefined : { ArrowDown: keys.j, ArrowUp: keys.k }[event.key];
  const act = arrow ?? keys[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

/** Esc empties the field, then leaves it; down goes to what was found. @param {KeyboardEvent} event */
function pressedInSearch(event) {
  if (event.key === 'Escape' && byId('search').value === '') byId('search').blur();
  if (event.key !== 'ArrowDown' && event.key !== 'Enter') return;
  event.preventDefault();
  const [first] = state.entries;
  /** @type {HTMLElement | null | undefined} */ (first && rows.get(first.id)?.firstElementChild)?.focus();
}

// ── First steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

function showFirstSteps() {
  const aws = `AWS_ACCESS_KEY_ID=000000000000 AWS_SECRET_ACCESS_KEY=anything \\
  aws --endpoint-url ${location.origin} --region us-east-1`;
  const from = 'you@example.com';
  const steps = [
    ['Verify a sender', `${aws} \\\n  ses verify-email-identity --email-address ${from}`, ''],
    [
      'Send with the AWS CLI',
      `${aws} \\\n  ses send-email --from ${from} --to somebody@example.org \\\n  --subject "Hello" --text "It works."`,
      'Where Sesame checks signatures, use the key that it printed at its first start.',
    ],
    [
      'Or send by SMTP',
      `swaks --server ${location.hostname}:1025 --from ${from} --to somebody@example.org`,
      '1025 unless SESAME_SUBMISSION says otherwise; Sesame prints the port when it starts.',
    ],
  ];
  byId('steps').replaceChildren(
    ...steps.map(([title = '', command = '', remark = '']) => {
      const button = element('button', { type: 'button', 'aria-label': `Copy: ${title}` }, 'Copy');
      button.addEventListener('click', () => copy(command));
      const parts = [
        element('h2', {}, title),
        element('div', { class: 'command' }, element('pre', {}, command), button),
      ];
      return element('li', {}, ...parts, ...(remark ? [element('p', { class: 'faint' }, remark)] : []));
    }),
  );
  for (const origin of document.querySelectorAll('.origin')) origin.textContent = location.origin;
}

// ── Beginning ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function listen() {
  let typing = 0;
  byId('search').addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => search(byId('search').value.trim()), TYPING_PAUSE);
  });
  byId('search-form').addEventListener('submit', (/** @type {Event} */ event) => event.preventDefault());
  byId('clear-search').addEventListener('click', () => {
    byId('search').value = '';
    search('');
    byId('search').focus();
  });
  byId('older').addEventListener('click', () => {
    const first = pageShown().first + state.entries.length;
    turnTo([...state.pages, { next: state.next, first }]);
  });
  byId('newer').addEventListener('click', () => turnTo(state.pages.slice(0, -1)));
  byId('back').addEventListener('click', leave);
  byId('delete').addEventListener('click', deleteOpen);
  byId('delete-all').addEventListener('click', deleteAll);
  byId('keys-button').addEventListener('click', keys['?']);
  document.addEventListener('keydown', pressed);
  addEventListener('hashchange', followAddress);
  addEventListener('online', askNow);
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) return;
    state.unseen = 0;
    showTitle();
    askNow();
  });
  setInterval(() => {
    refreshTimes();
    if (timelineIsShown()) void refreshOpen();
  }, TIMES_REFRESH);
}

byId('search').value = state.query;
setUpLetter(() => void refreshOpen());
showFirstSteps();
listen();
followAddress();
void keepListed();
