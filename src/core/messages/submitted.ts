import { type Header, type HeaderField, readHeader } from '../../mail/header-fields.ts';
import type { Message } from './messages.ts';

/** Characters of taken-off fields that are kept: no event shows a longer header. */
const MOST_KEPT = 10 * 1_024;

/** Fields that are put on every message when it is accepted; the author's own of that name are taken off. */
const putOn = new Set(['message-id', 'date']);

type Kept = readonly [place: number, name: string, value: string];

/** For `facts.takenOff`: the fields that accepting takes off, with their places. Nothing where there are none. */
export function takenOffFields({ fields }: Header, remove: ReadonlySet<string>): string | undefined {
  const kept: Kept[] = [];
  let room = MOST_KEPT;
  for (const [place, { key, name, value }] of fields.entries()) {
    if (!remove.has(key)) continue;
    room -= name.length + value.length;
    if (room < 0) break;
    kept.push([place, name, value]);
  }
  return kept.length === 0 ? undefined : JSON.stringify(kept);
}

/** The header as it was submitted, of the message as it is stored. */
export function submittedFields({ facts }: Pick<Message, 'facts'>, content: Buffer): HeaderField[] {
  const fields = readHeader(content).fields.filter(({ key }) => !putOn.has(key));
  const kept = JSON.parse(facts['takenOff'] ?? '[]') as Kept[];
  for (const [place, name, value] of kept) {
    fields.splice(place, 0, { name, key: name.toLowerCase(), value, start: 0, end: 0 });
  }
  return fields;
}
