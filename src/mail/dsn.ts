import { type Correspondent, renderLetter, type Text, textPart } from './compose.ts';
import { formatDate } from './date.ts';
import { formatField, readHeader } from './header-fields.ts';
import { boundaryOf, leaf, multipart } from './parts.ts';

/** SES's sentence before the recipients who do not get it. */
export const UNDELIVERED = 'An error occurred while trying to deliver the mail to the following recipients:';

/** Asking for what `fieldFault` refuses in a field is a bug. */
export type DsnField = readonly [name: string, value: string];

/** What became of one recipient (RFC 3464 §2.3). */
export interface DsnRecipient {
  readonly address: string;
  readonly action: 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
  /** Enhanced status code (RFC 3463): `5.1.1`. */
  readonly status: string;
  /** Who refused, if not the reporting MTA: `dns; mx.example.org`. */
  readonly remoteMta?: string | undefined;
  /** `smtp; 550 5.1.1 user unknown`. */
  readonly diagnosticCode?: string | undefined;
  /** Milliseconds since 1970. */
  readonly lastAttempt?: number | undefined;
  readonly fields?: readonly DsnField[] | undefined;
}

export interface Bounce {
  readonly from: Correspondent;
  /** The envelope sender of the original. */
  readonly to: Correspondent;
  /** SES's own where there is none. */
  readonly subject?: Text | undefined;
  /** For people. */
  readonly explanation: Text;
  /** `dns; mta.example.com`. */
  readonly reportingMta: string;
  /** Of the original, in milliseconds since 1970. */
  readonly arrival?: number | undefined;
  /** Of the message as a whole, beyond those of RFC 3464 §2.2. */
  readonly fields?: readonly DsnField[] | undefined;
  /** At least one. */
  readonly recipients: readonly DsnRecipient[];
  /** The message that bounces, or its beginning; its header is returned (RFC 6522 §4), not its body. */
  readonly original: Buffer;
  /** Makes the boundary the message's own. See `boundaryOf`. */
  readonly unique: string;
}

/**
 * A delivery status notification (RFC 3464): a report for people, one for programs, and the header of the original. Like
 * any composed mail it lacks Message-ID and Date; its envelope sender has to be the null reverse path (RFC 5321 §4.5.5).
 */
export function composeBounce(bounce: Bounce): Buffer {
  const { from, to, subject = { text: 'Delivery Status Notification (Failure)' }, explanation, original } = bounce;
  const { fields } = readHeader(original);
  const messageId = fields.findLast(({ key }) => key === 'message-id')?.value.trim() ?? '';
  // What is no message id is not repeated in a field of ours (RFC 5322 §3.6.4).
  const thread = /^<[!-;=?-~]{1,900}>$/.test(messageId) ? (['In-Reply-To', 'References'] as const) : [];
  const root = multipart({
    subtype: 'report',
    reportType: 'delivery-status',
    boundary: boundaryOf(0, bounce.unique),
    parts: [
      textPart('plain', explanation),
      leaf({ contentType: 'message/delivery-status', content: deliveryStatus(bounce), encoding: '7bit' }),
      leaf({ contentType: 'text/rfc822-headers', content: original.subarray(0, fields.at(-1)?.end ?? 0) }),
    ],
  });
  const autoSubmitted: DsnField = ['Auto-Submitted', 'auto-replied'];
  const head = { from: [from], to: [to], subject };
  return renderLetter({ ...head, fields: [...thread.map((name) => [name, messageId] as const), autoSubmitted] }, root);
}

/** RFC 3464 §2.1: a block for the message, then one for each recipient, with empty lines between. */
export function deliveryStatus({
  reportingMta,
  arrival,
  fields,
  recipients,
}: Pick<Bounce, 'reportingMta' | 'arrival' | 'fields' | 'recipients'>): Buffer {
  const message = block([
    ['Reporting-MTA', reportingMta],
    ['Arrival-Date', arrival === undefined ? undefined : formatDate(arrival)],
    ...(fields ?? []),
  ]);
  return Buffer.from([message, ...recipients.map(recipientBlock)].join('\r\n'), 'latin1');
}

function recipientBlock({ address, action, status, ...given }: DsnRecipient): string {
  const { remoteMta, diagnosticCode, lastAttempt, fields } = given;
  return block([
    ['Final-Recipient', `rfc822; ${address}`],
    ['Action', action],
    ['Status', status],
    ['Remote-MTA', remoteMta],
    ['Diagnostic-Code', diagnosticCode],
    ['Last-Attempt-Date', lastAttempt === undefined ? undefined : formatDate(lastAttempt)],
    ...(fields ?? []),
  ]);
}

function block(fields: readonly (readonly [name: string, value: string | undefined])[]): string {
  return fields.map(([name, value]) => (value === undefined ? '' : formatField(name, value))).join('');
}

/** RFC 3461 §4: `+` and two hexadecimal digits are an octet. */
export function fromXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
