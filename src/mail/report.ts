import { renderLetter, textPart } from './compose.ts';
import { formatDate } from './date.ts';
import { formatField } from './header-fields.ts';
import { boundaryOf, leaf, multipart } from './parts.ts';

export interface Report {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** For people. */
  readonly text: string;
  /** For programs: a delivery status (RFC 3464) or a feedback report (RFC 5965), and its fields. */
  readonly type: 'delivery-status' | 'feedback-report';
  readonly fields: string;
  /** Whether the message that it is about goes with it, between `before` and `after`. */
  readonly enclosing: boolean;
  /** Makes the boundary the message's own. See `boundaryOf`. */
  readonly unique: string;
}

/**
 * A report (RFC 6522) around the message that it is about, which must be 7-bit and is not copied. Like any composed mail it
 * lacks Message-ID and Date; its envelope sender has to be the null reverse path.
 */
export function composeReport(report: Report): { before: Buffer; after: Buffer } {
  const { from, to, subject, text, type, fields, enclosing, unique } = report;
  const place = Buffer.alloc(0);
  const original = {
    fields: [
      ['Content-Type', 'message/rfc822'],
      ...(type === 'delivery-status' ? [['Content-Description', 'Undelivered Message'] as const] : []),
    ] as const,
    body: [place],
  };
  const root = multipart({
    subtype: 'report',
    reportType: type,
    boundary: boundaryOf(0, unique),
    parts: [
      textPart('plain', { text, charset: 'UTF-8' }),
      leaf({ contentType: `message/${type}`, content: Buffer.from(fields, 'latin1'), encoding: '7bit' }),
      ...(enclosing ? [original] : []),
    ],
  });
  const split = enclosing ? root.body.indexOf(place) : root.body.length;
  const head = { from: [{ address: from }], to: [{ address: to }], subject: { text: subject } };
  return {
    before: renderLetter(
      { ...head, fields: [['Auto-Submitted', 'auto-generated']] },
      { fields: root.fields, body: root.body.slice(0, split) },
    ),
    after: Buffer.concat(root.body.slice(split)),
  };
}

export interface FeedbackReport {
  /** `abuse`, `fraud`, … (RFC 5965 §7.3). */
  readonly type: string;
  readonly userAgent: string;
  /** The envelope sender of the original. */
  readonly mailFrom: string;
  readonly recipients: readonly string[];
  /** Milliseconds since 1970: when the report came, or it is told. */
  readonly arrival: number;
}

/** The fields of RFC 5965 §3. */
export function feedbackFields({ type, userAgent, mailFrom, recipients, arrival }: FeedbackReport): string {
  const fields: (readonly [name: string, value: string])[] = [
    ['Feedback-Type', type],
    ['User-Agent', userAgent],
    ['Version', '1'],
    ['Original-Mail-From', `<${mailFrom}>`],
    ...recipients.map((recipient) => ['Original-Rcpt-To', `<${recipient}>`] as const),
    ['Arrival-Date', formatDate(arrival)],
  ];
  return fields.map(([name, value]) => formatField(name, value)).join('');
}
