import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** Of the selectors that we make, as SES's are. */
export const SELECTOR_ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** SES takes the base64 of a PKCS#1 or PKCS#8 key without its header, footer and line breaks. */
export function pemOf(privateKey: string): string {
  if (privateKey.includes('-----BEGIN')) return privateKey;
  const lines = privateKey.replace(/\s+/g, '').match(/.{1,64}/g) ?? [];
  const pem = (label: string) => `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
  return rsaBits(pem('PRIVATE KEY')) === undefined ? pem('RSA PRIVATE KEY') : pem('PRIVATE KEY');
}

export function rsaBits(pem: string): number | undefined {
  try {
    const key = createPublicKey(createPrivateKey(pem));
    return key.asymmetricKeyType === 'rsa' ? key.asymmetricKeyDetails?.modulusLength : undefined;
  } catch {
    // Not a key: the caller words the refusal.
    return undefined;
  }
}

/** What p= of a key's DNS record is: base64 of its SubjectPublicKeyInfo (RFC 6376 §3.6.1). */
export function publicPart(privateKey: KeyObject | string): string {
  const key = typeof privateKey === 'string' ? createPrivateKey(privateKey) : privateKey;
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).toString('base64');
}
