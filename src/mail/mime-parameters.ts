import { decodeCharset } from './charsets.ts';
import { decodeWords, isPlain } from './encoded-words.ts';

/** A field of the form `value; name=value; …`: Content-Type and Content-Disposition (RFC 2045 §5.1, RFC 2183 §2). */
export interface Parameterised {
  /** `text/plain`, `attachment`; in lower case. */
  readonly value: string;
  /** Names in lower case, RFC 2231 continuations joined and decoded. */
  readonly parameters: ReadonlyMap<string, string>;
}

export type ParsedParameters = ({ readonly ok: true } & Parameterised) | { readonly ok: false; readonly fault: string };

/** One token, quoted string or special character; `undefined` at the end. */
interface Token {
  readonly kind: 'atom' | 'quoted' | 'special';
  readonly text: string;
}

/** Tokens without blanks and comments (RFC 2045 §5.1). */
function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; ) {
    const character = text[i]!;
    if (isBlankOrControl(text.charCodeAt(i))) i++;
    else if (character === '(') i = afterComment(text, i);
    else if (character === '"') {
      const { content, end } = quotedString(text, i);
      tokens.push({ kind: 'quoted', text: content });
      i = end;
    } else if (isSpecial(character)) {
      tokens.push({ kind: 'special', text: character });
      i++;
    } else {
      const start = i;
      while (i < text.length && !isBlankOrControl(text.charCodeAt(i)) && !isSpecial(text[i]!)) i++;
      tokens.push({ kind: 'atom', text: text.slice(start, i) });
    }
  }
  return tokens;
}

function isSpecial(character: string): boolean {
  return '()<>@,;:\\"/[]?='.includes(character);
}

function isBlankOrControl(code: number): boolean {
  return code <= 0x20 || code === 0x7f;
}

function afterComment(text: string, from: number): number {
  let depth = 0;
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '(') depth++;
    else if (text[i] === ')' && --depth === 0) return i + 1;
  }
  return text.length;
}

function quotedString(text: string, from: number): { content: string; end: number } {
  let content = '';
  let i = from + 1;
  for (; i < text.length && text[i] !== '"'; i++) {
    if (text[i] === '\\' && i + 1 < text.length) i++;
    if (text[i] !== '\r' && text[i] !== '\n') content += text[i];
  }
  return { content, end: i + 1 };
}

function got(token: Token | undefined): string {
  return token?.text ?? 'null';
}

/** `type/subtype; …`. The fault is a sentence of SES (JavaMail's): `Expected '/', got ;`. */
export function parseContentType(text: string): ParsedParameters {
  const tokens = tokenise(text);
  const [type, slash, subtype] = tokens;
  if (type?.kind !== 'atom') return { ok: false, fault: `Expected MIME type, got ${got(type)}` };
  if (slash?.text !== '/' || slash.kind !== 'special') return { ok: false, fault: `Expected '/', got ${got(slash)}` };
  if (subtype?.kind !== 'atom') return { ok: false, fault: `Expected MIME subtype, got ${got(subtype)}` };
  return withParameters(`${type.text}/${subtype.text}`, tokens, 3);
}

/** `attachment; filename=…`. The fault is a sentence of SES: `Expected disposition, got =`. */
export function parseDisposition(text: string): ParsedParameters {
  const tokens = tokenise(text);
  const [disposition] = tokens;
  if (disposition?.kind !== 'atom') return { ok: false, fault: `Expected disposition, got ${got(disposition)}` };
  return withParameters(disposition.text, tokens, 1);
}

function withParameters(value: string, tokens: readonly Token[], from: number): ParsedParameters {
  const raw = new Map<string, string>();
  for (let i = from; i < tokens.length; ) {
    const [semicolon, name, equals] = tokens.slice(i, i + 3);
    if (semicolon?.text !== ';') return { ok: false, fault: `Expected ';', got "${got(semicolon)}"` };
    // One `;` too many is common and harmless.
    if (name === undefined || (name.kind === 'special' && name.text === ';')) {
      i++;
      continue;
    }
    if (name.kind !== 'atom') return { ok: false, fault: `Expected parameter name, got "${got(name)}"` };
    if (equals?.text !== '=') return { ok: false, fault: `Expected '=', got "${got(equals)}"` };
    // Unquoted values with `/`, `=` or `:` in them are common: all up to the next `;` is the value.
    let end = i + 3;
    let content = '';
    while (end < tokens.length && !(tokens[end]!.kind === 'special' && tokens[end]!.text === ';')) {
      content += tokens[end++]!.text;
    }
    if (end === i + 3) return { ok: false, fault: `Expected parameter value, got "${got(tokens[end])}"` };
    const key = name.text.toLowerCase();
    if (!raw.has(key)) raw.set(key, content);
    i = end;
  }
  return { ok: true, value: value.toLowerCase(), parameters: joinContinuations(raw) };
}

/** RFC 2231 §3 and §4: `name*0*=utf-8''%e2%82…; name*1=…` is one value; of two forms the extended one wins. */
function joinContinuations(raw: ReadonlyMap<string, string>): Map<string, string> {
  const joined = new Map<string, string>();
  for (const [key, content] of raw) {
    const name = /^([^*]+)(?:\*0)?\*?$/.exec(key)?.[1];
    if (name === undefined || (joined.has(name) && key === name)) continue;
    if (key === name) joined.set(name, decodeWords(content));
    else joined.set(name, decodeSections(sectionsOf(raw, name)));
  }
  return joined;
}

interface Section {
  readonly content: string;
  readonly encoded: boolean;
}

function sectionsOf(raw: ReadonlyMap<string, string>, name: string): Section[] {
  const whole = raw.get(`${name}*`);
  if (whole !== undefined) return [{ content: whole, encoded: true }];
  const sections: Section[] = [];
  for (let i = 0; ; i++) {
    const plain = raw.get(`${name}*${i}`);
    const content = plain ?? raw.get(`${name}*${i}*`);
    if (content === undefined) return sections;
    sections.push({ content, encoded: plain === undefined });
  }
}

function decodeSections(sections: readonly Section[]): string {
  const first = sections[0]?.encoded ? /^([^']*)'[^']*'(.*)$/s.exec(sections[0].content) : null;
  const charset = first?.[1] || 'utf-8';
  const octets = sections.map(({ content, encoded }, i) =>
    encoded ? decodePercent(i === 0 && first ? first[2]! : content) : Buffer.from(content, 'utf8'),
  );
  const whole = Buffer.concat(octets);
  return decodeCharset(whole, charset) ?? whole.toString('utf8');
}

function decodePercent(text: string): Buffer {
  return Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
}

/** Characters of a value in one section: with a name such as `filename*12*=` it stays within 78 columns. */
const SECTION = 54;

/**
 * `; name=value` as it follows in a field: a token or quoted string where the value is short ASCII, else RFC 2231
 * sections in UTF-8. Each section has a blank before it, at which the field is folded.
 */
export function formatParameter(name: string, value: string): string {
  if (isPlain(value) && !value.includes('\t') && value.length <= SECTION) {
    const isToken = /^[A-Za-z0-9!#$%&'*+.^_`{|}~-]+$/.test(value);
    return `; ${name}=${isToken ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`;
  }
  const sections: string[] = [];
  let section = "UTF-8''";
  for (const octet of Buffer.from(value, 'utf8')) {
    const piece = isAttributeCharacter(octet)
      ? String.fromCharCode(octet)
      : `%${octet.toString(16).toUpperCase().padStart(2, '0')}`;
    if (section.length + piece.length > SECTION) {
      sections.push(section);
      section = '';
    }
    section += piece;
  }
  sections.push(section);
  if (sections.length === 1) return `; ${name}*=${sections[0]}`;
  return sections.map((content, i) => `; ${name}*${i}*=${content}`).join('');
}

/** RFC 2231 §7 attribute-char, less what some readers trip over. */
function isAttributeCharacter(octet: number): boolean {
  const letter = octet | 0x20;
  if ((letter >= 0x61 && letter <= 0x7a) || (octet >= 0x30 && octet <= 0x39)) return true;
  return octet === 0x2d || octet === 0x2e || octet === 0x5f;
}
