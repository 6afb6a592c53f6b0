import { isIPv6 } from 'node:net';
import { SECOND } from '../../base/clock.ts';

/** Answers a second over UDP to one network; as many more are shortened to "ask over TCP", the rest gets none. */
export const ANSWERS_PER_SECOND = 200;
/** Networks that are remembered; the one seen longest ago is forgotten. */
const MOST_NETWORKS = 10_000;

type Allowance = 'whole' | 'short' | 'none';

interface Second {
  begun: number;
  answers: number;
}

/**
 * Who asks over UDP may write any sender on the question. What goes to one network is limited, so that we are no lever
 * against it, and those who really ask from there can go on over TCP (BIND: response rate limiting).
 */
export class RateLimit {
  readonly #now: () => number;
  readonly #networks = new Map<string, Second>();

  /** `now` in milliseconds that never move back. */
  constructor(now: () => number) {
    this.#now = now;
  }

  allow(address: string): Allowance {
    const name = networkOf(address);
    const now = this.#now();
    const known = this.#networks.get(name);
    this.#networks.delete(name);
    const current = known && now - known.begun < SECOND ? known : { begun: now, answers: 0 };
    current.answers += 1;
    this.#networks.set(name, current);
    if (this.#networks.size > MOST_NETWORKS) this.#networks.delete(this.#networks.keys().next().value!);
    if (current.answers <= ANSWERS_PER_SECOND) return 'whole';
    return current.answers <= 2 * ANSWERS_PER_SECOND ? 'short' : 'none';
  }
}

/** An IPv4 /24 or an IPv6 /56: what one asker may be taken to hold. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address.split('.').slice(0, 3).join('.');
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address)?.[1];
  if (mapped) return mapped;
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  const groups = [...left, ...Array(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right];
  const octets = groups.slice(0, 4).map((group) => group.padStart(4, '0').toLowerCase());
  return octets.join('').slice(0, 14);
}
