import { Refusal } from '../../../base/refusal.ts';
import type { QueueRef } from '../../../core/targets/targets.ts';
import type { Caller } from '../caller.ts';

/** `http://127.0.0.1:4566/000000000000/orders` */
export function queueUrl(url: string, { account, name }: QueueRef): string {
  return `${url}/${account}/${name}`;
}

/** By whatever name the caller reaches us; the region is the one that the request is signed for. A bare name is read too. */
export function queueOf(url: string, { account, region }: Caller): QueueRef {
  const [, owner = account, name] =
    /^(?:(?:https?:\/\/[^/]+)?\/(?:queue\/)?(\d{12})\/)?([\w-]{1,80}(?:\.fifo)?)$/.exec(url) ?? [];
  // Somebody else's queue looks like none.
  if (name === undefined || owner !== account) {
    throw new Refusal('no-such-queue', 'The specified queue does not exist.');
  }
  return { account, region, name };
}
