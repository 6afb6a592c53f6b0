import { Refusal } from '../../base/refusal.ts';
import { composeMail } from '../../mail/compose.ts';
import { type Attachment, Enclosure } from '../../mail/enclosure.ts';

/** SES: of the content of a custom verification mail, in octets. */
const MOST_OCTETS = 10 * 1024 * 1024;
/** Pictures of one content: each becomes an attachment. */
const MOST_PICTURES = 100;

/** SES: creating-identities, custom verification FAQ, Q5. Everything may have these four… */
const everywhere = ['class', 'id', 'style', 'title'];
/** …these elements nothing else… */
const plain =
  `abbr acronym address area b bdo big body br button caption center cite code dd del dfn dir div dl dt em fieldset font form
   h1 h2 h3 h4 h5 h6 head hr html i input ins kbd label legend li map menu optgroup option p pre s samp select small span
   strike strong sub sup tbody textarea tfoot thead tr tt u var`.split(/\s+/);
/** …and these a few of their own. */
const further: Readonly<Record<string, readonly string[]>> = {
  blockquote: ['cite'],
  col: ['span', 'width'],
  colgroup: ['span', 'width'],
  img: ['align', 'alt', 'height', 'src', 'width'],
  ol: ['start', 'type'],
  q: ['cite'],
  table: ['summary', 'width'],
  td: ['abbr', 'axis', 'colspan', 'rowspan', 'width'],
  th: ['abbr', 'axis', 'colspan', 'rowspan', 'scope', 'width'],
  ul: ['type'],
};
const allowed = new Map([...plain.map((tag) => [tag, []] as const), ...Object.entries(further)]);

const picture = /(\ssrc\s*=\s*)(["'])data:(image\/[\w.+-]+);base64,([A-Za-z0-9+/=\s]*)\2/gi;

/**
 * What an author may write: a text or HTML of the elements and attributes that SES allows, no comments, no picture that
 * would have to be fetched.
 *
 * @throws Refusal `invalid-verification-content`
 */
export async function checkContent(content: string): Promise<void> {
  const octets = Buffer.byteLength(content);
  if (octets > MOST_OCTETS) throw invalid(`The template content is longer than ${MOST_OCTETS} bytes: ${octets}.`);
  // Loaded when it is first wanted: a start should not wait for an HTML parser.
  const { Parser } = await import('htmlparser2');
  let fault: string | undefined;
  let pictures = 0;
  const parser = new Parser({
    onopentag(tag, attributes) {
      fault ??= faultOf(tag, attributes);
      if (tag === 'img') pictures++;
    },
    oncomment() {
      fault ??= 'The template content can have no comments.';
    },
  });
  parser.end(content);
  if (pictures > MOST_PICTURES) fault ??= `The template content has more than ${MOST_PICTURES} pictures.`;
  if (fault) throw invalid(fault);
}

function faultOf(tag: string, attributes: Readonly<Record<string, string>>): string | undefined {
  const own = allowed.get(tag);
  if (!own) return `The template content can have no <${tag}>.`;
  const other = Object.keys(attributes).find((name) => !everywhere.includes(name) && !own.includes(name));
  if (other !== undefined) return `The template content can have no attribute ${other} of <${tag}>.`;
  const { src } = attributes;
  if (src !== undefined && !/^data:image\/[\w.+-]+;base64,/i.test(src)) {
    return 'Pictures of the template content must stand in it, in base64.';
  }
  return undefined;
}

interface VerificationMail {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly content: string;
  readonly link: string;
  /** Who reads what people worry about. */
  readonly contact: string;
  /** Makes boundaries and content ids its own. */
  readonly unique: string;
}

/** The author's content, then the link, then the sentence that SES adds to each; pictures become attachments. */
export function composeVerification({ from, to, subject, content, link, contact, unique }: VerificationMail): Buffer {
  const attachments: Attachment[] = [];
  const html = content.replace(picture, (_, src: string, quote: string, contentType: string, base64: string) => {
    const n = attachments.length;
    const contentId = `picture-${n}.${unique}`;
    const fileName = `picture-${n}.${contentType.slice('image/'.length).replace(/\W.*/, '')}`;
    const bytes = Buffer.from(base64, 'base64');
    attachments.push({ fileName, contentType, content: bytes, disposition: 'inline', contentId });
    return `${src}${quote}cid:${contentId}${quote}`;
  });
  const end = /<\/body\s*>/i.exec(html)?.index ?? html.length;
  const added = `\n<p><a href="${link}">${link}</a></p>
<p>If you did not request to verify this email address, please disregard this message. If you have any concerns, please forward this message to the following email address along with your questions or comments: ${contact}</p>\n`;
  return composeMail({
    from: [{ address: from }],
    to: [{ address: to }],
    subject: { text: subject, charset: 'UTF-8' },
    html: { text: html.slice(0, end) + added + html.slice(end), charset: 'UTF-8' },
    enclosure: attachments.length > 0 ? new Enclosure(attachments, unique) : undefined,
    unique,
  });
}

const invalid = (text: string) => new Refusal('invalid-verification-content', text);
