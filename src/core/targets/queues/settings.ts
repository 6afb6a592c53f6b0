import { formatArn, parseArn } from '../../../base/arn.ts';
import type { Scope } from '../../../storage/ports.ts';

/** A queue's name within its account and region. */
export type QueueRef = Scope & { readonly name: string };

/** SQS's ranges and defaults; times in seconds. */
export interface QueueSettings {
  /** Before a message shows first: 0 to 900. */
  readonly delay: number;
  /** Octets of a message: 1,024 to 1,048,576. */
  readonly largest: number;
  /** How long a message is kept: 60 to 1,209,600. */
  readonly retention: number;
  /** How long a receive waits that does not say: 0 to 20. */
  readonly wait: number;
  /** How long a message is hidden from others once it is received: 0 to 43,200. */
  readonly visibility: number;
  /** Where messages go that were received so often and never deleted. */
  readonly redrive?: { readonly queue: string; readonly receives: number } | undefined;
  /** In the order of sending by group, and nothing twice within five minutes. */
  readonly ordered?: { readonly deduplicateByContent: boolean } | undefined;
  /** What is kept and shown and changes nothing here, by its name on the wire: policies. */
  readonly kept: Readonly<Record<string, string>>;
}

export const defaultSettings: QueueSettings = {
  delay: 0,
  largest: 1_048_576,
  retention: 345_600,
  wait: 0,
  visibility: 30,
  kept: {},
};

export const ranges = {
  delay: [0, 900],
  largest: [1_024, 1_048_576],
  retention: [60, 1_209_600],
  wait: [0, 20],
  visibility: [0, 43_200],
} as const satisfies Partial<Record<keyof QueueSettings, readonly [number, number]>>;

export function queueArn({ account, region, name }: QueueRef): string {
  return formatArn({ service: 'sqs', region, account, resource: name });
}

/** Nothing where the ARN is none of a queue. */
export function queueOfArn(arn: string): QueueRef | undefined {
  const parsed = parseArn(arn);
  if (parsed?.service !== 'sqs') return undefined;
  return { account: parsed.account, region: parsed.region, name: parsed.resource };
}
