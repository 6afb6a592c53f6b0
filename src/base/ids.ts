import type { Clock } from './clock.ts';
import { type Random, randomText } from './random.ts';

/**
 * The first four hex digits of a message id name the region (observed: us-east-1, us-west-2, eu-west-1, ap-northeast-1,
 * ap-southeast-2, ap-south-1; the rest is our choice among unused codes, so that an id still tells its region).
 */
const regionCodes: Readonly<Record<string, string>> = {
  'us-east-1': '0100',
  'us-west-2': '0101',
  'eu-west-1': '0102',
  'ap-northeast-1': '0106',
  'eu-central-1': '0107',
  'ap-southeast-2': '0108',
  'ap-south-1': '0109',
};
const otherRegion = '01ff';

/** SES's outgoing message id and feedbackId: `<4 hex region><12 hex milliseconds>-<UUID>-000000`, 60 characters. */
export function outgoingMessageId(region: string, clock: Clock, random: Random): string {
  const time = clock.civil().toString(16).padStart(12, '0');
  return `${regionCodes[region] ?? otherRegion}${time}-${random.uuid()}-000000`;
}

/** When an outgoing message id was made, in milliseconds since 1970; nothing for what is none. */
export function timeOfMessageId(id: string): number | undefined {
  const [, time] = /^[0-9a-f]{4}([0-9a-f]{12})-[0-9a-f-]{36}-0{6}$/.exec(id) ?? [];
  return time === undefined ? undefined : Number.parseInt(time, 16);
}

/** SES's inbound message id: 40 characters of 0-9a-v. */
export function inboundMessageId(random: Random): string {
  return randomText(random, '0123456789abcdefghijklmnopqrstuv', 40);
}

/** Ids that sort by the time of their making: 9 base-36 digits of milliseconds, 4 of a counter, 7 of chance. */
export class TimeOrderedIds {
  readonly #clock: Clock;
  readonly #process: string;
  #last = 0;
  #count = 0;

  constructor(clock: Clock, random: Random) {
    this.#clock = clock;
    this.#process = randomText(random, '0123456789abcdefghijklmnopqrstuvwxyz', 7);
  }

  next(): string {
    const now = Math.max(this.#clock.civil(), this.#last);
    this.#count = now === this.#last ? this.#count + 1 : 0;
    this.#last = now;
    return now.toString(36).padStart(9, '0') + this.#count.toString(36).padStart(4, '0') + this.#process;
  }
}
