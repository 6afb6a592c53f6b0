import type { Search } from '../messages/messages.ts';

/** A query of the listing: what the rows can answer, and phrases that need the text of a message. */
export interface Query extends Omit<Search, 'limit' | 'before' | 'after'> {
  readonly to: readonly string[];
  readonly from: readonly string[];
  readonly subject: readonly string[];
  /** Each must occur in subject, addresses or text, without regard to case. */
  readonly phrases: readonly string[];
}

/** Terms: `to:` `from:` `subject:` `id:` `direction:`, `"a phrase"`, a bare word. All must hold. */
export function parseQuery(text: string): Query {
  const terms = { to: [] as string[], from: [] as string[], subject: [] as string[] };
  const phrases: string[] = [];
  const single: { id?: string; direction?: string } = {};
  for (const [, name, quoted, bare] of text.matchAll(/(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const value = quoted ?? bare ?? '';
    const key = name?.toLowerCase();
    if (!value) continue;
    if (key === 'to' || key === 'from' || key === 'subject') terms[key].push(value);
    else if (key === 'id' || key === 'direction') single[key] = value;
    else phrases.push(key ? `${name}:${value}` : value);
  }
  return { ...terms, ...single, phrases };
}
