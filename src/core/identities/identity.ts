import type { NotificationSettings } from './notifications.ts';
import type { Policies } from './policies.ts';
import { holds, nextLook, type Proof, type ProofStatus } from './proof.ts';

export type IdentityStatus = ProofStatus;

export interface Dkim {
  /** `easy`: three tokens and keys of ours; `own`: the customer's selector and key. */
  readonly origin: 'easy' | 'own';
  /** Easy: the three tokens; own: the one selector. */
  readonly tokens: readonly string[];
  /** Which of the tokens signs. The one after it signs next, the one before it signed until then. */
  readonly active: number;
  /** Of the key that signs, and of those that are to be made. */
  readonly bits: number;
  readonly nextBits: number;
  /** Civil milliseconds at which the key that signs was made, or given. */
  readonly generated: number;
  /** Easy: civil milliseconds from which the next key signs, once it can be looked up. */
  readonly turn?: number | undefined;
  /** Civil milliseconds of the last wish for another length, and of the last for a shorter one. */
  readonly lengthChanged?: number | undefined;
  readonly shortened?: number | undefined;
  /** Own: base64 of the public key (SubjectPublicKeyInfo), what p= of its record must be. */
  readonly publicKey?: string | undefined;
  readonly proof: Proof;
}

/** A custom MAIL FROM domain: whose envelope sender receivers see. */
export interface MailFrom {
  readonly domain: string;
  /** What happens to mail while the domain is not proved: our own envelope sender, or a refusal. */
  readonly onFailure: 'default' | 'reject';
  readonly proof: Proof;
}

/** What is kept of an identity beside the columns that are searched. */
export interface IdentityDocument {
  /** Of a domain: that it is the caller's. */
  readonly proof?: Proof | undefined;
  readonly dkim?: Dkim | undefined;
  /** Whether mail is signed; where it is not said, as the domain above has it. */
  readonly signing?: boolean | undefined;
  readonly mailFrom?: MailFrom | undefined;
  /** Value of the `_amazonses` TXT record (v1 domain verification). */
  readonly verificationToken?: string | undefined;
  /** Of an address: links that were mailed and can still be followed, the newest last; civil milliseconds. */
  readonly links?: readonly { readonly id: string; readonly expires: number }[] | undefined;
  /** Who spoke for the domain when it was looked at. */
  readonly authority?: { readonly server: string; readonly mailbox: string; readonly serial: number } | undefined;
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

/** Whether mail may be sent, and received, in its name. */
export function isVerified({ status, proof }: Identity): boolean {
  return status === 'success' || (proof !== undefined && holds(proof));
}

/** Civil time at which DNS is asked about it next; nothing where there is nothing to ask. */
export function dueOf({ proof, dkim, mailFrom }: Identity): number | undefined {
  const looks = [proof, dkim?.proof, mailFrom?.proof].map((one) => one && nextLook(one));
  return looks.filter((look) => look !== undefined).sort((a, b) => a - b)[0];
}
