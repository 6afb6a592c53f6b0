import { Refusal } from '../../base/refusal.ts';
import type { FilterPolicy, FilterScope } from './filter-policy.ts';
import { queueOfArn } from './queues/settings.ts';

export const protocols = ['http', 'https', 'sqs', 'email', 'email-json'] as const;
export type Protocol = (typeof protocols)[number];

export interface Subscription {
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  /** A URL, the ARN of a queue, or a mail address. */
  readonly endpoint: string;
  readonly confirmed: boolean;
  readonly token: string;
  /** Civil milliseconds: when its token was made. */
  readonly asked: number;
  readonly settings: SubscriptionSettings;
}

export interface SubscriptionSettings {
  /** The message itself is brought, without the envelope around it. */
  readonly raw: boolean;
  readonly filter?: FilterPolicy | undefined;
  readonly filterScope: FilterScope;
  /** The link in what is brought does not end it. */
  readonly signedUnsubscribe: boolean;
  /** What is kept and shown and changes nothing here, by its name on the wire. */
  readonly kept: Readonly<Record<string, string>>;
}

export const defaultSubscription: SubscriptionSettings = {
  raw: false,
  filterScope: 'attributes',
  signedUnsubscribe: false,
  kept: {},
};

/** SNS's own words for an endpoint that its protocol cannot reach. */
export function checkEndpoint(protocol: Protocol, endpoint: string, account: string): void {
  const refuse = (text: string) => {
    throw new Refusal('invalid-parameter', `Invalid parameter: ${text}`);
  };
  switch (protocol) {
    case 'http':
    case 'https':
      if (!URL.canParse(endpoint) || new URL(endpoint).protocol !== `${protocol}:`) {
        refuse('Endpoint must match the specified protocol');
      }
      return;
    case 'sqs': {
      const queue = queueOfArn(endpoint);
      if (!queue) refuse('SQS endpoint ARN');
      if (queue!.account !== account) refuse('SQS endpoint ARN: queues of other accounts cannot be reached');
      if (queue!.name.endsWith('.fifo'))
        refuse('Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics');
      return;
    }
    default:
      if (!/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(endpoint)) refuse('Email address');
  }
}

/** Whoever owns a queue has no link to follow: its account subscribed it. */
export const confirmsItself = (protocol: Protocol) => protocol === 'sqs';

export const mayBeRaw = (protocol: Protocol) => protocol !== 'email' && protocol !== 'email-json';
