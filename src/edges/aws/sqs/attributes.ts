/** A queue's attributes as SQS names them, from and to the settings of the house. */
import { Refusal } from '../../../base/refusal.ts';
import { type Queue, type QueueSettings, ranges } from '../../../core/targets/targets.ts';

type Attributes = Readonly<Record<string, string>>;
type Changes = Partial<QueueSettings>;

const numbers = {
  DelaySeconds: 'delay',
  MaximumMessageSize: 'largest',
  MessageRetentionPeriod: 'retention',
  ReceiveMessageWaitTimeSeconds: 'wait',
  VisibilityTimeout: 'visibility',
} as const;
type NumberName = keyof typeof numbers;

/** Kept and shown; nothing here acts on them. */
const kept = ['Policy', 'RedriveAllowPolicy', 'SqsManagedSseEnabled', 'DeduplicationScope', 'FifoThroughputLimit'];
const readOnly = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesDelayed',
  'ApproximateNumberOfMessagesNotVisible',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
  'QueueArn',
];

/** What is set by these attributes; an empty value takes back what has no default. */
export function changesBy(attributes: Attributes, before: QueueSettings): Changes {
  const changes: { -readonly [Name in keyof QueueSettings]?: QueueSettings[Name] } = {};
  const others: Record<string, string> = { ...before.kept };
  for (const [name, value] of Object.entries(attributes)) {
    if (name in numbers) changes[numbers[name as NumberName]] = numberOf(name as NumberName, value);
    else if (kept.includes(name)) {
      if (value === '') delete others[name];
      else others[name] = name === 'Policy' ? jsonText(name, value) : value;
    } else if (name === 'RedrivePolicy') changes.redrive = redriveOf(value);
    else if (name === 'FifoQueue') continue;
    else if (name === 'ContentBasedDeduplication') {
      if (!before.ordered) throw new Refusal('invalid-attribute-name', `Unknown Attribute ${name}.`);
      changes.ordered = { deduplicateByContent: value === 'true' };
    } else if (name === 'KmsMasterKeyId' || name === 'KmsDataKeyReusePeriodSeconds') {
      if (value !== '') throw new Refusal('not-built', `${name}: keys of KMS are not built yet`);
    } else throw new Refusal('invalid-attribute-name', `Unknown Attribute ${name}.`);
  }
  return { ...changes, kept: others };
}

function numberOf(name: NumberName, value: string): number {
  const [least, most] = ranges[numbers[name]];
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new Refusal('invalid-attribute-value', `Invalid value for the parameter ${name}.`);
}

function jsonText(name: string, value: string): string {
  try {
    JSON.parse(value);
    return value;
  } catch {
    throw new Refusal('invalid-attribute-value', `Invalid value for the parameter ${name}.`);
  }
}

function redriveOf(text: string): QueueSettings['redrive'] {
  if (text === '') return undefined;
  const { deadLetterTargetArn: queue, maxReceiveCount } = JSON.parse(jsonText('RedrivePolicy', text)) ?? {};
  const receives = Number(maxReceiveCount);
  if (typeof queue !== 'string' || !Number.isInteger(receives) || receives < 1 || receives > 1_000) {
    const reason = 'Redrive policy must have deadLetterTargetArn and a maxReceiveCount from 1 to 1000.';
    throw new Refusal('invalid-parameter', `Value ${text} for parameter RedrivePolicy is invalid. Reason: ${reason}`);
  }
  return { queue, receives };
}

type Counts = { readonly visible: number; readonly inFlight: number; readonly delayed: number };

/** All that a queue has, in SQS's spelling; times in seconds. */
export function attributesOf({ arn, settings, created, updated }: Queue, counts: Counts): Record<string, string> {
  const { redrive, ordered } = settings;
  const seconds = (time: number) => String(Math.floor(time / 1000));
  return {
    QueueArn: arn,
    ApproximateNumberOfMessages: String(counts.visible),
    ApproximateNumberOfMessagesNotVisible: String(counts.inFlight),
    ApproximateNumberOfMessagesDelayed: String(counts.delayed),
    CreatedTimestamp: seconds(created),
    LastModifiedTimestamp: seconds(updated),
    ...Object.fromEntries(Object.entries(numbers).map(([name, setting]) => [name, String(settings[setting])])),
    ...(redrive && {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: redrive.queue, maxReceiveCount: redrive.receives }),
    }),
    ...(ordered && { FifoQueue: 'true', ContentBasedDeduplication: String(ordered.deduplicateByContent) }),
    SqsManagedSseEnabled: 'true',
    ...settings.kept,
  };
}

/** `All`, or those that are named. */
export function chosen(all: Record<string, string>, names: readonly string[]): Record<string, string> {
  if (names.includes('All')) return all;
  const known = new Set([...Object.keys(all), ...Object.keys(numbers), ...kept, ...readOnly, ...optional]);
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw new Refusal('invalid-attribute-name', `Unknown Attribute ${unknown}.`);
  return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
}

const optional = [
  'RedrivePolicy',
  'FifoQueue',
  'ContentBasedDeduplication',
  'KmsMasterKeyId',
  'KmsDataKeyReusePeriodSeconds',
];
