/**
 * What SES hands things to, embedded: buckets with objects, topics with subscribers. What a topic owes to an endpoint is a
 * row until it is delivered.
 */
export { type Bucket, Buckets, type ObjectFacts, type StoredObject } from './buckets.ts';
export { type Posting, Publications } from './publications.ts';
export {
  type Notification,
  type Subscription,
  type Topic,
  type TopicDocuments,
  Topics,
} from './topics.ts';
