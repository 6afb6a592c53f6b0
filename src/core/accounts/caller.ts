/** Who calls, for which account and region, and what conditions of policies may ask of the request. */
export interface Caller {
  readonly account: string;
  readonly region: string;
  /** `arn:aws:iam::<account>:root` or `…:user/<path><name>`. */
  readonly arn: string;
  readonly sourceIp?: string | undefined;
  readonly userAgent?: string | undefined;
  /** Of SES's API, `2` for the SMTP interface; nothing for other services. */
  readonly apiVersion?: '1' | '2' | undefined;
  /** It came over TLS. */
  readonly secure?: boolean | undefined;
}

/** The name of the user who calls; nothing for the account's root. */
export function userNameOf({ arn }: Pick<Caller, 'arn'>): string | undefined {
  return /:user\/(?:.*\/)?([^/]+)$/.exec(arn)?.[1];
}
