import { type Correspondent, composeMail, type Text } from './compose.ts';
import { formatDate } from './date.ts';

export interface AutomaticReply {
  /** Whose program answers. */
  readonly from: Correspondent;
  /** Where the message came from: its return path (RFC 3834 §4). */
  readonly to: Correspondent;
  readonly answered: {
    /** Decoded. */
    readonly subject: string;
    /** With its angle brackets. */
    readonly messageId: string;
  };
  readonly text: Text;
  /** With its angle brackets. */
  readonly messageId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An answer that no person wrote (RFC 3834 §3.1); its envelope sender has to be the null reverse path (§3.3). */
export function composeAutomaticReply({ from, to, answered, text, messageId, at }: AutomaticReply): Buffer {
  return composeMail({
    from: [from],
    to: [to],
    subject: { text: `Auto: ${answered.subject}`, charset: 'UTF-8' },
    text,
    fields: [
      ['In-Reply-To', answered.messageId],
      ['References', answered.messageId],
      ['Auto-Submitted', 'auto-replied'],
      ['Precedence', 'bulk'],
      ['Message-ID', messageId],
      ['Date', formatDate(at)],
    ],
    unique: '',
  });
}
