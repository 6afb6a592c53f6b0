/** Who calls an operation, and from where. In `open` mode the account is taken at its word. */
export interface Caller {
  /** Twelve digits. */
  readonly account: string;
  readonly region: string;
  /** Empty where the request carried none (`open` mode only). */
  readonly accessKeyId: string;
  /** Of the user or the account's root. */
  readonly arn: string;
  readonly sourceIp: string;
  readonly userAgent: string;
  readonly requestId: string;
  /** Of SES's API. */
  readonly apiVersion?: '1' | '2' | undefined;
  /** It came over TLS. */
  readonly secure: boolean;
  /** Fires when the client goes away before it has its answer. */
  readonly gone: AbortSignal;
}
