/**
 * Buckets, topics and queues of another AWS-compatible endpoint, through AWS's own clients (decision 0016): they sign, follow
 * a bucket to its region and know where credentials are looked for. A client is loaded at its first call.
 */
import { Readable } from 'node:stream';
import { Refusal } from '../../base/refusal.ts';
import type { QueueTarget, RemoteObjects, RemotePublisher } from '../../core/targets/targets.ts';
import { attributesTo } from './message-attributes.ts';

export interface RemoteEndpoint {
  readonly url: string;
  /** Where nothing else says one. */
  readonly region: string;
  /** Where there are none, AWS's usual places are looked at: environment, profile, container, machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** Milliseconds. */
const CONNECT_TIMEOUT = 5_000;
const REQUEST_TIMEOUT = 60_000;
/** What is owed has retries of its own. */
const ATTEMPTS = 2;
/** URLs of queues and clients of regions that are kept. */
const MOST_KEPT = 1_000;

function options({ url, credentials }: RemoteEndpoint, region: string) {
  return {
    endpoint: url,
    region,
    ...(credentials && { credentials }),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT, requestTimeout: REQUEST_TIMEOUT },
  };
}

/** Made once for each name; what failed is made again. */
function kept<T>(make: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const known = new Map<string, Promise<T>>();
  return (name) => {
    const found = known.get(name) ?? make(name);
    if (!known.has(name) && known.size >= MOST_KEPT) known.delete(known.keys().next().value!);
    known.set(name, found);
    found.catch(() => known.delete(name));
    return found;
  };
}

const statusOf = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
const isOneOf = (error: unknown, ...statuses: number[]) => statuses.includes(statusOf(error) ?? 0);

export function remoteObjects(remote: RemoteEndpoint): RemoteObjects {
  const sdk = () => import('@aws-sdk/client-s3');
  const client = kept(async (region) => {
    const { S3Client } = await sdk();
    // Stores of others know checksums behind a body less well than none.
    const plain = {
      forcePathStyle: true,
      followRegionRedirects: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    } as const;
    return new S3Client({ ...options(remote, region), ...plain });
  });
  return {
    async region(Bucket) {
      const { HeadBucketCommand } = await sdk();
      try {
        const { BucketRegion } = await (await client(remote.region)).send(new HeadBucketCommand({ Bucket }));
        return BucketRegion ?? remote.region;
      } catch (error) {
        if (isOneOf(error, 403, 404)) return undefined;
        throw error;
      }
    },
    async put({ bucket, key, size, content, contentType, metadata }) {
      const { PutObjectCommand } = await sdk();
      const region = (await this.region(bucket)) ?? remote.region;
      const { ETag = '' } = await (await client(region)).send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: Readable.from(content, { objectMode: false }),
          ContentLength: size,
          ContentType: contentType,
          Metadata: { ...metadata },
        }),
      );
      return ETag.replace(/^"(.*)"$/, '$1');
    },
  };
}

export function remotePublisher(remote: RemoteEndpoint): RemotePublisher {
  const sdk = () => import('@aws-sdk/client-sns');
  const client = kept(async (region) => new (await sdk()).SNSClient(options(remote, region)));
  const clientOf = (arn: string) => client(arn.split(':')[3] || remote.region);
  return {
    async exists(TopicArn) {
      const { GetTopicAttributesCommand } = await sdk();
      try {
        await (await clientOf(TopicArn)).send(new GetTopicAttributesCommand({ TopicArn }));
        return true;
      } catch (error) {
        if (isOneOf(error, 400, 403, 404)) return false;
        throw error;
      }
    },
    async publish({ topicArn: TopicArn, subject: Subject, message: Message, attributes }) {
      const { PublishCommand } = await sdk();
      const input = { TopicArn, Subject, Message, MessageAttributes: attributesTo(attributes) };
      await (await clientOf(TopicArn)).send(new PublishCommand(input)).catch((error) => {
        throw isOneOf(error, 404) ? new Refusal('no-such-topic', 'Topic does not exist') : error;
      });
    },
  };
}

export function remoteQueues(remote: RemoteEndpoint): QueueTarget {
  const sdk = () => import('@aws-sdk/client-sqs');
  const client = kept(
    // The other side may name itself by an address that is not the one that it has for us.
    async (region) => new (await sdk()).SQSClient({ ...options(remote, region), useQueueUrlAsEndpoint: false }),
  );
  const urlOf = kept(async (place) => {
    const { GetQueueUrlCommand } = await sdk();
    const [region = '', QueueOwnerAWSAccountId, QueueName] = place.split(' ');
    const { QueueUrl } = await (await client(region)).send(
      new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId }),
    );
    return QueueUrl;
  });
  return async ({ account, region, name }, { body, attributes = {} }) => {
    const { SendMessageCommand, QueueDoesNotExist } = await sdk();
    try {
      const QueueUrl = await urlOf(`${region} ${account} ${name}`);
      const input = { QueueUrl, MessageBody: body, MessageAttributes: attributesTo(attributes) };
      await (await client(region)).send(new SendMessageCommand(input));
    } catch (error) {
      throw error instanceof QueueDoesNotExist ? new Refusal('no-such-queue', error.message) : error;
    }
  };
}
