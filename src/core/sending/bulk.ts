import { Refusal, type RefusalCode } from '../../base/refusal.ts';
import { parseAddress } from '../../mail/address.ts';
import type { Tag } from '../messages/messages.ts';
import type { Ready } from './acceptance.ts';
import type { Envelope, Submission, TemplatedMail } from './submission.ts';

/** SES: entries of one call. */
const MOST_ENTRIES = 50;

/** One template for many letters. */
export interface BulkSubmission extends Omit<Submission, 'mail'> {
  /** What all letters share. */
  readonly letter: Omit<TemplatedMail, 'kind' | 'to' | 'cc' | 'bcc' | 'data'>;
  /** A JSON text, as it came; the data of each entry is laid over it, by top-level name. */
  readonly defaults?: string | undefined;
  readonly entries: readonly BulkEntry[];
}

/** One letter. Its tags and fields win over those of the call that have the same name. */
export interface BulkEntry extends Pick<Envelope, 'to' | 'cc' | 'bcc' | 'fields'> {
  readonly tags?: readonly Tag[] | undefined;
  /** A JSON text, as it came. */
  readonly data?: string | undefined;
}

/** What became of one entry; a fault is in the log. */
export type BulkOutcome =
  | { readonly ok: true; readonly messageId: string }
  | { readonly ok: false; readonly code: RefusalCode | 'fault'; readonly reason: string };

/** What is wrong with the call as a whole. SES: a recipient or an answer address concerns the entries alone. */
export function checkBulk({ letter, entries }: BulkSubmission): void {
  if (entries.length === 0) throw new Refusal('wrong-number-of-entries', 'There are no destinations specified.');
  if (entries.length > MOST_ENTRIES) {
    throw new Refusal('wrong-number-of-entries', `Destination count exceeds ${MOST_ENTRIES}.`);
  }
  for (const address of [letter.from, letter.returnPath]) {
    if (address === undefined || parseAddress(address).ok) continue;
    throw new Refusal('invalid-parameter', `Invalid email address<${address}>.`);
  }
}

/** Recipients that are accepted in one step, more or less: a larger one would hold up others. */
const RECIPIENTS_A_STEP = 100;

/** In their order, those that are accepted in one step together. */
export function grouped(all: readonly Ready[]): Ready[][] {
  const groups: Ready[][] = [];
  let recipients = Number.POSITIVE_INFINITY;
  for (const ready of all) {
    if (recipients >= RECIPIENTS_A_STEP) {
      groups.push([]);
      recipients = 0;
    }
    groups.at(-1)!.push(ready);
    recipients += ready.composed.recipients.length;
  }
  return groups;
}

/** The letter of one entry, as if it had been sent alone. */
export function submissionOf(bulk: BulkSubmission, entry: BulkEntry): Submission & { readonly mail: TemplatedMail } {
  const { letter, defaults, entries, ...common } = bulk;
  const { to, cc, bcc, data } = entry;
  const fields = over(letter.fields ?? [], entry.fields ?? [], ([name]) => name.toLowerCase());
  const tags = over(common.tags ?? [], entry.tags ?? [], ({ name }) => name);
  return { ...common, tags, mail: { ...letter, kind: 'templated', to, cc, bcc, fields, data } };
}

/** All of `own`, and those of `common` that it does not replace. */
function over<One>(common: readonly One[], own: readonly One[], name: (one: One) => string): One[] {
  const replaced = new Set(own.map(name));
  return [...common.filter((one) => !replaced.has(name(one))), ...own];
}
