/** RFC 9110 §13 as S3 has it: what must be true of an object before it is read, replaced or copied; and parts of it. */
import { Refusal } from '../../../base/refusal.ts';
import type { ObjectFacts } from '../../../core/targets/targets.ts';
import { unquoted } from './places.ts';

interface Conditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

const failed = (Condition: string) =>
  new Refusal('precondition-failed', 'At least one of the pre-conditions you specified did not hold', { Condition });

/** RFC 9110 §13.2.2: tags before times, and a tag makes its time void. `copying`: there is no "not modified" then. */
export function checkReading(object: ObjectFacts, conditions: Conditions, { copying = false } = {}): void {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  // Dates on the wire have whole seconds.
  const modified = Math.floor(object.modified / 1000) * 1000;
  if (IfMatch !== undefined) {
    if (!matches(IfMatch, object.etag)) throw failed('If-Match');
  } else if (IfUnmodifiedSince && modified > IfUnmodifiedSince.getTime()) throw failed('If-Unmodified-Since');
  const notModified =
    IfNoneMatch !== undefined
      ? matches(IfNoneMatch, object.etag)
      : IfModifiedSince !== undefined && modified <= IfModifiedSince.getTime();
  if (!notModified) return;
  if (copying) throw failed(IfNoneMatch === undefined ? 'If-Modified-Since' : 'If-None-Match');
  throw new Refusal('not-modified', 'Not Modified');
}

/** S3's conditional writes: only where nothing is, or only over what the writer knows. */
export function mayReplace({
  IfMatch,
  IfNoneMatch,
}: Conditions): ((present: ObjectFacts | undefined) => void) | undefined {
  if (IfMatch === undefined && IfNoneMatch === undefined) return undefined;
  return (present) => {
    if (IfNoneMatch !== undefined && present && matches(IfNoneMatch, present.etag)) throw failed('If-None-Match');
    if (IfMatch === undefined) return;
    if (!present) throw new Refusal('no-such-key', 'The specified key does not exist.');
    if (!matches(IfMatch, present.etag)) throw failed('If-Match');
  };
}

function matches(list: string, etag: string): boolean {
  return list.split(',').some((one) => one.trim() === '*' || unquoted(one) === etag);
}

/** From octet `from` up to but without `to`. */
export interface OctetRange {
  readonly from: number;
  readonly to: number;
}

/** Nothing where all is meant: no range, a form that is not understood, several ranges (RFC 9110 §14.2). */
export function rangeOf(range: string | undefined, size: number): OctetRange | undefined {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(range?.trim() ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const to = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (from < size && to > from) return { from, to };
  const detail = { RangeRequested: range!, ActualObjectSize: String(size) };
  throw new Refusal('invalid-range', 'The requested range is not satisfiable', detail);
}
