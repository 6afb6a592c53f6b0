/** XML as text: escaping on the way out, a small strict parser on the way in (no DTD, no entities but the five). */
import { Invalid, MAX_DEPTH } from './invalid.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
};
/** What must be escaped, and what XML 1.0 §2.2 has no place for, not even escaped. */
const special = /[&<>"\r\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

export function escapeXml(text: string): string {
  // A lone surrogate has no UTF-8 form either.
  const clean = text.isWellFormed() ? text : text.toWellFormed();
  return clean.search(special) < 0 ? clean : clean.replace(special, (character) => escapes[character] ?? '\ufffd');
}

export interface XmlElement {
  /** Without its namespace prefix. */
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  text: string;
}

/** A billion small elements would cost more memory than the bytes they came in. */
const MAX_ELEMENTS = 50_000;

const token =
  /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<\/([^\s<>/]+)\s*>|<([^\s<>/!?]+)((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|([^<]+)/y;
const attribute = /([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/** The root element. */
export function parseXml(source: string): XmlElement {
  const document: XmlElement = { name: '', attributes: new Map(), children: [], text: '' };
  const open = [document];
  let elements = 0;
  token.lastIndex = source.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (token.lastIndex < source.length) {
    const match = token.exec(source);
    if (!match) throw malformed();
    const [, cdata, closing, opening, attributes, selfClosing, text] = match;
    const parent = open[open.length - 1]!;
    if (text !== undefined) parent.text += unescapeXml(text);
    else if (cdata !== undefined) parent.text += cdata;
    else if (closing !== undefined) {
      if (open.length === 1 || open.pop()!.name !== localName(closing)) throw malformed();
    } else if (opening !== undefined) {
      if (++elements > MAX_ELEMENTS || open.length > MAX_DEPTH) throw malformed();
      const element = { name: localName(opening), attributes: attributesOf(attributes!), children: [], text: '' };
      parent.children.push(element);
      if (!selfClosing) open.push(element);
    }
  }
  const [root, surplus] = document.children;
  if (!root || surplus || open.length !== 1 || document.text.trim() !== '') throw malformed();
  return root;
}

/** Attributes keep their prefix: `xsi:type`. */
function attributesOf(text: string): Map<string, string> {
  const attributes = new Map<string, string>();
  for (const [, name, double, single] of text.matchAll(attribute)) {
    attributes.set(name!, unescapeXml(double ?? single ?? ''));
  }
  return attributes;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(\w{1,5}));|&/gi, (_, hex, decimal, name) => {
    const point = hex ? Number.parseInt(hex, 16) : decimal ? Number(decimal) : undefined;
    if (point !== undefined && point <= 0x10ffff) return String.fromCodePoint(point);
    if (name && Object.hasOwn(entities, name)) return entities[name]!;
    throw malformed();
  });
}

function malformed(): Invalid {
  return new Invalid(
    'malformed',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}
