import type { Scope } from '../../storage/ports.ts';

/** What a review is about: leaving the sandbox, or more of one quota. One about a subject is open at a time. */
export type Subject = 'production-access' | 'per-day' | 'per-second';

/** `asked`: the reviewer wants to know more, and waits. The last two are final. */
export type Status = 'pending' | 'asked' | 'granted' | 'denied';

export const openStatuses: readonly Status[] = ['pending', 'asked'];

/** In recipients; what is not named stays as it is. */
export interface Wanted {
  readonly perDay?: number | undefined;
  readonly perSecond?: number | undefined;
}

/** What an account says of itself (SES: PutAccountDetails). */
export interface AccountDetails {
  readonly mailType: 'marketing' | 'transactional';
  readonly website: string;
  readonly language?: 'en' | 'ja' | undefined;
  readonly useCase?: string | undefined;
  readonly contacts: readonly string[];
}

/** One thing said in a case. */
export interface Remark {
  readonly by: 'applicant' | 'reviewer';
  /** Civil milliseconds. */
  readonly at: number;
  readonly text: string;
}

export interface Review extends Scope {
  /** 15 digits. */
  readonly caseId: string;
  /** Of the request for a higher quota. */
  readonly requestId: string;
  readonly subject: Subject;
  readonly status: Status;
  /** Civil milliseconds. */
  readonly created: number;
  readonly updated: number;
  /** Who asked. */
  readonly applicantArn: string;
  readonly wanted: Wanted;
  /** Where it is about production access. */
  readonly details?: AccountDetails | undefined;
  readonly remarks: readonly Remark[];
}

export type Decision =
  | ({ readonly kind: 'grant'; readonly reason?: string | undefined } & Wanted)
  | { readonly kind: 'deny' | 'ask'; readonly reason: string | undefined };
