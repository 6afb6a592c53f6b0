import type { HeaderField } from './header-fields.ts';

/** Fields that SES accepts at most once (SES: header fields). To, Cc, Bcc and Received are not among them. */
const singleFields: ReadonlySet<string> = new Set(
  `Accept-Language acceptLanguage Archived-At Auto-Submitted Bounces-to Comments Content-Alternative Content-Base
  Content-Class Content-Description Content-Disposition Content-Duration Content-ID Content-Language Content-Length
  Content-Location Content-MD5 Content-Transfer-Encoding Content-Type Date Delivered-To
  Disposition-Notification-Options Disposition-Notification-To DKIM-Signature DomainKey-Signature Errors-To From
  Importance In-Reply-To Keywords List-Archive List-Help List-Id List-Owner List-Post List-Subscribe List-Unsubscribe
  Message-Context Message-ID MIME-Version Organization Original-From Original-Message-ID Original-Recipient
  Original-Subject Precedence Priority References Reply-To Return-Path Return-Receipt-To Sender Solicitation
  Sensitivity Subject Thread-Index Thread-Topic User-Agent VBR-Info`
    .toLowerCase()
    .split(/\s+/),
);

/** The name, as spelt where it is repeated, of the first field that stands twice but may stand once. */
export function duplicateSingleField(fields: readonly Pick<HeaderField, 'name' | 'key'>[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, key } of fields) {
    if (!singleFields.has(key)) continue;
    if (seen.has(key)) return name;
    seen.add(key);
  }
  return undefined;
}
