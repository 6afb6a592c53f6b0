import { createHmac } from 'node:crypto';

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

/**
 * The password of the SMTP interface: derived from the secret access key and the region, so one key has another password
 * in each region. 44 characters, the first a `B` (SES developer guide: smtp-credentials).
 */
export function smtpPassword(secretAccessKey: string, region: string): string {
  const signature = ['11111111', region, 'ses', 'aws4_request', 'SendRawEmail'].reduce<string | Buffer>(
    hmac,
    `AWS4${secretAccessKey}`,
  );
  return Buffer.concat([Buffer.of(0x04), signature as Buffer]).toString('base64');
}

/** The form of before 2019-01-10: no region, the first letter an `A`. */
export function regionlessSmtpPassword(secretAccessKey: string): string {
  return Buffer.concat([Buffer.of(0x02), hmac(secretAccessKey, 'SendRawEmail')]).toString('base64');
}
