/**
 * What a template is made of once it is read: a function that writes each piece. No code is ever made of a template, and
 * data is reached through `member` only, so nothing but data can be reached.
 *
 * Writing is bounded by a count of steps, not by a clock: what fails once fails always, and on every machine alike.
 * Everything here and in `compile.ts` and `batch.ts` also runs in a thread, to which it travels as text: functions that
 * call one another by name, and no constants.
 */

/** Where a piece is written. */
export interface Frame {
  readonly context: unknown;
  /** What `../` climbs to. */
  readonly parent: Frame | undefined;
  /** `@index`, `@key`, `@first`, `@last` of the lists around. */
  readonly place: Place | undefined;
  /** Block parameters: `as |item index|`. */
  readonly names: Named<unknown> | undefined;
  readonly partials: Named<Partial> | undefined;
}
export interface Place {
  readonly values: Readonly<Record<'index' | 'key' | 'first' | 'last', unknown>>;
  readonly outer: Place | undefined;
}
/** The innermost first. */
export interface Named<Value> {
  readonly name: string;
  readonly value: Value;
  readonly outer: Named<Value> | undefined;
}
export interface Partial {
  readonly body: Piece;
  /** Where it was defined. */
  readonly frame: Frame;
}

/** One part of one message, being written. */
export interface Run {
  readonly root: unknown;
  out: string;
  /** How many are left: a piece, an element of a list, a segment of a path, whatever is looked through. */
  steps: number;
  /** How many characters may be written. */
  room: number;
  /** How many partials may still be entered. */
  depth: number;
}

export type Piece = (frame: Frame, run: Run) => void;
export type Value = (frame: Frame, run: Run) => unknown;

/** The message cannot be rendered: an expected no, in SES's words where SES has some. */
export interface Unrendered extends Error {
  readonly unrendered: true;
  readonly attribute?: string;
}

export function unrendered(reason: string, attribute?: string): Unrendered {
  return Object.assign(new Error(reason), { unrendered: true as const, ...(attribute !== undefined && { attribute }) });
}

/** SES: Rendering Failure, TestRenderTemplate. */
export function missing(attribute: string): Unrendered {
  return unrendered(`Attribute '${attribute}' is not present in the rendering data.`, attribute);
}

export function spend(run: Run, steps: number): void {
  run.steps -= steps;
  if (run.steps < 0) throw unrendered('The template does not come to an end with this rendering data.');
}

export function put(run: Run, text: string): void {
  run.out += text;
  if (run.out.length > run.room) throw unrendered('The rendered message is too long.');
}

/** Own properties only: what JavaScript lends to every value is no data. */
export function member(value: unknown, name: string): unknown {
  if (value === undefined || value === null || !Object.hasOwn(value as object, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}

export function textOf(value: unknown, run: Run): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    spend(run, value.length);
    const text = value.map((one) => textOf(one, run)).join(',');
    spend(run, Math.floor(text.length / 64));
    return text;
  }
  if (value === undefined || value === null) return '';
  return typeof value === 'object' ? '[object Object]' : String(value);
}

/** What SES itself fills in after rendering; until then it stands for itself. */
export function isFilledInLater(name: string): boolean {
  return name === 'amazonSESUnsubscribeUrl' || name === 'ses:openTracker';
}

/** Writes what is found, unescaped (SES does not escape HTML); null is as good as missing. */
export function variable(find: Value, name: string): Piece {
  return (frame, run) => {
    const value = find(frame, run);
    if (value !== undefined && value !== null) put(run, textOf(value, run));
    else if (isFilledInLater(name)) put(run, `{{${name}}}`);
    else throw missing(name);
  };
}

export function content(text: string): Piece {
  return (_frame, run) => put(run, text);
}

/** From the context down. */
export function within(parts: readonly string[]): Value {
  const [only = ''] = parts;
  if (parts.length === 1) return ({ context }) => member(context, only);
  return ({ context }, run) => descend(context, parts, run);
}

export function descend(from: unknown, parts: readonly string[], run: Run): unknown {
  spend(run, parts.length);
  let value = from;
  for (const part of parts) value = member(value, part);
  return value;
}

export function inOrder(pieces: readonly Piece[]): Piece {
  return (frame, run) => {
    spend(run, pieces.length);
    for (const piece of pieces) piece(frame, run);
  };
}
