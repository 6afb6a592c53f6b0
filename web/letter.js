/** The message that is open: its summary and, one at a time, its parts. */
import { getSource } from './api.js';
import { byId, copy, decodeWords, element, exactTime, size, stateBadge, tell, timeElement, timeOfDay } from './page.js';

/** @typedef {import('./api.js').Detail} Detail */
/** @typedef {import('./api.js').TimelineEvent} TimelineEvent */

/** @type {Record<string, (detail: Detail) => Node>} */
const parts = { html: htmlPart, text: textPart, source: sourcePart, headers: headersPart, timeline: timelinePart };

/** Characters of source that are shown; a browser is slow with more. */
const MOST_SOURCE = 500_000;
const MOST_LINKS = 100;

/** @type {Detail | undefined} */
let open;
/** The tab that the reader chose last; the next message opens on it too. */
let chosen = 'html';

export const openDetail = () => open;

/** @param {Detail} detail */
export function showLetter(detail) {
  open = detail;
  byId('nothing-open').hidden = true;
  byId('letter').hidden = false;
  byId('subject').textContent = detail.subject || '(no subject)';
  byId('reader').scrollTop = 0;
  showSummary(detail);
  showAttachments(detail);
  showLinks(detail);
  byId('tab-html').hidden = !detail.html;
  byId('tab-text').hidden = !detail.text && detail.html !== '';
  showPart();
}

/** The same message, later: what it says is the same, what became of it may not be. @param {Detail} detail */
export function updateLetter(detail) {
  open = detail;
  showSummary(detail);
  if (partOf(detail) === 'timeline') showPart();
}

export function closeLetter() {
  open = undefined;
  byId('letter').hidden = true;
  byId('nothing-open').hidden = false;
  byId('panel').replaceChildren();
}

export const timelineIsShown = () => open !== undefined && partOf(open) === 'timeline';

/** @param {(id: string) => void} onTimeline asked for fresh news when the timeline is opened */
export function setUpLetter(onTimeline) {
  const tabs = [...byId('tabs').children];
  byId('panel').tabIndex = 0;
  for (const tab of tabs) {
    tab.addEventListener('click', () => {
      chosen = tab.id.slice('tab-'.length);
      showPart();
      if (open && chosen === 'timeline') onTimeline(open.id);
    });
  }
  byId('tabs').addEventListener('keydown', (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const visible = tabs.filter((tab) => !tab.hidden);
    const target = visible.at((visible.indexOf(document.activeElement) + step) % visible.length);
    target.focus();
    target.click();
  });
  byId('copy-id').addEventListener('click', () => open && copy(open.id));
  byId('download').addEventListener('click', () => open && download(open.id));
}

/** @param {Detail} detail */
function partOf(detail) {
  if (chosen === 'html' && !detail.html) return 'text';
  if (chosen === 'text' && !detail.text && detail.html) return 'html';
  return chosen;
}

function showPart() {
  if (!open) return;
  const name = partOf(open);
  for (const tab of byId('tabs').children) {
    const selected = tab.id === `tab-${name}`;
    tab.setAttribute('aria-selected', String(selected));
    tab.tabIndex = selected ? 0 : -1;
  }
  const panel = byId('panel');
  panel.className = name;
  panel.setAttribute('aria-labelledby', `tab-${name}`);
  panel.replaceChildren(/** @type {(detail: Detail) => Node} */ (parts[name])(open));
}

/** @param {Detail} detail */
function showSummary(detail) {
  const { id, direction, account, region, tags, recipients, to, at, state } = detail;
  const written = ['to', 'cc', 'bcc']
    .map((name) => headerOf(detail, name))
    .join(', ')
    .toLowerCase();
  const hidden = to.filter((recipient) => !written.includes(recipient.toLowerCase()));
  const many = recipients.length > 1 ? ` · ${recipients.length} recipients` : '';
  const when = ` ${exactTime(at)} · `;
  const tagged = Object.entries(tags).map(([name, value]) => `${name}=${value}`);
  /** @type {[string, string | Node][]} */
  const rows = [
    ['From', detail.from],
    ['To', headerOf(detail, 'to') || to.join(', ')],
    ['Cc', headerOf(detail, 'cc')],
    [direction === 'out' ? 'Bcc' : 'Envelope to', headerOf(detail, 'to') ? hidden.join(', ') : ''],
    ['Reply-To', headerOf(detail, 'reply-to')],
    ['Bounces to', detail.from.includes(detail.envelopeFrom) ? '' : detail.envelopeFrom],
    [direction === 'out' ? 'Sent' : 'Received', element('span', {}, stateBadge(state), when, timeElement(at), many)],
    ['Tags', tagged.join(', ')],
    ['Id', element('code', {}, id)],
    ['Account', `${account} · ${region} · ${size(detail.size)}`],
  ];
  const filled = rows.filter(([, value]) => value !== '');
  byId('summary').replaceChildren(
    ...filled.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
  );
}

/** @param {Detail} detail @param {string} name lower case */
function headerOf({ headers }, name) {
  const values = headers.filter((one) => one.name.toLowerCase() === name).map(({ value }) => decodeWords(value));
  return values.join(', ');
}

/** @param {Detail} detail */
function showAttachments({ attachments }) {
  byId('attachments').hidden = attachments.length === 0;
  byId('attachments').replaceChildren(
    ...attachments.map(({ name, contentType, size: octets }) => {
      const about = `${contentType}, ${size(octets)}`;
      return element('li', {}, element('b', {}, name || '(no name)'), ' ', element('span', {}, about));
    }),
  );
}

/** The frame opens no links, so they stand beside it. @param {Detail} detail */
function showLinks({ html, text }) {
  const links = html ? linksOfHtml(html) : (text.match(/https?:\/\/[^\s<>"')\]]+/g) ?? []);
  const shown = [...new Set(links)].slice(0, MOST_LINKS);
  const [summary, list] = byId('links').children;
  byId('links').hidden = shown.length === 0;
  summary.textContent = shown.length === 1 ? '1 link' : `${shown.length} links`;
  const anchor = (/** @type {string} */ href) => element('a', { href, target: '_blank', rel: 'noreferrer' }, href);
  list.replaceChildren(...shown.map((href) => element('li', {}, anchor(href))));
}

/** @param {string} html */
function linksOfHtml(html) {
  // A document of DOMParser runs nothing and loads nothing.
  const anchors = new DOMParser().parseFromString(html, 'text/html').querySelectorAll('a[href], area[href]');
  const written = [...anchors].map((anchor) => (anchor.getAttribute('href') ?? '').trim());
  return written.filter((href) => /^https?:\/\//i.test(href) && URL.canParse(href));
}

/** Elements that fetch, run or lead away by themselves, and attributes that name what is fetched. */
const LOADING = 'script, link, base, meta[http-equiv], iframe, frame, object, embed, audio, video, source';
const FETCHED = ['src', 'srcset', 'background', 'poster', 'href', 'xlink:href'];

/**
 * A browser looks ahead for things to load before it has read the frame's policy, so what would be loaded is taken out
 * beforehand. The parser's document is inert: it loads and runs nothing.
 */
function withoutLoads(html) {
  const parsed = new DOMParser().parseFromString(html, 'text/html');
  for (const loading of parsed.querySelectorAll(LOADING)) loading.remove();
  for (const holder of parsed.querySelectorAll(FETCHED.map((name) => `[${CSS.escape(name)}]`).join())) {
    if (holder.matches('a, area')) continue;
    for (const name of FETCHED) if (!/^data:/i.test(holder.getAttribute(name) ?? 'data:')) holder.removeAttribute(name);
  }
  return parsed.documentElement.outerHTML;
}

/**
 * Mail is hostile until shown otherwise: the frame has an origin of its own and no scripts, forms, pop-ups or navigation
 * (`sandbox`), and loads nothing from anywhere (its policy, which comes before all that the mail says).
 */
const FRAME_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; form-action 'none'";

/** @param {Detail} detail */
function htmlPart({ html }) {
  const policy = `<meta http-equiv="Content-Security-Policy" content="${FRAME_POLICY}">`;
  const srcdoc = `<!doctype html><meta charset="utf-8">${policy}<meta name="color-scheme" content="light">${withoutLoads(html)}`;
  return element('iframe', { sandbox: '', title: 'The message as HTML', referrerpolicy: 'no-referrer', srcdoc });
}

/** @param {Detail} detail */
function textPart({ text }) {
  return text ? element('pre', {}, text) : element('p', { class: 'faint' }, 'This message has no text.');
}

/** @param {Detail} detail */
function sourcePart({ id }) {
  const shown = element('pre', {}, 'Loading …');
  getSource(id)
    .then((source) => source.text())
    .then((source) => {
      const cut = source.length > MOST_SOURCE;
      shown.textContent = source.slice(0, MOST_SOURCE);
      if (cut) shown.append(element('b', {}, '\n… and more; Download has the whole.'));
    })
    .catch((cause) => {
      shown.textContent = cause.message;
    });
  return shown;
}

/** @param {Detail} detail */
function headersPart({ headers }) {
  const rows = headers.map(({ name, value }) =>
    element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, decodeWords(value))),
  );
  return element('table', { class: 'headers' }, element('tbody', {}, ...rows));
}

/** @param {Detail} detail */
function timelinePart({ recipients, timeline, at }) {
  const part = element('div');
  if (recipients.length > 0) part.append(recipientsTable(recipients));
  const events = timeline.map((event) => {
    const when = element('time', { datetime: event.at, title: exactTime(event.at) }, timeOfDay(event.at));
    const after = element('span', { class: 'faint' }, since(at, event.at));
    const { title, lines } = wordsOf(event);
    const said = lines.map((line) => element('p', {}, line));
    return element('li', {}, element('p', { class: 'when' }, when, ' ', after), element('b', {}, title), ...said);
  });
  part.append(element('ol', { class: 'events' }, ...events));
  return part;
}

/** @param {import('./api.js').Standing[]} recipients */
function recipientsTable(recipients) {
  const head = ['Recipient', 'State', 'Last reply'].map((name) => element('th', { scope: 'col' }, name));
  const rows = recipients.map(({ recipient, state, attempts, due, reply }) => {
    const tries = [attempts > 1 ? `${attempts} attempts` : '', due ? `next ${exactTime(due)}` : ''].filter(Boolean);
    return element(
      'tr',
      {},
      element('td', {}, recipient),
      element('td', {}, stateBadge(state), element('span', { class: 'faint' }, tries.join(', '))),
      element('td', {}, reply ?? ''),
    );
  });
  const parts = [element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)];
  return element('table', { class: 'recipients' }, ...parts);
}

/** @param {string} start @param {string} end */
function since(start, end) {
  const milliseconds = Date.parse(end) - Date.parse(start);
  if (milliseconds <= 0) return '';
  if (milliseconds < 1000) return `+${milliseconds} ms`;
  if (milliseconds < 120_000) return `+${(milliseconds / 1000).toFixed(1)} s`;
  return milliseconds < 7_200_000
    ? `+${Math.round(milliseconds / 60_000)} min`
    : `+${(milliseconds / 3_600_000).toFixed(1)} h`;
}

/** @param {TimelineEvent} event @returns {{ title: string, lines: string[] }} */
function wordsOf({ type, at, ...facts }) {
  const { peer, reply, rule, action, result, reason, expires, template } = /** @type {Record<string, string>} */ (
    facts
  );
  const bounce = /** @type {{ type: string, subType: string } | undefined} */ (facts.bounce);
  const verdicts = /** @type {Record<string, string> | undefined} */ (facts.verdicts);
  const told = /** @type {(string | { recipient: string, reply: string })[]} */ (facts.recipients ?? []);
  const recipients = told.map((one) => (typeof one === 'string' ? one : [one.recipient, one.reply].join(': ')));
  switch (type) {
    case 'send':
      return { title: 'Accepted', lines: [] };
    case 'delivery':
      return peer === 'captured'
        ? { title: 'Captured', lines: [...recipients, reply ?? ''] }
        : { title: `Delivered to ${peer}`, lines: [...recipients, reply ?? ''] };
    case 'delivery-delay':
      return {
        title: `Deferred by ${peer}`,
        lines: [...recipients, `Tried until ${exactTime(/** @type {string} */ (expires))}.`],
      };
    case 'bounce':
      return { title: `Bounced (${bounce?.type}, ${bounce?.subType}) by ${peer}`, lines: recipients };
    case 'rendering-failure':
      return { title: template ? `Template ${template} failed` : 'The template failed', lines: [reason ?? ''] };
    case 'received':
      return { title: `Received from ${peer}`, lines: [] };
    case 'judged':
      return {
        title: 'Checked',
        lines: Object.entries(verdicts ?? {}).map(([check, verdict]) => `${check}: ${verdict}`),
      };
    case 'action':
      return { title: `Rule ${rule}: ${action}`, lines: [result ?? ''] };
    case 'action-failed':
      return { title: `Rule ${rule}: ${action} failed`, lines: [reason ?? ''] };
    default:
      return { title: type, lines: [JSON.stringify(facts)] };
  }
}

/** @param {string} id */
async function download(id) {
  try {
    const href = URL.createObjectURL(await getSource(id));
    element('a', { href, download: `${id}.eml` }).click();
    setTimeout(() => URL.revokeObjectURL(href), 60_000);
  } catch (cause) {
    tell(/** @type {Error} */ (cause).message);
  }
}
