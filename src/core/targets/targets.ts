/**
 * What SES hands things to, embedded: buckets with objects, topics with subscribers, queues. What a topic owes to an endpoint
 * is a row until it is delivered.
 */
export { type Bucket, Buckets, type ObjectFacts, type StoredObject } from './buckets.ts';
export {
  digestOf,
  digestOfAttributes,
  isBinary,
  type MessageAttribute,
  type MessageAttributes,
  sizeOf,
} from './message-attributes.ts';
export { type Posting, Publications } from './publications.ts';
export { LONGEST_VISIBILITY, type Queue, Queues, type ReceivedMessage } from './queues/queues.ts';
export { defaultSettings, type QueueRef, type QueueSettings, ranges } from './queues/settings.ts';
export {
  type Notification,
  type Subscription,
  type Topic,
  type TopicDocuments,
  Topics,
} from './topics.ts';
