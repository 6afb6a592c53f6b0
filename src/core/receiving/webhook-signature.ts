import { createHmac } from 'node:crypto';

/**
 * `Sesame-Signature: t=<seconds since 1970>,v1=<hex>`: HMAC-SHA256, with the secret of the webhook, over `<t>.<body>`. Who
 * is posted to computes it again, and takes nothing whose time is minutes off (a replay). Each try is signed anew.
 */
export function signedHeaders({ body, secret, seconds }: { body: string; secret: string; seconds: number }) {
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Sesame',
    'sesame-signature': `t=${seconds},v1=${signature}`,
  };
}
