import type { SignedTokens } from '../../base/signed-token.ts';
import type { Scope } from '../../storage/ports.ts';

/** What a mailed link stands for: whose address is proved by following it. */
export interface VerificationLink {
  readonly scope: Scope;
  readonly address: string;
  /** The identity knows its own links by it. */
  readonly id: string;
  /** Civil milliseconds. */
  readonly expires: number;
  /** Custom verification template with which it was sent. */
  readonly template?: string | undefined;
}

/** Where the links lead; no bucket has so short a name. */
export const VERIFICATION_PATH = '/v/';

/** In the letters of a URL. `base`: how the world reaches our HTTP door. */
export function verificationUrl(base: string, tokens: SignedTokens, link: VerificationLink): string {
  const { scope, address, id, expires, template = '' } = link;
  const token = tokens.sign([scope.account, scope.region, address, id, String(expires), template]);
  return `${base.replace(/\/+$/, '')}${VERIFICATION_PATH}${token}`;
}

/** Nothing where the token was not made here. */
export function readVerificationToken(tokens: SignedTokens, token: string): VerificationLink | undefined {
  const [account, region, address, id, expires, template] = tokens.read(token) ?? [];
  if (account === undefined || region === undefined || address === undefined) return undefined;
  if (id === undefined || expires === undefined) return undefined;
  return { scope: { account, region }, address, id, expires: Number(expires), ...(template && { template }) };
}
