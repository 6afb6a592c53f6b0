/** One template, many data sets. Runs in a thread too, see `pieces.ts`. */
import { type Piece, type Run, type Unrendered, unrendered } from './pieces.ts';

export interface TemplateContent {
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
}

/** JSON texts, as they came. Each entry is laid over the defaults, by top-level name. */
export interface DataSets {
  readonly defaults?: string | undefined;
  readonly entries: readonly (string | undefined)[];
}

/** `failure`: an attribute is not in the data, the data is no JSON object, or the template fails with it. */
export type Rendering =
  | { readonly ok: true; readonly rendered: TemplateContent }
  | {
      readonly ok: false;
      readonly failure: 'attribute' | 'data' | 'template';
      /** SES: `errorMessage` of a Rendering Failure. */
      readonly reason: string;
      readonly attribute?: string;
    };

export interface Limits {
  /** Of one data set, in UTF-16 units (SES: TemplateData). */
  readonly dataCharacters: number;
  /** Of one message: see `Run`. */
  readonly steps: number;
  /** Of one message. */
  readonly characters: number;
  /** Of all messages of a batch together. */
  readonly batchCharacters: number;
  /** What a template may have open at a place: a block within a block takes three. */
  readonly open: number;
  /** Partials within partials. */
  readonly depth: number;
}

export interface Pieces {
  readonly subject: Piece;
  readonly text?: Piece | undefined;
  readonly html?: Piece | undefined;
}

export function renderBatch(pieces: Pieces, { defaults, entries }: DataSets, limits: Limits): Rendering[] {
  let left = limits.batchCharacters;
  const common = readData(defaults, limits);
  return entries.map((entry) => {
    const own = readData(entry, limits);
    if (!common || !own) return { ok: false, failure: 'data', reason: 'Template rendering data is invalid' };
    try {
      const rendered = renderOne(
        pieces,
        { ...common, ...own },
        { ...limits, characters: Math.min(left, limits.characters) },
      );
      left -= lengthOf(rendered);
      return { ok: true, rendered };
    } catch (error) {
      return failureOf(error);
    }
  });
}

/** No data is empty data; nothing where it is no JSON object. */
export function readData(text: string | undefined, { dataCharacters }: Limits): object | undefined {
  if (text === undefined) return {};
  if (text.length > dataCharacters) return undefined;
  try {
    const data: unknown = JSON.parse(text);
    return typeof data === 'object' && data !== null && !Array.isArray(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

export function renderOne(pieces: Pieces, data: object, { steps, characters, depth }: Limits): TemplateContent {
  const run: Run = { root: data, out: '', steps, room: characters, depth };
  const frame = { context: data, parent: undefined, place: undefined, names: undefined, partials: undefined };
  const write = (piece: Piece): string => {
    run.out = '';
    piece(frame, run);
    run.room -= run.out.length;
    return run.out;
  };
  return {
    // A line end in a subject would end the field.
    subject: write(pieces.subject).replace(/[\r\n]+[\t ]*/g, ' '),
    text: pieces.text && write(pieces.text),
    html: pieces.html && write(pieces.html),
  };
}

export function lengthOf({ subject, text = '', html = '' }: TemplateContent): number {
  return subject.length + text.length + html.length;
}

/** What is neither ours nor the stack's end is a fault. */
export function failureOf(error: unknown): Rendering {
  if (error instanceof RangeError) return failureOf(unrendered('The template is nested too deeply.'));
  if (!(error as Partial<Unrendered>).unrendered) throw error;
  const { message: reason, attribute } = error as Unrendered;
  if (attribute === undefined) return { ok: false, failure: 'template', reason };
  return { ok: false, failure: 'attribute', reason, attribute };
}
