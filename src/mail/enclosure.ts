import { encodeWords, oneLine } from './encoded-words.ts';
import { toCrlf } from './line-endings.ts';
import { formatParameter } from './mime-parameters.ts';
import { boundaryOf, leaf, multipart, type Part } from './parts.ts';
import { isSevenBit, type TransferEncoding } from './transfer-encodings.ts';

/** What stands in fields must be fit for them: asking for what `fieldFault` refuses is a bug. */
export interface Attachment {
  readonly fileName: string;
  /** Whole Content-Type value without a `name` parameter. */
  readonly contentType: string;
  readonly content: Buffer;
  readonly disposition: 'attachment' | 'inline';
  /** Without angle brackets. */
  readonly contentId?: string | undefined;
  readonly description?: string | undefined;
  readonly encoding?: TransferEncoding | undefined;
}

interface Enclosed {
  /** The body with the beginning of what is around it: the last octets are the boundary before the first attachment. */
  readonly part: Part;
  /** What follows: the same for every letter whose bodies are nested alike. */
  readonly rest: readonly Buffer[];
}

/** The attachments of a letter, at least one; encoded once, however many letters they go with. */
export class Enclosure {
  readonly #inline: readonly Part[];
  readonly #attached: readonly Part[];
  readonly #unique: string;
  readonly #rests = new Map<number, readonly Buffer[]>();

  /** `unique` is that of the letters. */
  constructor(attachments: readonly Attachment[], unique: string) {
    const having = (wanted: Attachment['disposition']) =>
      attachments.filter(({ disposition }) => disposition === wanted).map(attachmentPart);
    this.#inline = having('inline');
    this.#attached = having('attachment');
    this.#unique = unique;
  }

  /** mixed ( related ( body, inline… ), attachments… ), each only where it is needed; `level` boundaries are taken. */
  around(body: Part, level: number): Enclosed {
    const [inline, attached] = [this.#inline, this.#attached];
    const enclose = (subtype: 'mixed' | 'related', parts: readonly Part[], number: number) =>
      parts.length === 1 ? parts[0]! : multipart({ subtype, boundary: boundaryOf(number, this.#unique), parts });
    const related = enclose('related', [body, ...inline], level);
    const whole = enclose('mixed', [related, ...attached], inline.length > 0 ? level + 1 : level);
    // The header of an attachment is one buffer, its content the next.
    const split = whole.body.indexOf((inline[0] ?? attached[0])!.body[0]!) - 1;
    const rest = this.#rests.get(level) ?? whole.body.slice(split);
    this.#rests.set(level, rest);
    return { part: { fields: whole.fields, body: whole.body.slice(0, split) }, rest };
  }
}

function attachmentPart(attachment: Attachment): Part {
  const { fileName, contentType, content, disposition, contentId, description, encoding = 'base64' } = attachment;
  const fields: [string, string][] = [['Content-Disposition', disposition + formatParameter('filename', fileName)]];
  if (contentId) fields.push(['Content-ID', `<${contentId}>`]);
  if (description) {
    fields.push(['Content-Description', encodeWords(oneLine(description), { used: 'Content-Description: '.length })]);
  }
  return leaf({ contentType, content, encoding: fitting(encoding, content), fields });
}

/** Octets stay what they are: those that cannot travel so go as base64. */
function fitting(wish: TransferEncoding, content: Buffer): TransferEncoding {
  return wish === '7bit' && !canStay(content) ? 'base64' : wish;
}

/** Whether content can stand in a message as it is, and come out of it so. */
export function canStay(content: Buffer): boolean {
  return isSevenBit(content) && toCrlf(content) === content;
}
