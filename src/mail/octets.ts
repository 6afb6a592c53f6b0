/** The octets that mail formats turn on (RFC 5322 §2.2). */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const COLON = 0x3a;
export const DEL = 0x7f;

/** Octets between two line ends: what a mail system must pass (RFC 5322 §2.1.1). 1,000 with the CRLF, as SES counts. */
export const MAX_LINE = 998;

/** Octets that a line of a header should not exceed (RFC 5322 §2.1.1). */
export const PREFERRED_LINE = 78;

export const CRLF = Buffer.from('\r\n', 'latin1');

export function isBlank(octet: number): boolean {
  return octet === SPACE || octet === TAB;
}
