/** Small pieces that every part of the page is made of. Data goes in as text, never as markup. */

/** @param {string} id @returns {any} the element, which inbox.html has */
export const byId = (id) => document.getElementById(id);

/**
 * @param {string} tag
 * @param {Record<string, string | (() => void) | undefined>} attributes a function is what a click does
 * @param {...(Node | string)} children
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener('click', value);
    else if (value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

/** Writes only what is new, so that nothing flickers. @param {Element} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @type {Record<string, string>} */
const moods = {
  queued: 'waiting',
  sending: 'waiting',
  deferred: 'waiting',
  captured: 'kept',
  received: 'kept',
  delivered: 'good',
  'handed-over': 'good',
  bounced: 'bad',
  rejected: 'bad',
  'render-failed': 'bad',
  failed: 'bad',
};

/** @param {Element} target @param {string} state */
export function setState(target, state) {
  target.className = `badge ${moods[state] ?? 'plain'}`;
  setText(target, state.replace('-', ' '));
}

/** @param {string} state */
export function stateBadge(state) {
  const badge = element('span');
  setState(badge, state);
  return badge;
}

const longTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const shortDate = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' });
const farDate = new Intl.DateTimeFormat(undefined, { year: 'numeric', month: 'short', day: 'numeric' });

/** @param {string} at */
export const exactTime = (at) => longTime.format(new Date(at));

/** @param {string} at */
export const timeOfDay = (at) => clockTime.format(new Date(at));

/** @param {string} at */
function relativeTime(at) {
  const then = new Date(at);
  const seconds = Math.round((Date.now() - then.getTime()) / 1000);
  if (seconds >= -5 && seconds < 10) return 'now';
  if (seconds >= 0 && seconds < 60) return `${seconds} s`;
  if (seconds >= 0 && seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds >= 0 && seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  // Sesame's clock can be moved, so that this may lie ahead of ours.
  return (then.getFullYear() === new Date().getFullYear() ? shortDate : farDate).format(then);
}

/** @param {string} at */
export function timeElement(at) {
  return element('time', { datetime: at, title: exactTime(at), 'data-relative': '' }, relativeTime(at));
}

/** Those that `timeElement` made. */
export function refreshTimes() {
  for (const shown of document.querySelectorAll('time[data-relative]')) {
    setText(shown, relativeTime(/** @type {HTMLTimeElement} */ (shown).dateTime));
  }
}

/** @param {number} octets */
export function size(octets) {
  if (octets < 1000) return `${octets} B`;
  if (octets < 1_000_000) return `${(octets / 1000).toFixed(octets < 10_000 ? 1 : 0)} kB`;
  return `${(octets / 1_000_000).toFixed(1)} MB`;
}

/** RFC 2047: header fields come as they were sent. @param {string} value */
export function decodeWords(value) {
  return value
    .replace(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, '$1')
    .replace(/(?:=\?[^?\s]+\?[bq]\?[^?\s]*\?=)+/gi, decodeRun);
}

/** A character may be cut between two words of one run. @param {string} run */
function decodeRun(run) {
  const words = [...run.matchAll(/=\?([^?\s*]+)(?:\*[^?\s]*)?\?([bq])\?([^?\s]*)\?=/gi)];
  try {
    const decoder = new TextDecoder(words[0]?.[1]);
    return words.map(([, , way = '', text = '']) => decoder.decode(octetsOf(way, text), { stream: true })).join('');
  } catch {
    return run;
  }
}

/** @param {string} way @param {string} text */
function octetsOf(way, text) {
  const hex = (/** @type {string} */ _, /** @type {string} */ pair) => String.fromCharCode(Number.parseInt(pair, 16));
  const binary = way.toLowerCase() === 'b' ? atob(text) : text.replaceAll('_', ' ').replace(/=([0-9a-f]{2})/gi, hex);
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // Without TLS and away from this machine there is no clipboard API.
  }
  tell('Copied.');
}

/** @param {string} text */
function copyBySelection(text) {
  const area = element('textarea', { readonly: '', 'aria-hidden': 'true', class: 'offstage' }, text);
  const before = /** @type {HTMLElement | null} */ (document.activeElement);
  document.body.append(area);
  /** @type {HTMLTextAreaElement} */ (area).select();
  document.execCommand('copy');
  area.remove();
  before?.focus();
}

/** Milliseconds. */
const NOTE_TIME = 4_000;
let noteTimer = 0;

/** A passing remark at the foot of the page. @param {string} sentence */
export function tell(sentence) {
  byId('note').textContent = sentence;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => {
    byId('note').textContent = '';
  }, NOTE_TIME);
}
