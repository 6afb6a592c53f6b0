import type { MailExchanger } from './dns.ts';

/** Resource records (RFC 1035 §3.2), as many types as a mail server has to serve. Names without a final dot. */
export type ResourceRecord = RecordOf & {
  /** Seconds that an answer may be kept. */
  readonly ttl: number;
};

/** What a record says, at a name. */
export type RecordOf = RecordData & { readonly name: string };

export type RecordData =
  /** A TXT of any length; its strings of 255 octets are the codec's business. */
  | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'TXT'; readonly data: string }
  | { readonly type: 'MX'; readonly data: MailExchanger }
  | { readonly type: 'SOA'; readonly data: StartOfAuthority };

export interface StartOfAuthority {
  readonly server: string;
  /** Mailbox with a dot for its @. */
  readonly mailbox: string;
  readonly serial: number;
  /** Seconds that a no may be kept (RFC 2308 §4). */
  readonly minimum: number;
}

export interface Question {
  /** In lower case, without a final dot; `.` is the root. */
  readonly name: string;
  /** `TXT`, `MX`, …; `UNKNOWN_<number>` for one that has no name here. */
  readonly type: string;
}

/** What a server that speaks for its zones says; anything outside of them is refused. */
export type Verdict =
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'answered';
      /** Whether the name (or one beneath it) is there; it may be without records of the type. */
      readonly exists: boolean;
      readonly answers: readonly ResourceRecord[];
      /** Of the zone: where there is no answer it tells how long that may be believed. */
      readonly authority: readonly ResourceRecord[];
    };
