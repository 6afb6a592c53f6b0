import type { Bounce } from '../events/events.ts';

/** What a peer, or the way to it, said of one recipient. */
export interface Answer {
  /** SMTP reply code; nothing when there was no reply (no connection, no DNS). */
  readonly code?: number | undefined;
  /** The reply without its code, or our words for what happened. */
  readonly text: string;
}

export type Verdict =
  | { readonly kind: 'delivered'; readonly status: string }
  /** Try again later. */
  | { readonly kind: 'deferred'; readonly status: string }
  /** Never try again. */
  | { readonly kind: 'bounced'; readonly status: string; readonly bounce: Bounce };

/** Enhanced status codes that name SES's sub-types (RFC 3463 §3; IANA registry), whatever their class. */
const subTypes: readonly (readonly [code: RegExp, subType: Bounce['subType']])[] = [
  [/^\d\.2\.2$/, 'MailboxFull'],
  [/^\d\.(2\.3|3\.4)$/, 'MessageTooLarge'],
  [/^5\.1\.[136]$/, 'General'],
  [/^\d\.(6|7)\.\d+$/, 'ContentRejected'],
];

/** SES counts these as soft even when the peer's reply is final: the address itself is not known to be bad. */
const softSubTypes: ReadonlySet<Bounce['subType']> = new Set(['MailboxFull', 'MessageTooLarge', 'ContentRejected']);

/** Pure: a 2xx is delivered, a 5xx is a bounce, everything else is tried again (RFC 5321 §4.2.1). */
export function classify({ code, text }: Answer): Verdict {
  const enhanced = /^([245]\.\d{1,3}\.\d{1,3})(?:\s|$)/.exec(text)?.[1];
  if (code !== undefined && code >= 200 && code < 300) return { kind: 'delivered', status: enhanced ?? '2.0.0' };
  if (code === undefined || code < 500) return { kind: 'deferred', status: enhanced ?? '4.0.0' };
  const status = enhanced ?? '5.0.0';
  const subType = subTypes.find(([pattern]) => pattern.test(status))?.[1] ?? 'General';
  return { kind: 'bounced', status, bounce: { type: softSubTypes.has(subType) ? 'Transient' : 'Permanent', subType } };
}

/** After the last try: SES's words, with the peer's last answer between angle brackets. */
export function expired(last: Answer, minutes: number): Answer & { readonly bounce: Bounce; readonly status: string } {
  const words = last.code === undefined ? last.text : `${last.code} ${last.text}`;
  return {
    code: 554,
    text: `4.4.7 Message expired: unable to deliver in ${minutes} minutes.<${words}>`,
    status: '4.4.7',
    bounce: { type: 'Transient', subType: 'General' },
  };
}
