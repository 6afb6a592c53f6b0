/**
 * Opaque tokens of paged lists: bound to the list (`pagedList`), so that the token of one is refused by another. They tell a
 * place that the caller has seen already, so there is nothing to hide in them.
 */

/** The list of one kind of things in an account and region. */
export function pagedList(kind: string, { account, region }: { readonly account: string; readonly region: string }) {
  return `${kind} ${account} ${region}`;
}

export function pageToken(kind: string, place: string): string {
  return Buffer.from(JSON.stringify([kind, place])).toString('base64url');
}

/** Nothing where it is no token of that kind. */
export function readPageToken(kind: string, token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (Array.isArray(value) && value[0] === kind && typeof value[1] === 'string') return value[1];
  } catch {
    // Not one of ours: the caller words the refusal.
  }
  return undefined;
}
