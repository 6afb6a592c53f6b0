/** What the operations of IAM have in common: names, times, tags, pages. */
import { pageToken, readPageToken } from '../../../base/page-token.ts';
import { Refusal } from '../../../base/refusal.ts';
import type { Tag } from '../../../core/accounts/accounts.ts';

/** IAM: items of a page where the caller does not say. */
const A_PAGE = 100;

export function checkName(member: string, name: string): void {
  if (/^[\w+=,.@-]+$/.test(name)) return;
  const rule = 'It must contain only alphanumeric characters and/or the following: +=,.@_-';
  throw new Refusal('validation', `The specified value for ${member} is invalid. ${rule}`);
}

/** `/` where none is given. */
export function checkedPath(member: string, path = '/'): string {
  if (/^\/([!-~]+\/)?$/.test(path)) return path;
  const rule = 'It must begin and end with / and contain only alphanumeric characters and/or / characters.';
  throw new Refusal('validation', `The specified value for ${member} is invalid. ${rule}`);
}

interface SdkTag {
  readonly Key: string;
  readonly Value: string;
}

export const tagsOf = (tags: readonly SdkTag[] = []): Tag[] =>
  tags.map(({ Key, Value }) => {
    if (Key.length >= 1 && Key.length <= 128 && Value.length <= 256) return { key: Key, value: Value };
    throw new Refusal('validation', 'A tag key must be 1 to 128 characters, a tag value 256 at most.');
  });

export const shownTags = (tags: readonly Tag[]): { Key: string; Value: string }[] =>
  tags.map(({ key, value }) => ({ Key: key, Value: value }));

interface Paging {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** Where the page begins, and how long it is at most. */
export function pageOf(kind: string, { Marker, MaxItems = A_PAGE }: Paging): { after: string; limit: number } {
  const after = Marker === undefined ? '' : readPageToken(kind, Marker);
  if (after === undefined) throw new Refusal('validation', `Invalid Marker: "${Marker}"`);
  return { after, limit: MaxItems };
}

/** `next` is the last item of the page, if others follow. */
export function pagedBy(kind: string, next: string | undefined) {
  return { IsTruncated: next !== undefined, Marker: next === undefined ? undefined : pageToken(kind, next) };
}

/** A page of a list that is there as a whole, in the order of its names. */
export function slice<T>(kind: string, list: readonly T[], paging: Paging, nameOf: (item: T) => string) {
  const { after, limit } = pageOf(kind, paging);
  const rest = list
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
    .filter((item) => after === '' || nameOf(item) > after);
  const page = rest.slice(0, limit);
  const next = rest.length > limit ? nameOf(page.at(-1)!) : undefined;
  return { page, ...pagedBy(kind, next) };
}

/** IAM answers policies percent-encoded (RFC 3986). */
export const encodedPolicy = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
