import type { Letter } from '../../mail/compose.ts';
import type { Attachment } from '../../mail/enclosure.ts';
import type { Caller } from '../accounts/accounts.ts';
import type { Tag } from '../messages/messages.ts';
import type { Choice } from '../templates/templates.ts';

/** Mail that somebody wants sent, through whichever door it came. Addresses are as the caller wrote them. */
export interface Submission {
  readonly caller: Caller;
  /** SES's name for it: `SendEmail`, `SendRawEmail`, `SendTemplatedEmail`, `SendSmtpEmail`. */
  readonly operation: string;
  readonly sourceIp: string;
  readonly mail: FormattedMail | RawMail | TemplatedMail;
  /** Octets of the whole message at most. */
  readonly sizeLimit: number;
  /** Wins over the X-SES header of raw mail. */
  readonly configurationSet?: string | undefined;
  readonly tags?: readonly Tag[] | undefined;
  readonly identityArns?: IdentityArns | undefined;
  /** Whether opens and clicks are told, whatever its set says; where it is not given its set decides. */
  readonly tracking?: { readonly opens?: boolean | undefined; readonly clicks?: boolean | undefined } | undefined;
  /** Done once nothing refuses it, before it is accepted. */
  readonly beforeAccept?: (() => Promise<void>) | undefined;
  /** Wins over the X-SES field of raw mail. */
  readonly tenant?: string | undefined;
  /** Wins over the X-SES field of raw mail. */
  readonly list?: ListChoice | undefined;
}

/** A submission but for its letter. */
export type Occasion = Omit<Submission, 'mail' | 'sizeLimit'>;

/** The contact list that it is sent to, or one topic of it (SES: ListManagementOptions). */
export interface ListChoice {
  readonly list: string;
  readonly topic?: string | undefined;
}

/**
 * Identities in whose name it is sent where they are another account's (SES: delegate sending). Each wins over the X-SES
 * field of raw mail that says the same.
 */
export interface IdentityArns {
  /** Of the envelope sender, and of the other two where they have none. */
  readonly source?: string | undefined;
  /** Of the From field. */
  readonly from?: string | undefined;
  readonly returnPath?: string | undefined;
}

/** Who writes to whom, and the author's own fields. */
export interface Envelope {
  readonly from: string;
  readonly to: readonly string[];
  readonly cc: readonly string[];
  readonly bcc: readonly string[];
  readonly replyTo: readonly string[];
  /** Where feedback goes, if not to From. */
  readonly returnPath?: string | undefined;
  readonly fields?: Letter['fields'];
}

export type GivenAttachment = Omit<Attachment, 'contentType' | 'disposition'> & {
  /** By the extension of the file name where it is not given. */
  readonly contentType?: string | undefined;
  readonly disposition?: Attachment['disposition'] | undefined;
};

/** Parts of a letter that we compose. */
export interface FormattedMail extends Envelope {
  readonly kind: 'formatted';
  readonly subject: Letter['subject'];
  readonly text?: Letter['text'];
  readonly html?: Letter['html'];
  readonly attachments?: readonly GivenAttachment[] | undefined;
}

/** A letter that a template makes of data. */
export interface TemplatedMail extends Envelope {
  readonly kind: 'templated';
  readonly template: Choice;
  readonly attachments?: readonly GivenAttachment[] | undefined;
  /** A JSON text, as it came. */
  readonly data?: string | undefined;
}

/** A whole message. */
export interface RawMail {
  readonly kind: 'raw';
  readonly content: Buffer;
  /** Envelope sender (v1 Source, SMTP MAIL FROM); the From field where it is not given. */
  readonly from?: string | undefined;
  /** Envelope recipients; To, Cc and Bcc of the header where they are not given. */
  readonly recipients?: readonly string[] | undefined;
  /** Where feedback goes, if not to the envelope sender. */
  readonly returnPath?: string | undefined;
  /** In place of the Reply-To field of the message, where there are any. */
  readonly replyTo?: readonly string[] | undefined;
}
