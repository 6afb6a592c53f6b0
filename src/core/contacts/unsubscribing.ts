import type { SignedTokens } from '../../base/signed-token.ts';
import type { Scope } from '../../storage/ports.ts';

/** What a link in a message stands for: who leaves what. */
export interface UnsubscribeLink {
  readonly scope: Scope;
  readonly list: string;
  /** All mail of the list where there is none. */
  readonly topic?: string | undefined;
  readonly address: string;
  readonly messageId: string;
}

/**
 * In the letters of a URL. With the longest address (320), names (64) and id it has about 800, so that a header line
 * with it stays under 998.
 */
export function unsubscribeToken(tokens: SignedTokens, link: UnsubscribeLink): string {
  const { scope, list, topic = '', address, messageId } = link;
  return tokens.sign([scope.account, scope.region, list, topic, address, messageId]);
}

/** Nothing where the token was not made here. */
export function readUnsubscribeToken(tokens: SignedTokens, token: string): UnsubscribeLink | undefined {
  const [account, region, list, topic, address, messageId] = tokens.read(token) ?? [];
  if (account === undefined || region === undefined || list === undefined) return undefined;
  if (address === undefined || messageId === undefined) return undefined;
  return { scope: { account, region }, list, ...(topic && { topic }), address, messageId };
}

/** Where the links lead; no bucket has so short a name. */
export const UNSUBSCRIBE_PATH = '/u/';

/** `base`: how the world reaches our HTTP door, without a slash at its end. */
export function unsubscribeUrl(base: string, token: string): string {
  return `${base.replace(/\/+$/, '')}${UNSUBSCRIBE_PATH}${token}`;
}

/**
 * The two header fields, in their order (RFC 2369 §3.2, RFC 8058 §3.1). `mailbox` takes the token as the subject of a
 * mail; leave it out where nobody reads it. A long value has a space to be folded at.
 */
export function unsubscribeFields(
  url: string,
  mail?: { mailbox: string; token: string },
): [name: string, value: string][] {
  const mailto = mail && `<mailto:${mail.mailbox}?subject=${mail.token}>`;
  return [
    ['List-Unsubscribe', [`<${url}>`, ...(mailto ? [mailto] : [])].join(', ')],
    ['List-Unsubscribe-Post', 'List-Unsubscribe=One-Click'],
  ];
}

const PLACEHOLDER = '{{amazonSESUnsubscribeUrl}}';
/** SES: subscription management. */
const MOST_PLACEHOLDERS = 2;

/** Of one part, text or HTML; the placeholders beyond the second stay. */
export function withUnsubscribeUrl(text: string, url: string): string {
  const pieces = text.split(PLACEHOLDER);
  const replaced = pieces.slice(0, MOST_PLACEHOLDERS + 1).join(url);
  return [replaced, ...pieces.slice(MOST_PLACEHOLDERS + 1)].join(PLACEHOLDER);
}
