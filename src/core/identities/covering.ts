/** A domain and its parents down to the one below the root: `a.b.example.com`, `b.example.com`, `example.com`. */
export function domainChain(domain: string): string[] {
  const labels = domain.toLowerCase().split('.');
  return labels.slice(0, Math.max(1, labels.length - 1)).map((_, i) => labels.slice(i).join('.'));
}

/** Local part as given (SES compares it with case), domain in lower case. */
export function identityName(address: string): string {
  const at = address.lastIndexOf('@');
  return at < 0 ? address.toLowerCase() : address.slice(0, at) + address.slice(at).toLowerCase();
}

/**
 * The names whose verification covers an address, the most specific first: the address, the address without its plus
 * label, its domain, every parent of that domain (SES: creating-identities).
 */
export function coveringNames(address: string): string[] {
  const name = identityName(address);
  const at = name.lastIndexOf('@');
  const local = name.slice(0, at);
  const domain = name.slice(at + 1);
  const plus = local.indexOf('+');
  const base = plus > 0 ? [`${local.slice(0, plus)}@${domain}`] : [];
  return [name, ...base, ...domainChain(domain)];
}

/** Of an address, or the domain itself; in lower case. */
export const domainOf = (name: string): string => name.slice(name.lastIndexOf('@') + 1).toLowerCase();
