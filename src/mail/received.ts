import { formatDate } from './date.ts';

/** What the MX door knows of one transaction. The texts come from a stranger and are cleaned here. */
export interface Reception {
  /** MAIL FROM, empty for `<>`. */
  readonly returnPath: string;
  /** What the peer called itself in EHLO. */
  readonly helo: string;
  /** What reverse DNS calls the peer, confirmed by forward DNS. */
  readonly peerName?: string | undefined;
  readonly peerIp: string;
  /** Our own name: `inbound-smtp.us-east-1.amazonaws.com`. */
  readonly host: string;
  readonly messageId: string;
  readonly recipient: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Return-Path and Received (RFC 5321 §4.4), in the very form of SES, with CRLF after each. */
export function traceFields(reception: Reception): string {
  const { returnPath, helo, peerName, peerIp, host, messageId, recipient, at } = reception;
  const peer = `${clean(peerName ?? 'unknown')} [${peerIp.includes(':') ? 'IPv6:' : ''}${clean(peerIp)}]`;
  return (
    `Return-Path: <${clean(returnPath)}>\r\n` +
    `Received: from ${clean(helo)} (${peer})\r\n` +
    ` by ${host} with SMTP id ${messageId}\r\n` +
    ` for ${clean(recipient)};\r\n` +
    ` ${formatDate(at)} (UTC)\r\n`
  );
}

/** Results of the checks on a received message. */
export interface Verdicts {
  /** `PASS`, `FAIL`, `GRAY`, `PROCESSING_FAILED`; absent when nothing scanned. */
  readonly spam?: string | undefined;
  readonly virus?: string | undefined;
  /** Who sent it, each in the words of Authentication-Results (RFC 8601 §2.7); absent when it was not found out. */
  readonly found?: Found | undefined;
  /** Who says so: `amazonses.com`. */
  readonly authority: string;
}

interface Found {
  readonly spf: {
    readonly result: string;
    /** `domain of example.org designates 198.51.100.7 as permitted sender`. */
    readonly explanation: string;
    readonly peerIp: string;
    readonly envelopeFrom: string;
    readonly helo: string;
  };
  /** One a signature; without any the result is `none`. */
  readonly dkim: readonly { readonly result: string; readonly domain: string }[];
  readonly dmarc: { readonly result: string; readonly domain: string };
  /** Told unless it is `none` (RFC 8617 §10.1). */
  readonly arc?: string | undefined;
}

/** X-SES-Spam-Verdict to Authentication-Results, in the very form of SES, with CRLF after each. */
export function verdictFields({ spam, virus, found, authority }: Verdicts): string {
  return (
    (spam ? `X-SES-Spam-Verdict: ${spam}\r\n` : '') +
    (virus ? `X-SES-Virus-Verdict: ${virus}\r\n` : '') +
    (found ? authenticationFields(found, authority) : '')
  );
}

function authenticationFields({ spf, dkim, dmarc, arc = 'none' }: Found, authority: string): string {
  const spfText =
    `${spf.result} (spfCheck: ${clean(spf.explanation)}) client-ip=${clean(spf.peerIp)};` +
    ` envelope-from=${clean(spf.envelopeFrom)}; helo=${clean(spf.helo)};`;
  const signatures = dkim.map(({ result, domain }) => ` dkim=${result} header.i=@${clean(domain)};\r\n`);
  return (
    `Received-SPF: ${spfText}\r\n` +
    `Authentication-Results: ${authority};\r\n` +
    ` spf=${spfText}\r\n` +
    (signatures.length > 0 ? signatures.join('') : ' dkim=none;\r\n') +
    (arc === 'none' ? '' : ` arc=${arc};\r\n`) +
    ` dmarc=${dmarc.result} header.from=${clean(dmarc.domain)};\r\n`
  );
}

/** Longer than any name or address may be (RFC 5321 §4.5.3.1); keeps a line below 998. */
const MAX_TEXT = 320;

/** Nothing from outside ends a line, a comment or an address, or passes for another clause. */
function clean(text: string): string {
  return text.slice(0, MAX_TEXT).replace(/[^ -~]|[()<>;\\]/g, '?');
}
