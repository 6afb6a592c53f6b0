import type { NotificationSettings } from './notifications.ts';
import type { Policies } from './policies.ts';

export type IdentityStatus = 'pending' | 'success' | 'failed' | 'temporary-failure';

export interface Dkim {
  /** `easy`: three tokens and a key of ours; `own`: the customer's selector and key. */
  readonly origin: 'easy' | 'own';
  /** Easy: the three tokens; own: the one selector. */
  readonly tokens: readonly string[];
  readonly signing: boolean;
  readonly bits: number;
  /** Civil milliseconds. */
  readonly generated: number;
}

/** What is kept of an identity beside the columns that are searched. */
export interface IdentityDocument {
  readonly dkim?: Dkim | undefined;
  /** Value of the `_amazonses` TXT record (v1 domain verification). */
  readonly verificationToken?: string | undefined;
  /** Of an address: links that were mailed and can still be followed, the newest last; civil milliseconds. */
  readonly links?: readonly { readonly id: string; readonly expires: number }[] | undefined;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  /** Of mail that names none; may have been removed since. */
  readonly configurationSet?: string | undefined;
  readonly policies?: Policies | undefined;
  readonly notifications?: NotificationSettings | undefined;
}

export interface Identity extends IdentityDocument {
  readonly name: string;
  readonly type: 'address' | 'domain';
  readonly status: IdentityStatus;
  /** Civil milliseconds. */
  readonly created: number;
}
