import { decodeWords } from './encoded-words.ts';
import { fieldText, firstField, type HeaderField } from './header-fields.ts';
import { readableMailbox, readMailboxes } from './mailboxes.ts';

/** Octets of names and values after which events and notifications leave out the rest (SES: headersTruncated). */
export const MAX_SHOWN_HEADER = 10 * 1024;

export interface ShownHeader {
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly truncated: boolean;
}

/** The fields in their order, unfolded, encoded words as they are; whole fields up to `limit` octets. */
export function shownHeader(fields: readonly HeaderField[], limit = MAX_SHOWN_HEADER): ShownHeader {
  const shown: { name: string; value: string }[] = [];
  let room = limit;
  for (const field of fields) {
    const value = fieldText(field);
    room -= field.name.length + Buffer.byteLength(value);
    if (room < 0) return { fields: shown, truncated: true };
    shown.push({ name: field.name, value });
  }
  return { fields: shown, truncated: false };
}

/** What most readers want of a header, decoded for people. A key is there only where the field is. */
export interface CommonFields {
  returnPath?: string;
  from?: string[];
  date?: string;
  to?: string[];
  cc?: string[];
  bcc?: string[];
  sender?: string;
  replyTo?: string[];
  messageId?: string;
  subject?: string;
}

/**
 * The common fields in the order in which SES shows them. `ownMessageId` stands in where the message has no Message-ID:
 * an outgoing message is shown as submitted, before it gets ours.
 */
export function commonFields(fields: readonly HeaderField[], ownMessageId?: string): CommonFields {
  const text = (key: string) => {
    const field = firstField(fields, key);
    return field && fieldText(field);
  };
  const addresses = (key: string) => {
    // To and Cc may stand more than once.
    const values = fields.filter((field) => field.key === key).map(fieldText);
    return values.length === 0 ? undefined : values.flatMap(readableMailboxes);
  };
  const returnPath = text('return-path');
  const subject = text('subject');
  return present({
    returnPath: returnPath === undefined ? undefined : (readMailboxes(returnPath)[0]?.address ?? '<>'),
    from: addresses('from'),
    date: text('date'),
    to: addresses('to'),
    cc: addresses('cc'),
    bcc: addresses('bcc'),
    sender: addresses('sender')?.[0],
    replyTo: addresses('reply-to'),
    messageId: text('message-id') ?? ownMessageId,
    subject: subject === undefined ? undefined : decodeWords(subject),
  });
}

/** What holds no address is shown as it stands: `undisclosed-recipients:;`. */
function readableMailboxes(value: string): string[] {
  const mailboxes = readMailboxes(value);
  return mailboxes.length === 0 && value !== '' ? [value] : mailboxes.map(readableMailbox);
}

type Optional<T> = { [K in keyof T]?: T[K] | undefined };

function present(all: Optional<CommonFields>): CommonFields {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
