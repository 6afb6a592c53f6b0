import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import { dialects } from './errors.ts';

/** SQS and SNS: entries of one batch. */
const MOST_ENTRIES = 10;

/** The rules for a batch as a whole; `name` as the message of SQS has it. */
export function checkEntries(entries: readonly { readonly Id: string }[], name: string): void {
  if (entries.length === 0) throw new Refusal('empty-batch', `There should be at least one ${name} in the request.`);
  if (entries.length > MOST_ENTRIES) {
    const text = `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`;
    throw new Refusal('too-many-entries', text);
  }
  const ids = new Set<string>();
  for (const { Id } of entries) {
    if (!/^[\w-]{1,80}$/.test(Id)) {
      const text =
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.';
      throw new Refusal('invalid-entry-id', text);
    }
    if (ids.has(Id)) throw new Refusal('repeated-entry-id', `Id ${Id} repeated.`);
    ids.add(Id);
  }
}

interface Failed {
  readonly Id: string;
  readonly SenderFault: boolean;
  readonly Code: string;
  readonly Message: string;
}

/** Each entry for itself, one after another: what is refused fails alone. */
export async function eachEntry<Entry extends { readonly Id: string }, Result>(
  entries: readonly Entry[],
  dialect: keyof typeof dialects,
  run: (entry: Entry) => Promise<Result>,
): Promise<{ Successful: (Result & { Id: string })[]; Failed: Failed[] }> {
  const outcome: { Successful: (Result & { Id: string })[]; Failed: Failed[] } = { Successful: [], Failed: [] };
  for (const entry of entries) {
    try {
      outcome.Successful.push({ Id: entry.Id, ...(await run(entry)) });
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      const { message: Message } = refusal;
      outcome.Failed.push({ Id: entry.Id, SenderFault: true, Code: codeOf(dialect, refusal.code), Message });
    }
  }
  return outcome;
}

function codeOf(dialect: keyof typeof dialects, code: RefusalCode): string {
  const word = dialects[dialect](code, undefined);
  return typeof word === 'string' ? word : word[0];
}
