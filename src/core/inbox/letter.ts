/** A message as a person reads it. */
export interface ReadableLetter {
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly {
    readonly name: string;
    readonly contentType: string;
    /** Octets. */
    readonly size: number;
    readonly contentId?: string;
  }[];
}

/** SES: parts of a message; an inbox reads no deeper. */
const DEEPEST = 64;

/** Never fails for what a message is; one that cannot be parsed shows no text. */
export async function readLetter(raw: Buffer): Promise<ReadableLetter> {
  // Loaded when somebody first looks: a start should not wait for it.
  const { default: PostalMime } = await import('postal-mime');
  const mail = await PostalMime.parse(raw, { maxNestingDepth: DEEPEST, maxHeadersSize: raw.length + 1 });
  return {
    headers: mail.headers.map(({ originalKey, value }) => ({ name: originalKey, value })),
    text: mail.text ?? '',
    html: mail.html ?? '',
    attachments: mail.attachments.map(({ filename, mimeType, content, contentId }) => ({
      name: filename ?? '',
      contentType: mimeType,
      size: typeof content === 'string' ? Buffer.byteLength(content) : content.byteLength,
      ...(contentId && { contentId }),
    })),
  };
}

/** The first words of a message, on one line. */
export function previewOf({ text, html }: ReadableLetter, characters = 140): string {
  const words = text || html.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return words
    .slice(0, characters * 8)
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, characters);
}
