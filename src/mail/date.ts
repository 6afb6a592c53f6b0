/**
 * RFC 5322 §3.3 date in UTC, two-digit day as SES writes it: `Tue, 01 Sep 2026 10:00:00 +0000`.
 * `at` in milliseconds since 1970.
 */
export function formatDate(at: number): string {
  return `${new Date(at).toUTCString().slice(0, -'GMT'.length)}+0000`;
}
