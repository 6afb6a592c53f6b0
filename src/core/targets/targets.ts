/**
 * What SES hands things to, embedded: buckets with objects, topics with subscribers, queues. What a topic owes to an endpoint
 * is a row until it is delivered.
 */
export { type Bucket, Buckets, type ObjectFacts, type StoredObject } from './buckets.ts';
export { type ChecksumAlgorithm, checksum, checksumAlgorithms } from './checksums.ts';
export { mailCourier, type QueueTarget, queueCourier } from './couriers.ts';
export { readFilterPolicy } from './filter-policy.ts';
export {
  digestOf,
  digestOfAttributes,
  isBinary,
  type MessageAttribute,
  type MessageAttributes,
  sizeOf,
} from './message-attributes.ts';
export { type Posting, Publications } from './publications.ts';
export {
  LONGEST_VISIBILITY,
  type MessageToSend,
  type Queue,
  Queues,
  type ReceivedMessage,
} from './queues/queues.ts';
export { defaultSettings, type QueueRef, type QueueSettings, ranges } from './queues/settings.ts';
export {
  type BucketTarget,
  RemoteBuckets,
  type RemoteObjects,
  type RemotePublisher,
  RemoteTopics,
  type TopicTarget,
  topicCourier,
} from './remote.ts';
export {
  defaultSubscription,
  mayBeRaw,
  type Protocol,
  protocols,
  type Subscription,
  type SubscriptionSettings,
} from './subscriptions.ts';
export { type SignatureVersion, TopicSigner } from './topic-signer.ts';
export {
  defaultTopic,
  type MessageToPublish,
  type Notification,
  type Topic,
  type TopicDocuments,
  type TopicSettings,
  Topics,
} from './topics.ts';
export { MOST_PARTS, Uploads } from './uploads.ts';
