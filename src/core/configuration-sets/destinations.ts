import { parseArn } from '../../base/arn.ts';
import { Refusal } from '../../base/refusal.ts';
import type { Scope } from '../../storage/ports.ts';
import type { EventType } from '../events/events.ts';

export interface Dimension {
  readonly name: string;
  readonly source: 'message-tag' | 'email-header' | 'link-tag';
  /** Where the message has no such tag or field. */
  readonly fallback: string;
}

/** Where events of some kinds go; exactly one place. Only topics are published to yet, the others are kept. */
export interface Destination {
  readonly name: string;
  readonly enabled: boolean;
  readonly events: readonly EventType[];
  /** ARN of a topic. */
  readonly topic?: string | undefined;
  /** ARNs of a delivery stream and of the role that may write to it. */
  readonly stream?: { readonly stream: string; readonly role: string } | undefined;
  readonly metrics?: { readonly dimensions: readonly Dimension[] } | undefined;
  /** ARN of an event bus. */
  readonly bus?: string | undefined;
  /** ARN of an application that counts for itself. */
  readonly application?: string | undefined;
}

const MOST_NAME = 64;
const MOST_DIMENSIONS = 10;
/** SES: header fields that cannot be dimensions. */
const noDimensions = new Set(['received', 'to', 'from', 'dkim-signature', 'cc', 'message-id', 'return-path']);

/** What can be said without looking anything up; whether a topic exists is another question. */
export function checkDestination(scope: Scope, setName: string, destination: Destination): void {
  checkDestinationName(destination.name);
  if (destination.events.length === 0) {
    throw new Refusal('invalid-parameter', 'At least one event type must be specified.');
  }
  const { topic, stream, metrics, bus, application } = destination;
  const places = [topic, stream, metrics, bus, application].filter((place) => place !== undefined).length;
  if (places === 0) throw new Refusal('invalid-parameter', 'Event destination is not provided.');
  if (places > 1) {
    throw new Refusal(
      'invalid-parameter',
      'Please provide only one destination with each request. Either a Firehose Destination or a Cloudwatch Destination or an SNS Destination or an EventBridge Destination.',
    );
  }
  const detail = detailOf(setName, destination.name);
  if (stream) checkStream(stream, detail);
  if (metrics) checkDimensions(metrics.dimensions, detail);
  if (bus !== undefined && bus !== `arn:aws:events:${scope.region}:${scope.account}:event-bus/default`) {
    throw new Refusal(
      'invalid-parameter',
      `Event bus <${bus}> is not the default event bus of this account and region.`,
    );
  }
  if (application !== undefined && parseArn(application)?.service !== 'mobiletargeting') {
    throw new Refusal('invalid-parameter', `Invalid Pinpoint application ARN provided: ${application}.`);
  }
}

export function checkDestinationName(name: string): void {
  if (!name) throw new Refusal('invalid-parameter', 'The event destination name must be specified.');
  if (!/^[A-Za-z0-9_-]+$/.test(name)) {
    const text = `Invalid event destination name <${name}>: only alphanumeric ASCII characters, '_', and '-' are allowed.`;
    throw new Refusal('invalid-parameter', text);
  }
  if (name.length > MOST_NAME) {
    throw new Refusal('invalid-parameter', `Event destination name cannot exceed ${MOST_NAME} characters.`);
  }
}

/** Members of SES's errors on destinations. */
export function detailOf(setName: string, destinationName: string): Refusal['detail'] {
  return { ConfigurationSetName: setName, EventDestinationName: destinationName };
}

function checkStream({ stream, role }: NonNullable<Destination['stream']>, detail: Refusal['detail']): void {
  const place = parseArn(stream);
  if (place?.service !== 'firehose' || !place.resource.startsWith('deliverystream/')) {
    throw new Refusal('invalid-firehose-destination', `Invalid Firehose delivery stream ARN <${stream}>.`, detail);
  }
  const who = parseArn(role);
  if (who?.service !== 'iam' || !who.resource.startsWith('role/')) {
    throw new Refusal('invalid-firehose-destination', `Invalid IAM role ARN <${role}>.`, detail);
  }
}

function checkDimensions(dimensions: readonly Dimension[], detail: Refusal['detail']): void {
  if (dimensions.length === 0) {
    throw new Refusal('invalid-parameter', 'CloudWatch metrics dimension configuration list cannot be empty.');
  }
  const fault = dimensions.length > MOST_DIMENSIONS ? tooMany() : dimensions.map(dimensionFault).find(Boolean);
  if (fault) throw new Refusal('invalid-cloudwatch-destination', fault, detail);
}

const tooMany = () => `CloudWatch metrics dimension configuration list cannot exceed ${MOST_DIMENSIONS} entries.`;

function dimensionFault({ name, source, fallback }: Dimension): string | undefined {
  if (!/^[A-Za-z0-9_:-]{1,256}$/.test(name)) return `Invalid dimension name <${name}>.`;
  if (source === 'email-header' && noDimensions.has(name.toLowerCase())) return `Invalid dimension name <${name}>.`;
  if (!/^[A-Za-z0-9_@.-]{1,256}$/.test(fallback)) return `Invalid default dimension value <${fallback}>.`;
  return undefined;
}
