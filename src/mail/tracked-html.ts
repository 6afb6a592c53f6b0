import { Parser, QuoteType, Tokenizer, type TokenizerCallbacks } from 'htmlparser2';
import { type LinkTags, parseLinkTags } from './link-tags.ts';

/** SES: links of one message that are tracked. */
export const MAX_LINKS = 250;

/** Characters of a URL that is tracked: more is refused by common proxies before us, whose lines are 8 KiB. */
const MAX_URL = 8_000;

export interface Tracking {
  /**
   * What stands in place of the link to `url`, which is the `n`th that is tracked, from 1. Nothing leaves it as it was,
   * and its number to the next. Where links are not tracked there is no such function.
   */
  readonly link?: ((url: string, n: number, tags: LinkTags) => string | undefined) | undefined;
  /** Where the pixel is that tells of opens; none where they are not tracked. */
  readonly pixel?: string | undefined;
}

/** SES: stands where the pixel should be. What there is of it beyond the first is taken out. */
export const PIXEL_PLACE = '{{ses:openTracker}}';

/**
 * The HTML with tracked links and a pixel; `tracked` links of its message have gone before. A tokenizer finds the places
 * and the text is edited there: all else is kept to the character, however broken it is. Links are those of `<a href>`
 * that are valid URIs (RFC 3986) of http and https as they stand; any other stays as it was, so none is ever broken.
 * A comment is left alone, also a conditional one; so is a placeholder where no element can stand.
 */
export function trackHtml(html: string, tracking: Tracking, tracked = 0): { html: string; tracked: number } {
  const rewriting = new Rewriting(html, tracking, tracked);
  const tokenizer = new Tokenizer({ decodeEntities: false }, rewriting);
  tokenizer.write(html);
  tokenizer.end();
  return { html: rewriting.finish(), tracked: rewriting.tracked };
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Elements whose content is text only: no element can stand in it. */
const textOnly = /^(?:title|textarea|style|script|iframe|noembed|noframes|xmp|plaintext)$/i;

const nothing = () => {};

class Rewriting implements TokenizerCallbacks {
  tracked: number;
  readonly #html: string;
  readonly #tracking: Tracking;
  readonly #edits: Edit[] = [];
  /** Of the next placeholder that was not passed yet, wherever it stands; behind all text where there is none. */
  #place: number;
  #pixelPlaced: boolean;
  #beforeBodyEnd = -1;

  /** Name of the tag that was opened last; empty when one was closed after it. */
  #tagStart = 0;
  #tagEnd = 0;
  #inTag = false;
  #editsBefore = 0;
  /** Of an `<a>` that is being read. */
  #inAnchor = false;
  #attribute = '';
  #attributeStart = 0;
  #valueStart = 0;
  #valueEnd = 0;
  #href: Edit | undefined;
  #noTrack = false;
  #tags = '';

  constructor(html: string, tracking: Tracking, tracked: number) {
    this.#html = html;
    this.#tracking = tracking;
    this.tracked = tracked;
    this.#place = this.#placeFrom(0);
    this.#pixelPlaced = tracking.pixel === undefined;
  }

  onopentagname(start: number, end: number): void {
    this.#tagStart = start;
    this.#tagEnd = end;
    this.#inTag = true;
    this.#editsBefore = this.#edits.length;
    this.#inAnchor = end - start === 1 && (this.#html.charCodeAt(start) | 0x20) === 0x61;
    if (!this.#inAnchor) return;
    this.#href = undefined;
    this.#noTrack = false;
    this.#tags = '';
  }

  onattribname(start: number, end: number): void {
    if (!this.#inAnchor) return;
    this.#attribute = this.#html.slice(start, end).toLowerCase();
    this.#attributeStart = start;
    this.#valueStart = end;
    this.#valueEnd = end;
  }

  onattribdata(start: number, end: number): void {
    this.#valueStart = start;
    this.#valueEnd = end;
  }

  onattribend(quote: QuoteType, end: number): void {
    if (!this.#inAnchor) return;
    if (this.#attribute === 'href') {
      const marks = quote === QuoteType.Double || quote === QuoteType.Single ? 1 : 0;
      // Of attributes of one name the first counts (HTML: duplicate-attribute).
      this.#href ??= { start: this.#valueStart - marks, end: this.#valueEnd + marks, text: this.#value() };
    } else if (this.#attribute === 'ses:no-track') {
      this.#noTrack = true;
      this.#takeOut(end);
    } else if (this.#attribute === 'ses:tags') {
      this.#tags ||= this.#value();
      this.#takeOut(end);
    }
  }

  onopentagend(): void {
    this.#inTag = false;
    if (!this.#inAnchor) return;
    this.#inAnchor = false;
    if (this.#href && !this.#noTrack) this.#track(this.#href);
  }

  onselfclosingtag(): void {
    this.onopentagend();
  }

  onclosetag(start: number, end: number): void {
    this.#tagEnd = this.#tagStart;
    if (end - start === 4 && this.#html.slice(start, end).toLowerCase() === 'body') this.#beforeBodyEnd = start - 2;
  }

  ontext(start: number, end: number): void {
    // What is left over of a tag that does not end is no text.
    if (this.#place >= end || this.#inTag) return;
    if (this.#place < start) this.#place = this.#placeFrom(start);
    const isMarkup = !textOnly.test(this.#html.slice(this.#tagStart, this.#tagEnd));
    while (this.#place < end) {
      const after = this.#place + PIXEL_PLACE.length;
      if (isMarkup) this.#edits.push({ start: this.#place, end: after, text: this.#pixelOnce() });
      this.#place = this.#placeFrom(after);
    }
  }

  readonly onattribentity = nothing;
  readonly oncdata = nothing;
  readonly oncomment = nothing;
  readonly ondeclaration = nothing;
  readonly onend = nothing;
  readonly onprocessinginstruction = nothing;
  readonly ontextentity = nothing;

  finish(): string {
    if (this.#inTag) this.#edits.length = this.#editsBefore;
    if (!this.#pixelPlaced) {
      const at = this.#beforeBodyEnd < 0 ? this.#end() : this.#beforeBodyEnd;
      this.#edits.push({ start: at, end: at, text: this.#pixelOnce() });
    }
    if (this.#edits.length === 0) return this.#html;
    this.#edits.sort((a, b) => a.start - b.start);
    let out = '';
    let at = 0;
    for (const { start, end, text } of this.#edits) {
      out += this.#html.slice(at, start) + text;
      at = end;
    }
    return out + this.#html.slice(at);
  }

  /** Where the text ends for a reader: a tag that does not end is dropped, line ends go on ending the text. */
  #end(): number {
    if (this.#inTag) return this.#tagStart - 1;
    let end = this.#html.length;
    while (this.#html[end - 1] === '\n' || this.#html[end - 1] === '\r') end--;
    return end;
  }

  #placeFrom(from: number): number {
    const at = this.#html.indexOf(PIXEL_PLACE, from);
    return at < 0 ? Number.POSITIVE_INFINITY : at;
  }

  #value(): string {
    return this.#html.slice(this.#valueStart, this.#valueEnd);
  }

  #track({ start, end, text }: Edit): void {
    if (!this.#tracking.link || this.tracked === MAX_LINKS) return;
    const url = trackableUrl(text);
    const link = url && this.#tracking.link(url, this.tracked + 1, parseLinkTags(this.#tags));
    if (!link) return;
    this.tracked++;
    this.#edits.push({ start, end, text: `"${escapeAttribute(link)}"` });
  }

  /** An attribute that is ours, with the blanks before it unless what stands around it would become one. */
  #takeOut(end: number): void {
    let start = this.#attributeStart;
    const next = this.#html[end];
    if (next === '=') return;
    if (next === '>' || isSpace(next)) while (isSpace(this.#html[start - 1])) start--;
    this.#edits.push({ start, end, text: '' });
  }

  #pixelOnce(): string {
    if (this.#pixelPlaced) return '';
    this.#pixelPlaced = true;
    const source = escapeAttribute(this.#tracking.pixel!);
    return `<img alt="" src="${source}" style="display: none; width: 1px; height: 1px;">`;
  }
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t' || character === '\f';
}

const octet = '%[0-9a-f]{2}';
const character = `[\\w.~!$&'()*+,;=:@-]|${octet}`;
const host = `\\[[0-9a-f:.]+\\]|(?:[\\w.~!$&'()*+,;=-]|${octet})+`;
/** RFC 3986 Appendix A, with the host that RFC 9110 §4.2 asks for. Linear: only the user is ever read twice. */
const uri = new RegExp(
  `^https?://(?:(?:[\\w.~!$&'()*+,;=:-]|${octet})*@)?(?:${host})(?::\\d*)?` +
    `(?:/(?:${character}|/)*)?(?:\\?(?:${character}|[/?])*)?(?:#(?:${character}|[/?])*)?$`,
  'i',
);

/** The URL that a reader makes of an attribute's value, where it may be tracked. */
function trackableUrl(value: string): string | undefined {
  if (value.length > MAX_URL || !/^https?:/i.test(value)) return undefined;
  const url = decodeAttribute(value);
  return url !== undefined && uri.test(url) ? url : undefined;
}

/** References to characters decoded, as in an attribute: `&copy=` is none there (HTML: named character references). */
function decodeAttribute(value: string): string | undefined {
  if (!value.includes('&')) return value;
  if (!/&(?!amp;)/.test(value)) return value.replaceAll('&amp;', '&');
  // No URI has one, and it would end the attribute.
  if (value.includes('"')) return undefined;
  let text: string | undefined;
  const parser = new Parser({
    onattribute: (_, decoded) => {
      text = decoded;
    },
  });
  parser.end(`<a b="${value}">`);
  return text;
}

function escapeAttribute(text: string): string {
  if (!/[&"<>]/.test(text)) return text;
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
